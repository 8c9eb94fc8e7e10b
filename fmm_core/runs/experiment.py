"""One experiment from data to finished run folder: the stages, each made of cached steps."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy as np

from fmm_core.data import storage
from fmm_core.data.dataset import UNDISCLOSED
from fmm_core.fairness.build import build as build_mitigation
from fmm_core.fairness.disentangle import disentangle
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.recommenders.base import Ids
from fmm_core.recommenders.build import build as build_recommender
from fmm_core.recommenders.pretrained import file_digest
from fmm_core.recommenders.specs import PretrainedConfig, RecommenderConfig
from fmm_core.runs.auditing import audit, audit_subsets
from fmm_core.runs.config import RunConfig
from fmm_core.runs.contexts import context_of
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.made import Made, base_of, keep_base, keep_mitigated, keep_profiles, profiles_of
from fmm_core.runs.mapping import draw_maps
from fmm_core.runs.report import Reporter, Stage
from fmm_core.runs.results import write_results
from fmm_core.runs.steps import Step, StepCache
from fmm_core.runs.store import RunFolder, Store

PACKAGES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "umap-learn", "concept-erasure")
TRAINING_ROOMS = ("data", "recommenders", "metrics")
Settings = dict[str, Any]


def run_experiment(run: RunFolder, store: Store, reporter: Reporter) -> None:
    """Carry out the experiment of `run`, writing its tables into its folder."""
    reporter.plan(run.config().stages, trained=run.config().trains_mitigation)
    with reporter.stage("prepare") as stage:
        config, inputs = _prepare(run, store, stage)
    cache = StepCache(store.cache_dir, config.fingerprint)
    with reporter.stage("pretrain") as stage:
        pretrain = _pretrain(cache, config, inputs, stage)
    disentangled = None
    if config.disentangle is not None:
        with reporter.stage("disentangle") as stage:
            disentangled = _disentangle(cache, config, config.disentangle, inputs, stage)
    with reporter.stage("filter") as stage:
        made = Made(pretrain, disentangled, _mitigate(cache, config, inputs, pretrain, disentangled, stage))
    with reporter.stage("audit") as stage:
        subsets = audit_subsets(cache, config, inputs, stage)
        leakage = audit(cache, config, inputs, made, stage)
    with reporter.stage("project") as stage:
        maps = draw_maps(cache, config, inputs, made, stage)
    write_results(run, inputs, made, leakage, subsets, maps)


def _prepare(run: RunFolder, store: Store, stage: Stage) -> tuple[RunConfig, Inputs]:
    config = run.config()
    folder = locate(store, config.dataset, stage.progress())
    inputs = choose_inputs(storage.load(folder), config)
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    fingerprint = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["fingerprint"]
    chosen = {"modalities": tuple(inputs.modalities), "attributes": tuple(inputs.attributes)}
    recommender = _pinned(config.recommender)
    filled = {"fingerprint": fingerprint, "packages": packages, "recommender": recommender, **chosen}
    config = config.model_copy(update=filled)
    run.write_config(config)
    return config, inputs


def _pinned(recommender: RecommenderConfig) -> RecommenderConfig:
    """A file of vectors enters the run by its content; a run repeated from its `config.json` keeps what it says."""
    if not isinstance(recommender, PretrainedConfig) or recommender.sha256:
        return recommender
    path = Path(recommender.path).expanduser().resolve()
    return recommender.model_copy(update={"path": str(path), "sha256": file_digest(path)})


def _pretrain(cache: StepCache, config: RunConfig, inputs: Inputs, stage: Stage) -> Step:
    def produce(folder: Path) -> None:
        recommender = build_recommender(config.recommender, Ids(inputs.dataset.users, inputs.dataset.items))
        base = recommender.fit(
            inputs.split.train,
            inputs.modalities,
            validate=inputs.validation_recall,
            progress=stage.progress(unit="epoch"),
            seed=config.seed,
        )
        keep_base(folder, base)
        _save_history(folder, stage)

    step = cache.run("pretrain", _base_settings(config), produce, rooms=TRAINING_ROOMS)
    _recall_history(step, stage)
    return step


def _base_settings(config: RunConfig) -> Settings:
    return {
        "data": config.fingerprint,
        "split_seed": config.split_seed,
        "recommender": config.recommender.model_dump(mode="json", exclude={"path"}),  # a file counts by its content
        "modalities": config.modalities,
        "seed": config.seed,
    }


def _disentangle(cache: StepCache, config: RunConfig, how: DisentangleConfig, inputs: Inputs, stage: Stage) -> Step:
    """Split the modalities; the held-out fifth's labels stay hidden, so that their figures say what strangers get."""

    def produce(folder: Path) -> None:
        codes = {
            name: np.where(inputs.held_out, UNDISCLOSED, inputs.told[name].codes).astype(np.int16)
            for name in config.active_weights
        }
        progress = stage.progress(unit="round")
        found = disentangle(how, inputs.split.train, inputs.modalities, codes, progress=progress, seed=config.seed)
        keep_profiles(folder, found)
        _save_history(folder, stage)

    settings = {
        "data": config.fingerprint,
        "split_seed": config.split_seed,
        "user_split_seed": config.user_split_seed,
        "disclosed": config.disclosed,
        "modalities": config.modalities,
        "protected": list(config.active_weights),
        "seed": config.seed,
        "how": how.model_dump(mode="json"),
    }
    step = cache.run("disentangle", settings, produce, rooms=("data", "recommenders", "fairness"))
    _recall_history(step, stage)
    return step


def _mitigate(
    cache: StepCache, config: RunConfig, inputs: Inputs, pretrain: Step, disentangled: Step | None, stage: Stage
) -> Step:
    def produce(folder: Path) -> None:
        progress = stage.progress(unit="round")
        context = context_of(config, inputs, base_of(pretrain), profiles_of(disentangled), progress)
        keep_mitigated(folder, build_mitigation(config.mitigation).fit(context))
        _save_history(folder, stage)

    settings = {
        "mitigation": config.mitigation.model_dump(mode="json"),
        "weights": config.active_weights,
        "attributes": config.attributes,
        "user_split_seed": config.user_split_seed,  # choices are made on all but the held-out people
        "disclosed": config.disclosed,
        "seed": config.seed,
    }
    rooms = (*TRAINING_ROOMS, "fairness", "audit")
    upstream = (pretrain,) if disentangled is None else (pretrain, disentangled)
    step = cache.run("filter", settings, produce, rooms=rooms, upstream=upstream)
    _recall_history(step, stage)
    return step


def _save_history(folder: Path, stage: Stage) -> None:
    rows = [row for row in stage.reporter.history if row[0] == stage.name]
    (folder / "history.json").write_text(json.dumps(rows), encoding="utf-8")


def _recall_history(step: Step, stage: Stage) -> None:
    """Show the curve of a reused step as if it had just run."""
    if step.reused:
        stage.reused = True
        stage.reporter.history.extend(
            tuple(row) for row in json.loads((step.folder / "history.json").read_text("utf-8"))
        )
