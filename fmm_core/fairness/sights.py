"""What the flow's attackers look at: the vectors themselves in several ways, and the lists they lead to."""

from collections.abc import Iterator

from torch import Generator, Tensor

from fmm_core.fairness.features import Look, held_standard, kernel, linear, squares
from fmm_core.fairness.soft_lists import SoftLists
from fmm_core.fairness.witness import Sight

LOOKS: tuple[tuple[Look, float, tuple[float, ...]], ...] = (
    (linear, 1.0, (300.0,)),
    (kernel((1 / 8, 1.0)), 0.5, (0.1, 1.0, 10.0)),
    (kernel((1.0, 4.0)), 1.0, (0.1, 1.0)),
    (squares, 1 / 3, (100.0, 1000.0)),
)
"""Ways to look at vectors: what is seen, the share of the most features it may have, penalties of its read-outs.

Narrow kernels need many landmarks: with 700 a kernel ridge over all 6,040 people of MovieLens-1M and the others
together still read gender at 0.60, with 1,500 at 0.56.
"""
PEOPLE_PER_FEATURE = 4
LIST_RIDGES = (300.0, 3000.0)


def sights(vectors: Tensor, lists: SoftLists | None, most: int, random: Generator) -> Iterator[Sight]:
    """Everything an attacker sees of everyone, drawn anew.

    Parameters
    ----------
    vectors : people × d
    lists : None: nobody looks at lists
    most : features of one sight; one for every four people where that is less
    """
    most = min(most, len(vectors) // PEOPLE_PER_FEATURE)
    for look, share, ridges in LOOKS:
        given = vectors.clone().requires_grad_()
        yield Sight(given, look(held_standard(given), max(round(share * most), 1), random), ridges)
    if lists is not None:
        for masked in (True, False):
            given = vectors.clone().requires_grad_()
            yield Sight(given, lists.look(given, masked, random), LIST_RIDGES)
