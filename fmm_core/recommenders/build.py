"""From a configuration to a recommender."""

from collections.abc import Callable
from typing import Any

from fmm_core.recommenders.base import Ids, Recommender
from fmm_core.recommenders.bpr import BPR
from fmm_core.recommenders.dragon import Dragon
from fmm_core.recommenders.lattice import Lattice
from fmm_core.recommenders.lightgcn import LightGCN
from fmm_core.recommenders.pretrained import Pretrained
from fmm_core.recommenders.specs import (
    BPRConfig,
    DragonConfig,
    LatticeConfig,
    LightGCNConfig,
    PretrainedConfig,
    TrainedConfig,
    VBPRConfig,
)
from fmm_core.recommenders.vbpr import VBPR

_CLASSES: dict[type, Callable[[Any, Ids | None], Recommender]] = {
    LightGCNConfig: LightGCN,
    LatticeConfig: Lattice,
    BPRConfig: BPR,
    VBPRConfig: VBPR,
    DragonConfig: Dragon,
    PretrainedConfig: Pretrained,
}


def build(config: TrainedConfig | PretrainedConfig, ids: Ids | None = None) -> Recommender:
    """The recommender that `config` describes.

    Parameters
    ----------
    ids : what the data set calls its users and items; only vectors from a file need it
    """
    return _CLASSES[type(config)](config, ids)
