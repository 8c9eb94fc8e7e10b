"""What the page says that shows how the audit was tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.wording.numbers import count

if TYPE_CHECKING:
    from dashboard.validity import Covered

DECK = (
    "We made worlds whose leak is known, {total} of them, and audited each as if we knew nothing. An interval is "
    "honest if it holds the truth 95 times out of 100."
)
COVERAGE = "How often the margin of error holds the truth"
COVERAGE_NOTE = (
    "Filled: ours, for the linear attacker. Ring: the usual interval (DeLong), which forgets that attackers share the "
    "people they learned from. The truth is what the fitted attackers reach on new people."
)
SAID = "What the whole audit says"
SAID_NOTE = (
    "Silence: nothing leaks. Edge: a leak of about 55 in 100, just at the limit. Power: a leak that should be found. "
    "Xor: a leak no straight line can see. Matched: groups moved together, exactly or nearly."
)
LIMITS = (
    "These worlds are Gaussian clouds. They show that the arithmetic is right, not that every attacker was thought of. "
    "`python bench/validity.py --home FOLDER` repeats all of it."
)
ASKED = "asked for: 95"
TO_PAGE = "How we know: the audit, tested"
NOTHING = "The tests of the audit are not in this copy. Run `python bench/validity.py --home FOLDER`."
NOTHING_HEADLINE = "There is nothing to show yet."


def headline(ours: float, plain: float) -> str:
    """Both shares, as a sentence."""
    return f"Our margins of error hold the truth {100 * ours:.0f} times out of 100; the usual ones {100 * plain:.0f}."


def world_title(world: Covered) -> str:
    """A kind of world in a few words."""
    groups = "equal groups" if world.share == 0.5 else f"{100 * world.share:.0f} of 100 in the smaller group"
    return f"{count(world.people)} people, {groups}, leak of {100 * world.planted:.0f}"


def reading(ours: float, plain: float, cells: int) -> str:
    """The figure for those who cannot see it."""
    return f"In {cells} kinds of worlds our intervals hold the truth in {ours:.1%}, DeLong's in {plain:.1%}."
