"""CAL (Bose and Hamilton, ICML 2019): compositional filters on user vectors, learned on random sets of attributes.

Each batch draws every attribute with probability ½. The output is the mean of the drawn filters, judged by the drawn
attributes' adversaries; a batch that draws none has only the ranking loss. That is what makes filters composable.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fmm_core.fairness.adversary import Gaze
from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.filters import USER, FilterBank
from fmm_core.fairness.specs import CalConfig
from fmm_core.fairness.tuning import Trainable, tune
from fmm_core.types import Mitigated, Representations


class Cal:
    """Filters end in a batch normalisation; item vectors stay as they are."""

    def __init__(self, config: CalConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        strengths = context.strengths()
        if not strengths:
            return unchanged(context.base)
        model = NormalisedFilters(context.base, len(strengths), context.seed)
        return tune(context, self.config, model, Gaze(), some_attributes)


def some_attributes(rng: np.random.Generator, count: int) -> Sequence[int]:
    """Each attribute with probability ½."""
    return [int(place) for place in np.flatnonzero(rng.random(count) < 0.5)]


class NormalisedFilters(Trainable):
    """A filter and a batch normalisation per attribute, for users; items frozen."""

    def __init__(self, base: Representations, count: int, seed: int) -> None:
        super().__init__(base)
        width = base.user.shape[1]
        self.filters = FilterBank(count, width, "none", torch.Generator().manual_seed(seed))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(count))

    def users(self, rows: Tensor, chosen: Sequence[int]) -> Tensor:
        """See `Trainable.users`; with nothing chosen, the vectors as they are."""
        vectors = self.user[rows]
        if not len(chosen):
            return vectors
        made = self.filters.each(vectors, USER, chosen)
        return torch.stack([self.norms[place](part) for place, part in zip(chosen, made, strict=True)]).mean(dim=0)
