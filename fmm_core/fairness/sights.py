"""What the flow's attackers look at: the vectors themselves in several ways, and the lists they lead to."""

from collections.abc import Callable
from functools import partial

from torch import Generator, Tensor

from fmm_core.fairness.features import Look, between, held_standard, kernel, linear, squares
from fmm_core.fairness.inquiry import Inquiry
from fmm_core.fairness.read_outs import Reading, Sight, regress
from fmm_core.fairness.shapes import discriminate
from fmm_core.fairness.soft_lists import SoftLists

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
LIST_STRENGTHS = (100.0, 1000.0)
"""How much of what groups share a discriminant of lists mixes into each group's covariance, in people.

Weaker and stronger mixtures, discriminants of masked lists too, or kernels of lists gained nothing more.
"""

Glance = Callable[[Tensor, Inquiry, Generator], Reading]
"""Vectors (people × d), what is asked, draws → what attackers of one kind say of everyone."""


def glances(lists: SoftLists | None, most: int) -> list[Glance]:
    """Everything that is looked at.

    Parameters
    ----------
    lists : None: nobody looks at lists
    most : features of one sight; one for every four people where that is less
    """
    found: list[Glance] = [partial(_vectors_read, look, share, most, ridges) for look, share, ridges in LOOKS]
    if lists is not None:
        found += [partial(_masked_lists_read, lists), partial(_whole_lists_read, lists)]
    return found


def _vectors_read(
    look: Look, share: float, most: int, ridges: tuple[float, ...], vectors: Tensor, inquiry: Inquiry, random: Generator
) -> Reading:
    given = vectors.clone().requires_grad_()
    features = max(round(share * min(most, len(vectors) // PEOPLE_PER_FEATURE)), 1)
    sight = Sight(given, look(held_standard(given), features, random))
    return Reading(sight, regress(sight, inquiry, ridges))


def _masked_lists_read(lists: SoftLists, vectors: Tensor, inquiry: Inquiry, random: Generator) -> Reading:
    sight = _lists_seen(lists, True, vectors, random)
    return Reading(sight, regress(sight, inquiry, LIST_RIDGES))


def _whole_lists_read(lists: SoftLists, vectors: Tensor, inquiry: Inquiry, random: Generator) -> Reading:
    """Nothing masked: a discriminant looks too."""
    sight = _lists_seen(lists, False, vectors, random)
    shapes = discriminate(sight, inquiry, between(LIST_STRENGTHS, random))
    return Reading(sight, regress(sight, inquiry, LIST_RIDGES), shapes)


def _lists_seen(lists: SoftLists, masked: bool, vectors: Tensor, random: Generator) -> Sight:
    given = vectors.clone().requires_grad_()
    return Sight(given, lists.look(given, masked, random))
