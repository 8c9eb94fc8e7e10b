"""LEACE (Belrose et al., NeurIPS 2023): closed-form erasure of every straight-line trace, by its authors' library."""

import numpy as np
import torch
from concept_erasure import LeaceFitter
from numpy.typing import NDArray

from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.specs import LeaceConfig
from fmm_core.types import Codes, Mitigated


class Leace:
    """One attribute after another, each by its weight: ``x + w · (erased(x) − x)``.

    Fitted on the users who have training interactions and disclosed the attribute; the map needs no label, so it is
    applied to everyone. With all weights 1 the last attribute is erased exactly, earlier ones nearly: each later map
    moves vectors only along directions that carry its own attribute. Item vectors stay as they are.
    """

    def __init__(self, config: LeaceConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        shares = context.shares()
        if not shares:
            return unchanged(context.base)
        user = context.base.user.astype(np.float64)  # (users, d)
        for done, (name, share) in enumerate(shares.items(), start=1):
            codes = context.codes[name]
            erased = _erase(user, codes, context.trained & (codes >= 0))
            user = user + share * (erased - user)
            context.progress(done, len(shares))
        return Mitigated(user.astype(np.float32), context.base.item, context.base.item_bias)


def _erase(user: NDArray[np.float64], codes: Codes, fitted_on: NDArray[np.bool_]) -> NDArray[np.float64]:
    vectors = torch.from_numpy(user)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(codes[fitted_on].astype(np.int64))).double()
    eraser = LeaceFitter.fit(vectors[torch.from_numpy(fitted_on)], one_hot).eraser
    return eraser(vectors).numpy()
