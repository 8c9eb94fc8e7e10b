"""docs/frontier.md, from the points that `frontier.py` made."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from strangers import STRANGERS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "frontier.md"
LEVELS = (99, 98, 97, 96, 95, 90)
KEY = ["method", "weight"]
Point = dict[str, Any]
Line = tuple[str, float]
"""A method and its weight."""

HEAD = """# What is hidden, and at what price

`python bench/frontier.py --home FOLDER --ml1m FOLDER --vectors FILE` makes every point and writes this page and
[frontier.json](frontier.json). Figures on leakage are AUCs × 100 of the headline attacker of the panel *full* (lists:
*fast*), 50 is guessing, 45 as telling as 55. *All* is everyone the mitigation learned from, *held out* the fifth on
whom no choice was made. *Kept* is test Recall@20 beside the base's. Over several seeds: the mean (least to greatest).
*Gender × age* is read as one attribute of all its groups at once. A dash: not measured. Seconds were taken beside other
work, on more than one machine.

*Before, …* are attackers who learned from other people's vectors as they were before anything was moved. The lines
*beside the next best* (the same command with `--pairs`) say how much lower the flow's headline is than that of the
best other method at that level, with an interval paired by person (panel *fast*; means over seeds).
"""


def page(points: Sequence[Point], pairs: Sequence[Point]) -> str:
    """All worlds, in the order in which their first points were made."""
    titles = dict.fromkeys(point["world"] for point in points)
    return HEAD + "\n".join(_world(title, *(_of(title, each) for each in (points, pairs))) for title in titles)


def _of(title: str, rows: Sequence[Point]) -> list[Point]:
    return [row for row in rows if row["world"] == title]


def _world(title: str, points: Sequence[Point], pairs: Sequence[Point]) -> str:
    table = _ordered(pd.DataFrame([_flat(point) for point in points]))
    vector = [name for name in table.columns if name.endswith((", all", ", held out"))]
    others = [name for name in (*_lists(table), *STRANGERS) if name in table.columns]
    lines = [f"\n## {title}\n", *_rows(table, ["kept", *vector], seconds=True), ""]
    lines += [*_rows(table, others, seconds=False), ""] if others else []
    return "\n".join([*lines, *_front(table), *_pairs(pairs)])


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Methods as they came, the weights of each from low to high."""
    place = {method: place for place, method in enumerate(table["method"].unique())}
    return table.sort_values(KEY, key=lambda column: column.map(place) if column.name == "method" else column)


def _lists(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if ", list" in name]


def _rows(table: pd.DataFrame, columns: Sequence[str], seconds: bool) -> Iterator[str]:
    """A line a method and weight."""
    last = ["seconds"] if seconds else []
    yield _line([*KEY, "seeds", *(f"{name} %" if name == "kept" else name for name in columns), *last])
    yield _line(["---"] * (len(columns) + 3 + len(last)))
    for (method, weight), of in table.groupby(KEY, sort=False):
        took = [f"{of.seconds.median():.0f}"] if seconds else []
        yield _line([str(method), f"{weight:g}", str(len(of)), *(_span(100 * of[name]) for name in columns), *took])


def _flat(point: Point) -> dict[str, Any]:
    """A point's row: headlines by attribute and people, then lists and attackers nobody trained against."""
    row: dict[str, Any] = {name: point[name] for name in (*KEY, "seed", "kept", "seconds")}
    for place, attributes in point["leakage"].items():
        for attribute, users in attributes.items():
            everyone = users["all"]
            if place == "vector":
                row |= {f"{attribute}, {who.replace('_', ' ')}": found["strongest"][0] for who, found in users.items()}
                row |= {name: everyone[name][0] for name in STRANGERS if name in everyone}
            else:
                row[f"{attribute}, {place}"] = everyone["strongest"][0]
    return row


def _worst(table: pd.DataFrame, who: str) -> pd.DataFrame:
    """By method and weight: the share of accuracy kept and the protected attribute that is read best, both in %."""
    columns = [name for name in table.columns if name.endswith(f", {who}") and "×" not in name]
    means = table.groupby(KEY, sort=False)[["kept", *columns]].mean()
    worst = 0.5 + (means[columns] - 0.5).abs().max(axis=1)
    return pd.DataFrame({"kept": 100 * means.kept, "worst": 100 * worst})


def _front(table: pd.DataFrame) -> Iterator[str]:
    """Per level of accuracy, each method's least worst headline, the best method first; everyone, then held out."""
    for who in ("all", "held out"):
        worst = _worst(table, who)
        yield f"Worst attribute, {who}, best weight of each method:\n"
        for level in LEVELS:
            within = worst[worst.kept >= level].worst.groupby(level="method").min().sort_values()
            told = ", ".join(f"{method} {value:.1f}" for method, value in within.items())
            yield f"- at {level} % or more kept: {told or 'nobody'}"
        yield ""


def beside(points: Sequence[Point], levels: Sequence[int]) -> Iterator[tuple[Line, Line]]:
    """At each level of accuracy, where there are both: the flow's best line and the best other one, by all people."""
    worst = _worst(pd.DataFrame([_flat(point) for point in points]), "all")
    names = worst.index.get_level_values("method")
    for level in levels:
        within = worst.kept >= level
        ours, theirs = (worst[within & mask].worst for mask in (names == "flow", ~names.str.startswith("flow")))
        if len(ours) and len(theirs):
            yield ours.idxmin(), theirs.idxmin()


def _pairs(pairs: Sequence[Point]) -> Iterator[str]:
    if not pairs:
        return
    yield "Flow beside the next best, change of the headline [95 % interval]:\n"
    table = pd.DataFrame([{**pair, **pair["change"]} for pair in pairs])
    places = list(pairs[0]["change"])
    for (flow, rival, weight), of in table.groupby(["flow", "rival", "weight"], sort=True):
        means = {place: pd.DataFrame(of[place].tolist()).mean() for place in places}
        told = "; ".join(
            f"{place.replace('_', ' ')} {100 * value:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
            for place, (value, low, high) in means.items()
        )
        yield f"- flow {flow:g} beside {rival} {weight:g} (seeds: {len(of)}): {told}"
    yield ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _span(values: pd.Series) -> str:
    """Mean (least to greatest); a dash where nothing was measured."""
    if values.isna().all():
        return "–"
    low, mean, high = (f"{value:.1f}" for value in (values.min(), values.mean(), values.max()))
    return mean if low == high else f"{mean} ({low} to {high})"
