"""What attackers are asked about everybody, and whom they may learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from fmm_core.types import Codes

FOLDS = 5


@dataclass(frozen=True)
class Question:
    """One attribute of everybody, as attackers learn it and as it is judged.

    Attributes
    ----------
    codes : group of every person from 0 on, −1 undisclosed
    groups : how many there are
    known : who disclosed it
    one_hot : people × groups, zeros for those who did not
    columns : centred one-hot columns to regress on; of two groups one says it all
    contrast : people × groups; the mean of ``contrast · x`` is a group's mean of x minus that of all others
    """

    codes: Tensor
    groups: int
    known: Tensor
    one_hot: Tensor
    columns: Tensor
    contrast: Tensor


def question(codes: Codes) -> Question:
    """Of the groups that anybody is in."""
    present, places = np.unique(codes[codes >= 0], return_inverse=True)
    own = np.full(len(codes), -1, np.int64)
    own[codes >= 0] = places
    code = torch.from_numpy(own)
    known = code >= 0
    one_hot = (code[:, None] == torch.arange(len(present))).float()
    share = one_hot[known].mean(dim=0)
    centred = (one_hot - share) * known[:, None]
    columns = centred[:, 1:] if len(present) == 2 else centred
    contrast = centred / (share * (1 - share)) * (len(code) / known.sum())
    return Question(code, len(present), known, one_hot, columns, contrast)


@dataclass(frozen=True)
class Inquiry:
    """What all attackers of a round are asked, and whom they may learn from.

    Attributes
    ----------
    questions : by attribute
    folds : the rows of each; nobody is read by what was learned from their own
    """

    questions: Mapping[str, Question]
    folds: Sequence[Tensor]

    @cached_property
    def columns(self) -> Tensor:
        """Those of all questions, people × columns."""
        return torch.cat([each.columns for each in self.questions.values()], dim=1)

    @cached_property
    def places(self) -> dict[str, slice]:
        """Which columns are whose."""
        edges = np.cumsum([0, *(each.columns.shape[1] for each in self.questions.values())])
        return {name: slice(low, high) for name, low, high in zip(self.questions, edges[:-1], edges[1:], strict=True)}
