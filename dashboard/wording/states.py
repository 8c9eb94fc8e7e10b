"""What a page says when there is nothing, not yet, or not any more: what, where, what to do next."""

import re
from typing import Literal

from dashboard.wording.numbers import listed, percent
from fmm_core.runs.config import AuditConfig, Audited
from fmm_core.runs.store import Status

RUN = "Run"
EXACT_FIGURES = "Exact figures"
DOWNLOAD = "Download as CSV"
PROBLEM = "This can't be shown"
DEAD_LINK = "This link leads nowhere"
NO_RUN_HEADLINE = "There is nothing to read yet."
NO_RUN = "No run yet"
NO_RUN_SENTENCE = "Nothing has been audited here. A quick run takes about two minutes."
NOTHING = "Nothing to audit"
NOTHING_SENTENCE = (
    "No attribute of this run has two groups of at least 20 people. Choose another data set or attribute."
)
TO_START = "Start with an example"
TO_PROGRESS = "See how the run is doing"

STAGES = {
    "prepare": "Reading the data",
    "pretrain": "Training the recommender",
    "disentangle": "Separating what each modality says",
    "relate": "Linking attributes",
    "filter": "Mitigating",
    "audit": "Attacking",
    "project": "Drawing the maps",
}
ICONS = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/progress_activity:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/power_off:",
}

Colour = Literal["blue", "orange", "gray"]
Kind = Literal["info", "warning", "error"]


def no_such_run(run_id: str, any_run: bool) -> str:
    """The address names a run that is not here."""
    name = re.sub(r"[^A-Za-z0-9._-]", "", run_id)[:80]
    rest = " Choose another one below." if any_run else ""
    return f"No run is called `{name}` here. It may have been deleted.{rest}"


def audit_of(config: AuditConfig) -> str:
    """What an audit of files looked at: ``audit of vectors before and after and of top lists``."""
    vectors = "vectors before and after" if config.after else "vectors"
    given = {vectors: config.vectors, "top lists": config.lists, "clicks": config.interactions}
    return f"audit of {listed([name for name, path in given.items() if path])}"


def badges(config: Audited) -> list[tuple[str, Colour]]:
    """Marks beside the run selector: what a reader must know before believing a figure."""
    marks: list[tuple[str, Colour]] = []
    if config.panel == "full":
        marks.append(("full panel of attackers", "blue"))
    if isinstance(config, AuditConfig):
        return [("files audited, nothing trained", "blue"), *marks]
    if config.preset == "quick":
        marks.append(("quick run, for a first look", "orange"))
    if config.preset == "paper":
        marks.append(("published settings", "blue"))
    return marks


def unfinished(status: Status) -> tuple[str, str, Kind]:
    """Headline, sentence and kind of box for a run that is not done."""
    problem = status.error
    mend = problem.mend if problem else ""
    cause = f"{problem.what[0].upper()}{problem.what[1:]}." if problem and problem.what else ""
    if status.state == "queued":
        return "This run is waiting its turn.", "It starts by itself when the run before it ends.", "info"
    if status.state == "running":
        step = STAGES.get(status.stage, "Starting")
        sentence = (
            f"{step}: {percent(status.fraction)} done{_left(status.eta_s)}. You can close this tab. The run goes on."
        )
        return "This run is not finished yet.", sentence, "info"
    if status.state == "failed":
        return "This run failed.", f"{cause} {mend}".strip() or "The log says why.", "error"
    if status.state == "cancelled":
        return "This run was cancelled.", "Finished steps are kept. Resume it to go on from there.", "warning"
    return "This run was interrupted.", f"{cause} {mend}".strip(), "warning"


def _left(seconds: float | None) -> str:
    return f", {duration(seconds)} left" if seconds is not None else ""


def duration(seconds: float) -> str:
    """A length of time as a person says it: ``about 4 minutes``."""
    if seconds < 50:
        return f"about {max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 90:
        return "about a minute"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minutes"
    return f"about {round(seconds / 3600)} hours"
