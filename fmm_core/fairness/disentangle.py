"""Fairness-oriented disentanglement (METHOD.md, 2): each modality in a part that shows the attributes, and one without.

Both parts are affine maps of the features, solved or trained on people's profiles ``R X``. They are as wide as the
features, so raw, biased and filtered profiles can share one picture. Rows of R sum to 1, so profiles of mapped items
are mapped profiles: whoever gets the mapped features needs no labels and no maps.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.splitting import row_normalised
from fmm_core.fairness.adversarial_split import adversarial_split, published_split
from fmm_core.fairness.affine import Affine, AffinePair, Vectors
from fmm_core.fairness.closed_split import closed_split
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.types import Codes, Floats, Progress, silent

__all__ = ["Affine", "AffinePair", "disentangle", "split"]


def disentangle(
    config: DisentangleConfig,
    train: csr_matrix,
    modalities: Mapping[str, Floats],
    codes: Mapping[str, Codes],
    *,
    progress: Progress = silent,
    seed: int = 0,
) -> dict[tuple[str, str], Floats]:
    """Split the features of every modality.

    Parameters
    ----------
    train : users × items
    modalities : {name: items × d}, any number
    codes : {attribute: group of every user, −1 undisclosed}, the protected attributes only; none: nothing is split and
        both parts are the features as they are
    progress : called once per modality by the closed form, else once per epoch of each; may raise `Cancelled`

    Returns
    -------
    {(modality, "biased" | "filtered"): float32, items × d}
    """
    interactions = np.diff(train.indptr)
    rows = np.flatnonzero(interactions)  # people without interactions have no profile
    average = row_normalised(train)[rows]
    known = {name: code[rows] for name, code in codes.items()}
    parts: dict[tuple[str, str], Floats] = {}
    for place, (name, features) in enumerate(modalities.items()):
        profiles = np.asarray(average @ features, np.float64)
        told = _nth(progress, place, len(modalities))
        maps = split(config, profiles, known, interactions=interactions[rows], progress=told, seed=seed)
        for part, mapping in maps._asdict().items():
            parts[name, part] = mapping.apply(features)
    return parts


def split(
    config: DisentangleConfig,
    profiles: Vectors,
    codes: Mapping[str, Codes],
    *,
    interactions: NDArray[np.integer] | None = None,
    progress: Progress = silent,
    seed: int = 0,
) -> AffinePair:
    """The two maps of one modality.

    Parameters
    ----------
    profiles : people × d, the mean features of the items each person interacted with
    codes : {attribute: group of every person, −1 undisclosed}; an attribute that leaves fewer than two groups to tell
        apart is ignored
    interactions : per person; only the published form lets people vote as often as they interact. Default: once each
    """
    dividing = {name: code for name, code in codes.items() if len(np.unique(code[code >= 0])) > 1}
    if not dividing:
        unchanged = Affine.identity(profiles.shape[1])
        return AffinePair(unchanged, unchanged)
    votes = np.ones(len(profiles), np.int64) if interactions is None else interactions
    return _FORMS[config.form](config, profiles.astype(np.float64), dividing, votes, progress, seed)


def _closed(
    config: DisentangleConfig,
    profiles: Vectors,
    codes: Mapping[str, Codes],
    interactions: NDArray[np.integer],
    progress: Progress,
    seed: int,
) -> AffinePair:
    del interactions, seed  # one vote each, nothing random
    maps = closed_split(profiles, codes, config.energy)
    progress(1, 1)
    return maps


_FORMS = {"closed": _closed, "adversarial": adversarial_split, "paper": published_split}


def _nth(progress: Progress, place: int, count: int) -> Progress:
    """Progress of the modality at `place`, told as progress of all."""

    def told(done: int, total: int, **figures: float) -> None:
        progress(place * total + done, count * total, **figures)

    return told
