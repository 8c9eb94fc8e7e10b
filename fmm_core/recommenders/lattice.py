"""LATTICE (Zhang et al., ACM MM 2021): item graphs mined from modalities, raw and learned, beside the click graph.

Form and constants: METHOD.md, section 1. Everything is sparse: at most 2·k·M entries per item.
"""

from collections.abc import Mapping

import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders import graphs
from fmm_core.recommenders.graphs import Graph
from fmm_core.recommenders.initial import linear, xavier
from fmm_core.recommenders.lightgcn import smooth
from fmm_core.recommenders.specs import LatticeConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import device
from fmm_core.types import Floats


class Lattice(Trained):
    """Needs at least one modality; any subset and any names will do."""

    config: LatticeConfig

    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> "LatticeModel":
        """See `Trained.model`."""
        return LatticeModel(self.config, train, modalities, seed)


class LatticeModel(nn.Module):
    """ID tables, trainable features with their maps, and the item graph as it stands."""

    decay = 0.96

    def __init__(self, config: LatticeConfig, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> None:
        super().__init__()
        self.config = config
        self.n_users, self.n_items = train.shape
        self.clicks = Graph(graphs.row_average(graphs.bipartite(train, self_loops=True)), device())
        generator = torch.Generator().manual_seed(seed)
        width = config.embedding_size
        self.user, self.item = (nn.Parameter(xavier(count, width, generator).to(device())) for count in train.shape)
        self.features = nn.ParameterList(torch.from_numpy(matrix.copy()).to(device()) for matrix in modalities.values())
        self.maps = nn.ModuleList(linear(matrix.shape[1], width, generator) for matrix in modalities.values())
        self.mixture = nn.Parameter(torch.zeros(len(modalities), device=device()))  # ω = softmax of it
        self.raw = [self._raw_edges(matrix) for matrix in self.features]
        self.fresh = False
        self.refresh()

    def _raw_edges(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.no_grad():
            rows, columns = graphs.nearest(features, self.config.neighbours)
            weights = graphs.cosines(features, rows, columns)
            return graphs.normalised_edges(weights, rows, columns, self.n_items), rows, columns

    def start_epoch(self, epoch: int) -> None:
        """The first batch of an epoch builds the item graph with gradient; the rest of the epoch uses it as it is."""
        self.fresh = (epoch - 1) % self.config.learn_graph_every == 0

    def refresh(self) -> None:
        """Build the item graph from the parameters as they stand."""
        with torch.no_grad():
            self._keep(*self._item_edges())

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        """The propagated vectors, as the authors do."""
        return user, item

    def propagate(self) -> tuple[Tensor, Tensor]:
        """Users (users, d) and items (items, d): clicks smoothed over two layers; items also over their likeness."""
        alike = nn.functional.normalize(self._over_likeness(), dim=1)
        mean = smooth(self.clicks, torch.cat([self.user, self.item]), self.config.layers)
        return mean[: self.n_users], mean[self.n_users :] + alike

    def _over_likeness(self) -> Tensor:
        """``H = A E``, one step over the item graph."""
        if not (self.fresh and torch.is_grad_enabled()):
            return self.likeness @ self.item
        weights, rows, columns = self._item_edges()
        self._keep(weights, rows, columns)
        self.fresh = False
        return torch.zeros_like(self.item).index_add(0, rows, weights[:, None] * self.item[columns])

    def _keep(self, weights: Tensor, rows: Tensor, columns: Tensor) -> None:
        self.likeness = Graph(graphs.edges_to_matrix(weights, rows, columns, self.n_items), device())

    def _item_edges(self) -> tuple[Tensor, Tensor, Tensor]:
        """Edges of ``A = share · Σ ω Norm(kNN(X)) + (1 − share) · Norm(Σ ω kNN(X W + b))``, with gradient."""
        omega = torch.softmax(self.mixture, dim=0)
        share = self.config.raw_share
        weights = [share * omega[m] * raw for m, (raw, _, _) in enumerate(self.raw)]
        learned, rows, columns = self._learned_edges(omega)
        weights.append((1 - share) * graphs.normalised_edges(learned, rows, columns, self.n_items))
        all_rows = torch.cat([*(edges[1] for edges in self.raw), rows])
        all_columns = torch.cat([*(edges[2] for edges in self.raw), columns])
        return torch.cat(weights), all_rows, all_columns

    def _learned_edges(self, omega: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weights, rows, columns = [], [], []
        for m, (features, of) in enumerate(zip(self.features, self.maps, strict=True)):
            mapped = of(features)  # (items, embedding)
            row, column = graphs.nearest(mapped, self.config.neighbours)
            weights.append(omega[m] * graphs.cosines(mapped, row, column))
            rows.append(row)
            columns.append(column)
        return torch.cat(weights), torch.cat(rows), torch.cat(columns)
