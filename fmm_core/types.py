"""What the rooms hand to each other: representations, mitigated representations, callbacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.int16]
Panel = Literal["fast", "full"]
"""Which attackers an audit uses: the closed-form ones, or those and the dear ones over several draws of folds."""


class Progress(Protocol):
    """Called once a batch or an epoch; may raise `Cancelled`.

    `done` and `total` count the same unit; keyword figures (``loss=…``, ``recall=…``) become rows of `history.csv`.
    """

    def __call__(self, done: int, total: int, **figures: float) -> None: ...


def silent(done: int, total: int, **figures: float) -> None:
    """A progress callback that does nothing."""


@dataclass(frozen=True)
class Representations:
    """What a recommender stores; the score of an item for a user is ``user @ item.T + item_bias``, nothing else.

    Attributes
    ----------
    user : float32, users × d
    item : float32, items × d
    item_bias : float32, items, or None
    """

    user: Floats
    item: Floats
    item_bias: Floats | None = None

    def with_user(self, user: Floats) -> "Representations":
        """The same items with other user vectors."""
        return replace(self, user=user)


@dataclass(frozen=True)
class Mitigated(Representations):
    """Representations after mitigation.

    Attributes
    ----------
    profiles : {(modality, "biased" | "filtered"): float32, items × d'}
        Modality features as the mitigation split them; empty when it does not touch features.
    """

    profiles: Mapping[tuple[str, str], Floats] = field(default_factory=dict)


Validate = Callable[[Representations], float]
"""Representations -> validation Recall@20."""

Attack = Callable[[Floats], Mapping[str, float]]
"""User vectors -> {attribute: AUC of a validation attacker}, on the selection users only."""
