"""What a mitigation is given (contract C3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.errors import ConfigError
from fmm_core.types import Attack, Codes, Floats, Mitigated, Progress, Representations, Validate

LARGEST_STRENGTH = 100.0
"""The largest weight a loss may be multiplied by; more only makes training diverge."""


@dataclass(frozen=True)
class Context:
    """All a mitigation may look at.

    Attributes
    ----------
    train : users × items
    modalities : {name: items × d}
    base : what the recommender stores
    codes : {attribute: group of every user, −1 undisclosed}
    weights : {attribute: weight ≥ 0}; an attribute without a weight, or with 0, is left alone exactly
    validate : validation Recall@20 of representations
    attack : AUC of a validation attacker per attribute, on the users on whom choices may be made
    progress : called once a round; may raise `Cancelled`
    seed : of every random draw
    profiles : {(modality, "biased" | "filtered"): items × d'}, where the method asks for disentangled features
    newcomers : people who joined later: moved as what was learned from the others says, their own labels seen and not
        learned from. Only methods that end in a map (`repair`, `ridge`) can do that; none: nobody
    """

    train: csr_matrix
    modalities: Mapping[str, Floats]
    base: Representations
    codes: Mapping[str, Codes]
    weights: Mapping[str, float]
    validate: Validate
    attack: Attack
    progress: Progress
    seed: int
    profiles: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    newcomers: NDArray[np.bool_] | None = None

    @property
    def trained(self) -> NDArray[np.bool_]:
        """Users with training interactions; the vectors of others were never learned and stay out of every fit."""
        return np.diff(self.train.indptr) > 0

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Users who are learned from: trained, and no newcomers."""
        return self.trained if self.newcomers is None else self.trained & ~self.newcomers

    def shares(self) -> dict[str, float]:
        """Weights above 0 of a method whose weight is a share, by name.

        An attribute that puts all trained users who disclosed it into one group is left out: nothing to tell apart.

        Raises
        ------
        ConfigError
            A weight is not a number from 0 to 1, or its attribute is not in `codes`.
        """
        return self._active(1.0, "Choose from 0 to 1.")

    def strengths(self) -> dict[str, float]:
        """Weights above 0 of a method whose weight multiplies a loss, by name; else as `shares`.

        Raises
        ------
        ConfigError
            A weight is negative or not finite, or its attribute is not in `codes`.
        """
        return self._active(LARGEST_STRENGTH, f"Choose from 0 to {LARGEST_STRENGTH:g}.")

    def _active(self, largest: float, mend: str) -> dict[str, float]:
        for name, weight in self.weights.items():
            if not 0 <= weight <= largest:
                raise ConfigError(
                    f"the weight {weight:g} is out of range", f"weight of {name}", mend, code="config.weight"
                )
            if weight and name not in self.codes:
                choices = f"Choose among: {', '.join(sorted(self.codes))}."
                raise ConfigError(
                    "there is no such attribute", f"weight of {name}", choices, code="config.weight_attribute"
                )
        return {name: weight for name, weight in sorted(self.weights.items()) if weight and self._divides(name)}

    def _divides(self, name: str) -> bool:
        codes = self.codes[name][self.trained]
        return len(np.unique(codes[codes >= 0])) > 1


class Mitigation(Protocol):
    """Representations in, representations that give away less out."""

    def fit(self, context: Context) -> Mitigated:
        """Mitigate `context.base`.

        Raises
        ------
        ConfigError
            A weight is out of the method's range.
        Cancelled
            From `context.progress`.
        """
        ...


def moved_people(base: Representations, rows: NDArray[np.int64], vectors: NDArray[np.floating]) -> Mitigated:
    """The base, bit for bit, but for the people of `rows`, who get `vectors` (rows × d)."""
    user = base.user.copy()
    user[rows] = vectors
    return Mitigated(user, base.item, base.item_bias)


def unchanged(base: Representations) -> Mitigated:
    """The base, bit for bit."""
    return Mitigated(base.user, base.item, base.item_bias)
