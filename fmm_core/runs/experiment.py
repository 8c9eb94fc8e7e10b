"""One experiment from data to finished run folder: the stages, each a cached step, then the tables."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from fmm_core.audit.accuracy import accuracy_tables
from fmm_core.audit.leakage import leakage_table, validation_attack
from fmm_core.audit.projection import project
from fmm_core.audit.representations import Target, data_targets, model_targets
from fmm_core.data import storage
from fmm_core.data.dataset import Attribute, Dataset, merge_small
from fmm_core.data.splitting import Split, held_out_users, split
from fmm_core.errors import ConfigError
from fmm_core.fairness.build import build as build_mitigation
from fmm_core.fairness.context import Context
from fmm_core.metrics.ranking import Top, per_user, recall_at, top_k
from fmm_core.recommenders.build import build as build_recommender
from fmm_core.recommenders.popularity import popularity
from fmm_core.runs.config import RunConfig
from fmm_core.runs.datasets import locate
from fmm_core.runs.report import Reporter, Stage
from fmm_core.runs.steps import Step, StepCache
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.tables import KS
from fmm_core.types import Floats, Mitigated, Representations

LIST_LENGTH = 50
PACKAGES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "umap-learn", "concept-erasure")
TRAINING_ROOMS = ("data", "recommenders", "metrics")
AUDIT_ROOMS = ("data", "audit", "metrics")
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Inputs:
    """All a run computes from: the data set, its split, and what of it the configuration chose."""

    dataset: Dataset
    split: Split
    modalities: Mapping[str, Floats]
    attributes: Mapping[str, Attribute]
    held_out: np.ndarray

    @cached_property
    def seen(self) -> csr_matrix:
        """Training and validation interactions: what a test ranking leaves out."""
        return (self.split.train + self.split.validation).tocsr()

    @cached_property
    def eligible(self) -> np.ndarray:
        """Users with training interactions; only they are attacked."""
        return np.diff(self.split.train.indptr) > 0

    def with_test(self, representations: Representations) -> tuple[Top, dict[tuple[str, int], np.ndarray]]:
        """Top lists and per-user accuracy on the test interactions."""
        top = top_k(representations, self.seen, LIST_LENGTH)
        return top, per_user(top.items, self.split.test, KS)


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
    _write_results(run, inputs, pretrain, mitigate, leakage, maps)


# prepare ---------------------------------------------------------------------------------------------------------


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


def choose_inputs(dataset: Dataset, config: RunConfig) -> Inputs:
    """Split `dataset` and take the modalities and attributes that `config` names.

    Raises
    ------
    ConfigError
        The data set has no such modality or attribute.
    """
    modalities = _chosen("modality", config.modalities, dataset.modalities)
    attributes = {
        name: merge_small(attribute)
        for name, attribute in _chosen("attribute", config.attributes, dataset.attributes).items()
    }
    attributes = {name: attribute for name, attribute in attributes.items() if len(attribute.groups) > 1}
    _chosen("attribute", tuple(config.active_weights), attributes)
    return Inputs(
        dataset=dataset,
        split=split(dataset, config.split_seed),
        modalities={name: modality.features for name, modality in modalities.items()},
        attributes=attributes,
        held_out=held_out_users(dataset.users, config.user_split_seed),
    )


def _chosen(what: str, names: tuple[str, ...] | None, available: Mapping[str, Any]) -> dict[str, Any]:
    names = tuple(available) if names is None else names
    unknown = [name for name in names if name not in available]
    if unknown:
        raise ConfigError(
            f'the data set has no {what} "{unknown[0]}" that can be used',
            mend=f"Choose from: {', '.join(available) or 'none'}.",
            code=f"config.unknown_{what}",
        )
    return {name: available[name] for name in available if name in names}


# steps -----------------------------------------------------------------------------------------------------------


def _pretrain(cache: StepCache, config: RunConfig, inputs: Inputs, stage: Stage) -> Step:
    def produce(folder: Path) -> None:
        recommender = build_recommender(config.recommender)
        base = recommender.fit(
            inputs.split.train,
            inputs.modalities,
            validate=lambda candidate: recall_at(candidate, inputs.split.train, inputs.split.validation, 20),
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
            validate=lambda candidate: recall_at(candidate, inputs.split.train, inputs.split.validation, 20),
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
        ("audit-data", data_settings, (), lambda: data_targets(train, inputs.modalities), 0.0, 0.4),
        ("audit-before", _audit_settings(config), (pretrain,), lambda: _targets(inputs, before, "before"), 0.4, 0.7),
        ("audit-after", _audit_settings(config), (mitigate,), lambda: _targets(inputs, after, "after"), 0.7, 1.0),
    )

    def attack(targets: list[Target], folder: Path, low: float, high: float) -> None:
        leakage_table(
            targets,
            inputs.attributes,
            inputs.dataset.users,
            eligible=inputs.eligible,
            held_out=inputs.held_out,
            panel=config.panel,
            permutations=config.permutations,
            seed=config.seed,
            progress=stage.progress(low, high, unit="attack"),
        ).to_parquet(folder / "leakage.parquet")

    return tuple(
        cache.run(
            name,
            settings,
            lambda folder, make=make, low=low, high=high: attack(make(), folder, low, high),
            rooms=AUDIT_ROOMS,
            upstream=upstream,
        )
        for name, settings, upstream, make, low, high in parts
    )


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
        profiles = [
            target
            for target in data_targets(inputs.split.train, inputs.modalities)
            if target.modality in inputs.modalities
        ]
        for done, target in enumerate(profiles, start=1):
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


# results ---------------------------------------------------------------------------------------------------------


def _write_results(
    run: RunFolder, inputs: Inputs, pretrain: Step, mitigate: Step, leakage: tuple[Step, ...], maps: tuple[Step, ...]
) -> None:
    before = load_representations(pretrain.folder / "base.npz")
    after = load_representations(mitigate.folder / "mitigated.npz")
    run.write_table("audit/leakage.csv", _concat(leakage, "leakage.parquet"))
    run.write_table("projection.csv", _concat(maps, "map.parquet"))
    _write_accuracy(run, inputs, before, after)
    _write_people(run, inputs)
    _savez(
        run.path / "embeddings.npz",
        user_before=before.user,
        user_after=after.user,
        item_before=before.item,
        item_after=after.item,
        item_bias=np.zeros(len(after.item), np.float32) if after.item_bias is None else after.item_bias,
        **{f"{modality}.{kind}": matrix for (modality, kind), matrix in after.profiles.items()},
    )


def _concat(steps: tuple[Step, ...], name: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(step.folder / name) for step in steps], ignore_index=True)


def _write_accuracy(run: RunFolder, inputs: Inputs, before: Representations, after: Representations) -> None:
    models = {"popularity": popularity(inputs.split.train), "base": before, "mitigated": after}
    tested = {name: inputs.with_test(model) for name, model in models.items()}
    accuracy, groups = accuracy_tables(
        {name: values for name, (_, values) in tested.items()}, inputs.attributes, seed=0
    )
    run.write_table("audit/accuracy.csv", accuracy)
    run.write_table("audit/groups.csv", groups)
    top_before, top_after = tested["base"][0], tested["mitigated"][0]
    _savez(
        run.path / "recommendations.npz",
        items_before=top_before.items,
        scores_before=top_before.scores,
        items_after=top_after.items,
        scores_after=top_after.scores,
    )
    columns = {
        f"{metric}@{k}.{phase}": values
        for phase, model in (("before", "base"), ("after", "mitigated"))
        for (metric, k), values in tested[model][1].items()
    }
    pd.DataFrame({"user": inputs.dataset.users, **columns}).to_parquet(run.path / "per_user.parquet")


def _write_people(run: RunFolder, inputs: Inputs) -> None:
    groups = {name: np.array([*a.groups, ""], dtype=object)[a.codes] for name, a in inputs.attributes.items()}
    facts = {
        "train_pairs": np.diff(inputs.split.train.indptr),
        "eligible": inputs.eligible,
        "held_out": inputs.held_out,
    }
    pd.DataFrame({"user": inputs.dataset.users, **groups, **facts}).to_parquet(run.path / "people.parquet")


# representations on disk -----------------------------------------------------------------------------------------


def save_representations(path: Path, representations: Representations) -> None:
    """Write representations, mitigated or not, as npz."""
    arrays = {"user": representations.user, "item": representations.item}
    if representations.item_bias is not None:
        arrays["item_bias"] = representations.item_bias
    if isinstance(representations, Mitigated):
        arrays |= {f"profile.{kind}.{name}": matrix for (name, kind), matrix in representations.profiles.items()}
    _savez(path, **arrays)


def load_representations(path: Path) -> Mitigated:
    """Read what `save_representations` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    profiles = {}
    for name, matrix in arrays.items():
        if name.startswith("profile."):
            _, kind, modality = name.split(".", 2)
            profiles[modality, kind] = matrix
    return Mitigated(arrays["user"], arrays["item"], arrays.get("item_bias"), profiles)


def _savez(path: Path, **arrays: np.ndarray) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


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
