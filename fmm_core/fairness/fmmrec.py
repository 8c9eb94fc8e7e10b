"""FMMRec (Chen, Li, Ni, Zhao; ACM TOIS 43(6), 2025): disentangled modalities, relations between people, filters.

The features arrive disentangled (`disentangle`); people are moved along the relations those features show
(`relations`); then filters are trained against two adversaries per attribute (`tuning`): one looks at the user vector,
one at the mean item vector of a history. One filter alone means nothing, since only the mean over all is trained:
another choice of attributes needs another training.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from fmm_core.errors import ConfigError
from fmm_core.fairness.adversary import Gaze, TwoAdversaries
from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.filters import ITEM, USER, FilterBank, Prompt
from fmm_core.fairness.relations import profile_graph, related, relation_graph
from fmm_core.fairness.specs import FmmrecConfig
from fmm_core.fairness.tuning import Trainable, every_attribute, tune
from fmm_core.types import Floats, Mitigated, Representations


class Fmmrec:
    """Every stage can be switched off; what is off is left out exactly."""

    def __init__(self, config: FmmrecConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`.

        Raises
        ------
        ConfigError
            Disentangled features are asked for and there are none.
        """
        strengths = context.strengths()
        if not strengths:
            return unchanged(context.base)
        base = context.base.with_user(self._related(context))
        generator = torch.Generator().manual_seed(context.seed)
        model = Filtered(base, len(strengths), self.config.prompt, self.config.filters, generator)
        found = tune(context, self.config, model, self._gaze(), every_attribute)
        return replace(found, profiles=dict(context.profiles))

    def _gaze(self) -> Gaze:
        """User-only filters leave items alone, and then no adversary looks at histories."""
        watched = self.config.item_weight > 0 and self.config.filters != "user_only"
        return TwoAdversaries(self.config.item_weight) if watched else Gaze()

    def _related(self, context: Context) -> Floats:
        """Users after one step along the relations; without disentanglement both graphs are equal and nobody moves."""
        if self.config.disentangle is None or self.config.relation_weight == 0:
            return context.base.user
        if not context.profiles:
            mend = "Switch a modality on, or switch disentanglement off."
            raise ConfigError("FMMRec has no modality to disentangle", "modalities", mend, code="config.no_profiles")
        fair = self._graph(context, "filtered") if self.config.fair_relations else None
        unfair = self._graph(context, "biased") if self.config.unfair_relations else None
        return related(context.base.user, fair, unfair, self.config.relation_weight)

    def _graph(self, context: Context, kind: str) -> csr_matrix:
        graphs = {
            modality: profile_graph(context.train, features, self.config.neighbours, centred=self.config.form == "ours")
            for (modality, of), features in context.profiles.items()
            if of == kind
        }
        return relation_graph(graphs, self.config.modality_weights)


class Filtered(Trainable):
    """Frozen vectors behind trainable filters.

    Parameters
    ----------
    count : attributes
    filters : *shared*: users and items pass the same; *independent*: each their own; *user_only*: items pass none
    prompt : tells shared filters whose vector it is; filters of one role have none
    """

    def __init__(
        self, base: Representations, count: int, prompt: Prompt, filters: str, generator: torch.Generator
    ) -> None:
        super().__init__(base)
        self.user_filters, self.item_filters = _LAYOUTS[filters](count, base.user.shape[1], prompt, generator)

    def users(self, rows: Tensor, chosen: Sequence[int]) -> Tensor:
        """See `Trainable.users`."""
        return self.user_filters(self.user[rows], USER, chosen)

    def items(self, chosen: Sequence[int]) -> Tensor:
        """See `Trainable.items`."""
        return self.item if self.item_filters is None else self.item_filters(self.item, ITEM, chosen)


Banks = tuple[FilterBank, FilterBank | None]


def _shared(count: int, width: int, prompt: Prompt, generator: torch.Generator) -> Banks:
    bank = FilterBank(count, width, prompt, generator)
    return bank, bank


def _independent(count: int, width: int, prompt: Prompt, generator: torch.Generator) -> Banks:  # noqa: ARG001
    return FilterBank(count, width, "none", generator), FilterBank(count, width, "none", generator)


def _user_only(count: int, width: int, prompt: Prompt, generator: torch.Generator) -> Banks:  # noqa: ARG001
    return FilterBank(count, width, "none", generator), None


_LAYOUTS: dict[str, Callable[[int, int, Prompt, torch.Generator], Banks]] = {
    "shared": _shared,
    "independent": _independent,
    "user_only": _user_only,
}
