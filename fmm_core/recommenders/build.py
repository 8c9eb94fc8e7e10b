"""From a configuration to a recommender."""

from collections.abc import Callable
from typing import Any

from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.lattice import Lattice
from fmm_core.recommenders.lightgcn import LightGCN
from fmm_core.recommenders.specs import LatticeConfig, LightGCNConfig

_CLASSES: dict[type, Callable[[Any], Recommender]] = {LightGCNConfig: LightGCN, LatticeConfig: Lattice}


def build(config: LightGCNConfig | LatticeConfig) -> Recommender:
    """The recommender that `config` describes."""
    return _CLASSES[type(config)](config)
