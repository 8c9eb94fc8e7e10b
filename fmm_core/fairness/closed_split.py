"""Disentanglement in closed form: keep the directions of taste that tell least about the attributes.

An invertible map hides nothing from whoever standardises what they see, and noise on items would mark every history.
So the filtered part lies in fewer dimensions than the features, and all there is to choose is which.

In the leading principal directions of the people's profiles, scaled to variance 1, the *information* in a direction is
what the groups' means and covariances differ by there,

    M = Σ_s Σ_g π_g [δ_g δ_gᵀ + ½ (S_g − S)²],

δ_g a group's mean, S_g its covariance, S the pooled one, π_g its share: to second order the divergence between a group
and everyone, and the matrix by which sliced inverse regression (Li, JASA 1991) and sliced average variance estimation
(Cook and Weisberg, JASA 1991) find directions. The *cost* of a direction is the variance it carries in the features.
Directions go by information per cost, the worst first, until only the wanted share of the variance is left.

Sampling noise is information as well, and about the same in every direction; so without any leak the small directions
go first and what stays are plain principal components. Nothing is matched exactly: whole directions go or stay.
"""

from collections.abc import Mapping

import numpy as np
from scipy.linalg import eigh

from fmm_core.fairness.affine import Affine, AffinePair, Vectors
from fmm_core.types import Codes

MAIN = 0.9
"""Share of the profiles' variance that is looked at; the tail beyond is mostly how few items a person has."""

LEAST = 3
"""Directions that stay at least: on a line half of all people would be each other's nearest neighbours.

So profiles of three main directions or fewer are not filtered at all."""

FLAT = 1e-10
"""Variance below this share of the mean square is rounding."""


def closed_split(profiles: Vectors, codes: Mapping[str, Codes], energy: float) -> AffinePair:
    """The filtered part of least information, and all the rest as the biased part: both add up to the features.

    Parameters
    ----------
    profiles : float64, people × d
    codes : {attribute: group of every person, −1 undisclosed}; the maps do not depend on people without any
    energy : share of the profiles' centred variance that the filtered part keeps, at least
    """
    centre = profiles.mean(axis=0)
    axes, spread, total = main_directions(profiles - centre)
    if total == 0:
        return AffinePair(Affine.identity(len(centre)), Affine.identity(len(centre)))
    to_white, to_features = axes / spread, (axes * spread).T
    white = (profiles - centre) @ to_white  # (people, k)
    information = sum((_information(white, code) for code in codes.values()), np.zeros((len(spread),) * 2))
    kept = _least_telling(information, spread, energy * total)
    filtered = to_white @ kept @ kept.T @ to_features
    return AffinePair(Affine.about(centre, np.eye(len(centre)) - filtered), Affine.about(centre, filtered))


def main_directions(centred: Vectors) -> tuple[Vectors, Vectors, float]:
    """Leading principal directions (d × k), the standard deviation along each, and the variance of all there are."""
    people, width = centred.shape
    wide = width > people
    values, axes = eigh(centred @ centred.T if wide else centred.T @ centred)
    values, axes = values[::-1] / people, axes[:, ::-1]  # largest first
    floor = FLAT * float((centred**2).sum()) / people
    values, axes = values[values > floor], axes[:, values > floor]
    if wide:
        axes = centred.T @ axes / np.sqrt(values * people)
    total = float(values.sum())
    kept = int((np.cumsum(values) < MAIN * total).sum()) + 1
    return axes[:, :kept], np.sqrt(values[:kept]), total


def _information(white: Vectors, code: Codes) -> Vectors:
    """M of one attribute, k × k, from those who disclosed it."""
    z, group = white[code >= 0], code[code >= 0]
    inside = [group == label for label in np.unique(group)]
    means = np.array([z[rows].mean(axis=0) for rows in inside])  # (groups, k)
    within = z - sum((rows[:, None] * mean for rows, mean in zip(inside, means, strict=True)))
    shares = np.array([rows.mean() for rows in inside])
    apart = means - shares @ means
    pooled = within.T @ within / len(z)
    information = (apart.T * shares) @ apart
    for rows, share in zip(inside, shares, strict=True):
        difference = within[rows].T @ within[rows] / rows.sum() - pooled
        information += share / 2 * difference @ difference
    return information


def _least_telling(information: Vectors, spread: Vectors, energy: float) -> Vectors:
    """Orthonormal directions that stay, k × r: most information per variance goes first, while `energy` is left."""
    _, directions = eigh(information, np.diag(spread**2))
    nested, _ = np.linalg.qr(directions[:, ::-1])  # the first r columns span the r worst directions
    carried = ((spread[:, None] * nested) ** 2).sum(axis=0)
    left = np.cumsum(carried[::-1])[::-1]  # by column i and all after it
    first = min(int((left >= energy).sum()) - 1, len(spread) - LEAST)
    return nested[:, max(first, 0) :]
