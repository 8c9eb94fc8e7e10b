"""FairGo (Wu et al., WWW 2021): filters shared by users and items, one adversary per attribute for user and history.

No prompt and no relations. Each batch draws a random set of attributes that is not empty. The adversary of an attribute
judges the user vector and, with `item_weight`, the mean item vector of the history.
"""

from collections.abc import Sequence

import numpy as np
import torch

from fmm_core.fairness.adversary import OneAdversary
from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.fmmrec import Filtered
from fmm_core.fairness.specs import FairGoConfig
from fmm_core.fairness.tuning import tune
from fmm_core.types import Mitigated


class FairGo:
    """Users and items pass the same filters."""

    def __init__(self, config: FairGoConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        strengths = context.strengths()
        if not strengths:
            return unchanged(context.base)
        generator = torch.Generator().manual_seed(context.seed)
        model = Filtered(context.base, len(strengths), "none", "shared", generator)
        return tune(context, self.config, model, OneAdversary(self.config.item_weight), at_least_one)


def at_least_one(rng: np.random.Generator, count: int) -> Sequence[int]:
    """A set of attributes, every one that is not empty equally likely."""
    drawn = int(rng.integers(1, 2**count))
    return [place for place in range(count) if drawn >> place & 1]
