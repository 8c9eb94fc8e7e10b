"""AL, adversarial learning: all vectors are trained further against one adversary per attribute; no filter.

The class is unreleased; this is METHOD.md's definition.
"""

import torch
from torch import nn

from fmm_core.fairness.adversary import Gaze
from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.specs import AlConfig
from fmm_core.fairness.tuning import Trainable, every_attribute, tune
from fmm_core.types import Mitigated, Representations


class Al:
    """Adversaries look at user vectors; items are free to follow."""

    def __init__(self, config: AlConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        if not context.strengths():
            return unchanged(context.base)
        return tune(context, self.config, FreeVectors(context.base), Gaze(), every_attribute)


class FreeVectors(Trainable):
    """Copies of the base's vectors, all of them trained."""

    def __init__(self, base: Representations) -> None:
        nn.Module.__init__(self)
        self.user, self.item = (nn.Parameter(torch.tensor(part)) for part in (base.user, base.item))
