"""Words of the overview that are not about one finding alone: cards, links, what to read next."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.findings import Finding
from dashboard.wording.costs import Card, accuracy_kept, accuracy_now, served_least, who_pays
from dashboard.wording.names import running
from dashboard.wording.numbers import count, tries, tries_between
from dashboard.wording.verdicts import LOOKS
from fmm_core.audit.verdict import Verdict

EXAMPLE = "Start the two-minute example"
OWN_DATA = "Bring your own data"
STEPS = (
    (":material/database: 1 Bring data", "Who chose what, something about each item, and one column you worry about. "
     "A made-up set is ready."),
    (":material/tune: 2 Train and mitigate", "Switch modalities on and off, say how hard to protect each attribute. "
     "A quick run takes about two minutes."),
    (":material/visibility: 3 Read the audit", "Several attackers try. You see how often they are right, "
     "what protection costs, and who pays."),
)  # fmt: skip
LEGEND = "How to read every figure here"
LEGEND_NOTE = (
    "An attacker is shown two people, one from the group and one not, and must say which is which. "
    "A hundred tries, a hundred dots."
)
MARKS: tuple[tuple[Verdict, str], ...] = (
    ("leaks", "the attackers are right more often than you accept."),
    ("within", "they do no better than guessing, margin of error included."),
    ("over", "they are wrong too often. Turned round, that tells as much."),
    ("too_few", "the margin of error is too wide to say."),
)
OTHERS = {"held_out": "Held-out fifth, on whom nothing was chosen", "undisclosed": "Label never used"}
"""People a figure is given for beside everyone."""
FIGURES = "What the figures look like"
FIGURES_NOTE = "Each dot is one try: two people, one question, one answer. Pale dots are the margin of error."
STRONGEST, ACCURACY, LEAST = "Strongest attack", "Accuracy", "Served least"
STRONGEST_LEFT, KEPT, PAYS = "Strongest attack left", "Accuracy kept", "Who pays most"
NO_ACCURACY = "Accuracy was not measured: no clicks were held back."
NEXT = "Where to look next"


def marks() -> str:
    """The verdicts' marks and what each one means, in Streamlit's markdown."""
    return "  \n".join(f"{LOOKS[says].mark} **{LOOKS[says].words}**: {meaning}" for says, meaning in MARKS)


def strongest_left(findings: Sequence[Finding], several: str = "person vectors") -> Card:
    """The attack that reads most of what is stored now.

    Parameters
    ----------
    several : what is attacked, as in `names.PLACES`
    """
    worst = max(findings, key=lambda each: each.now.strength)
    figure = worst.now
    was = f"was {tries(worst.before.value)}" if worst.before and worst.after else "guessing 50"
    return Card(
        value=f"{worst.title}: {tries(figure.value)}",
        delta=was,
        description="guessing gives 50" if worst.after else "right answers in 100",
        help=(
            f"Right answers in 100 tries of the strongest attacker on the {several}: an AUC of "
            f"{figure.value:.3f}, 95 % interval {tries_between(figure.low, figure.high)} tries, "
            f"{count(figure.n)} people."
        ),
    )


def cards(
    findings: Sequence[Finding],
    accuracy: pd.DataFrame,
    groups: pd.DataFrame,
    card: Mapping[str, Any],
    several: str = "person vectors",
) -> list[tuple[str, Card]]:
    """The strongest attack, the accuracy and the group worst off, as far as mitigation has a say in them.

    Where accuracy was not measured the attack stands alone.
    """
    strongest, mitigated = strongest_left(findings, several), any(each.after is not None for each in findings)
    if accuracy.empty:
        return [(STRONGEST_LEFT if mitigated else STRONGEST, strongest)]
    if not mitigated:
        now, least = accuracy_now(accuracy, card), served_least(groups, card)
        return [(STRONGEST, strongest), (ACCURACY, now), (LEAST, least)]
    return [(STRONGEST_LEFT, strongest), (KEPT, accuracy_kept(accuracy, card)), (PAYS, who_pays(groups, card))]


def links(findings: Sequence[Finding], measured: bool = True) -> list[tuple[str, dict[str, str], str, str]]:
    """Cards that lead on: page, query parameters, label, what the reader will learn.

    Parameters
    ----------
    measured : whether the run has an accuracy, without which there is no trade-off to see
    """
    worst = findings[0]
    name = running(worst.title)
    still = "still " if worst.after else ""
    first = f"Why {name} {still}shows" if worst.says in ("leaks", "over") else f"Where {name} could be read"
    stricter: tuple[str, dict[str, str], str, str] = (
        "tradeoffs",
        {},
        "What a stricter setting costs",
        "Every run on one picture, and who pays. Say what you would give up.",
    )
    return [
        ("leakage", {"view": "stored", "attribute": worst.key}, first,
         "See which stored numbers carry it, and which attacker finds it."),
        *([stricter] if measured else []),
        ("embeddings", {"attribute": worst.key}, "What it looks like from above",
         "People on a map, before and after, with the attacker's figure beneath."),
    ]  # fmt: skip


def elsewhere(finding: Finding, others: Sequence[Finding]) -> str:
    """A caution where the person vector is quiet but something else the model makes still speaks."""
    if finding.says != "within":
        return ""
    loud = [each for each in others if each.after is not None and each.says in ("leaks", "over")]
    if not loud:
        return ""
    worst = max(loud, key=lambda each: each.now.strength)
    return (
        f"This is about the person vectors. From the {running(worst.title)} the attackers are still right "
        f"{tries(worst.now.value)} times in 100."
    )


def other_people(others: Mapping[str, Finding]) -> str:
    """The same attack on people who are asked about separately, never far from the figure of everyone.

    Parameters
    ----------
    others : by whom they are about, as the table has it
    """
    parts = [
        f"{OTHERS[who]}: {tries(each.now.value)} of 100 ({tries_between(each.now.low, each.now.high)})"
        for who, each in others.items()
        if each.now.n
    ]
    return f"{'. '.join(parts)}." if parts else ""


def dots_title(phase: str, value: float) -> str:
    """Title over a square of dots."""
    return f"{phase}: {tries(value)} of 100"


def dots_alt(title: str, phase: str, value: float, low: float, high: float) -> str:
    """A square of dots for those who cannot see it."""
    return (
        f"{title}, {phase}: {tries(value)} of 100 tries right, margin of error {tries_between(low, high)}; guessing 50"
    )
