"""What every recommender offers (contract C2)."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from fmm_core.types import Floats, Progress, Representations, Validate


class Ids(NamedTuple):
    """What the rows of the training interactions are called, for a recommender that looks people and items up."""

    users: NDArray[np.str_]
    items: NDArray[np.str_]


class Recommender(Protocol):
    """Learns representations; the score of an item is ``user @ item.T + item_bias``, nothing else."""

    def fit(
        self,
        train: csr_matrix,
        modalities: Mapping[str, Floats],
        *,
        validate: Validate,
        progress: Progress,
        seed: int,
    ) -> Representations:
        """Train on interactions (users × items) and item features ({name: items × d}).

        Raises
        ------
        ConfigError
            The model needs modalities and got none.
        Cancelled
            From `progress`.
        """
        ...


def fold_in(representations: Representations, histories: csr_matrix, ridge: float = 3.0) -> Floats:
    """Vectors for people who were not in training: closed-form ridge regression on the frozen item vectors.

    Each vector is the least-squares fit of ones on the items chosen and zeros elsewhere, ``(VᵀV + λI)⁻¹ Vᵀ h``: one
    half-step of implicit-feedback matrix factorisation with equal confidences. λ is `ridge` times the mean eigenvalue
    of ``VᵀV``, so that its meaning does not depend on how long a model's vectors are.

    Parameters
    ----------
    histories : people × items
    ridge : strong on purpose; on MovieLens-100K 3 ranks as well as the trained vectors, 0.01 loses a fifth

    Returns
    -------
    float32, people × d
    """
    items = representations.item.astype(np.float64)  # (items, d)
    gram = items.T @ items
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
    return cho_solve(cho_factor(gram), np.asarray(histories @ items).T).T.astype(np.float32)
