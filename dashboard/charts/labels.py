"""Where names go on a figure so that none covers another: px from the left and from the bottom of the plot."""

from collections.abc import Sequence
from dataclasses import dataclass

LETTER, LINE = 7.5, 17.0  # px a character and a line of text take
GAP = 10.0  # px between a mark and its name
TRIES = (8, -8, 20, -20, 36, -36, 52, -52, 68, -68)
"""px up (or down) from the mark, in the order they are tried."""


@dataclass(frozen=True)
class Box:
    """A part of the plot that is taken."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, x: float, y: float, wide: float, high: float) -> "Box":
        """The box with this middle."""
        return cls(x - wide / 2, x + wide / 2, y - high / 2, y + high / 2)

    @classmethod
    def beside(cls, x: float, y: float, letters: int) -> "Box":
        """A text to the right of a mark."""
        return cls(x + GAP, x + GAP + LETTER * letters, y - LINE / 2, y + LINE / 2)

    def meets(self, other: "Box") -> bool:
        """Whether the two have an inner point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.low < other.high and other.low < self.high


@dataclass(frozen=True)
class Label:
    """A name that belongs to the mark at (x, y)."""

    x: float
    y: float
    letters: int

    def box(self, anchor: str, shift: float) -> Box:
        """What it takes to the left (anchor *right*) or to the right (anchor *left*) of its mark."""
        wide, y = LETTER * self.letters, self.y + shift
        left = self.x - GAP - wide if anchor == "right" else self.x + GAP
        return Box(left, left + wide, y - LINE / 2, y + LINE / 2)


def placed(labels: Sequence[Label], taken: Sequence[Box], wide: float) -> list[tuple[str, float]]:
    """For each name its anchor and its shift upwards in px; the lowest mark chooses first.

    A name stands left of its mark where the plot leaves room, as near as may be without covering a name or what is
    `taken`; where nothing is free, without covering a name.

    Parameters
    ----------
    wide : px of the plot
    """
    chosen: dict[int, tuple[str, float]] = {}
    names: list[Box] = []
    for place in sorted(range(len(labels)), key=lambda each: labels[each].y):
        label = labels[place]
        spots = [(anchor, shift) for shift in TRIES for anchor in ("right", "left")]
        spots = [spot for spot in spots if label.box(*spot).left >= 0 and label.box(*spot).right <= wide] or spots
        free = [spot for spot in spots if not any(label.box(*spot).meets(other) for other in names)] or spots
        best = next((spot for spot in free if not any(label.box(*spot).meets(box) for box in taken)), free[0])
        chosen[place] = best
        names.append(label.box(*best))
    return [chosen[place] for place in range(len(labels))]
