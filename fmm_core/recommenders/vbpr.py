"""VBPR (He and McAuley, AAAI 2016): BPR-MF whose items also carry a linear map of their content."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from fmm_core.recommenders.initial import linear, xavier
from fmm_core.recommenders.specs import VBPRConfig
from fmm_core.recommenders.trained import Trained
from fmm_core.recommenders.training import device
from fmm_core.types import Floats


class VBPR(Trained):
    """Needs at least one modality; any subset and any names will do."""

    config: VBPRConfig

    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> "VBPRModel":
        """See `Trained.model`."""
        return VBPRModel(self.config, train, modalities, seed)


class VBPRModel(nn.Module):
    """A user table twice as wide as the item table, and one map for all features together (METHOD.md, section 1)."""

    decay = 1.0

    def __init__(self, config: VBPRConfig, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> None:
        super().__init__()
        n_users, n_items = train.shape
        width, generator = config.embedding_size, torch.Generator().manual_seed(seed)
        self.user = nn.Parameter(xavier(n_users, 2 * width, generator).to(device()))
        self.item = nn.Parameter(xavier(n_items, width, generator).to(device()))
        self.features = torch.from_numpy(np.concatenate(list(modalities.values()), axis=1)).to(device())
        self.content = linear(self.features.shape[1], width, generator)

    def start_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def refresh(self) -> None:
        """There is no graph."""

    def penalised(self, user: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors that score, content included."""
        return user, item

    def propagate(self) -> tuple[Tensor, Tensor]:
        """Users (users, 2d); items [ID; content] (items, 2d)."""
        return self.user, torch.cat([self.item, self.content(self.features)], dim=1)
