"""Relation mining: people with like filtered profiles are drawn together, those with like biased ones pushed apart.

METHOD.md, section 3. Everything here is constant, so it is computed once, before any filter is trained.
"""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.sparse import csr_matrix

from fmm_core.data.splitting import row_normalised
from fmm_core.recommenders import graphs
from fmm_core.types import Floats


def profile_graph(train: csr_matrix, features: Floats, k: int, *, centred: bool = True) -> csr_matrix:
    """``Norm(kNN_k)`` of the profiles ``R X``, users × users, at most k entries a row.

    Parameters
    ----------
    train : users × items; a user without interactions has no profile and is related to nobody else
    features : items × d
    centred : take the mean profile off first. Mean profiles are nearly parallel (cosine 0.994 between any two on
        MovieLens-1M's audio), so without it neighbours hang on the fourth decimal; the published code does not.
    """
    profiles = np.asarray(row_normalised(train) @ features, np.float32)
    known = np.diff(train.indptr) > 0
    if centred:
        profiles[known] -= profiles[known].mean(axis=0)
    table = torch.from_numpy(profiles)
    rows, columns = graphs.nearest(table, k)
    weights = graphs.normalised_edges(graphs.cosines(table, rows, columns), rows, columns, len(table))
    return graphs.edges_to_matrix(weights, rows, columns, len(table))


def relation_graph(graph_of: Mapping[str, csr_matrix], weights: Mapping[str, float]) -> csr_matrix:
    """``A = Σ w_m Â_m``; modalities without a weight count 1, and all weights are scaled to sum 1."""
    shares = {name: weights.get(name, 1.0) for name in graph_of}
    total = sum(shares.values())
    return sum((share / total * graph_of[name] for name, share in shares.items()), start=csr_matrix(_shape(graph_of)))


def _shape(graph_of: Mapping[str, csr_matrix]) -> tuple[int, int]:
    return next(iter(graph_of.values())).shape


def related(user: Floats, fair: csr_matrix | None, unfair: csr_matrix | None, weight: float) -> Floats:
    """``U' = U + α (A_fair U − A_unfair U)``; a graph of None leaves its term out.

    Parameters
    ----------
    user : users × d
    weight : α
    """
    moved = user.copy()
    if fair is not None:
        moved += weight * (fair @ user)
    if unfair is not None:
        moved -= weight * (unfair @ user)
    return moved.astype(np.float32)
