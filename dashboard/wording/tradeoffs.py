"""What the trade-offs page says."""

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel

from dashboard.tradeoffs import NONE, Hidden, Line, Payer, Setting, meets, stands_out
from dashboard.wording.names import attribute_title, running
from dashboard.wording.numbers import listed, of_100, percent, signed, signed_between, small, tries
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import RunConfig

VIEWS = {"runs": "All runs", "pays": "Who pays", "live": "Try weights live", "compare": "Compare runs"}
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
    "Large symbols meet both of your limits. Figures along the opened run's line are its weights; they mean something "
    "else for every method, so no other line has any. Faint dots are single seeds. Grey band: settings that no other "
    "beats on both counts. Click a symbol to open its run."
)
RUNS = "Runs"
COMPARE = "Two to five runs, side by side."
COMPARE_DECK = "The same data, splits and attackers, so the figures may be compared."
COMPARE_WARN = "These runs were made with other data, splits or attackers. Read each on its own."
NOT_MEASURED = "Without an accuracy there is no trade-off to see."
NOT_MEASURED_TITLE = "Accuracy was not measured"
NOT_MEASURED_SENTENCE = (
    "This run audited files: no clicks were held back, so nobody knows what was lost or who pays. Choose a run that "
    "trained a recommender, or train one on your vectors (pretrained)."
)
TO_TRAIN = "Set up a run with an accuracy"
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


def line_title(line: Line, usual: tuple[str, ...] | None = None) -> str:
    """What a line is called: its method, and what tells it from the method as the opened run's preset has it.

    Parameters
    ----------
    usual : the attributes most lines beside it protect; others are named
    """
    apart = usual is not None and line.protected not in ((), usual)
    whom = [running(attribute_title({}, name)) for name in line.protected] if apart else []
    name = f"{method_title(line.method)} for {listed(whom)}" if whom else method_title(line.method)
    return ", ".join(part for part in (name, _shortened(line.variant), line.made) if part)


def line_titles(lines: Sequence[Line], opened: Line) -> dict[Line, str]:
    """The titles of all lines of a figure, told apart from what the opened run protects, or most of them do."""
    counted = Counter(line.protected for line in lines if line.protected)
    usual = opened.protected or next((protected for protected, _ in counted.most_common(1)), ())
    return {line: line_title(line, usual) for line in lines}


def made_with(config: RunConfig, opened: RunConfig | None = None) -> str:
    """Recommender and modalities of a run, to tell its line from others: ``LATTICE with text``.

    Parameters
    ----------
    opened : the run it stands beside; what both share is not said
    """
    spec = RECOMMENDERS[config.recommender.name]
    shared = opened is not None and opened.modalities == config.modalities
    told = spec.needs_modalities and not shared
    used = [running(attribute_title({}, name)) for name in config.modalities or ()] if told else []
    settings = _settings(config, (opened or config).preset)
    title = f"{spec.title}, {settings}" if settings else spec.title
    return f"{title} with {listed(used)}" if used else title


def _settings(config: RunConfig, preset: str) -> str:
    """The preset of a recommender if it is another one, or what differs from it; "" if nothing does."""
    presets = RECOMMENDERS[config.recommender.name].presets
    if presets[preset] == config.recommender:
        return ""
    other = next((name for name, usual in presets.items() if usual == config.recommender), "")
    return other or differences(config.recommender, presets[preset])


def variant(config: RunConfig, opened: RunConfig) -> str:
    """What tells a mitigation from the same under the opened run's preset, in full; "" if nothing does."""
    return differences(config.mitigation, MITIGATIONS[config.mitigation.name].presets[opened.preset])


def differences(one: BaseModel, usual: BaseModel) -> str:
    """The settings that are not as usual: ``prompt none, epochs 5``."""
    parts = []
    for name, value in one:
        other = getattr(usual, name)
        if value == other:
            continue
        if isinstance(value, BaseModel) and isinstance(other, BaseModel):
            parts.append(differences(value, other))
        else:
            parts.append(f"{name.replace('_', ' ')} {_value(value)}")
    return ", ".join(parts)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _shortened(differing: str) -> str:
    """At most two of the differences."""
    parts = differing.split(", ")
    return ", ".join(parts[:2]) + (", …" if len(parts) > 2 else "")


def weights_text(setting: Setting) -> str:
    """The weight of a setting, or its weights where they differ: ``0.5``, ``1/0.5``."""
    weights = [f"{weight:g}" for weight in setting.weights]
    return "/".join(weights if len(set(weights)) > 1 else weights[:1])


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
        text += f" The best bargain is **{line_title(best.line)}** at weight {weights_text(best)}."
    return f"{text} {left_out(hidden)}".strip()


def left_out(hidden: Hidden) -> str:
    """How many runs are not on the figure, and why; "" if all are."""
    why = {
        "other data": hidden.data,
        "other splits": hidden.split,
        "other attackers or attributes": hidden.audit,
        "another recommender, other settings of it or other modalities": hidden.model,
        "no accuracy": hidden.accuracy,
    }
    parts = [f"{small(number)} with {reason}" for reason, number in why.items() if number]
    return f"Left out: {listed(parts)}." if parts else ""


def point_alt(setting: Setting) -> str:
    """A symbol in words, for those who cannot see it."""
    kept, attack = percent(setting.kept), tries(setting.attack)
    return f"{_named(setting)}: {kept} kept, {attack} of 100"


def _named(setting: Setting) -> str:
    """A setting by its line and its weights, attribute by attribute."""
    weights = ", ".join(
        f"{running(attribute_title({}, name))} {weight:g}" for name, weight in setting.points[0].weights
    )
    return f"{line_title(setting.line)}, weight: {weights}" if weights else line_title(setting.line)


def point_hover(setting: Setting, best: bool = False) -> str:
    """What a symbol says: method, weight, both figures, seeds, and what makes it the best bargain."""
    seeds = "seed" if len(setting.points) == 1 else "seeds"
    below = "<br>below guessing: the answers turned round" if setting.below else ""
    bargain = f"<br><b>{BARGAIN}</b>: {BARGAIN_HELP}" if best else ""
    return (
        f"<b>{_named(setting)}</b><br>{100 * setting.kept:.1f} % of accuracy kept<br>attacker right "
        f"{tries(setting.attack)} in 100{below}<br>{len(setting.points)} {seeds}{bargain}"
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
