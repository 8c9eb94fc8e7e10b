"""What the trade-offs page says."""

from collections.abc import Sequence

from dashboard.tradeoffs import NONE, Hidden, Payer, Setting, meets, stands_out
from dashboard.wording.names import attribute_title, running
from dashboard.wording.numbers import listed, of_100, percent, signed, signed_between, small, tries
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import RunConfig

VIEWS = {"runs": "All runs", "pays": "Who pays", "compare": "Compare runs"}
LOSE, RIGHT = "I accept to lose at most", "The attacker may be right at most"
LOSE_HELP = "Accuracy is the share of what people chose next that stood in their top 20, compared with no mitigation."
RIGHT_HELP = (
    "Right answers of the strongest attacker in 100 tries. Guessing gives 50; always wrong counts like always right."
)
UP_AXIS = "strongest attacker, right in 100 tries, less is better ↓"
ONE_RUN = "One run is no trade-off yet."
ONE_RUN_DECK = "Try other weights to see what each step of protection costs. The recommender is already trained."
WIDE = "Show other recommenders and modalities too"
WIDE_HELP = (
    "Drawn open and dotted. Same data, same splits, same attackers. "
    "Accuracy kept is counted from each recommender's own start."
)
BARGAIN = "best bargain"
BARGAIN_HELP = "from here on,<br>a further step costs more than it brings"
ATTRIBUTE = "Attribute"
MEASURE, LENGTH, GROUPS = "Measure", "List length", "Groups"
AT_ONCE = "All at once"
PEOPLE = "People"
FOOT = (
    "Large symbols meet both of your limits. Figures beside the opened method's symbols are weights. Faint dots are "
    "single seeds. Grey band: settings that no other beats on both counts. Click a symbol to open its run."
)
RUNS = "Runs"
COMPARE = "Two to five runs, side by side."
COMPARE_DECK = "The same data, splits and attackers, so the figures may be compared."
COMPARE_WARN = "These runs were made with other data, splits or attackers. Read each on its own."
CHOOSE_TWO = "Choose at least two runs"
CHOOSE_TWO_SENTENCE = "Only what differs between them is listed."
DIFFERS, FOUND_TITLE = "What differs", "What was found"
NOBODY = "No group can be shown to lose more than the others."
NOBODY_MITIGATED = "Nothing was mitigated in this run, so nobody pays."
EVERY_GROUP = "All"
CHANGE = "change, same people"
PAYS_NOTE = (
    "At the right: the change person by person, with its margin of error. It can be sure even where the two bars "
    "overlap. Bold: a loss that is sure by itself. Among many groups one or two are so by chance, so the sentence "
    "above asks for more."
)
METRICS = {"recall": "Found", "ndcg": "Found high up", "precision": "Hits in the list", "map": "Average precision"}
METRIC_HELP = {
    "recall": "Of 100 {items} people chose next, how many stood in their list (Recall).",
    "ndcg": "The same, counting a hit more the higher it stands (NDCG, times 100).",
    "precision": "Of 100 {items} in the lists, how many people chose next (Precision).",
    "map": "Average precision of the list (MAP, times 100).",
}


def method_title(method: str) -> str:
    """What a method is called beside its line."""
    return "No mitigation" if method == NONE else MITIGATIONS[method].title


def line_title(setting: Setting) -> str:
    """What a line is called: its method, and what it was made with if not like the opened run."""
    return f"{method_title(setting.method)}, {setting.made}" if setting.made else method_title(setting.method)


def made_with(config: RunConfig) -> str:
    """Recommender and modalities of a run, to tell its line from others: ``LATTICE with text``."""
    spec = RECOMMENDERS[config.recommender.name]
    used = [running(attribute_title({}, name)) for name in config.modalities or ()] if spec.needs_modalities else []
    return f"{spec.title} with {listed(used)}" if used else spec.title


def run_title(config: RunConfig) -> str:
    """The mitigation of a run with its weights: ``Repair gender 1``."""
    weights = " ".join(f"{name} {weight:g}" for name, weight in config.active_weights.items())
    return f"{method_title(config.mitigation.name)} {weights}" if weights else method_title(NONE)


def more(weights: int) -> str:
    """The button that queues the weights not tried yet."""
    return f"Train {small(weights)} more weights"


def headline(
    found: Sequence[Setting], best: Setting | None, name: str, lose: float, right: float, close: Setting
) -> str:
    """What giving up accuracy buys, or that nothing meets the limits."""
    if not any(meets(each, lose, right) for each in found):
        return f"No setting meets both of your limits. The nearest gives up {_given_up(close)} of accuracy."
    inside = [each for each in found if meets(each, lose, right) and each.method != NONE]
    shown = best if best in inside else min(inside, key=lambda each: each.attack, default=None)
    start = next((each for each in found if each.method == NONE and (shown is None or each.made == shown.made)), None)
    if shown is None or start is None:
        return (
            "What you accept is met without mitigation." if not inside else f"{len(inside)} settings meet your limits."
        )
    before, after = tries(start.attack), tries(shown.attack)
    return f"Giving up {_given_up(shown)} of accuracy takes the strongest attack on {name} from {before} to {after}."


def _given_up(setting: Setting) -> str:
    lost = max(1 - setting.kept, 0.0)
    return percent(lost) if lost >= 0.005 else "under 1 %"


def deck(found: Sequence[Setting], best: Setting | None, lose: float, right: float, hidden: Hidden) -> str:
    """How many settings lie in the box, which is the best bargain, and what was left out."""
    inside = sum(meets(each, lose, right) for each in found)
    verb = "setting meets" if inside == 1 else "settings meet"
    text = f"{small(inside).capitalize()} {verb} both of your limits, out of {small(len(found))} tried."
    if best is not None and best.method != NONE and meets(best, lose, right):
        text += f" The best bargain is **{method_title(best.method)}** at weight {best.weight:g}."
    return f"{text} {left_out(hidden)}".strip()


def left_out(hidden: Hidden) -> str:
    """How many runs are not on the figure, and why; "" if all are."""
    why = {
        "other data": hidden.data,
        "other splits": hidden.split,
        "other attackers or attributes": hidden.audit,
        "another recommender or other modalities": hidden.model,
    }
    parts = [f"{small(number)} with {reason}" for reason, number in why.items() if number]
    return f"Left out: {listed(parts)}." if parts else ""


def point_alt(setting: Setting) -> str:
    """A symbol in words, for those who cannot see it."""
    kept, attack = percent(setting.kept), tries(setting.attack)
    return f"{line_title(setting)} at {setting.weight:g}: {kept} kept, {attack} of 100"


def point_hover(setting: Setting, best: bool = False) -> str:
    """What a symbol says: method, weight, both figures, seeds, and what makes it the best bargain."""
    seeds = "seed" if len(setting.points) == 1 else "seeds"
    below = "<br>below guessing: the answers turned round" if setting.below else ""
    bargain = f"<br><b>{BARGAIN}</b>: {BARGAIN_HELP}" if best else ""
    return (
        f"<b>{line_title(setting)}</b>, weight {setting.weight:g}<br>{100 * setting.kept:.1f} % of accuracy "
        f"kept<br>attacker right {tries(setting.attack)} in 100{below}<br>{len(setting.points)} {seeds}{bargain}"
    )


def pays_headline(found: Sequence[Payer]) -> str:
    """The groups whose loss is sure and larger than everyone's."""
    worse = stands_out(found)
    if not worse:
        return NOBODY
    these = "this group" if len(worse) == 1 else "these groups"
    return f"The mitigation costs {these} most: {listed([group_title(each) for each in worse])}."


def group_title(payer: Payer) -> str:
    """A group with its attribute where the name alone says too little; inside a sentence."""
    if payer.attribute == "":
        return "everyone"
    unclear = payer.group[:1].isdigit() or payer.group == "other"
    return f"{running(attribute_title({}, payer.attribute))} {payer.group}" if unclear else payer.group


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def largest_loss(found: Sequence[Payer]) -> str:
    """The group that loses most, with its change; "none" when no loss is sure."""
    sure = [each for each in found if each.attribute and each.sure]
    return "none that is sure" if not sure else f"{capital(group_title(sure[0]))} {change_text(sure[0])}"


def change_text(payer: Payer) -> str:
    """``−1.8 (−2.4 to −1.2)``, in items of 100."""
    between = signed_between(100 * payer.low, 100 * payer.high)
    return f"{signed(100 * payer.change)} ({between})"


def pays_deck(found: Sequence[Payer], items: str) -> str:
    """Everyone's figure in a sentence."""
    everyone = next(each for each in found if each.attribute == "")
    before, after = of_100(everyone.before.value), of_100(everyone.after.value)
    return f"Of 100 {items} people chose next, {before} were found before mitigation and {after} after it."
