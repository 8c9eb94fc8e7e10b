"""BPR-MF (Rendle et al., UAI 2009): one vector per user and per item, no graph, no modality."""

from collections.abc import Mapping

import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders.initial import xavier_normal
from fmm_core.recommenders.specs import BPRConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import device
from fmm_core.types import Floats


class BPR(Trained):
    """Clicks only; modalities are accepted and ignored."""

    config: BPRConfig

    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> "BPRModel":  # noqa: ARG002
        """See `Trained.model`."""
        return BPRModel(self.config, train, seed)


class BPRModel(nn.Module):
    """Two tables, handed on as they are."""

    decay = 1.0

    def __init__(self, config: BPRConfig, train: csr_matrix, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.user, self.item = (
            nn.Parameter(xavier_normal(count, config.embedding_size, generator).to(device())) for count in train.shape
        )

    def start_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def refresh(self) -> None:
        """There is no graph."""

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        """The tables."""
        return user, item

    def propagate(self) -> tuple[Tensor, Tensor]:
        """The tables, (users, d) and (items, d)."""
        return self.user, self.item
