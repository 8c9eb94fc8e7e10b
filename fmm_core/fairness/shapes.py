"""An attacker who knows how groups differ among each other, not only where they lie: a quadratic discriminant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fmm_core.fairness.inquiry import Inquiry
from fmm_core.fairness.read_outs import Sight
from fmm_core.fairness.witness import FLATTEST, SHRINKAGE

Moments = tuple[Tensor, Tensor, Tensor]
"""Of the groups of an attribute: people, sums (groups × m) and sums of squares (groups × m × m)."""


@dataclass(frozen=True)
class Law:
    """Every group's normal law, up to a constant."""

    means: Tensor  # groups × m
    inverses: Tensor  # of the covariances, groups × m × m
    volumes: Tensor  # half the log determinants of the covariances

    def densities(self, seen: Tensor) -> Tensor:
        """Logs, people × groups."""
        away = seen - self.means[:, None]  # (groups, people, m)
        return (-0.5 * (away @ self.inverses * away).sum(dim=2) - self.volumes[:, None]).T

    def slope(self, seen: Tensor, by_density: Tensor) -> Tensor:
        """Gradient by what is seen of the densities so weighted (people × groups); people × m."""
        return -torch.einsum("ng,gnm->nm", by_density, (seen - self.means[:, None]) @ self.inverses)


@dataclass(frozen=True)
class Shapes:
    """`Answers` by regularised discriminant analysis (Friedman, JASA 1989).

    Attributes
    ----------
    scores : people × 1 × columns; log densities of the groups less their mean, of two groups the difference
    laws : per attribute that of each fold, learned from the others
    seen : each fold's centred features, people × m
    """

    scores: Tensor
    laws: Mapping[str, Sequence[Law]]
    seen: Sequence[Tensor]
    inquiry: Inquiry

    def weights(self, by_score: Tensor, name: str) -> Tensor:
        """See `Answers`."""
        by_density = _by_density(by_score, self.inquiry.questions[name].groups)
        found = torch.empty(len(by_score), self.seen[0].shape[1])
        for rows, part, law in zip(self.inquiry.folds, self.seen, self.laws[name], strict=True):
            found[rows] = law.slope(part, by_density[rows])
        return found


def discriminate(sight: Sight, inquiry: Inquiry, strength: float) -> Shapes:
    """Ask a discriminant for all attributes.

    Parameters
    ----------
    sight : whose features are the raw ones
    strength : how many people's worth of the covariance that groups share each group's own is mixed with
    """
    folds, own = inquiry.folds, sight.parts(inquiry.folds)
    scores = torch.empty(len(inquiry.columns), 1, inquiry.columns.shape[1])
    laws = {}
    for name, question in inquiry.questions.items():
        moments = [_moments(part, question.codes[rows], question.groups) for part, rows in zip(own, folds, strict=True)]
        laws[name] = [_law(moments[:fold] + moments[fold + 1 :], strength) for fold in range(len(folds))]
        for rows, part, law in zip(folds, own, laws[name], strict=True):
            scores[rows, 0, inquiry.places[name]] = _answers(law.densities(part))
    return Shapes(scores, laws, own, inquiry)


def _answers(densities: Tensor) -> Tensor:
    if densities.shape[1] == 2:
        return densities[:, 1:] - densities[:, :1]
    return densities - densities.mean(dim=1, keepdim=True)


def _by_density(by_answer: Tensor, groups: int) -> Tensor:
    """The gradient by the densities, from that by the answers."""
    if groups == 2:
        return torch.cat([-by_answer, by_answer], dim=1)
    return by_answer - by_answer.mean(dim=1, keepdim=True)


def _moments(seen: Tensor, codes: Tensor, groups: int) -> Moments:
    parts = [seen[codes == group].double() for group in range(groups)]
    counts = torch.tensor([len(part) for part in parts], dtype=torch.float64)
    return counts, torch.stack([part.sum(dim=0) for part in parts]), torch.stack([part.T @ part for part in parts])


def _law(moments: Sequence[Moments], strength: float) -> Law:
    """Of the people of several folds. A group that is in none of them is like all of them together."""
    counts, sums, squares = (sum(parts[1:], parts[0]) for parts in zip(*moments, strict=True))
    means = sums / counts.clamp(min=1)[:, None]
    within = squares - counts[:, None, None] * means[:, :, None] * means[:, None, :]
    pooled = within.sum(dim=0) / (counts.sum() - len(counts)).clamp(min=1)
    pooled.diagonal().add_(SHRINKAGE * pooled.diagonal().mean().clamp(min=FLATTEST))
    roots = torch.linalg.cholesky((within + strength * pooled) / (counts + strength)[:, None, None])
    volumes = roots.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    return Law(means.float(), torch.cholesky_inverse(roots).float(), volumes.float())
