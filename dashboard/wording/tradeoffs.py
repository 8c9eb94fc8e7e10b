"""What the trade-offs page says."""

from collections.abc import Sequence

from dashboard.tradeoffs import NONE, Payer, Setting, meets
from dashboard.wording.numbers import listed, of_100, percent, signed, signed_between, small, tries
from fmm_core.fairness.specs import MITIGATIONS

VIEWS = {"runs": "All runs", "pays": "Who pays", "compare": "Compare runs"}
LOSE, RIGHT = "I accept to lose at most", "The attacker may be right at most"
LOSE_HELP = (
    "Accuracy is the share of the films people chose next that stood in their top 20, compared with no mitigation."
)
RIGHT_HELP = (
    "Right answers of the strongest attacker in 100 tries. Guessing gives 50; always wrong counts like always right."
)
UP_AXIS = "strongest attacker, right in 100 tries, less is better ↓"
ONE_RUN = "One run is no trade-off yet."
ONE_RUN_DECK = "Try other weights to see what each step of protection costs. The recommender is already trained."
MORE = "Train four more weights"
ATTRIBUTE = "Attribute"
AT_ONCE = "All at once"
PEOPLE = "People"
FOOT = (
    "Large symbols meet both of your limits. Figures beside the opened method's symbols are weights. Faint dots are "
    "single seeds. Grey band: settings that no other beats on both counts. Click a symbol to open its run."
)
COMPARE = "Two to five runs, side by side."
NOBODY = "No group loses more than the others."
PAYS_NOTE = "Grey ring before, filled mark after. At the right: the change person by person, with its margin of error."
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


def headline(
    found: Sequence[Setting], best: Setting | None, name: str, lose: float, right: float, close: Setting
) -> str:
    """What giving up accuracy buys, or that nothing meets the limits."""
    if not any(meets(each, lose, right) for each in found):
        return f"No setting meets both of your limits. The nearest gives up {_given_up(close)} of accuracy."
    start = next((each for each in found if each.method == NONE), None)
    inside = [each for each in found if meets(each, lose, right) and each.method != NONE]
    shown = best if best in inside else min(inside, key=lambda each: each.attack, default=None)
    if shown is None or start is None:
        return (
            "What you accept is met without mitigation." if not inside else f"{len(inside)} settings meet your limits."
        )
    before, after = tries(start.attack), tries(shown.attack)
    return f"Giving up {_given_up(shown)} of accuracy takes the strongest attack on {name} from {before} to {after}."


def _given_up(setting: Setting) -> str:
    lost = max(1 - setting.kept, 0.0)
    return percent(lost) if lost >= 0.005 else "under 1 %"


def deck(found: Sequence[Setting], best: Setting | None, lose: float, right: float, hidden: int) -> str:
    """How many settings lie in the box, which is the best bargain, and what was left out."""
    inside = sum(meets(each, lose, right) for each in found)
    verb = "setting meets" if inside == 1 else "settings meet"
    text = f"{small(inside).capitalize()} {verb} both of your limits, out of {small(len(found))} tried."
    if best is not None and best.method != NONE and meets(best, lose, right):
        text += f" The best bargain is **{method_title(best.method)}** at weight {best.weight:g}."
    if hidden:
        verb = "run was" if hidden == 1 else "runs were"
        text += f" {small(hidden).capitalize()} {verb} left out: made with other data, splits or recommender settings."
    return text


def point_alt(setting: Setting) -> str:
    """A symbol in words, for those who cannot see it."""
    kept, attack = percent(setting.kept), tries(setting.attack)
    return f"{method_title(setting.method)} at {setting.weight:g}: {kept} kept, {attack} of 100"


def point_hover(setting: Setting) -> str:
    """What a symbol says: method, weight, both figures, seeds."""
    seeds = "seed" if len(setting.points) == 1 else "seeds"
    return (
        f"<b>{method_title(setting.method)}</b>, weight {setting.weight:g}<br>{100 * setting.kept:.1f} % of accuracy "
        f"kept<br>attacker right {tries(setting.attack)} in 100<br>{len(setting.points)} {seeds}"
    )


def pays_headline(found: Sequence[Payer]) -> str:
    """The groups whose loss is sure and larger than everyone's."""
    everyone = next(each for each in found if each.attribute == "")
    worse = [each for each in found if each.attribute and each.sure and each.high < everyone.change]
    if not worse:
        return NOBODY
    names = listed([group_title(each) for each in worse[:2]])
    return f"{names[:1].upper()}{names[1:]} {'pays' if len(worse) == 1 else 'pay'} most for the mitigation."


def group_title(payer: Payer) -> str:
    """A group with its attribute where the name alone says too little."""
    if payer.attribute == "":
        return "Everyone"
    return f"{payer.attribute} {payer.group}" if payer.group[:1].isdigit() or payer.group == "other" else payer.group


def change_text(payer: Payer) -> str:
    """``−1.8 (−2.4 to −1.2)``, in items of 100."""
    between = signed_between(100 * payer.low, 100 * payer.high)
    return f"{signed(100 * payer.change)} ({between})"


def pays_deck(found: Sequence[Payer], items: str) -> str:
    """Everyone's figure in a sentence."""
    everyone = next(each for each in found if each.attribute == "")
    before, after = of_100(everyone.before), of_100(everyone.after)
    return f"Of 100 {items} people chose next, {before} were found before mitigation and {after} after it."
