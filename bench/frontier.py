"""What is hidden, and at what price: `python bench/frontier.py --home FOLDER [--ml1m FOLDER --vectors FILE]`.

Every point (data, method, weight, seed) is kept in docs/frontier.json as soon as it is there, so the bench can be
stopped and started, on another machine too; docs/frontier.md is written anew each time. `--only` names worlds to go on
with, `--again` methods whose points are made once more, `--page` writes the page and runs nothing.

Nothing is chosen here: weights are those that sliders offer, everything is reported on test and by the panel *full*.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fmm_core.audit.extras import named
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target, list_target
from fmm_core.data import storage
from fmm_core.data.dataset import Attribute
from fmm_core.fairness import build as mitigations
from fmm_core.fairness.disentangle import disentangle
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.metrics.ranking import per_user, top_k
from fmm_core.recommenders import build as recommenders
from fmm_core.recommenders.base import Ids
from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.contexts import context_of
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.store import Store
from fmm_core.runs.vectors import Profiles
from fmm_core.types import Representations, silent

FIGURES, PAGE = ROOT / "docs" / "frontier.json", ROOT / "docs" / "frontier.md"
LEVELS = (99, 98, 97, 96, 95, 90)
LIST = 20
ALL = ("gender", "age", "occupation")
Point = dict[str, Any]
Leakage = dict[str, dict[str, dict[str, dict[str, list[float]]]]]


@dataclass(frozen=True)
class Method:
    """A line of the table: a mitigation, what differs from its preset, its weights and seeds.

    `scaled` multiplies the weight of single attributes.
    """

    title: str
    name: str
    weights: tuple[float, ...] = (1.0,)
    seeds: tuple[int, ...] = (0,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scaled: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Data and base that the points of one table share.

    `newcomers` is the share of people who join later: nobody learns from them and only they are judged.
    """

    title: str
    dataset: str
    recommender: str
    protected: tuple[str, ...]
    methods: tuple[Method, ...]
    path: str = ""
    newcomers: float = 0.0


def main() -> None:
    """Run what is missing, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ml1m", default="")
    parser.add_argument("--vectors", default="")
    parser.add_argument("--only", default="", help="words in the titles of worlds, separated by semicolons")
    parser.add_argument("--again", default="", help="titles of methods, separated by semicolons")
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    again = set(filter(None, chosen.again.split(";")))
    points = [point for point in _kept() if point["method"] not in again]
    for world in _worlds(chosen.ml1m, chosen.vectors):
        wanted = not chosen.only or any(word in world.title for word in filter(None, chosen.only.split(";")))
        if wanted and not chosen.page:
            _run(world, points, Store(chosen.home))
    PAGE.write_text(_page(_kept()), encoding="utf-8")


def _kept() -> list[Point]:
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []


def _worlds(ml1m: str, vectors: str) -> Iterator[World]:
    three = (0, 1, 2)
    rivals = (
        Method("none", "none", (0.0,)),
        Method("LEACE", "leace", (0.5, 1.0)),
        Method("repair", "repair", (0.5, 1.0)),
        Method("D2D-R", "d2dr"),
        Method("ridge filter", "ridge", (0.5, 1.0, 2.0)),
    )
    trained = (Method("CAL", "cal", (0.1,)), Method("FMMRec", "fmmrec", (0.1,)))
    if ml1m and vectors:
        frozen = {"dataset": ml1m, "recommender": "pretrained", "path": vectors}
        whole = Method("flow", "flow", (1.0,), three)
        less_age = Method("flow, age at 0.9 of the weight", "flow", (1.0,), three, scaled={"age": 0.9})
        later = (
            Method("ridge filter, attribute known", "ridge", (2.0, 4.0)),
            Method("ridge filter, attribute unknown", "ridge", (2.0, 4.0), (0,), {"sees_attribute": False}),
        )
        yield World("MovieLens-1M, published LATTICE vectors, gender", **frozen, protected=("gender",),
                    methods=(whole, Method("flow", "flow", (0.5, 0.75)), *rivals))  # fmt: skip
        yield World("MovieLens-1M, published LATTICE vectors, all three", **frozen, protected=ALL,
                    methods=(whole, less_age, Method("flow", "flow", (0.5, 0.75)), *rivals))  # fmt: skip
        yield World("MovieLens-1M, published LATTICE vectors, what the flow's parts do", **frozen,
                    protected=("gender",), methods=_parts(three))  # fmt: skip
        for seed in three:
            methods = tuple(Method(each.title, each.name, each.weights, (seed,), each.settings) for each in later)
            yield World("MovieLens-1M, published LATTICE vectors, gender of a fifth who join later", **frozen,
                        protected=("gender",), methods=methods, newcomers=0.2)  # fmt: skip
    for title, recommender in (("LATTICE", "lattice"), ("LightGCN", "lightgcn")):
        many = tuple(Method(each.title, each.name, each.weights, three) for each in (*rivals, *trained))
        flow = Method("flow", "flow", (0.25, 0.5, 0.75, 1.0), three)
        yield World(f"MovieLens-100K, {title}, all three", "movielens-100k", recommender, ALL, (*many, flow))


def _parts(seeds: tuple[int, ...]) -> tuple[Method, ...]:
    """The flow with one thing left out at a time."""
    left_out = {
        "lists not looked at": {"lists": False},
        "lists not guarded (prior 100)": {"prior": 100.0},
        "no way back (pull 0)": {"pull": 0.0},
        "few features (400)": {"features": 400},
        "half the rounds (20)": {"rounds": 20},
    }
    return tuple(Method(title, "flow", (1.0,), seeds, settings) for title, settings in left_out.items())


# one point ----------------------------------------------------------------------------------------------------------


def _run(world: World, points: list[Point], store: Store) -> None:
    there = {_key(point) for point in points}
    for method in world.methods:
        for weight in method.weights:
            for seed in method.seeds:
                point = {"world": world.title, "method": method.title, "weight": weight, "seed": seed}
                if _key(point) in there:
                    continue
                start = time.perf_counter()
                points.append(point | _figures(world, method, weight, seed, store))
                took = time.perf_counter() - start
                print(f"{world.title}: {method.title} {weight:g}, seed {seed}: {took:.0f} s", flush=True)
                _keep(points[-1])


def _keep(point: Point) -> None:
    """Beside whatever another process has kept meanwhile."""
    others = [each for each in _kept() if _key(each) != _key(point)]
    draft = FIGURES.with_suffix(".draft")
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in (*others, point))
    draft.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    draft.replace(FIGURES)


def _key(point: Point) -> tuple[str, str, float, int]:
    return point["world"], point["method"], point["weight"], point["seed"]


def _figures(world: World, method: Method, weight: float, seed: int, store: Store) -> Point:
    inputs, base = _base(world, seed, store)
    newcomers = np.random.default_rng(seed).random(len(base.user)) < world.newcomers
    judged = newcomers if world.newcomers else inputs.held_out
    mitigation = MITIGATIONS[method.name].presets["standard"].model_copy(update=dict(method.settings))
    weights = {name: weight * method.scaled.get(name, 1.0) for name in world.protected}
    config = _config(world, seed).model_copy(update={"mitigation": mitigation, "weights": weights})
    start = time.perf_counter()
    context = context_of(config, inputs, base, _profiles(config, inputs), silent)
    context = replace(context, newcomers=newcomers if world.newcomers else None)
    after = mitigations.build(mitigation).fit(context)
    seconds = time.perf_counter() - start
    attributes = {name: inputs.attributes[name] for name in world.protected}
    point = {"seconds": round(seconds, 1)}
    point |= _accuracy(inputs, base, after, newcomers if world.newcomers else np.ones(len(newcomers), bool))
    return point | {"leakage": _leakage(inputs, after, attributes, judged, seed)}


def _base(world: World, seed: int, store: Store) -> tuple[Inputs, Representations]:
    """The data and what the recommender stores; a trained one is kept in the store's cache."""
    config = _config(world, seed)
    inputs = choose_inputs(storage.load(locate(store, world.dataset)), config)
    kept = store.cache_dir / f"frontier-{world.dataset.split('/')[-1]}-{world.recommender}-{seed}.npz"
    if not world.path and kept.exists():
        with np.load(kept) as found:
            return inputs, Representations(found["user"], found["item"], found.get("item_bias"))
    recommender = recommenders.build(config.recommender, Ids(inputs.dataset.users, inputs.dataset.items))
    modalities = inputs.modalities if world.recommender == "lattice" else {}
    base = recommender.fit(
        inputs.split.train, modalities, validate=inputs.validation_recall, progress=silent, seed=seed
    )
    if not world.path:
        bias = {} if base.item_bias is None else {"item_bias": base.item_bias}
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, user=base.user, item=base.item, **bias)
    return inputs, base


def _config(world: World, seed: int) -> RunConfig:
    settings = {"recommender.path": world.path} if world.path else {}
    return make_config(world.dataset, method="none", recommender=world.recommender, seed=seed, settings=settings)


def _profiles(config: RunConfig, inputs: Inputs) -> Profiles:
    """Split modalities, for the one method that asks for them; held-out people's labels stay hidden, as in a run."""
    if config.disentangle is None:
        return {}
    told = {name: np.where(inputs.held_out, -1, each.codes).astype(np.int16) for name, each in inputs.told.items()}
    train, features = inputs.split.train, inputs.modalities
    return disentangle(config.disentangle, train, features, told, progress=silent, seed=config.seed)


def _accuracy(inputs: Inputs, base: Representations, after: Representations, who: np.ndarray) -> Point:
    """Share of Recall@20 kept, on validation (everyone) and on test (whoever is judged)."""
    before, now = (
        per_user(top_k(each, inputs.seen, LIST).items, inputs.split.test, (LIST,))["recall", LIST]
        for each in (base, after)
    )
    validation = inputs.validation_recall(after) / inputs.validation_recall(base)
    return {"kept": float(np.nanmean(now[who]) / np.nanmean(before[who])), "kept_validation": float(validation)}


def _leakage(
    inputs: Inputs, after: Representations, attributes: Mapping[str, Attribute], judged: np.ndarray, seed: int
) -> Leakage:
    """The headline and all beside it: vectors by panel full and by attackers nobody trained against; lists."""
    how = {"eligible": inputs.eligible, "held_out": judged, "seed": seed}
    users, items = inputs.dataset.users, inputs.split.train.shape[1]
    everything = csr_matrix(inputs.seen.shape, dtype=np.float32)
    lists = {
        "list, own items masked": list_target(top_k(after, inputs.seen, LIST).items, items, "after"),
        "list, nothing masked": list_target(top_k(after, everything, LIST).items, items, "after"),
    }
    vector = Target("user_vector", "", "after", after.user)
    extra = named(("svm", "boosting", "knn")) if set(attributes) == {"gender"} else {}
    tables = {"vector": leakage_table([vector], attributes, users, panel="full", extra=extra, **how)}
    tables |= {name: leakage_table([target], attributes, users, **how) for name, target in lists.items()}
    found = pd.concat([table[table["metric"] == "auc"].assign(place=place) for place, table in tables.items()])
    return _nested(found)


def _nested(found: pd.DataFrame) -> Leakage:
    """{place: {attribute: {users: {attacker: [AUC, low, high]}}}}: a table would take three times the room."""
    nested: Leakage = {}
    for row in found.itertuples():
        attackers = nested.setdefault(row.place, {}).setdefault(row.attribute, {}).setdefault(row.users, {})
        attackers[row.attacker] = [round(each, 4) for each in (row.value, row.ci_low, row.ci_high)]
    return nested


# the page -----------------------------------------------------------------------------------------------------------

HEAD = """# What is hidden, and at what price

`python bench/frontier.py --home FOLDER --ml1m FOLDER --vectors FILE` makes every point and writes this page and
[frontier.json](frontier.json). Figures on leakage are AUCs × 100 of the headline attacker of the panel *full* (lists:
*fast*), 50 is guessing, 45 as telling as 55. *All* is everyone the mitigation learned from, *held out* the fifth on
whom no choice was made. *Kept* is test Recall@20 beside the base's. Over several seeds: the mean (least to greatest).
"""


def _page(points: list[Point]) -> str:
    titles = dict.fromkeys(point["world"] for point in points)
    return HEAD + "\n".join(_world_page(title, [each for each in points if each["world"] == title]) for title in titles)


def _world_page(title: str, points: list[Point]) -> str:
    table = pd.DataFrame([_flat(point) for point in points])
    places = [name for name in table.columns if name not in ("method", "weight", "seed", "kept", "seconds")]
    lines = [f"\n## {title}\n", _line(["method", "weight", "seeds", "kept %", *places, "seconds"])]
    lines.append(_line(["---"] * (len(places) + 5)))
    for (method, weight), of in table.groupby(["method", "weight"], sort=False):
        cells = [_span(100 * of[name]) for name in ("kept", *places)]
        lines.append(_line([str(method), f"{weight:g}", str(len(of)), *cells, f"{of.seconds.median():.0f}"]))
    return "\n".join([*lines, "", *_front(table)])


def _flat(point: Point) -> dict[str, Any]:
    """A point's row: headlines by attribute and people, then lists and attackers nobody trained against."""
    row: dict[str, Any] = {name: point[name] for name in ("method", "weight", "seed", "kept", "seconds")}
    for place, attributes in point["leakage"].items():
        for attribute, users in attributes.items():
            everyone = users["all"]
            if place == "vector":
                row |= {f"{attribute}, {who.replace('_', ' ')}": found["strongest"][0] for who, found in users.items()}
                row |= {name: everyone[name][0] for name in ("svm", "boosting", "knn") if name in everyone}
            else:
                row[f"{attribute}, {place}"] = everyone["strongest"][0]
    return row


def _front(table: pd.DataFrame) -> Iterator[str]:
    """Per level of accuracy, each method's least worst headline, the best method first; everyone, then held out."""
    for who in ("all", "held out"):
        columns = [name for name in table.columns if name.endswith(f", {who}")]
        means = table.groupby(["method", "weight"], sort=False)[["kept", *columns]].mean()
        worst = 100 * (0.5 + (means[columns] - 0.5).abs().max(axis=1))
        yield f"Worst attribute, {who}, best weight of each method:\n"
        for level in LEVELS:
            within = worst[100 * means.kept >= level].groupby(level="method").min().sort_values()
            told = ", ".join(f"{method} {value:.1f}" for method, value in within.items())
            yield f"- at {level} % or more kept: {told or 'nobody'}"
        yield ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _span(values: pd.Series) -> str:
    low, mean, high = (f"{value:.1f}" for value in (values.min(), values.mean(), values.max()))
    return mean if low == high else f"{mean} ({low} to {high})"


if __name__ == "__main__":
    main()
