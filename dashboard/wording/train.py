"""What the train page says: the choices in words, and a run on its way."""

from collections.abc import Mapping
from typing import Any

from dashboard.choices import Choices
from dashboard.tradeoffs import NONE
from dashboard.wording.markdown import plain
from dashboard.wording.names import attribute_title, modality_title, running
from dashboard.wording.numbers import count, listed, percent, small
from dashboard.wording.states import STAGES, duration
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import PRESETS
from fmm_core.runs.store import StageTime, Status

HEADLINE = "Choose what the recommender may use, and whom to protect."
DECK = (
    "A run trains the recommender, mitigates, and lets attackers loose on the result. It goes on if you close this tab."
)
NO_DATA_HEADLINE = "Choose a data set first."
NO_DATA = "No data set is stored here yet. Get one on the data page; the made-up one takes two seconds."
USE = "1 What may the recommender use?"
USE_NOTE = "Everything it sees can carry a trace of who a person is."
CLICKS = "Who chose what. Always on: without it there is no recommender."
PROTECT = "2 Whom do you want to protect?"
PROTECT_NOTE = "How hard to pull each attribute out. Stronger usually hides more and costs more accuracy."
HOW = "3 How?"
CURVE = "Draw the whole curve"
MITIGATION, THOROUGHNESS = "Mitigation", "Thoroughness"
MORE_METHODS = "More methods, to compare with"
MORE_METHODS_HELP = "Methods other people published, so that you can see on your own data what each of them brings."
DISENTANGLING = (
    "**Disentangling** splits what each modality says about people in two: a *biased* part that carries what you "
    "protect, and a *filtered* part that should not."
)
RELATIONS = (
    "**Relations** then draw people towards those with a like filtered part, and away from those who are like them in "
    "the biased part alone."
)
SEEDS = "Seeds"
SEEDS_HELP = "Every weight is tried this often from another random start, so that luck shows."
START = "Train and audit"
VECTORS = "File with the vectors, on this computer"
VECTORS_HELP = (
    "An .npz file with the arrays user_id, user (one row of numbers per id), item_id, item and, if there is one, "
    "item_bias. The ids are those of the data set."
)
ENGINEERS = "For engineers: recommender, attackers, seeds, exact settings"
PANEL = "Attackers"
EXACT = "What will run, in full. The command line takes such a file by --config, and single fields by --set."
COMMAND = "The same from the command line"
CANCEL = "Cancel"
CANCEL_SURE = "Stop this run? Finished steps are kept, so it can be resumed later."
RESUME = "Resume"
ANOTHER = "Set up another run"
LOG = "Log, for engineers"
RECENT = "Recent runs"
OPEN, PROGRESS, DELETE = "Open", "Progress", "Delete"
CANCEL_YES, DELETE_YES = "Stop it", "Delete it"
DELETE_SURE = "Delete this run and its figures? The data set and the trained recommender stay in the cache."
SO_FAR = "So far"

STATE_WORDS = {
    "queued": "waiting",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


def modality_line(card: Mapping[str, Any], name: str) -> str:
    """Where a modality comes from and how many items have it."""
    modality, total = card["modalities"][name], card["n_items"]
    source = str(modality["source"])
    absent = total - modality["present"]
    covered = "" if absent == 0 else f" Missing for {percent(absent / total)} of the items; those get the average."
    return f"From {source}.{covered}"


def not_used(recommender: str) -> str:
    """Beside a switch that does nothing for this recommender."""
    return f"Not used: {recommender} looks at none of them."


def so_far_note(items: str) -> str:
    """What the chart of a running training shows."""
    return f"Of 100 {items} held back for checking, how many are found. The audit uses others."


def recent_line(when: str, seed: int, state: str) -> str:
    """What tells a run in the list from its like: ``3 Jan 14:02, seed 0, done``."""
    return f"{when}, seed {seed}, {STATE_WORDS[state]}"


def attribute_line(attribute: Mapping[str, Any]) -> str:
    """How many groups, and the smallest that an attack tells apart."""
    if not attribute["offered"]:
        return f"Not audited: {attribute['reason']}."
    kept = [group["count"] for group in attribute["groups"] if group["name"] in attribute["classes_attacked"]]
    smallest = f", smallest {count(min(kept))} people" if kept else ""
    return f"{len(attribute['classes_attacked'])} groups{smallest}"


def method_option(method: str) -> tuple[str, str]:
    """A mitigation in the list: its name and what it does."""
    spec = MITIGATIONS[method]
    return spec.title, spec.sentence


def whom(method: str) -> str:
    """Whom a mitigation protects and whom not; nothing where that depends on what it is trained for."""
    spec = MITIGATIONS[method]
    return f"**{spec.title}** {spec.protects}" if spec.protects else ""


def protect_note(method: str) -> str:
    """What the sliders do, and what their numbers are for this method."""
    meaning = MITIGATIONS[method].weight_meaning
    if method == NONE:
        return meaning
    return f"{PROTECT_NOTE} The number is {meaning[:1].lower()}{meaning[1:]}"


def weight_label(steps: Mapping[float, str], weight: float) -> str:
    """A step of the slider: word and number."""
    return f"{steps[weight]} ({weight:g})"


def curve_help(method: str) -> str:
    """Which weights a whole curve tries."""
    steps = [f"{weight:g}" for weight in MITIGATIONS[method].steps]
    return f"Tries the weights {listed(steps)} on what you protect. The recommender is trained once per seed."


def summary(choices: Choices, card: Mapping[str, Any]) -> str:
    """The settings as one sentence in Streamlit's markdown; names from the data are escaped."""
    inputs = ["clicks", *(plain(running(modality_title(card, name))) for name in choices.used)]
    start = f"**{RECOMMENDERS[choices.recommender].title}** on **{plain(card['title'])}** with {listed(inputs)}."
    if not choices.protected:
        return f"{start} Protects nobody: this shows what is given away today."
    bold = {name: f"**{plain(running(attribute_title(card, name)))}**" for name in choices.protected}
    method = f"**{running(MITIGATIONS[choices.method].title)}**{_splits(choices, card)}"
    if choices.whole_curve:
        return f"{start} Protects {listed(list(bold.values()))} at every strength by {method}."
    strengths = [f"{bold[name]} {_strength(choices.method, weight)}" for name, weight in choices.protected.items()]
    return f"{start} Protects {listed(strengths)} by {method}."


def _splits(choices: Choices, card: Mapping[str, Any]) -> str:
    """What the method takes apart, whatever the recommender looks at."""
    if not MITIGATIONS[choices.method].splits:
        return ""
    return f", which splits {listed([plain(running(modality_title(card, name))) for name in choices.modalities])}"


STRENGTH_WORDS = {
    "light": "lightly",
    "mild": "mildly",
    "medium": "at medium strength",
    "strong": "strongly",
    "very strong": "very strongly",
    "full": "at full strength",
}
"""A step of a slider inside a sentence."""


def _strength(method: str, weight: float) -> str:
    step = MITIGATIONS[method].steps.get(weight, "")
    return STRENGTH_WORDS.get(step, f"at {weight:g}")


def cost(choices: Choices, runs: int) -> str:
    """How many runs and how long, roughly."""
    spec = MITIGATIONS[choices.method]
    title, long = spec.title, bool(choices.protected) and spec.slow
    if runs == 1:
        more = f" {title} is trained on top, which takes longer." if long else ""
        return f"{PRESETS[choices.preset]}{more}"
    trained = f"**{count(runs)} runs.** The recommender is trained {_times(choices.seeds)}"
    if not long:
        return f"{trained}, the rest is quick."
    above_zero = sum(weight > 0 for weight in choices.steps) * choices.seeds
    return f"{trained}, {title} {_times(above_zero)}, minutes each."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{small(number)} times"


def waiting(queued: int) -> str:
    """What stands in line before a new run."""
    return "Nothing else is queued." if queued == 0 else f"{small(queued).capitalize()} in the queue before it."


def progress_headline(status: Status, before: int) -> str:
    """Where a run stands, as the page's headline."""
    if status.state == "queued":
        return (
            "Waiting for the worker to start."
            if before == 0
            else f"Waiting for {small(before)} other {_runs(before)} to finish."
        )
    if status.state == "running":
        left = "" if status.eta_s is None else f": {duration(status.eta_s)} left"
        return f"{STAGES.get(status.stage, 'Starting')}{left}."
    return {
        "done": "The run is done.",
        "failed": "The run failed.",
        "cancelled": "The run was cancelled.",
        "interrupted": "The run was interrupted.",
    }[status.state]


def _runs(number: int) -> str:
    return "run" if number == 1 else "runs"


def bar_text(status: Status, steps: int) -> str:
    """``56 %, step 3 of 5``."""
    return f"{percent(status.fraction)}, step {min(len(status.stages) + 1, steps)} of {steps}"


def step_label(stage: StageTime) -> str:
    """A step that has ended, with its time."""
    took = "already there" if stage.reused else seconds_words(stage.seconds)
    return f"{STAGES[stage.name]} · {took}"


def seconds_words(seconds: float) -> str:
    """``4 s``, ``2 min 51 s``."""
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
