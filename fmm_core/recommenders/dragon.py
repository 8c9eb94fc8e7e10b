"""DRAGON (Zhou et al., ECAI 2023): one branch per modality over the click graph, then people alike and items alike.

Form and constants: METHOD.md, section 1. The graph of users is built from the interactions, and its weights do not
saturate: softmax of log(1 + count) instead of softmax of the count.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders import graphs
from fmm_core.recommenders.graphs import Graph
from fmm_core.recommenders.initial import linear, xavier_normal
from fmm_core.recommenders.lightgcn import smooth
from fmm_core.recommenders.specs import DragonConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import device
from fmm_core.types import Floats

PUBLISHED_SHARES = {"text": 0.8, "image": 0.1, "audio": 0.1}
"""How item graphs are mixed when no other modality is there; else all count alike."""

ENTRIES = 2**22
"""Co-interaction counts held at a time, at most."""


class Dragon(Trained):
    """Needs at least one modality; any subset and any names will do. Vectors are `embedding_size` wide per modality."""

    config: DragonConfig

    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> "DragonModel":
        """See `Trained.model`."""
        return DragonModel(self.config, train, modalities, seed)


class DragonModel(nn.Module):
    """A preference table and a map of the features per modality, and each user's weight for each modality.

    The published loss takes log2 of the sigmoid; Adam does not see the factor, only that `regularisation` weighs
    1/ln 2 times as much here.
    """

    decay = 1.0

    def __init__(self, config: DragonConfig, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> None:
        super().__init__()
        self.n_users, self.layers = train.shape[0], config.layers
        self.clicks = Graph(graphs.symmetric_normalised(graphs.bipartite(train)), device())
        self.users_alike = Graph(user_graph(train, config.user_neighbours), device())
        self.items_alike = Graph(item_graph(modalities, config.neighbours), device())
        width, generator = config.embedding_size, torch.Generator().manual_seed(seed)
        tables = [xavier_normal(self.n_users, width, generator) for _ in modalities]
        self.preference = nn.Parameter(torch.stack(tables, dim=1).to(device()))  # (users, M, d)
        self.share = nn.Parameter(torch.full((self.n_users, len(modalities)), 1 / len(modalities), device=device()))
        self.features = [torch.from_numpy(matrix.copy()).to(device()) for matrix in modalities.values()]
        self.maps = nn.ModuleList(
            nn.Sequential(
                linear(matrix.shape[1], 4 * width, generator), nn.LeakyReLU(0.01), linear(4 * width, width, generator)
            )
            for matrix in modalities.values()
        )

    def start_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def refresh(self) -> None:
        """No graph depends on the parameters."""

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Preferences and shares, scaled so that half the squared norms are their mean squares; nothing of the items.

        Published: ``Σ_m mean(Q_m²) + mean(W²)``, the second over all users; here both over the batch's users.
        """
        width, branches = self.preference.shape[2], self.share.shape[1]
        scaled = [self.preference.flatten(1) * (2 / width) ** 0.5, self.share * (2 / branches) ** 0.5]
        return torch.cat(scaled, dim=1), item.new_zeros(len(item), 1)

    def propagate(self) -> tuple[Tensor, Tensor]:
        """Users and items, (users, M·d) and (items, M·d): ``U = u + G u``, ``V = v + A v``."""
        user, item = self._branches()
        return user + self.users_alike @ user, item + self.items_alike @ item

    def _branches(self) -> tuple[Tensor, Tensor]:
        """All branches beside each other: sum of the layers over clicks, each user's branches weighed."""
        content = torch.stack([of(matrix) for of, matrix in zip(self.maps, self.features, strict=True)], dim=1)
        start = nn.functional.normalize(torch.cat([self.preference, content]), dim=2)  # (users + items, M, d)
        total = (self.layers + 1) * smooth(self.clicks, start.flatten(1), self.layers)
        user = total[: self.n_users].unflatten(1, (self.share.shape[1], -1)) * self.share[:, :, None]
        return user.flatten(1), total[self.n_users :]


def user_graph(train: csr_matrix, k: int) -> csr_matrix:
    """Weights over the k users with the most items in common, themselves left out (users × users).

    ``softmax(log(1 + count)) = (1 + count) / Σ (1 + count)`` over the users kept. Of equal counts the first are kept.
    Whoever has no item in common with anybody has an empty row. Counts are made in blocks of rows.
    """
    chosen = sparse.csr_matrix((np.ones(train.nnz, np.float32), train.indices, train.indptr), shape=train.shape)
    block = max(1, ENTRIES // chosen.shape[0])
    parts = [_most_in_common(chosen, start, block, k) for start in range(0, chosen.shape[0], block)]
    kept = sparse.vstack(parts, format="csr")
    kept.data += 1
    return graphs.row_average(kept)


def _most_in_common(chosen: csr_matrix, start: int, block: int, k: int) -> csr_matrix:
    """Counts of the k largest per row, for the users from `start` on, (block, users)."""
    counts = sparse.csr_matrix(chosen[start : start + block] @ chosen.T)
    kept = [_largest(counts, row, start + row, k) for row in range(counts.shape[0])]
    pointers = np.cumsum([0, *(len(columns) for columns, _ in kept)])
    columns, values = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return sparse.csr_matrix((values, columns, pointers), shape=counts.shape)


def _largest(counts: csr_matrix, row: int, own: int, k: int) -> tuple[NDArray[np.int32], Floats]:
    """Columns and values of a row's k largest entries but for column `own`."""
    part = slice(counts.indptr[row], counts.indptr[row + 1])
    columns, values = counts.indices[part], counts.data[part]
    columns, values = columns[columns != own], values[columns != own]
    if len(columns) > k:
        order = columns - values.astype(np.int64) * counts.shape[1]  # largest count first, then first column
        kept = np.argpartition(order, k)[:k]
        columns, values = columns[kept], values[kept]
    return columns, values


def item_graph(modalities: Mapping[str, Floats], k: int) -> csr_matrix:
    """Mean of the modalities' kNN graphs, every neighbour alike (items × items): 1/k where all have k neighbours."""
    shares = mixture(tuple(modalities))
    return sum(share * _neighbours(matrix, k) for share, matrix in zip(shares, modalities.values(), strict=True))


def _neighbours(features: Floats, k: int) -> csr_matrix:
    rows, columns = graphs.nearest(torch.from_numpy(features), k)
    return graphs.row_average(graphs.edges_to_matrix(torch.ones(len(rows)), rows, columns, len(features)))


def mixture(names: tuple[str, ...]) -> list[float]:
    """Share of each modality's item graph: the published ones where they cover all, else equal; they sum to 1."""
    published = set(names) <= set(PUBLISHED_SHARES)
    shares = [PUBLISHED_SHARES[name] if published else 1.0 for name in names]
    return [share / sum(shares) for share in shares]
