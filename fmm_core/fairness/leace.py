"""LEACE (Belrose et al., NeurIPS 2023): closed-form erasure of every straight-line trace, by its authors' library."""

from collections.abc import Sequence

import numpy as np
import torch
from concept_erasure import LeaceFitter
from numpy.typing import NDArray

from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.specs import LeaceConfig
from fmm_core.types import Codes, Mitigated

RANK_TOLERANCE = 1e-8
"""Singular values below are rounding: a one-hot's columns sum to 1. The library's 0.01 leaves small groups behind."""

Vectors = NDArray[np.float64]


class Leace:
    """Erases linear traces; the weight is the share of an attribute's trace that is taken off every vector.

    Attributes are erased in layers. With weights ``w₁ ≥ w₂ ≥ …`` a vector x becomes

        x + Σ_k (w_k − w_{k+1}) (E_k(x) − x),    E_k = joint erasure of the k attributes of largest weight

    so equal weights are one joint erasure, the order of attributes plays no part, and every layer that holds an
    attribute erases it whole. An attribute of smaller weight also loses what it shares with those of larger weight.

    Fitted on users with training interactions; whoever did not disclose an attribute says nothing about it. The map
    needs no label, so it is applied to everyone. Item vectors stay as they are.
    """

    def __init__(self, config: LeaceConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        shares = context.shares()
        if not shares:
            return unchanged(context.base)
        vectors = context.base.user.astype(np.float64)  # (users, d)
        levels = sorted(set(shares.values()), reverse=True)
        moved = vectors.copy()
        for done, (level, below) in enumerate(zip(levels, [*levels[1:], 0.0], strict=True), start=1):
            codes = [context.codes[name] for name, share in shares.items() if share >= level]
            moved += (level - below) * (_erase(vectors, codes, context.trained) - vectors)
            context.progress(done, len(levels))
        return Mitigated(moved.astype(np.float32), context.base.item, context.base.item_bias)


def _erase(vectors: Vectors, codes: Sequence[Codes], fitted_on: NDArray[np.bool_]) -> Vectors:
    """All vectors without the linear trace that `codes` leave in those of `fitted_on`."""
    concepts = np.column_stack([_columns(code[fitted_on]) for code in codes])
    everyone = torch.from_numpy(vectors)
    some = torch.from_numpy(vectors[fitted_on])
    return LeaceFitter.fit(some, torch.from_numpy(concepts), svd_tol=RANK_TOLERANCE).eraser(everyone).numpy()


def _columns(code: Codes) -> Vectors:
    """One-hot columns of mean 0 over those who disclosed; 0 for the others.

    The zeros make the covariance with the vectors that of the disclosed users alone, so an erasure that is fitted on
    everyone is exact for them.
    """
    known = code >= 0
    one_hot = (code[:, None] == np.unique(code[known])).astype(np.float64)
    return np.where(known[:, None], one_hot - one_hot[known].mean(axis=0), 0.0)
