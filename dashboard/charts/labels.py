"""Where words go on a figure so that they cover as little as may be, on a phone and on a wide screen alike.

All lengths are px, counted from the left and from the bottom of the plot. A box is (left, right, low, high).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

LETTER, LINE = 7.5, 19.0
"""What a character and a line of text take."""
STEP = 8.0
"""Between the boxes that stand for a drawn line."""

Point = tuple[float, float]
Boxes = NDArray[np.float64]
Spot = tuple[str, float, float]
"""Anchor (which end of the text, or its middle, is meant), and how far right and up of the mark that stands."""

NAME: tuple[Spot, ...] = tuple(
    (anchor, across, up)
    for up in (0, 10, -10, 22, -22, 36, -36, 52, -52, 68, -68)
    for anchor, across in (("right", -11), ("left", 11))
)
"""The spots of a line's name: best beside its mark, else above or below."""


def close(reach: float) -> tuple[Spot, ...]:
    """The spots of a text that must stand close to a mark that reaches this far."""
    upright = (("center", 0.0, -reach - 4), ("center", 0.0, reach + 4))
    return (("left", reach, 0.0), *upright, ("right", -reach, 0.0))


def led_to(reach: float) -> tuple[Spot, ...]:
    """The spots of a text that a thin line leads to, the nearest first; below before above."""
    sides = (("left", reach / 2), ("right", -reach / 2), ("right", -3 * reach), ("left", 3 * reach))
    heights = [reach * times for times in (-1, -1.7, 1, 1.7, -2.5, 2.5, -3.5, -4.5)]
    return tuple((anchor, across, up) for up in heights for anchor, across in sides)


def around(points: Sequence[Point], side: float) -> Boxes:
    """Squares with these middles."""
    middle = np.asarray(points, float).reshape(-1, 2)
    half = side / 2
    return np.column_stack([middle[:, 0] - half, middle[:, 0] + half, middle[:, 1] - half, middle[:, 1] + half])


def along(points: Sequence[Point]) -> Boxes:
    """A drawn line as a row of small squares."""
    middles: list[Point] = []
    for start, end in pairwise(points):
        steps = max(1, ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1])) / STEP))
        middles += [tuple(point) for point in np.linspace(start, end, steps + 1)]
    return around(middles, STEP / 2)


@dataclass(frozen=True)
class Label:
    """A text that belongs to a mark.

    Attributes
    ----------
    marks : where the mark is on each of the screens
    spots : where the text may stand, the best first
    """

    marks: tuple[Point, ...]
    letters: int
    spots: Sequence[Spot]

    def box(self, screen: int, spot: Spot) -> tuple[float, float, float, float]:
        """What the text takes at a spot."""
        anchor, across, up = spot
        wide, (x, y) = LETTER * self.letters, self.marks[screen]
        left = x + across - {"left": 0.0, "center": wide / 2, "right": wide}[anchor]
        return left, left + wide, y + up - LINE / 2, y + up + LINE / 2


@dataclass(frozen=True)
class Screen:
    """A plot of one size, and what is drawn on it."""

    wide: float
    high: float
    taken: Boxes
    """Drawn lines; something that is worse to cover may stand there more than once."""


def placed(labels: Sequence[Label], screens: Sequence[Screen]) -> list[Spot]:
    """A spot for each label, the first labels choosing first.

    A label keeps within the plot and off other labels where it can, then covers as little of what is drawn as it can,
    then takes its best spot; counted over all screens, because the same spot serves every one.
    """
    chosen: list[Spot] = []
    texts = [np.empty((0, 4)) for _ in screens]
    for label in labels:
        costs = [_cost(label, spot, screens, texts) for spot in label.spots]
        spot = label.spots[costs.index(min(costs))]
        chosen.append(spot)
        texts = [np.vstack([boxes, label.box(number, spot)]) for number, boxes in enumerate(texts)]
    return chosen


def _cost(label: Label, spot: Spot, screens: Sequence[Screen], texts: Sequence[Boxes]) -> tuple[int, int]:
    """How many labels a spot meets, an edge counting as three, and how many drawn things."""
    bad = covered = 0
    for number, screen in enumerate(screens):
        box = label.box(number, spot)
        bad += 3 * ((box[0] < 0) + (box[1] > screen.wide) + (box[2] < 0) + (box[3] > screen.high))
        bad += met(box, texts[number])
        covered += met(box, screen.taken)
    return bad, covered


def met(box: tuple[float, float, float, float], others: Boxes) -> int:
    """How many of the others have an inner point in common with a box."""
    left, right, low, high = box
    across = (others[:, 0] < right) & (left < others[:, 1])
    return int((across & (others[:, 2] < high) & (low < others[:, 3])).sum())
