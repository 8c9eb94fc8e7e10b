"""All mitigations in one table: `python bench/methods.py --home STORE [--ml1m FOLDER --vectors FILE] [--write]`.

MovieLens-100K (LATTICE, standard, all modalities), with all attributes protected and with gender alone; and the frozen
vectors of FILE on the data of FOLDER. Every run is an ordinary run of the store: finished ones are used again, so the
bench can be stopped and started. Without `--write` it prints the tables made of the runs that are there; with it, it
runs what is missing and writes docs/methods.md. Rows are kept in docs/methods.json: what another machine ran stays,
until as many seeds of it are in this store.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fmm_core.audit.change import leakage_change
from fmm_core.audit.paper_protocol import paper_protocol
from fmm_core.data import storage
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import choose_inputs
from fmm_core.runs.steps import StepCache
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.worker import execute

PLACES = {"user_vector": "user vector", "item_mean": "mean item vector", "top_k": "top-20 list"}
THREE = (0, 1, 2)
ROWS = ROOT / "docs" / "methods.json"
Row = dict[str, Any]
"""World, method, seeds, Recall@20 of the base and, by attribute, the cells of a line."""


@dataclass(frozen=True)
class Method:
    """A row of the table: a mitigation, what differs from its preset, and for how many seeds it is run."""

    title: str
    name: str
    seeds: tuple[int, ...] = (0,)
    preset: str = "standard"
    settings: Mapping[str, Any] = field(default_factory=dict)


def _ablation(title: str, **settings: Any) -> Method:
    return Method(f"FMMRec, {title}", "fmmrec", settings=settings)


METHODS = (
    Method("none", "none", THREE),
    Method("witness flow", "flow", THREE),
    Method("repair", "repair", THREE),
    Method("ridge filter", "ridge", THREE),
    Method("LEACE", "leace", THREE),
    Method("FMMRec, ours", "fmmrec", THREE),
    Method("FMMRec, as published", "fmmrec", THREE, preset="paper"),
    _ablation("no disentanglement", disentangle=None),
    _ablation("no fair relations", fair_relations=False),
    _ablation("no unfair relations", unfair_relations=False),
    _ablation("no item adversary", item_weight=0.0),
    _ablation("user only", filters="user_only"),
    Method("FairGo", "fairgo"),
    Method("CAL", "cal"),
    Method("AL", "al"),
    Method("D2D-R", "d2dr"),
)


@dataclass(frozen=True)
class World:
    """Data and base that all methods of one table share."""

    title: str
    dataset: str
    protected: tuple[str, ...]
    base: Mapping[str, Any]

    def config(self, method: Method, seed: int) -> RunConfig:
        """The run behind one row and seed."""
        spec = MITIGATIONS[method.name]
        mitigation = spec.presets[method.preset].model_dump() | dict(method.settings)
        weight = {} if method.name == "none" else dict.fromkeys(self.protected, spec.default)
        return make_config(
            self.dataset,
            method=method.name,
            weights=weight,
            seed=seed,
            map_users=50,  # nobody looks at these maps
            settings={"mitigation": mitigation} | dict(self.base.get("settings", {})),
            recommender=self.base["recommender"],
        )


def main() -> None:
    """Run what is missing, then print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ml1m", default="")
    parser.add_argument("--vectors", default="")
    parser.add_argument("--only", default="", help="titles of rows to run now, separated by semicolons")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    store, kept = Store(chosen.home), _kept()
    worlds = _worlds(chosen.ml1m, chosen.vectors)
    for world, method in [(each, method) for each in worlds if each.dataset for method in METHODS]:
        run_missing = chosen.write and (not chosen.only or method.title in chosen.only.split(";"))
        found = list(_seeds(store, world, method, run_missing))
        if found and len(found) >= kept.get((world.title, method.title), {"seeds": 1})["seeds"]:
            kept[world.title, method.title] = _row(world, method, pd.DataFrame(found))
            _keep(kept, worlds, chosen.write)
    print(_page(kept, worlds))


def _keep(kept: Mapping[tuple[str, str], Row], worlds: Sequence[World], write: bool) -> None:
    """At once, for a run takes minutes."""
    if write:
        ROWS.write_text(json.dumps(list(kept.values()), indent=1) + "\n", encoding="utf-8")
        (ROOT / "docs" / "methods.md").write_text(_page(kept, worlds), encoding="utf-8")


def _page(kept: Mapping[tuple[str, str], Row], worlds: Sequence[World]) -> str:
    return HEAD + "\n".join(_tables(world, kept) for world in worlds)


def _kept() -> dict[tuple[str, str], Row]:
    rows = json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.exists() else []
    return {(row["world"], row["method"]): row for row in rows}


def _worlds(ml1m: str, vectors: str) -> list[World]:
    """Without its files the last one is only shown."""
    everything = ("gender", "age", "occupation")
    lattice = {"recommender": "lattice"}
    frozen = {"recommender": "pretrained", "settings": {"recommender.path": vectors}}
    return [
        World("MovieLens-100K, gender protected", "movielens-100k", ("gender",), lattice),
        World("MovieLens-100K, all three attributes protected", "movielens-100k", everything, lattice),
        World("MovieLens-1M, the published LATTICE vectors, all protected", ml1m, everything, frozen),
    ]


def _seeds(store: Store, world: World, method: Method, run_missing: bool) -> Iterator[dict[str, Any]]:
    """The figures of every finished run of a row, one a seed."""
    done = {_identity(run.config()): run for run in store.runs() if run.status().state == "done"}
    for seed in method.seeds:
        config = world.config(method, seed)
        run = done.get(_identity(config))
        if run is None and run_missing:
            run = _execute(store, config)
        if run is not None:
            yield _figures(store, run)


def _identity(config: RunConfig) -> str:
    """What tells one run from another; what the run itself fills in is left out."""
    left_out = {"fingerprint", "packages", "modalities", "attributes"}
    raw = config.model_dump(mode="json", exclude=left_out)
    raw["recommender"].pop("sha256", None)
    return str(raw)


def _execute(store: Store, config: RunConfig) -> RunFolder | None:
    run = store.new_run(config)
    start = time.perf_counter()
    status = execute(run, store)
    print(f"{run.id}: {status.state}, {time.perf_counter() - start:.0f} s {status.error or ''}", file=sys.stderr)
    return run if status.state == "done" else None


def _figures(store: Store, run: RunFolder) -> dict[str, Any]:
    """Accuracy kept, every headline, the paired change, the published protocol's figures and the seconds of a run."""
    accuracy, leakage = run.table("audit/accuracy.csv"), run.table("audit/leakage.csv")
    recall = accuracy[(accuracy.metric == "recall") & (accuracy.k == 20)].set_index("model").value
    found: dict[str, Any] = {"kept": recall["mitigated"] / recall["base"], "recall": recall["base"]}
    took = {stage.name: stage.seconds for stage in run.status().stages}
    found["seconds"] = took["filter"] + took.get("disentangle", 0.0)
    auc = leakage[(leakage.metric == "auc") & (leakage.phase == "after")]
    for row in auc[auc.attacker.isin(["strongest", "linear"])].itertuples():
        key = (row.attribute, row.representation, row.modality, row.users, row.attacker)
        found[".".join(part for part in key if part)] = (row.value, row.ci_low, row.ci_high)
    found |= _beyond_the_run(store, run)
    return found


def _beyond_the_run(store: Store, run: RunFolder) -> dict[str, Any]:
    """The change of the headline, paired by person, and the published protocol; cached, for they take a while."""
    config = run.config()

    def produce(folder: Path) -> None:
        inputs = choose_inputs(storage.load(locate(store, config.dataset)), config)
        with np.load(run.path / "embeddings.npz") as vectors:
            before, after = vectors["user_before"], vectors["user_after"]
        change = leakage_change(
            before,
            after,
            inputs.attributes,
            inputs.dataset.users,
            eligible=inputs.eligible,
            held_out=inputs.held_out,
            seed=config.seed,
        )
        change.to_parquet(folder / "change.parquet")
        published = paper_protocol(after, inputs.attributes, eligible=inputs.eligible, seed=config.seed)
        published.to_parquet(folder / "published.parquet")

    step = StepCache(store.cache_dir, run.config().fingerprint).run(
        "bench-methods", {"run": run.id}, produce, rooms=("audit",)
    )
    change = pd.read_parquet(step.folder / "change.parquet")
    found: dict[str, Any] = {
        f"{row.attribute}.change": (row.difference, row.low, row.high)
        for row in change[change.users == "all"].itertuples()
    }
    published = pd.read_parquet(step.folder / "published.parquet").set_index("attribute").value
    return found | {f"{name}.published": float(value) for name, value in published.items()}


HEAD = """# All mitigations in one table

`python bench/methods.py --home STORE --ml1m FOLDER --vectors FILE --write` writes this page. Figures on leakage are
AUCs × 100 of the headline attacker (the strongest, their combination among them, chosen on inner folds), read on both
sides of 50; in brackets the 95 % interval, over several seeds the mean and the outermost ends. *held out* is the fifth
of the people on whom no choice was made. *Change* is after minus before on the user vector with its interval paired
by person. *Published protocol* is the authors' own measure, kept here for comparison only: it is not evidence of
absence (gender: folded AUC of yes-or-no answers; else accuracy; best epoch on the attacker's test people).
Weights are each method's default. *Kept* is test Recall@20 beside the base's. *Seconds* were taken beside other work.
"""


def _row(world: World, method: Method, of: pd.DataFrame) -> Row:
    """What is kept of a method: the cells of its lines, by attribute."""
    cells = {name: _cells(of, name) for name in world.protected}
    base = _span(of.recall, 1, 3)
    return {"world": world.title, "method": method.title, "seeds": len(of), "base": base, "cells": cells}


def _cells(of: pd.DataFrame, attribute: str) -> list[str]:
    places = [_interval(of[f"{attribute}.{place}.{who}.strongest"]) for place, who in _asked()]
    return [
        f"{100 * of.kept.mean():.1f} %",
        *places,
        _interval(of[f"{attribute}.user_vector.all.linear"]),
        _interval(of[f"{attribute}.change"], signed=True),
        f"{100 * of[f'{attribute}.published'].mean():.1f}",
        f"{of.seconds.median():.1f}",
    ]


def _tables(world: World, kept: Mapping[tuple[str, str], Row]) -> str:
    """One table per protected attribute."""
    rows = [kept[world.title, method.title] for method in METHODS if (world.title, method.title) in kept]
    base = next((row["base"] for row in rows if row["method"] == "none"), "not run yet")
    parts = [f"\n## {world.title}\n\nTest Recall@20 of the base {base}.{_not_run(rows)}\n"]
    for attribute in world.protected:
        columns = ["method", "seeds", "kept", *_columns(), "linear", "change", "published protocol", "seconds"]
        lines = [f"### {attribute}\n", _line(columns), _line(["---"] * len(columns))]
        lines += [_line([row["method"], str(row["seeds"]), *row["cells"][attribute]]) for row in rows]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _not_run(rows: list[Row]) -> str:
    """Rows that are planned and not there, and those with fewer seeds than planned."""
    there = {row["method"]: row["seeds"] for row in rows}
    missing = [
        f"{each.title} ({there.get(each.title, 0)} of {len(each.seeds)})"
        for each in METHODS
        if there.get(each.title, 0) < len(each.seeds)
    ]
    return f" Not run yet (seeds): {'; '.join(missing)}." if missing else ""


def _asked() -> list[tuple[str, str]]:
    return [(place, who) for place in PLACES for who in ("all", "held_out")]


def _columns() -> list[str]:
    return [f"{PLACES[place]}, {who.replace('_', ' ')}" for place, who in _asked()]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _span(values: pd.Series, scale: float, digits: int) -> str:
    low, middle, high = (f"{scale * value:.{digits}f}" for value in (values.min(), values.mean(), values.max()))
    return middle if low == high else f"{middle} ({low} to {high})"


def _interval(found: pd.Series, signed: bool = False) -> str:
    """Mean over seeds and the outermost ends of their intervals."""
    table = 100 * np.array(found.tolist())
    sign = "+" if signed else ""
    return f"{table[:, 0].mean():{sign}.1f} [{table[:, 1].min():.1f}, {table[:, 2].max():.1f}]"


if __name__ == "__main__":
    main()
