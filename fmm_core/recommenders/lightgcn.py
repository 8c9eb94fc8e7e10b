"""LightGCN (He et al., SIGIR 2020): vectors smoothed over the graph of users and items, nothing else."""

from collections.abc import Mapping

import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders.graphs import Graph, bipartite, symmetric_normalised
from fmm_core.recommenders.initial import xavier
from fmm_core.recommenders.specs import LightGCNConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import device
from fmm_core.types import Floats


class LightGCN(Trained):
    """Clicks only; modalities are accepted and ignored."""

    config: LightGCNConfig

    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> "LightGCNModel":  # noqa: ARG002
        """See `Trained.model`."""
        return LightGCNModel(self.config, train, seed)


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


def smooth(graph: Graph, vectors: Tensor, layers: int) -> Tensor:
    """Mean of the vectors and of 1 … `layers` steps over the graph, (nodes, d)."""
    total = vectors
    for _ in range(layers):
        vectors = graph @ vectors
        total = total + vectors
    return total / (layers + 1)
