"""One experiment from data to finished run folder: the stages, each made of cached steps."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fmm_core.audit.leakage import leakage_table, validation_attack
from fmm_core.audit.projection import project
from fmm_core.audit.representations import Target, data_targets, model_targets, profile_targets
from fmm_core.data import storage
from fmm_core.fairness.build import build as build_mitigation
from fmm_core.fairness.context import Context
from fmm_core.recommenders.build import build as build_recommender
from fmm_core.runs.config import RunConfig
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.report import Reporter, Stage
from fmm_core.runs.results import write_results
from fmm_core.runs.steps import Step, StepCache
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.vectors import load_representations, save_representations
from fmm_core.types import Representations

PACKAGES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "umap-learn", "concept-erasure")
TRAINING_ROOMS = ("data", "recommenders", "metrics")
AUDIT_ROOMS = ("data", "audit", "metrics")
Settings = dict[str, Any]


def run_experiment(run: RunFolder, store: Store, reporter: Reporter) -> None:
    """Carry out the experiment of `run`, writing its tables into its folder."""
    cache = StepCache(store.cache_dir)
    with reporter.stage("prepare") as stage:
        config, inputs = _prepare(run, store, stage)
    with reporter.stage("pretrain") as stage:
        pretrain = _pretrain(cache, config, inputs, stage)
    with reporter.stage("filter") as stage:
        mitigate = _mitigate(cache, config, inputs, pretrain, stage)
    with reporter.stage("audit") as stage:
        leakage = _audit(cache, config, inputs, pretrain, mitigate, stage)
    with reporter.stage("project") as stage:
        maps = _project(cache, config, inputs, pretrain, mitigate, stage)
    write_results(run, inputs, pretrain, mitigate, leakage, maps)


def _prepare(run: RunFolder, store: Store, stage: Stage) -> tuple[RunConfig, Inputs]:
    config = run.config()
    folder = locate(store, config.dataset, stage.progress())
    inputs = choose_inputs(storage.load(folder), config)
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    fingerprint = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["fingerprint"]
    chosen = {"modalities": tuple(inputs.modalities), "attributes": tuple(inputs.attributes)}
    config = config.model_copy(update={"fingerprint": fingerprint, "packages": packages, **chosen})
    run.write_config(config)
    return config, inputs


def _pretrain(cache: StepCache, config: RunConfig, inputs: Inputs, stage: Stage) -> Step:
    def produce(folder: Path) -> None:
        recommender = build_recommender(config.recommender)
        base = recommender.fit(
            inputs.split.train,
            inputs.modalities,
            validate=inputs.validation_recall,
            progress=stage.progress(unit="epoch"),
            seed=config.seed,
        )
        save_representations(folder / "base.npz", base)
        _save_history(folder, stage)

    step = cache.run("pretrain", _base_settings(config), produce, rooms=TRAINING_ROOMS)
    _recall_history(step, stage)
    return step


def _base_settings(config: RunConfig) -> Settings:
    return {
        "data": config.fingerprint,
        "split_seed": config.split_seed,
        "recommender": config.recommender.model_dump(mode="json"),
        "modalities": config.modalities,
        "seed": config.seed,
    }


def _mitigate(cache: StepCache, config: RunConfig, inputs: Inputs, pretrain: Step, stage: Stage) -> Step:
    def produce(folder: Path) -> None:
        context = Context(
            train=inputs.split.train,
            modalities=inputs.modalities,
            base=load_representations(pretrain.folder / "base.npz"),
            codes={name: attribute.codes for name, attribute in inputs.attributes.items()},
            weights=config.active_weights,
            validate=inputs.validation_recall,
            attack=lambda vectors: validation_attack(
                vectors, inputs.attributes, inputs.dataset.users, inputs.eligible & ~inputs.held_out, config.seed
            ),
            progress=stage.progress(unit="round"),
            seed=config.seed,
        )
        save_representations(folder / "mitigated.npz", build_mitigation(config.mitigation).fit(context))
        _save_history(folder, stage)

    settings = {
        "mitigation": config.mitigation.model_dump(mode="json"),
        "weights": config.active_weights,
        "attributes": config.attributes,
        "seed": config.seed,
    }
    rooms = (*TRAINING_ROOMS, "fairness", "audit")
    step = cache.run("filter", settings, produce, rooms=rooms, upstream=(pretrain,))
    _recall_history(step, stage)
    return step


def _audit(
    cache: StepCache, config: RunConfig, inputs: Inputs, pretrain: Step, mitigate: Step, stage: Stage
) -> tuple[Step, ...]:
    """Leakage in three parts, so that a curve attacks the data and the base once."""
    before = load_representations(pretrain.folder / "base.npz")
    after = load_representations(mitigate.folder / "mitigated.npz")
    train = inputs.split.train
    data_settings = _audit_settings(config) | {"data": config.fingerprint, "modalities": config.modalities}
    parts = (
        Part("audit-data", data_settings, (), lambda: data_targets(train, inputs.modalities), 0.0, 0.4),
        Part(
            "audit-before", _audit_settings(config), (pretrain,), lambda: _targets(inputs, before, "before"), 0.4, 0.7
        ),
        Part("audit-after", _audit_settings(config), (mitigate,), lambda: _targets(inputs, after, "after"), 0.7, 1.0),
    )
    return tuple(_attack(cache, part, config, inputs, stage) for part in parts)


@dataclass(frozen=True)
class Part:
    """One cached part of the audit: what is attacked, and which stretch of the stage's progress it fills."""

    name: str
    settings: Settings
    upstream: tuple[Step, ...]
    targets: Callable[[], list[Target]]
    low: float
    high: float


def _attack(cache: StepCache, part: Part, config: RunConfig, inputs: Inputs, stage: Stage) -> Step:
    def produce(folder: Path) -> None:
        leakage_table(
            part.targets(),
            inputs.attributes,
            inputs.dataset.users,
            eligible=inputs.eligible,
            held_out=inputs.held_out,
            panel=config.panel,
            permutations=config.permutations,
            seed=config.seed,
            progress=stage.progress(part.low, part.high, unit="attack"),
        ).to_parquet(folder / "leakage.parquet")

    return cache.run(part.name, part.settings, produce, rooms=AUDIT_ROOMS, upstream=part.upstream)


def _audit_settings(config: RunConfig) -> Settings:
    fields = ("attributes", "panel", "permutations", "seed", "split_seed", "user_split_seed")
    return config.model_dump(mode="json", include=set(fields))


def _targets(inputs: Inputs, representations: Representations, phase: str) -> list[Target]:
    top, _ = inputs.with_test(representations)
    return model_targets(representations, inputs.split.train, top.items, phase)


def _project(
    cache: StepCache, config: RunConfig, inputs: Inputs, pretrain: Step, mitigate: Step, stage: Stage
) -> tuple[Step, ...]:
    """One stacked layout for person vectors before and after; one per modality's profiles, shared by a whole curve."""
    settings = {"map_users": config.map_users, "seed": config.seed, "attributes": config.attributes}
    report = stage.progress(unit="map")
    total = 1 + len(inputs.modalities)

    def vectors(folder: Path) -> None:
        report(0, total)
        before = load_representations(pretrain.folder / "base.npz").user
        after = load_representations(mitigate.folder / "mitigated.npz").user
        slices = {("user_vector", "", "before"): before, ("user_vector", "", "after"): after}
        _draw("user_vector", slices, config, inputs).to_parquet(folder / "map.parquet")

    def profiles(folder: Path) -> None:
        frames = []
        for done, target in enumerate(profile_targets(inputs.split.train, inputs.modalities), start=1):
            report(done, total)
            slices = {(target.representation, target.modality, target.phase): target.matrix}
            frames.append(_draw(f"profile_{target.modality}", slices, config, inputs))
        pd.concat([_empty_map(), *frames]).to_parquet(folder / "map.parquet")

    data_settings = settings | {
        "data": config.fingerprint,
        "split_seed": config.split_seed,
        "modalities": config.modalities,
    }
    return (
        cache.run("map-vectors", settings, vectors, rooms=AUDIT_ROOMS, upstream=(pretrain, mitigate)),
        cache.run("map-profiles", data_settings, profiles, rooms=AUDIT_ROOMS),
    )


def _draw(
    layout: str, slices: Mapping[tuple[str, str, str], np.ndarray], config: RunConfig, inputs: Inputs
) -> pd.DataFrame:
    rows = np.flatnonzero(inputs.eligible)
    strata = {name: attribute.codes[rows] for name, attribute in inputs.attributes.items()}
    chosen, placed = project(
        {key: matrix[rows] for key, matrix in slices.items()}, strata, max_users=config.map_users, seed=config.seed
    )
    users = inputs.dataset.users[rows[chosen]]
    frames = [
        pd.DataFrame(dict(zip(_MAP_COLUMNS, (layout, *key, users, place[:, 0], place[:, 1]), strict=True)))
        for key, place in placed.items()
    ]
    return pd.concat(frames)


_MAP_COLUMNS = ("layout", "representation", "modality", "phase", "user", "x", "y")


def _empty_map() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="float64" if name in "xy" else "str") for name in _MAP_COLUMNS})


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
