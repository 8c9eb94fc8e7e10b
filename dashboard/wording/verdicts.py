"""Verdicts in words, shapes and colours, never in colour alone."""

from dataclasses import dataclass
from typing import Literal

from dashboard import theme
from fmm_core.audit.verdict import Verdict

Badge = Literal["red", "green", "violet", "gray"]


@dataclass(frozen=True)
class Look:
    """How one verdict is shown.

    Attributes
    ----------
    words : after the name of an attribute: "age *still leaks*"
    glyph, colour : in Streamlit's text, ``:red[▲]``
    symbol, token : in figures
    """

    words: str
    glyph: str
    colour: Badge
    symbol: str
    token: str
    icon: str

    @property
    def mark(self) -> str:
        """The coloured glyph in Streamlit's markdown."""
        return f":{self.colour}[{self.glyph}]"


LOOKS: dict[Verdict, Look] = {
    "leaks": Look("still leaks", "▲", "red", "triangle-up", theme.LEAKS, ":material/warning:"),
    "over": Look("over-corrected", "▼", "violet", "triangle-down", theme.OVER, ":material/undo:"),
    "close": Look("too close to call", "◆", "gray", "diamond", theme.MUTED, ":material/balance:"),
    "too_few": Look("too few people to tell", "◆", "gray", "diamond", theme.MUTED, ":material/group:"),
    "within": Look("within tolerance", "●", "green", "circle", theme.WITHIN, ":material/check_circle:"),
}
"""Worst first; the order of rows and of sentences."""

SEVERITY: dict[Verdict, int] = {verdict: rank for rank, verdict in enumerate(LOOKS)}
