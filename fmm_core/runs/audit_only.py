"""An audit of files from start to finished run folder (contract C4): nothing is trained, nothing is cached.

The files are read once and attacked within seconds, so there is nothing to reuse, and a deleted run leaves nothing.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.extras import named
from fmm_core.audit.holm import with_adjusted
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target, data_targets, item_mean_target, list_target
from fmm_core.data.splitting import held_out_users
from fmm_core.data.storage import card, slug_of
from fmm_core.recommenders.pretrained import file_digest
from fmm_core.runs.audit_files import Held, Subjects, read_subjects, with_absolute_paths
from fmm_core.runs.config import AuditConfig, parse_audit
from fmm_core.runs.files import write_json
from fmm_core.runs.mapping import Slices, draw_layout, empty_map
from fmm_core.runs.report import Reporter, Stage
from fmm_core.runs.store import CARD, RunFolder
from fmm_core.runs.tables import TABLES
from fmm_core.runs.vectors import save_arrays

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "umap-learn")
UNMEASURED = tuple(f"audit/{name}.csv" for name in ("accuracy", "groups", "exposure", "twins", "modalities"))
"""Tables without a row: no clicks were held back, nothing was trained, and there are no modalities."""


def run_audit(run: RunFolder, reporter: Reporter) -> None:
    """Carry out the audit of `run`, writing its tables into its folder."""
    config = with_absolute_paths(parse_audit(run.raw_config()))
    reporter.plan(config.stages, trained=False)
    with reporter.stage("prepare"):
        subjects = read_subjects(config)
        config = _filled(config, subjects)
        run.write_config(config)
        held_out = held_out_users(subjects.users, config.user_split_seed)
        parts = list(_parts(subjects))
    with reporter.stage("audit") as stage:
        leakage = _attack(parts, subjects, held_out, config, stage)
    with reporter.stage("project"):
        maps = _draw(parts, subjects, config)
    run.write_table("audit/leakage.csv", leakage)
    run.write_table("projection.csv", maps)
    _write_people(run, subjects, parts, held_out)
    _write_arrays(run, subjects)
    write_json(run.path / CARD, _card(config, subjects))
    for name in (*UNMEASURED, "history.csv"):
        run.write_table(name, pd.DataFrame(columns=list(TABLES[name].columns)))


def _filled(config: AuditConfig, subjects: Subjects) -> AuditConfig:
    """The settings with all that says what the run was made from."""
    sha256 = {role: file_digest(Path(path)) for role, path in config.files.items()}
    fingerprint = hashlib.sha256(json.dumps(sha256, sort_keys=True).encode()).hexdigest()
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    names = tuple(subjects.attacked)
    changes = {"sha256": sha256, "fingerprint": fingerprint, "packages": packages, "attributes": names}
    return config.model_copy(update=changes)


@dataclass(frozen=True)
class _Part:
    """What is attacked, and on whom: those who have it."""

    targets: list[Target]
    there: NDArray[np.bool_]


def _parts(subjects: Subjects) -> Iterator[_Part]:
    """What the files say about people, in the order in which it is shown."""
    before, after, history = subjects.before, subjects.after, subjects.history
    if before is not None and after is not None:
        both = before.there & after.there  # the same people, so that the change is one of the vectors
        yield _Part([_vector(before, "before"), _vector(after, "after")], both)
    elif before is not None:
        yield _Part([_vector(before, "before")], before.there)
    if history is not None:
        yield from _item_means(subjects, history)
    if subjects.lists is not None:
        lists = list_target(subjects.lists, len(subjects.items), "before")
        yield _Part([lists], subjects.lists[:, 0] >= 0)
    if history is not None:
        yield _Part(data_targets(history, {}), _has_any(history))


def _vector(held: Held, phase: str) -> Target:
    return Target("user_vector", "", phase, held.values)


def _item_means(subjects: Subjects, history: csr_matrix) -> Iterator[_Part]:
    """The average item vector of each history, over the items that have one."""
    for phase, held in (("before", subjects.item_before), ("after", subjects.item_after)):
        if held is not None:
            known = history[:, held.there]
            yield _Part([item_mean_target(known, held.values[held.there], phase)], _has_any(known))


def _has_any(history: csr_matrix) -> NDArray[np.bool_]:
    return np.diff(history.tocsr().indptr) > 0


def _attack(
    parts: list[_Part], subjects: Subjects, held_out: NDArray[np.bool_], config: AuditConfig, stage: Stage
) -> pd.DataFrame:
    tables = [
        leakage_table(
            part.targets,
            subjects.attacked,
            subjects.users,
            eligible=part.there,
            held_out=held_out,
            panel=config.panel,
            extra=named(config.extra),
            seed=config.seed,
            progress=stage.progress(place / len(parts), (place + 1) / len(parts), unit="attack"),
        )
        for place, part in enumerate(parts)
    ]
    return with_adjusted(pd.concat(tables, ignore_index=True))


def _draw(parts: list[_Part], subjects: Subjects, config: AuditConfig) -> pd.DataFrame:
    """People on maps by the first thing the files say about them; vectors of unlike width on one map each."""
    first = parts[0]
    if first.targets[0].phase == "data":
        return empty_map()
    layouts: dict[int, Slices] = {}
    for target in first.targets:
        place = target.representation, target.modality, target.phase
        layouts.setdefault(target.matrix.shape[1], {})[place] = target.matrix
    people = subjects.users, subjects.attacked, first.there
    return pd.concat(
        draw_layout(_layout(slices), slices, *people, max_users=config.map_users, seed=config.seed)
        for slices in layouts.values()
    )


def _layout(slices: Slices) -> str:
    """The name of a map: of what it shows, and of the phase where that stands alone."""
    (representation, _, phase), *others = slices
    return representation if others or phase == "before" else f"{representation}_{phase}"


def _write_people(run: RunFolder, subjects: Subjects, parts: list[_Part], held_out: NDArray[np.bool_]) -> None:
    groups = {name: np.array([*a.groups, ""], dtype=object)[a.codes] for name, a in subjects.attacked.items()}
    clicks = np.zeros(len(subjects.users), np.int32) if subjects.history is None else np.diff(subjects.history.indptr)
    facts = {"train_pairs": clicks, "eligible": parts[0].there, "held_out": held_out}
    pd.DataFrame({"user": subjects.users, **groups, **facts}).to_parquet(run.path / "people.parquet")
    pd.DataFrame({"user": subjects.users}).to_parquet(run.path / "per_user.parquet")


def _card(config: AuditConfig, subjects: Subjects) -> dict[str, Any]:
    """What pages say about the people, as of a stored data set; its title is the audit's, whatever that is called."""
    name = config.dataset
    return card(subjects.dataset(name), slug_of(name), config.fingerprint) | {"title": name}


def _write_arrays(run: RunFolder, subjects: Subjects) -> None:
    held = {
        "user_before": subjects.before,
        "user_after": subjects.after,
        "item_before": subjects.item_before,
        "item_after": subjects.item_after,
    }
    there = {name: each.values for name, each in held.items() if each is not None}
    save_arrays(run.path / "embeddings.npz", **there)
    if subjects.lists is not None:
        save_arrays(run.path / "recommendations.npz", items_before=subjects.lists)
