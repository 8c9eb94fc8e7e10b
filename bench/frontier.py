"""What is hidden, and at what price: `python bench/frontier.py --home FOLDER [--ml1m FOLDER --vectors FILE]`.

Every point (data, method, weight, seed) is kept in docs/frontier.json as soon as it is there, so the bench can be
stopped and started, on another machine too; docs/frontier.md is written anew each time. `--only` names worlds to go on
with, `--again` methods whose points are made once more, `--page` writes the page and runs nothing. `--pairs` sets the
flow beside the next best at every level of accuracy, person by person (docs/frontier_pairs.json).

Nothing is chosen here: weights are those that sliders offer, everything is reported on test and by the panel *full*.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from frontier_page import LEVELS, PAGE, beside, page
from strangers import strangers, transferred

from fmm_core.audit.change import leakage_change
from fmm_core.audit.crossing import crossings
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
from fmm_core.runs.steps import source_digest
from fmm_core.runs.store import Store
from fmm_core.runs.vectors import Profiles
from fmm_core.types import Representations, silent

FIGURES, PAIRS = ROOT / "docs" / "frontier.json", ROOT / "docs" / "frontier_pairs.json"
LIST, LONG_LIST = 20, 100
SEEDS = 3
GENDER = ("gender",)
ALL = ("gender", "age", "occupation")
Point = dict[str, Any]
Leakage = dict[str, dict[str, dict[str, dict[str, list[float]]]]]


@dataclass(frozen=True)
class Method:
    """Lines of the table: a mitigation, its weights, what differs from its preset, for how many seeds at most."""

    title: str
    name: str
    weights: tuple[float, ...] = (1.0,)
    preset: str = "standard"
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = SEEDS


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
    parser.add_argument("--pairs", action="store_true")
    chosen = parser.parse_args()
    again = set(filter(None, chosen.again.split(";")))
    there = {_key(point) for point in _kept(FIGURES) if point["method"] not in again}
    for world in [] if chosen.page else worlds(chosen.ml1m, chosen.vectors):
        if chosen.only and not any(word in world.title for word in filter(None, chosen.only.split(";"))):
            continue
        if chosen.pairs:
            _compare(world, Store(chosen.home))
        else:
            _run(world, there, Store(chosen.home))
    PAGE.write_text(page(_kept(FIGURES), _kept(PAIRS)), encoding="utf-8")


def _kept(file: Path) -> list[Point]:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def worlds(ml1m: str, vectors: str) -> Iterator[World]:
    flow = Method("flow", "flow", (0.25, 0.5, 0.75, 0.85, 0.9, 1.0))
    rivals = (
        Method("none", "none", (0.0,)),
        Method("LEACE", "leace", (0.5, 1.0)),
        Method("repair", "repair", (0.5, 1.0)),
        Method("D2D-R", "d2dr"),
        Method("ridge filter", "ridge", (0.5, 1.0, 2.0)),
        Method("ridge filter, blind", "ridge", (1.0, 2.0), settings={"sees_attribute": False}),
    )
    unmoved = replace(rivals[4], title="ridge filter, start 0", settings={"start": 0.0})
    trained = (Method("CAL", "cal", (0.1,)), Method("FMMRec", "fmmrec", (0.1,)))
    once = tuple(replace(each, seeds=1) for each in trained)
    published = Method("FMMRec, as published", "fmmrec", (0.1,), preset="paper")
    if ml1m and vectors:
        frozen = {"dataset": ml1m, "recommender": "pretrained", "path": vectors}
        title = "MovieLens-1M, published LATTICE vectors, "
        later = (
            Method("ridge filter, attribute known", "ridge", (2.0,)),
            Method("ridge filter, attribute unknown", "ridge", (2.0, 4.0), settings={"sees_attribute": False}),
        )
        few = (flow, rivals[0], rivals[2], rivals[4], unmoved)
        finer = replace(flow, weights=(*flow.weights[:4], 0.86, 0.87, *flow.weights[4:]))
        farther = Method("flow, start 0.75", "flow", settings={"start": 0.75})
        yield World(title + "gender", **frozen, protected=GENDER, methods=(finer, *rivals, unmoved, *once))
        yield World(title + "gender and age", **frozen, protected=ALL[:2], methods=_at_full(few))
        yield World(title + "all three", **frozen, protected=ALL,
                    methods=(flow, farther, *rivals, unmoved, *once, published))  # fmt: skip
        yield World(title + "what the flow's parts do", **frozen, protected=GENDER, methods=_parts())
        yield World(title + "gender of a fifth who join later", **frozen, protected=GENDER, methods=later,
                    newcomers=0.2)  # fmt: skip
    for title, recommender in (("LATTICE", "lattice"), ("LightGCN", "lightgcn")):
        more = (published,) if recommender == "lattice" else ()
        yield World(f"MovieLens-100K, {title}, all three", "movielens-100k", recommender, ALL,
                    (*rivals, *trained, *more, flow))  # fmt: skip
        if ml1m:
            yield World(f"MovieLens-1M, {title}, all three", ml1m, recommender, ALL, (*rivals, unmoved, *once, flow))


def _at_full(methods: tuple[Method, ...]) -> tuple[Method, ...]:
    """The same with each one's greatest weight only."""
    return tuple(replace(each, weights=each.weights[-1:]) for each in methods)


def _parts() -> tuple[Method, ...]:
    """The flow with one thing left out at a time."""
    left_out = {
        "people start where they are (start 0)": {"start": 0.0},
        "lists not looked at": {"lists": False},
        "lists not guarded (prior 100)": {"prior": 100.0},
        "no way back (pull 0)": {"pull": 0.0},
        "few features (400)": {"features": 400},
        "half the rounds (20)": {"rounds": 20},
    }
    return tuple(Method(title, "flow", settings=settings) for title, settings in left_out.items())


# one point ----------------------------------------------------------------------------------------------------------


def _run(world: World, there: set[tuple[str, str, float, int]], store: Store) -> None:
    for method in world.methods:
        for weight in method.weights:
            for seed in range(method.seeds):
                point = {"world": world.title, "method": method.title, "weight": weight, "seed": seed}
                if _key(point) in there:
                    continue
                start = time.perf_counter()
                _keep(FIGURES, point | _figures(world, method, weight, seed, store), _key)
                took = time.perf_counter() - start
                print(f"{world.title}: {method.title} {weight:g}, seed {seed}: {took:.0f} s", flush=True)


def _keep(file: Path, point: Point, key: Any) -> None:
    """Beside whatever another process has kept meanwhile."""
    others = [each for each in _kept(file) if key(each) != key(point)]
    draft = file.with_suffix(".draft")
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in (*others, point))
    draft.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    draft.replace(file)


def _key(point: Point) -> tuple[str, str, float, int]:
    return point["world"], point["method"], point["weight"], point["seed"]


def _figures(world: World, method: Method, weight: float, seed: int, store: Store) -> Point:
    inputs, base = base_of(world, seed, store)
    newcomers = _newcomers(world, seed, base)
    judged = inputs.held_out if newcomers is None else newcomers
    after, seconds = moved(world, method, weight, seed, store)
    point: Point = {"seconds": round(seconds, 1)}
    point |= _accuracy(inputs, base, after, np.ones(len(judged), bool) if newcomers is None else newcomers)
    return point | {"leakage": _leakage(world, inputs, base, after, judged, seed)}


def _newcomers(world: World, seed: int, base: Representations) -> np.ndarray | None:
    return np.random.default_rng(seed).random(len(base.user)) < world.newcomers if world.newcomers else None


def base_of(world: World, seed: int, store: Store) -> tuple[Inputs, Representations]:
    """The data and what the recommender stores; a trained one is kept in the store's cache."""
    config = _config(world, seed)
    inputs = choose_inputs(storage.load(locate(store, world.dataset)), config)
    kept = store.cache_dir / f"frontier-{world.dataset.split('/')[-1]}-{world.recommender}-{seed}.npz"
    if not world.path and kept.exists():
        return inputs, _read(kept)[0]
    recommender = recommenders.build(config.recommender, Ids(inputs.dataset.users, inputs.dataset.items))
    modalities = inputs.modalities if world.recommender == "lattice" else {}
    base = recommender.fit(
        inputs.split.train, modalities, validate=inputs.validation_recall, progress=silent, seed=seed
    )
    if not world.path:
        _write(kept, base)
    return inputs, base


def moved(world: World, method: Method, weight: float, seed: int, store: Store) -> tuple[Representations, float]:
    """What a mitigation makes of the base, and the seconds it took; kept in the store's cache, for pairs ask again."""
    spec = f"{world.title} {method} {weight} {seed} {source_digest('fairness')}"
    kept = store.cache_dir / f"frontier-moved-{sha256(spec.encode()).hexdigest()[:16]}.npz"
    if kept.exists():
        return _read(kept)
    inputs, base = base_of(world, seed, store)
    mitigation = MITIGATIONS[method.name].presets[method.preset].model_copy(update=dict(method.settings))
    weights = dict.fromkeys(world.protected, weight)
    config = _config(world, seed).model_copy(update={"mitigation": mitigation, "weights": weights})
    start = time.perf_counter()
    context = context_of(config, inputs, base, _profiles(config, inputs), silent)
    after = mitigations.build(mitigation).fit(replace(context, newcomers=_newcomers(world, seed, base)))
    seconds = time.perf_counter() - start
    _write(kept, after, seconds)
    return after, seconds


def _write(file: Path, vectors: Representations, seconds: float = 0.0) -> None:
    bias = {} if vectors.item_bias is None else {"item_bias": vectors.item_bias}
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, user=vectors.user, item=vectors.item, seconds=seconds, **bias)


def _read(file: Path) -> tuple[Representations, float]:
    with np.load(file) as found:
        return Representations(found["user"], found["item"], found.get("item_bias")), float(found.get("seconds", 0.0))


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
    world: World, inputs: Inputs, base: Representations, after: Representations, judged: np.ndarray, seed: int
) -> Leakage:
    """The headline and all beside it: vectors by panel full and by attackers nobody trained against; lists."""
    attributes = {name: inputs.attributes[name] for name in world.protected}
    how = {"eligible": inputs.eligible, "held_out": judged, "seed": seed}
    users, items = inputs.dataset.users, inputs.split.train.shape[1]
    everything = csr_matrix(inputs.seen.shape, dtype=np.float32)
    lists = {
        "list, own items masked": (LIST, inputs.seen),
        "list, nothing masked": (LIST, everything),
    }
    if world.path:
        lists["list of 100, own items masked"] = (LONG_LIST, inputs.seen)
    vector = Target("user_vector", "", "after", after.user)
    alone = world.protected == GENDER
    extra = strangers() if alone else {}
    read = _crossed(attributes, inputs) if world.path else attributes
    tables = {"vector": leakage_table([vector], read, users, panel="full", extra=extra, **how)}
    for name, (length, seen) in lists.items():
        target = list_target(top_k(after, seen, length).items, items, "after", length)
        tables[name] = leakage_table([target], attributes, users, **how)
    found = pd.concat([table[table["metric"] == "auc"].assign(place=place) for place, table in tables.items()])
    nested = _nested(found)
    if alone:
        codes = np.where(inputs.eligible, attributes["gender"].codes, -1)
        nested["vector"]["gender"]["all"] |= transferred(base.user, after.user, codes)
    return nested


def _crossed(attributes: Mapping[str, Attribute], inputs: Inputs) -> dict[str, Attribute]:
    """Attributes, and gender and age at once where both are protected."""
    both = {name: attributes[name] for name in ALL[:2] if name in attributes}
    return {**attributes, **{each.name: each.attribute for each in crossings(both, inputs.eligible)}}


def _nested(found: pd.DataFrame) -> Leakage:
    """{place: {attribute: {users: {attacker: [AUC]}}}}, the headline's with its interval: [AUC, low, high]."""
    nested: Leakage = {}
    for row in found.itertuples():
        attackers = nested.setdefault(row.place, {}).setdefault(row.attribute, {}).setdefault(row.users, {})
        told = (row.value, row.ci_low, row.ci_high) if row.attacker == "strongest" else (row.value,)
        attackers[row.attacker] = [round(each, 4) for each in told]
    return nested


# the flow beside the next best --------------------------------------------------------------------------------------


def _compare(world: World, store: Store) -> None:
    """Change of every headline from the next best to the flow, at each level of accuracy, the same people in both."""
    methods = {method.title: method for method in world.methods}
    there = {_pair(each) for each in _kept(PAIRS)}
    points = [point for point in _kept(FIGURES) if point["world"] == world.title]
    measured = {_key(point)[1:] for point in points}
    for flow, rival in sorted(set(beside(points, LEVELS))):
        for seed in range(SEEDS):
            pair = {"world": world.title, "flow": flow[1], "rival": rival[0], "weight": rival[1], "seed": seed}
            if _pair(pair) in there or (*flow, seed) not in measured or seed >= methods[rival[0]].seeds:
                continue
            inputs, _ = base_of(world, seed, store)
            before, after = (moved(world, methods[each[0]], each[1], seed, store)[0].user for each in (rival, flow))
            attributes = {name: inputs.attributes[name] for name in world.protected}
            change = leakage_change(before, after, attributes, inputs.dataset.users,
                                    eligible=inputs.eligible, held_out=inputs.held_out, seed=seed)  # fmt: skip
            rows = {
                f"{row.attribute}, {row.users}": [round(x, 4) for x in (row.difference, row.low, row.high)]
                for row in change.itertuples()
            }
            _keep(PAIRS, pair | {"change": rows}, _pair)
            print(f"{world.title}: flow {flow[1]:g} beside {rival[0]} {rival[1]:g}, seed {seed}", flush=True)


def _pair(pair: Point) -> tuple[str, float, str, float, int]:
    return pair["world"], pair["flow"], pair["rival"], pair["weight"], pair["seed"]


if __name__ == "__main__":
    main()
