"""What the view says in which weights are tried."""

from collections.abc import Mapping
from typing import Any

from dashboard.live import Outcome
from dashboard.tradeoffs import stands_out
from dashboard.wording.costs import Card, group_title
from dashboard.wording.names import attribute_title, nouns, running
from dashboard.wording.numbers import count, people, percent, signed, signed_between, small
from fmm_core.fairness.specs import MITIGATIONS

HEADLINE = "Move a weight and watch what the attackers can still read."
DECK = "{title} needs no retraining. Move a weight, and the quick attackers read everyone again."
MUST_RETRAIN = "{title} must be trained anew for every weight. Choose them here and queue a run."
NOTHING = "Nobody was protected in this run, so there is no weight to move."
NOTHING_TITLE = "No mitigation in this run"
NOTHING_SENTENCE = "Set up a run with a mitigation; its weights can then be tried here."
TO_TRAIN = "Set up a run that protects somebody"
KEPT, PAYS = "Accuracy kept", "Pays most"
KEPT_HELP = (
    "Of what people chose next and was found in their top 20 before mitigation, the part still found (recall at 20)."
)
PAYS_HELP = "The group that surely loses more than everyone does: change in recall at 20, person by person, of 100."
KEEP, QUEUE, BACK = "Keep this as a run", "Queue these weights", "Back to the kept run"
PREPARE = "Work out {count} other weights"
PREPARE_NOTE = (
    "Then an estimate stands there as soon as you move a weight. Until then each one is worked out when you ask."
)
PREPARING = "Working out other weights: {left} to go. You can move the weights meanwhile."
STOP = "Stop"
FOOT = (
    "Ring: before. Filled mark: with these weights. Upright tick: the run you kept. Pale marks are an **estimate** "
    "from weights that were worked out; solid ones were attacked by the quick attackers. **Keep** makes a run of it, "
    "with the whole audit, which may move a figure by a point or two."
)
STATES = {
    "kept": "The weights of the kept run.",
    "exact": "Worked out by the quick attackers.",
    "estimate": "An **estimate**; these weights are being worked out.",
    "waiting": "These weights are being worked out. The marks still show the kept run.",
    "retrain": "The marks show the kept run. These weights need a run of their own.",
}
"""What the marks of the figure are."""
FAILED = "These weights could not be worked out"


def weight_label(card: Mapping[str, Any], name: str) -> str:
    """What a slider is called."""
    return f"Weight on {running(attribute_title(card, name))}"


def deck(method: str) -> str:
    """What follows when a weight is moved."""
    spec = MITIGATIONS[method]
    return (DECK if spec.solved else MUST_RETRAIN).format(title=spec.title)


def prepare(missing: int) -> str:
    """The button that has the other weights worked out."""
    return PREPARE.format(count=small(missing))


def preparing(left: int) -> str:
    """While they are."""
    return PREPARING.format(left=count(left))


def kept(outcome: Outcome) -> str:
    """Accuracy kept, as a figure."""
    return percent(outcome.kept, 1)


def against(outcome: Outcome, own: float) -> str:
    """The difference to the kept run, in points of a percent."""
    return f"{signed(100 * (outcome.kept - own))} against the kept run"


def pays(outcome: Outcome, card: Mapping[str, Any]) -> Card:
    """The group that loses most, if any pays more than its share."""
    everyone = next(each for each in outcome.changes if not each.attribute)
    mean = f"everyone {signed(100 * everyone.change)}"
    burdened = stands_out(outcome.changes)
    if not burdened:
        return Card("No group", "", mean, PAYS_HELP)
    worst = burdened[0]
    return Card(
        value=group_title(card, worst.attribute, worst.group),
        delta=f"{signed(100 * worst.change)} {nouns(card)[1]}",
        description=mean,
        help=f"{PAYS_HELP} 95 % interval {signed_between(100 * worst.low, 100 * worst.high)}; {people(worst.n)}.",
    )


def alt_row(title: str, before: float, after: float | None, own: float) -> str:
    """A row of the figure in words."""
    now = "not known yet" if after is None else f"{100 * after:.0f}"
    return f"{title}: {100 * before:.0f} before, {now} with these weights, {100 * own:.0f} in the kept run"
