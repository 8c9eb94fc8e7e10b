"""What the flow's attackers look at: the vectors themselves in several ways, and the lists they lead to."""

from collections.abc import Callable
from functools import partial

from torch import Generator, Tensor

from fmm_core.fairness.features import Look, held_standard, kernel, linear, squares
from fmm_core.fairness.soft_lists import SoftLists
from fmm_core.fairness.witness import Sight

LOOKS: tuple[tuple[Look, float, tuple[float, ...]], ...] = (
    (kernel((1.0, 4.0)), 1.0, (0.1, 1.0)),
    (kernel((1 / 8, 1.0)), 0.5, (0.1, 1.0, 10.0)),
    (squares, 1 / 3, (100.0, 1000.0)),
    (linear, 1.0, (300.0,)),
)
"""Ways to look at vectors: what is seen, the share of the most features it may have, penalties of its read-outs.

Narrow kernels need many landmarks: with 700 a kernel ridge over all 6,040 people of MovieLens-1M and the others
together still read gender at 0.60, with 1,500 at 0.56. The dearest come first, so that two workers end together.
"""
PEOPLE_PER_FEATURE = 4
LIST_RIDGES = (100.0, 1000.0)

Glance = Callable[[Tensor, Generator], Sight]
"""Vectors (people × d), draws → what an attacker of one kind sees of everyone."""


def glances(lists: SoftLists | None, most: int) -> list[Glance]:
    """Everything that is looked at.

    Parameters
    ----------
    lists : None: nobody looks at lists
    most : features of one sight; one for every four people where that is less
    """
    found: list[Glance] = [partial(_vectors_seen, look, share, most, ridges) for look, share, ridges in LOOKS]
    if lists is not None:
        found += [partial(_lists_seen, lists, masked) for masked in (True, False)]
    return found


def _vectors_seen(
    look: Look, share: float, most: int, ridges: tuple[float, ...], vectors: Tensor, random: Generator
) -> Sight:
    given = vectors.clone().requires_grad_()
    features = max(round(share * min(most, len(vectors) // PEOPLE_PER_FEATURE)), 1)
    return Sight(given, look(held_standard(given), features, random), ridges)


def _lists_seen(lists: SoftLists, masked: bool, vectors: Tensor, random: Generator) -> Sight:
    given = vectors.clone().requires_grad_()
    return Sight(given, lists.look(given, masked, random), LIST_RIDGES)
