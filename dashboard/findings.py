"""From the rows of `leakage.csv` to what a page draws and says: one `Finding` per row of a figure. No streamlit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dashboard.wording.names import ATTACKERS, attribute_title, modality_title, representation_title
from dashboard.wording.numbers import p_value
from dashboard.wording.verdicts import LOOKS, SEVERITY
from fmm_core.audit.verdict import TOLERANCE, Verdict, verdict

PERSON_VECTOR = "user_vector"
STORED = ("user_vector", "item_mean", "top_k")
OPENING = ("user_vector", "item_mean", "top_k", "history")
"""What a page opens with: the first of these that was attacked."""
READABLE = ("history", "profile_raw")
"""What can be read before any model; its rows have the phase *data*."""
KNOWN = {50: "linear_50", 80: "linear", 90: "linear_90"}
"""The plain linear attacker by the percent of labels it knows."""
PARTS = RAW, BIASED, FILTERED = "profile_raw", "profile_biased", "profile_filtered"
"""A modality's profile and the two parts a mitigation may split it into. The split is fitted on labels."""


@dataclass(frozen=True)
class Figure:
    """An AUC with its interval, 0 … 1, and how many people it rests on.

    `p` is adjusted for all that was asked at once; headlines for everyone have one.
    """

    value: float
    low: float
    high: float
    n: int
    p: float | None = None

    @property
    def strength(self) -> float:
        """Distance from guessing: always wrong also knows."""
        return abs(self.value - 0.5)

    def judged(self, tolerance: float = TOLERANCE, linear: "Figure | None" = None) -> Verdict:
        """The verdict on this figure at the reader's tolerance."""
        return verdict(self.low, self.high, tolerance, None if linear is None else linear.high)


@dataclass(frozen=True)
class Share:
    """The AUC of the plain linear attacker who knows so many percent of the labels; `matched`: where groups match."""

    percent: int
    value: float
    matched: float


@dataclass(frozen=True)
class Finding:
    """One row of a leakage figure.

    Attributes
    ----------
    key : attribute, "representation|modality" or attacker, as the table has it
    title : the same for readers
    before, after : None where that phase does not exist (no mitigation; read from the data)
    says : the verdict on what is there now, `after` if there is one
    linear : the plain linear attacker on what is there now, when the row is the strongest attacker's
    groups : the classes told apart
    biased : where a modality was split (before: raw, after: filtered), the part that is to carry the attribute
    shares : after an over-correction, what it gives to attackers who know more and more labels
    """

    key: str
    title: str
    before: Figure | None
    after: Figure | None
    says: Verdict
    tolerance: float
    linear: Figure | None = None
    groups: tuple[str, ...] = ()
    biased: Figure | None = None
    shares: tuple[Share, ...] = ()

    @property
    def now(self) -> Figure:
        """What an attacker reads today."""
        figure = self.after or self.before
        assert figure is not None  # a finding is made from at least one figure
        return figure

    @property
    def words(self) -> str:
        """The verdict in words; nothing *still* leaks where nothing was done."""
        words = LOOKS[self.says].words
        return words if self.after else words.removeprefix("still ")

    @property
    def first(self) -> Verdict | None:
        """The verdict on the figure before mitigation."""
        return None if self.before is None else self.before.judged(self.tolerance)

    @property
    def unchanged(self) -> bool:
        """Whether before and after are closer than their margins of error together."""
        if self.before is None or self.after is None:
            return False
        margins = [(figure.high - figure.low) / 2 for figure in (self.before, self.after)]
        return abs(self.before.value - self.after.value) <= (margins[0] ** 2 + margins[1] ** 2) ** 0.5

    @property
    def change(self) -> float:
        """How much nearer to guessing mitigation brought the attackers."""
        return self.before.strength - self.after.strength if self.before and self.after else 0.0

    @property
    def carries(self) -> bool:
        """Whether the biased part shows the attribute."""
        return self.biased is not None and self.biased.judged(self.tolerance) in ("leaks", "over")


@dataclass(frozen=True)
class Scope:
    """Which rows of the table a page looks at, and what the run set out to do.

    Attributes
    ----------
    protected : attributes with a weight above 0
    """

    representation: str = PERSON_VECTOR
    modality: str = ""
    attacker: str = "strongest"
    users: str = "all"
    tolerance: float = TOLERANCE
    mitigated: bool = True
    protected: tuple[str, ...] = ()


def opened(leakage: pd.DataFrame, mitigated: bool, protected: Sequence[str] = ()) -> Scope:
    """What a page shows before the reader changes anything: the person vector where there is one."""
    there = set(leakage["representation"])
    first = next((name for name in OPENING if name in there), PERSON_VECTOR)
    return Scope(representation=first, mitigated=mitigated, protected=tuple(protected))


def choosable(leakage: pd.DataFrame) -> list[tuple[str, str]]:
    """Representation and modality of what the reader may look at: what is stored or shown, else what the data say."""
    stored = leakage[leakage["representation"].isin(STORED)]
    rows = leakage if stored.empty else stored
    return list(dict.fromkeys(zip(rows["representation"], rows["modality"], strict=True)))


def aucs(leakage: pd.DataFrame, users: str) -> dict[tuple[str, str, str, str, str], Figure]:
    """{(attribute, representation, modality, phase, attacker): figure} of the AUC rows for these people."""
    rows = leakage[(leakage["metric"] == "auc") & (leakage["users"] == users)]
    names = zip(*(rows[c] for c in ("attribute", "representation", "modality", "phase", "attacker")), strict=True)
    numbers = zip(*(rows[c] for c in ("value", "ci_low", "ci_high", "n_users")), _adjusted(rows), strict=True)
    return {
        key: Figure(float(v), float(a), float(b), int(n), None if p != p else float(p))
        for key, (v, a, b, n, p) in zip(names, numbers, strict=True)
    }


def _adjusted(rows: pd.DataFrame) -> pd.Series:
    """The p-value a page shows: max-T where tables were permuted, else Holm."""
    return rows["p_max_t"].fillna(rows["p_adjusted"])


def by_attribute(leakage: pd.DataFrame, card: Mapping[str, Any], scope: Scope) -> list[Finding]:
    """One finding per attribute, worst verdict first."""
    table = aucs(leakage, scope.users)
    names = dict.fromkeys(key[0] for key in table)
    found = (
        _finding(table, name, attribute_title(card, name), (name, scope.representation, scope.modality), card, scope)
        for name in names
    )
    return _worst_first(found)


def by_representation(leakage: pd.DataFrame, card: Mapping[str, Any], attribute: str, scope: Scope) -> list[Finding]:
    """One finding per representation of a model, worst first, then what can be read from the data."""
    table = aucs(leakage, scope.users)
    places = dict.fromkeys((key[1], key[2]) for key in table if key[0] == attribute)
    stored = _worst_first(
        _finding(table, f"{place}|{modality}", representation_title(card, place, modality),
                 (attribute, place, modality), card, scope)
        for place, modality in places
        if place in STORED
    )  # fmt: skip
    data = [
        Finding(f"{place}|{modality}", representation_title(card, place, modality), figure, None,
                figure.judged(scope.tolerance), scope.tolerance, groups=classes(card, attribute))
        for place, modality in places
        if place in READABLE
        and (figure := table.get((attribute, place, modality, "data", scope.attacker))) is not None
    ]  # fmt: skip
    return stored + sorted(data, key=lambda each: -each.now.strength)


def by_attacker(leakage: pd.DataFrame, card: Mapping[str, Any], attribute: str, scope: Scope) -> list[Finding]:
    """One finding per attacker, from the plainest to the strongest."""
    table = aucs(leakage, scope.users)
    there = [name for name in ATTACKERS if any(key[0] == attribute and key[4] == name for key in table)]
    found = (
        _finding(table, name, ATTACKERS[name].title, (attribute, scope.representation, scope.modality), card,
                 scope, attacker=name)
        for name in there
    )  # fmt: skip
    return [each for each in found if each is not None]


def by_modality(leakage: pd.DataFrame, card: Mapping[str, Any], attribute: str, scope: Scope) -> list[Finding]:
    """One finding per modality that was split: raw before, filtered after, and the biased part; worst first."""
    table = aucs(leakage, scope.users)
    names = dict.fromkeys(key[2] for key in table if key[:2] == (attribute, FILTERED))
    return _worst_first(_split(table, attribute, name, card, scope) for name in names)


def _split(table: "Table", attribute: str, modality: str, card: Mapping[str, Any], scope: Scope) -> Finding | None:
    def figure(part: str, phase: str, attacker: str = scope.attacker) -> Figure | None:
        return table.get((attribute, part, modality, phase, attacker))

    filtered = figure(FILTERED, "after")
    if filtered is None:
        return None
    linear = figure(FILTERED, "after", "linear") if scope.attacker == "strongest" else None
    return Finding(
        key=modality,
        title=modality_title(card, modality),
        before=figure(RAW, "data"),
        after=filtered,
        says=filtered.judged(scope.tolerance, linear),
        tolerance=scope.tolerance,
        linear=linear,
        groups=classes(card, attribute),
        biased=figure(BIASED, "after"),
    )


def of_split(leakage: pd.DataFrame, card: Mapping[str, Any], attribute: str, modality: str) -> Finding | None:
    """The strongest attack on the three parts of a modality, on people whose labels the split never saw."""
    found = by_modality(leakage, card, attribute, Scope(users="held_out"))
    shown = next((each for each in found if each.key == modality), None)
    return shown and replace(shown, title=attribute_title(card, attribute))


def of_layout(
    leakage: pd.DataFrame,
    card: Mapping[str, Any],
    attribute: str,
    representation: str,
    modality: str,
    mitigated: bool,
) -> Finding | None:
    """The strongest attack on what a map shows; None if it was not attacked."""
    scope = Scope(representation=representation, modality=modality, mitigated=mitigated)
    found = by_representation(leakage, card, attribute, scope)
    shown = next((each for each in found if each.key == f"{representation}|{modality}"), None)
    return shown and replace(shown, title=attribute_title(card, attribute))


def clearness(finding: Finding) -> float:
    """How well a finding tells the story in one sentence: by its change, or without mitigation by its strength."""
    return finding.change if finding.after else finding.now.strength


def readable(leakage: pd.DataFrame, attribute: str, scope: Scope) -> Figure | None:
    """The strongest attack on the history or the raw profiles: what the data give away before any model."""
    table = aucs(leakage, scope.users)
    figures = [
        figure
        for key, figure in table.items()
        if key[0] == attribute and key[1] in READABLE and key[3] == "data" and key[4] == scope.attacker
    ]
    return max(figures, key=lambda figure: figure.strength, default=None)


@dataclass(frozen=True)
class Flow:
    """One attribute from the data to what is left; a part is None where nobody attacked it.

    `parts` are the strongest attack on the data, on the model before, and on what mitigation left.
    """

    title: str
    parts: tuple[Figure | None, Figure | None, Figure | None]
    says: Verdict


def flows(leakage: pd.DataFrame, findings: Iterable[Finding], scope: Scope) -> list[Flow]:
    """The three parts of every finding. Where the data itself is looked at, there is no model between."""
    model = scope.representation not in READABLE
    return [
        Flow(each.title, (readable(leakage, each.key, scope), each.before if model else None, each.after), each.says)
        for each in findings
    ]


def classes(card: Mapping[str, Any], attribute: str) -> tuple[str, ...]:
    """The groups an attack tells apart; empty if the data set is no longer stored."""
    return tuple(card.get("attributes", {}).get(attribute, {}).get("classes_attacked", ()))


P_ADJUSTED = "p, adjusted"
BEFORE_AFTER = ("before", "after", "")
RAW_FILTERED = ("raw", "filtered", "biased")
"""What the figures of a finding are called; the third, where there is one, is the biased part."""


def as_table(
    findings: Sequence[Finding], first: str = "attribute", names: tuple[str, str, str] = BEFORE_AFTER
) -> pd.DataFrame:
    """The exact figures behind a leakage figure, AUC with three digits, for readers and for CSV."""
    rows = []
    for each in findings:
        row: dict[str, Any] = {first: each.title}
        for name, figure in zip(names, (each.before, each.after, each.biased), strict=True):
            if not name:
                continue
            row[name] = figure and round(figure.value, 3)
            row[f"{name}, low"] = figure and round(figure.low, 3)
            row[f"{name}, high"] = figure and round(figure.high, 3)
        rows.append(row | {"verdict": each.words, "people": each.now.n, P_ADJUSTED: p_value(each.now.p)})
    table = pd.DataFrame(rows)
    return table.drop(columns=P_ADJUSTED) if all(each.now.p is None for each in findings) else table


Table = Mapping[tuple[str, str, str, str, str], Figure]


def _finding(
    table: Table,
    key: str,
    title: str,
    place: tuple[str, str, str],
    card: Mapping[str, Any],
    scope: Scope,
    attacker: str = "",
) -> Finding | None:
    attacker = attacker or scope.attacker
    first = "data" if place[1] in READABLE else "before"
    before = table.get((*place, first, attacker))
    after = table.get((*place, "after", attacker)) if scope.mitigated else None
    now = after or before
    if now is None:
        return None
    phase = "after" if after else first
    linear = table.get((*place, phase, "linear")) if attacker == "strongest" else None
    says, groups = now.judged(scope.tolerance, linear), classes(card, place[0])
    shares = _shares(table, (*place, phase)) if linear is not None else ()
    return Finding(key, title, before, after, says, scope.tolerance, linear, groups, shares=shares)


def _shares(table: Table, place: tuple[str, str, str, str]) -> tuple[Share, ...]:
    """What attackers read who know 50, 80 and 90 % of the labels, where that was asked."""
    asked = ((percent, table.get((*place, f"matched_{percent}"))) for percent in KNOWN)
    return tuple(
        Share(percent, table[(*place, KNOWN[percent])].value, exact.value)
        for percent, exact in asked
        if exact is not None
    )


def _worst_first(found: Iterable[Finding | None]) -> list[Finding]:
    return sorted(
        (each for each in found if each is not None), key=lambda each: (SEVERITY[each.says], -each.now.strength)
    )
