"""LightGCN (He et al., SIGIR 2020): vectors smoothed over the graph of users and items, nothing else."""

from collections.abc import Mapping

import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders.graphs import Graph, bipartite, symmetric_normalised
from fmm_core.recommenders.specs import LightGCNConfig
from fmm_core.recommenders.training import device
from fmm_core.recommenders.training import train as fit_model
from fmm_core.types import Floats, Progress, Representations, Validate


class LightGCN:
    """Clicks only; modalities are accepted and ignored."""

    def __init__(self, config: LightGCNConfig) -> None:
        self.config = config

    def fit(
        self,
        train: csr_matrix,
        modalities: Mapping[str, Floats],  # noqa: ARG002 (every recommender is called alike)
        *,
        validate: Validate,
        progress: Progress,
        seed: int,
    ) -> Representations:
        """See `Recommender.fit`."""
        return fit_model(LightGCNModel(self.config, train, seed), self.config, train, validate, progress, seed)


class LightGCNModel(nn.Module):
    """Two tables and the graph they are smoothed over."""

    decay = 1.0

    def __init__(self, config: LightGCNConfig, train: csr_matrix, seed: int) -> None:
        super().__init__()
        self.n_users, self.layers = train.shape[0], config.layers
        self.graph = Graph(symmetric_normalised(bipartite(train)), device())
        generator = torch.Generator().manual_seed(seed)
        self.user, self.item = (
            nn.Parameter(xavier(count, config.embedding_size, generator).to(device())) for count in train.shape
        )

    def start_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def refresh(self) -> None:
        """No graph depends on the parameters."""

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """The tables themselves, as the authors do, not what the graph makes of them."""
        return self.user, self.item

    def propagate(self) -> tuple[Tensor, Tensor]:
        """Mean of layers 0 … L over ``D^-½ Adj D^-½``, without self-loops."""
        mean = smooth(self.graph, torch.cat([self.user, self.item]), self.layers)
        return mean[: self.n_users], mean[self.n_users :]


def xavier(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """A table drawn uniformly at Xavier's scale."""
    table = torch.empty(rows, columns)
    return nn.init.xavier_uniform_(table, generator=generator)


def smooth(graph: Graph, vectors: Tensor, layers: int) -> Tensor:
    """Mean of the vectors and of 1 … `layers` steps over the graph, (nodes, d)."""
    total = vectors
    for _ in range(layers):
        vectors = graph @ vectors
        total = total + vectors
    return total / (layers + 1)
