"""What the data page says about files a reader brings: handing over, waiting, what was understood, what to correct."""

from collections.abc import Mapping, Sequence

from dashboard.wording import data
from dashboard.wording.markdown import plain
from dashboard.wording.numbers import count, percent
from fmm_core.data.plan import CheckReport, FileReport, Plan, Role
from fmm_core.runs.store import Problem, Status

FILES = "Your files"
FILES_HELP = (
    "CSV, TSV, Excel, parquet, NumPy files, RecBole's or MovieLens's own files, or one zip of them; "
    "500 MB together. Files stay on this machine."
)
LARGE = "Larger files"
PATH = "A folder, a zip or a file on this machine"
PATH_BUTTON = "Check it"
PATH_NOTE = "Nothing is copied: the files are read where they lie. Very large ones go faster by command:"
PATH_COMMAND = "python -m fmm_core datasets import PATH --sample-users 10000"
TEMPLATES = "Templates, and what the columns mean"
MEANING = (
    "**Clicks**, one row each: who (`user_id`), what (`item_id`), and if you have them a `rating` and a `time`.\n\n"
    "**People**, one row each: `user_id`, and one column for each attribute to audit.\n\n"
    "**Items**, one row each, if you have them: `item_id`, and `title`, `genres`, `year` or a `text`.\n\n"
    "Other names are fine: you can say below which column is which."
)

READING = "Reading your files."
READING_NOTE = "You can look at other pages meanwhile. This page fills by itself."
STORING = "Importing your data."
UNREADABLE = "This file can't be read."
CORRECT = "These files need a correction before they can be used."
READABLE = "These files can be read."
FAILED = "Your files could not be read to the end."
STOPPED = "Reading was stopped."
KEPT = "Your files are kept."
INTERRUPTED = Problem(what="the worker stopped while it was reading", mend="Check again.")

CANCEL = "Stop"
CHECK_AGAIN = "Check again"
IMPORT = "Import"
START_OVER = "Start over"
CHANGED = "You changed something. Check again before you import."
NO_PROBLEM = "No problem found"
FIRST_ROWS_ONLY = "These files are large: only their first rows were looked at. The import reads them all."
UNDERSTOOD = "What was understood"
PREVIEW = "First rows"
CORRECTIONS = "Columns, bands and names"
CORRECTIONS_PROBLEM = "Correct what was understood"

NAME = "Name of the data set"
WHICH_FILE = "Which file is which"
NO_FILE = "none"
NO_COLUMN = "no such column"
NEW_FILE = "What you leave open is guessed from the names."
ATTRIBUTES = "Attributes to audit"
BANDS = "Bands of {column} begin at"
BANDS_HELP = "Rising numbers: 18, 25, 35 makes the bands under 18, 18 to 24, 25 to 34, and 35 and over."
BANDS_EMPTY = "as found"
MORE_COLUMNS = "Only the first {shown} of {all} columns are shown."
TEXTS = "Titles and texts"
SENTENCES = "Read them with MiniLM"
SENTENCES_HELP = (
    "A small language model on this machine. It sees that two titles mean the same without a word in common. "
    "It reads about the first 200 words of each, and takes longer. Off: only words in common count."
)
ROWS = "Rows"
MIN_RATING = "Leave out clicks rated lower than"
LEAVE_OUT = "Leave out the rows that cannot be used"
SAMPLE = "At most so many people"
SAMPLE_HELP = "Drawn by chance, always the same ones. Empty: everyone."

AUDIT_TITLE = "Audit vectors without training"
AUDIT_NOTE = "For a model that was trained elsewhere: say which file is what. The table of people needs a `user_id`."
AUDIT = "Audit"
AUDIT_ROLES: dict[str, str] = {
    "users": "People and their attributes",
    "vectors": "Vectors",
    "after": "Vectors after mitigation",
    "interactions": "Clicks",
    "lists": "Recommendation lists",
}
ROW_ORDER = "Vectors stand in the order of the people"
ROW_ORDER_HELP = "For files without ids. Otherwise people are matched by id, and what does not match is counted."

ROLES: dict[Role, str] = {"interactions": "Clicks", "users": "People", "items": "Items"}
MEANINGS: dict[str, str] = {
    "user_id": "Person",
    "item_id": "Item",
    "rating": "Rating",
    "time": "Time",
    "split": "Part: train, validation or test",
    "title": "Title",
    "genres": "Genres",
    "year": "Year",
    "text": "Text",
}

TEMPLATE_FILES: dict[str, str] = {
    "interactions.csv": "user_id,item_id,rating,time\n1,10,5,1717200000\n1,11,3,1717286400\n2,10,4,1717372800\n",
    "users.csv": "user_id,gender,age\n1,woman,34\n2,man,51\n3,,27\n",
    "items.csv": "item_id,title,genres,year\n10,First film,Drama|Comedy,1994\n11,Second film,Drama,2001\n12,Third,,\n",
}


def waiting(status: Status, before: int) -> str:
    """Beside the bar while a job waits or works."""
    if status.state == "running":
        return f"{percent(status.fraction)} read"
    if before == 0:
        return "Waiting for the worker."
    return f"Waiting for {count(before)} other {'job' if before == 1 else 'jobs'} to finish."


def headline(kind: str, status: Status, report: CheckReport | None) -> str:
    """Where an upload stands, as the page's headline."""
    if status.state in ("queued", "running"):
        return READING if kind == "check" else STORING
    if report is None:
        return STOPPED if status.state == "cancelled" else FAILED
    if report.problems:
        return CORRECT if report.reader else UNREADABLE
    return data.headline(report.card) if report.card else READABLE


def problem(found: Problem) -> str:
    """A problem as one sentence: where, what, how to mend it."""
    place = f"{found.where}: " if found.where else ""
    what = found.what if place else found.what[:1].upper() + found.what[1:]
    return plain(f"{place}{what}. {found.mend}".strip())


def file_line(file: FileReport, plan: Plan) -> str:
    """One line on a file: what it was taken for, which column is what."""
    role = next((each for each in ROLES if each == file.role), None)
    if role is None:
        return plain(f"{file.name}: not used.")
    meant = plan.columns.get(role, {}).items()
    columns = "; ".join(f"{MEANINGS.get(meaning, meaning)}: {column}" for meaning, column in meant if column)
    return plain(f"{file.name}: {ROLES[role].lower()}." + (f" {columns}." if columns else ""))


def name_of(files: Sequence[str]) -> str:
    """What an upload is called until its owner says otherwise."""
    stem = files[0].split(".")[0].strip() if len(files) == 1 else ""
    return stem[:100] or "Own data"


def no_path(text: str) -> str:
    """There is nothing at the path a reader typed."""
    return plain(f"There is no file or folder {text} on this machine. Check the spelling.")


def wrong_edges(column: str, text: str) -> str:
    """What was typed as edges is none."""
    return plain(f'{column}: "{text}" is not a list of rising numbers. Write it like 18, 25, 35.')


def edges_text(edges: Sequence[float]) -> str:
    """Edges as they are typed."""
    return ", ".join(f"{edge:g}" for edge in edges)


def reasons(file: FileReport) -> Mapping[str, str]:
    """Why a column was taken for what, by meaning."""
    return {each.meaning: plain(each.reason) for each in file.guesses}
