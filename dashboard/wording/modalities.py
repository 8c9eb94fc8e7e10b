"""What the leakage page says about modalities: which leaks, which pays, and whether more of them leak more."""

from dashboard.findings import Figure
from dashboard.modalities import Mixes, Share
from dashboard.wording.markdown import plain
from dashboard.wording.names import running
from dashboard.wording.numbers import MINUS, of_100, signed, signed_between, small, tries, tries_between
from dashboard.wording.states import duration

ADDS_LEAKAGE, ADDS_ACCURACY = "adds to leakage", "adds to accuracy"
DROP_FIRST = "drop this first"
NOT_TRAINED = "not trained yet"
SECTION = "Which modality should we drop?"
TOO_FEW = "Too few subsets were trained to say."
EARNS = "Every modality earns its leakage."
NOTHING_LEAKS = "No modality adds leakage we can measure."
NOBODY = "No modality stands out as one to drop."
HONEST = (
    "These are two measurements, not a promise for a retrained model. Leakage is what our strongest attacker reads "
    "from the average of what a person's items look, sound or read like; accuracy is that of quick recommenders "
    "trained once for each mix. The intervals count which people were measured, not the luck of a training."
)
SWITCHES = "Switch one off and see"
RIGHT, FOUND = "Right in 100 tries", "{items} found of 100"
MORE = "Do more modalities leak more?"
NO_MIXES = "No mixes of modalities here"
NO_MIXES_HEADLINE = "There is no choice of modalities to judge."
NO_MIXES_SENTENCE = (
    "Every mix of two to six modalities is attacked when a run is trained. This run has fewer or more, trained "
    "nothing, or was made before mixes were attacked."
)
NOT_ATTACKED = "Too few people gave this attribute to attack it in every mix."


def more_tries(value: float) -> str:
    """A share of an AUC in tries, whole."""
    if 0 < value < 0.005:
        return "under 1"
    text = tries(abs(value))
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def more_found(value: float) -> str:
    """A share of Recall@20 in things found of 100, one digit."""
    return of_100(value)


def headline(found: Mixes) -> str:
    """The finding of the view."""
    if not found.leaking:
        return NOTHING_LEAKS
    if not found.accuracy:
        return TOO_FEW
    if found.droppable is not None:
        return f"Dropping {running(found.droppable.title)} would remove leakage at almost no cost."
    return EARNS if all(each.earns for each in found.shares) else NOBODY


def deck(found: Mixes, attribute: str, items: str) -> str:
    """One or two sentences behind the headline."""
    everything = found.leakage[found.everything]
    above = more_tries(everything.value - 0.5)
    if not found.leaking:
        between = tries_between(everything.low, everything.high)
        return plain(f"From all of them together the attackers are right {between} times in 100. Guessing gives 50.")
    most = max(found.shares, key=lambda each: each.leakage.value)
    if not found.accuracy:
        return plain(
            f"{most.title} adds {more_tries(most.leakage.value)} of the {above} tries above guessing for "
            f"{running(attribute)}. What a modality is worth takes a recommender trained on every mix."
        )
    if (first := found.droppable) is not None:
        adds = f"It adds {more_tries(first.leakage.value)} of the {above} tries above guessing."
        return plain(f"{adds} {_without(first, 'it', found, items)}")
    if found.replaceable:
        return plain(
            f"Leave any one out, and no fewer right answers about {running(attribute)} can be measured: "
            "the others tell the same."
        )
    heaviest = max(found.shares, key=lambda each: each.leakage_drop.value)
    return plain(_without(heaviest, running(heaviest.title), found, items))


def _without(share: Share, called: str, found: Mixes, items: str) -> str:
    """Both figures with one modality left out, beside those of all."""
    everything = found.everything
    rest = everything - {share.name}
    right = f"{tries(found.leakage[rest].value)} times in 100 instead of {tries(found.leakage[everything].value)}"
    finds = (
        f"{more_found(found.accuracy[rest].value)} {items} of 100 instead of "
        f"{more_found(found.accuracy[everything].value)}"
    )
    return f"Without {called} the attackers are right {right}, and the recommender finds {finds}."


def _adds(share: Share, items: str) -> str:
    worth = "" if share.accuracy is None else f" and {more_found(share.accuracy.value)} {items} of 100"
    return f"{share.title} adds {more_tries(share.leakage.value)} tries{worth}"


def note(found: Mixes) -> str:
    """Caption above the figure."""
    return (
        f"How much of each side a modality adds, averaged over all {small(len(found.leakage))} mixes (Shapley values). "
        "Thin lines: 95 % intervals. Each side has its own scale."
    )


def alt(found: Mixes, items: str) -> str:
    """The butterfly for those who cannot see it."""
    return "; ".join(_adds(each, items) for each in found.shares) + "."


def all_on(text: str) -> str:
    """Beside a figure of one mix, that of all modalities."""
    return f"all on: {text}"


def train(missing: int, seconds: float) -> str:
    """The button that queues what is missing."""
    return f"Train the {'subset' if missing == 1 else 'subsets'}, {duration(seconds)}"


def under_way(done: int, waiting: int, total: int) -> str:
    """How far the training of the mixes has come."""
    return f"{small(done).capitalize()} of {small(total)} mixes are trained; {small(waiting)} on the way."


def more_leak_more(step: Figure, rose: int, steps: int, attribute: str) -> str:
    """Whether adding a modality makes the person vector say more, from the trained mixes."""
    change = f"{signed(100 * step.value)} ({signed_between(100 * step.low, 100 * step.high)})"
    verdict = "There is no telling"
    if step.low > 0:
        verdict = "Yes"
    elif step.high < 0:
        verdict = "No, they leak less"
    return plain(
        f"{verdict}. One modality more changes the right answers in 100 about {running(attribute)}, read from the "
        f"person vector, by {change} on average. It rose in {small(rose)} of {small(steps)} steps."
    )


MORE_NOTE = (
    "From the trained mixes, before any mitigation. With no modality, LightGCN learns from clicks alone. The interval "
    "takes the audits of the mixes as independent, which makes it rather too wide; every mix was trained once."
)
