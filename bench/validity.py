"""Does the audit keep its promises? `python bench/validity.py --home FOLDER [--share 1.0]`.

Worlds whose leak is known are made and audited many times over: how often intervals cover the truth, how often a leak
is claimed where there is none, how often one is missed (AUDIT.md, "How it is tested"). Every replicate is kept in
FOLDER, so that the bench can be stopped and started. Writes docs/validity.md and docs/validity.json.
`--share 0.3` runs three tenths of the replicates of the record.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fmm_core.audit import attackers
from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.folds import FOLDS, deal
from fmm_core.audit.intervals import Estimate, estimate, influence
from fmm_core.audit.panel import FAMILIES, closed_form, judge
from fmm_core.audit.representations import standardise
from fmm_core.audit.verdict import verdict
from fmm_core.data.dataset import Attribute
from fmm_core.types import Codes, Floats

D = 64
SHARES = {"balanced": 0.5, "28 of 100": 0.28}
SIZES = (300, 1000, 5000)
Result = dict[str, float]


@dataclass(frozen=True)
class Cell:
    """One kind of world: how a replicate is made and audited, how often, and what is asked of the replicates."""

    name: str
    replicates: int
    play: Callable[..., Result]
    settings: Mapping[str, Any] = field(default_factory=dict)


# worlds -----------------------------------------------------------------------------------------------------------


def gaussian(n: int, d: int, share: float, planted: float, seed: int) -> tuple[Floats, Codes]:
    """Two groups of unit covariance whose means differ along the first axis, the best attack reads `planted`."""
    rng = np.random.default_rng([seed, n, d])
    codes = (rng.permutation(n) < round(share * n)).astype(np.int16)
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    vectors[:, 0] += shift_of(planted) * codes
    return vectors, codes


def shift_of(planted: float) -> float:
    """Distance of two unit Gaussians that are told apart with this AUC."""
    return float(np.sqrt(2) * norm.ppf(planted))


def names(n: int) -> np.ndarray:
    return np.array([f"u{number}" for number in range(n)])


# what one replicate tells -------------------------------------------------------------------------------------------


def coverage(seed: int, n: int, share: float, planted: float) -> Result:
    """Does the linear attacker's interval cover the AUC, on new people, of the attackers that were fitted?"""
    vectors, codes = gaussian(n, D, share, planted, seed)
    folds = deal(names(n), [codes], seed)
    z = vectors  # unit variance already; standardising would move the truth
    targets = (codes - codes.mean())[:, None].astype(np.float32)
    [scores] = attackers.linear(z, targets, folds)
    own = scores[np.arange(n), folds]
    found = estimate(own, scores, codes, folds, np.ones(n, bool))
    true = fitted_area(z, codes, folds, shift_of(planted))
    value, curve = influence(own[:, 0], codes == 1, folds)
    plain = 1.96 * np.sqrt(curve @ curve)
    return {"value": found.value, "truth": true, "covered": found.low <= true <= found.high,
            "plain": abs(value - true) <= plain, "width": found.high - found.low}  # fmt: skip


def fitted_area(z: Floats, codes: Codes, folds: np.ndarray, shift: float) -> float:
    """AUC, on new people, of the five attackers that four fifths of these train, from their weights."""
    areas = []
    for fold in range(FOLDS):
        x, y = z[folds != fold].astype(np.float64), codes[folds != fold] - codes[folds != fold].mean()
        x = x - x.mean(axis=0)
        weights = np.linalg.solve(x.T @ x + attackers.LINEAR_RIDGE * np.eye(x.shape[1]), x.T @ y)
        areas.append(norm.cdf(shift * weights[0] / (np.sqrt(2) * np.linalg.norm(weights))))
    return float(np.mean(areas))


def whole(seed: int, n: int, d: int, planted: float, share: float = 0.5) -> Result:
    """What the whole nested procedure says of a world."""
    vectors, codes = gaussian(n, d, share, planted, seed)
    return _said(vectors, codes, seed)


def xor(seed: int, n: int, d: int) -> Result:
    """The group is whether two of the numbers have the same sign: nothing linear, everything to be known."""
    rng = np.random.default_rng([seed, n, d])
    vectors = rng.normal(size=(n, d))
    vectors[:, :2] += 1.5 * np.sign(vectors[:, :2])
    return _said(vectors.astype(np.float32), (vectors[:, 0] * vectors[:, 1] > 0).astype(np.int16), seed)


def matched(seed: int, n: int, d: int, goal: str) -> Result:
    """Groups whose means were moved: onto each other, or as far apart as those of two random groups."""
    vectors, codes = gaussian(n, d, 0.5, 0.75, seed)
    random = np.random.default_rng([seed, 1]).permutation(codes)
    to = {"one mean": np.ones((2, n), bool), "random groups": np.array([random == 0, random == 1])}[goal]
    aims = [vectors[to[label]].mean(axis=0) - vectors[codes == label].mean(axis=0) for label in (0, 1)]
    return _said(vectors + np.array(aims, np.float32)[codes], codes, seed)


def _said(vectors: Floats, codes: Codes, seed: int) -> Result:
    [people] = _people(codes, seed)
    families = closed_form(standardise(vectors), people, seed)["group"]
    judged = judge(families, people.codes["group"], 2, people.folds)
    everyone = np.ones(len(codes), bool)
    found: dict[str, Estimate] = {
        name: estimate(*judged[name], people.codes["group"], people.folds, everyone) for name in ("strongest", "linear")
    }
    headline, linear = found["strongest"], found["linear"]
    says = verdict(headline.low, headline.high, linear_high=linear.high)
    own = np.arange(len(codes)), people.folds, 0
    settings = (scores for family in FAMILIES for scores in families[family])
    naive = max(influence(scores[own], people.codes["group"] == 1, people.folds)[0] for scores in settings)
    return {"value": headline.value, "low": headline.low, "high": headline.high, "p": headline.p_value,
            "linear": linear.value, "linear_low": linear.low, "linear_high": linear.high, "naive": naive,
            "leaks": says == "leaks", "over": says == "over"}  # fmt: skip


def _people(codes: Codes, seed: int) -> list[People]:
    everyone = np.ones(len(codes), bool)
    return list(crowds({"group": Attribute(("a", "b"), codes)}, names(len(codes)), everyone, ~everyone, seed))


# the record -------------------------------------------------------------------------------------------------------


def cells() -> Iterator[Cell]:
    """Every cell, cheap ones first."""
    for n in SIZES:
        for title, share in SHARES.items():
            for planted in (0.55, 0.65, 0.8):
                settings = {"n": n, "share": share, "planted": planted}
                yield Cell(f"coverage, {n:,} people, {title}, planted {planted}", 200, coverage, settings)
    for n, replicates in ((300, 200), (1000, 100), (5000, 12)):
        yield Cell(f"silence, {n:,} people", replicates, whole, {"n": n, "d": D, "planted": 0.5})
    edge = {"n": 1000, "d": D, "planted": 0.6}
    yield Cell("edge, 1,000 people, planted 0.60 (fitted about 0.55)", 100, whole, edge)
    for n, d, planted in ((300, 16, 0.65), (1000, 16, 0.65), (300, 64, 0.7), (1000, 64, 0.7), (5000, 64, 0.6)):
        replicates = 12 if n == 5000 else 60
        yield Cell(f"power, {n:,} people, {d} numbers, planted {planted}", replicates, whole,
                   {"n": n, "d": d, "planted": planted})  # fmt: skip
    for d in (16, 64):
        yield Cell(f"xor, 2,000 people, {d} numbers", 6, xor, {"n": 2000, "d": d})
    for goal in ("one mean", "random groups"):
        settings = {"n": 1000, "d": D, "goal": goal}
        yield Cell(f"matched to {goal}, 1,000 people", 30, matched, settings)


def play(cell: Cell, home: Path, share: float) -> pd.DataFrame:
    """All replicates of a cell; those that are kept are not made again."""
    file = home / f"{cell.play.__name__}-{'-'.join(str(value) for value in cell.settings.values())}.json"
    kept: list[Result] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    wanted = max(round(share * cell.replicates), 3)
    while len(kept) < wanted:
        replicate = cell.play(len(kept), **cell.settings)
        kept.append({name: float(value) for name, value in replicate.items()})
        if len(kept) % 10 == 0 or len(kept) == wanted:
            file.write_text(json.dumps(kept), encoding="utf-8")
    return pd.DataFrame(kept[:wanted])


def summary(cell: Cell, found: pd.DataFrame) -> dict[str, Any]:
    """The figures of a cell, all in the unit of the replicates."""
    row: dict[str, Any] = {"cell": cell.name, "kind": cell.name.split(",")[0], "replicates": len(found)}
    row |= {key: value for key, value in cell.settings.items() if key in ("n", "d", "planted", "share")}
    if cell.play is coverage:
        return row | {"covers": found.covered.mean(), "plain_covers": found.plain.mean(), "truth": found.truth.mean(),
                      "width": found.width.mean()}  # fmt: skip
    holds = (found.low <= 0.5) & (found.high >= 0.5)
    return row | {
        "holds_half": holds.mean(),
        "mean": found.value.mean(),
        "naive_mean": found.naive.mean(),
        "found": (found.low > 0.5).mean(),
        "says_leaks": found.leaks.mean(),
        "says_over": ((found.over > 0) | (found.linear_high < 0.5)).mean(),
        "linear": found.linear.mean(),
        "linear_holds_half": ((found.linear_low <= 0.5) & (found.linear_high >= 0.5)).mean(),
    }


def main() -> None:
    """Play every cell, write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0)
    chosen = parser.parse_args()
    chosen.home.mkdir(parents=True, exist_ok=True)
    rows = []
    with threadpool_limits(1, user_api="blas"):
        for cell in cells():
            start = time.perf_counter()
            rows.append(summary(cell, play(cell, chosen.home, chosen.share)))
            print(f"{cell.name}: {rows[-1]} ({time.perf_counter() - start:.0f} s)", flush=True)
    write(rows)


def write(rows: list[dict[str, Any]]) -> None:
    """docs/validity.json, for the page that draws it, and docs/validity.md."""
    tidy = [{key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()} for row in rows]
    (ROOT / "docs" / "validity.json").write_text(json.dumps(tidy, indent=1) + "\n", encoding="utf-8")
    (ROOT / "docs" / "validity.md").write_text(HEAD + "\n".join(_tables(pd.DataFrame(tidy))), encoding="utf-8")


HEAD = """# Does the audit keep its promises?

`python bench/validity.py --home FOLDER` writes this page: worlds whose leak is known, audited many times over.

"""


def _tables(rows: pd.DataFrame) -> Iterator[str]:
    covers = rows[rows.kind == "coverage"]
    yield "## Coverage: 64 numbers a person, the linear attacker\n"
    yield "*Covers*: intervals that hold the AUC, on new people, of the attackers that were fitted; 95 % are asked.\n"
    yield "| world | replicates | covers | plain DeLong covers | true AUC of the fitted | width |"
    yield "|---|---|---|---|---|---|"
    for row in covers.itertuples():
        world = row.cell.removeprefix("coverage, ")
        yield (f"| {world} | {row.replicates} | {row.covers:.1%} | {row.plain_covers:.1%} | {row.truth:.3f} | "
               f"{row.width:.3f} |")  # fmt: skip
    pooled, plain = (np.average(covers[name], weights=covers.replicates) for name in ("covers", "plain_covers"))
    yield f"| all | {covers.replicates.sum():,} | **{pooled:.1%}** | {plain:.1%} | | |\n"
    yield "## Silence, power and over-correction: the whole nested procedure\n"
    yield ("*Holds ½*: intervals of the headline that hold guessing. *Naive*: mean of the best of the panel, chosen on "
           "the same scores. *Found*: the whole interval lies above guessing. *Over-corrected* is added where "
           "the linear attacker's interval lies below guessing.\n")  # fmt: skip
    yield ("| world | replicates | headline, mean | naive | holds ½ | found | says *leaks* | says *over-corrected* | "
           "linear, mean | linear holds ½ |")  # fmt: skip
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in rows[rows.kind != "coverage"].itertuples():
        yield (f"| {row.cell} | {row.replicates} | {row.mean:.3f} | {row.naive_mean:.3f} | {row.holds_half:.0%} | "
               f"{row.found:.0%} | {row.says_leaks:.0%} | {row.says_over:.0%} | {row.linear:.3f} | "
               f"{row.linear_holds_half:.0%} |")  # fmt: skip
    yield ""


if __name__ == "__main__":
    main()
