"""What a mitigation is given (contract C3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.errors import ConfigError
from fmm_core.types import Attack, Codes, Floats, Mitigated, Progress, Representations, Validate


@dataclass(frozen=True)
class Context:
    """All a mitigation may look at.

    Attributes
    ----------
    train : users × items
    modalities : {name: items × d}
    codes : {attribute: group of every user, −1 undisclosed}
    weights : {attribute: weight ≥ 0}; an attribute without a weight, or with 0, is left alone exactly
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

    @property
    def active(self) -> dict[str, float]:
        """The weights above 0, in a fixed order."""
        return {name: weight for name, weight in sorted(self.weights.items()) if weight > 0}

    @property
    def trained(self) -> NDArray[np.bool_]:
        """Users with training interactions; the vectors of others were never learned and stay out of every fit."""
        return np.diff(self.train.indptr) > 0

    def shares(self) -> dict[str, float]:
        """The active weights of a method whose weight is a share.

        Raises
        ------
        ConfigError
            A weight is above 1.
        """
        for name, weight in self.active.items():
            if weight > 1:
                mend = "Choose from 0 to 1."
                raise ConfigError(f"the weight {weight:g} is above 1", f"weight of {name}", mend, code="config.weight")
        return self.active


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


def unchanged(base: Representations) -> Mitigated:
    """The base, bit for bit."""
    return Mitigated(base.user, base.item, base.item_bias)
