"""Which attacker is strongest, and all of them together: decided on inner scores only (AUDIT.md, "The estimate", 2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from fmm_core.audit.folds import FOLDS
from fmm_core.audit.intervals import auc_columns

SHRINKAGE = 0.02
TEMPERATURE = 0.01
"""Settings whose inner AUC falls this far behind the best count e times less in a blend."""


@dataclass(frozen=True)
class Candidate:
    """Scores of one attacker, people × folds × columns as in `attackers`.

    `inner`, folds × folds, is where a choice may look: ``inner[k, j]`` is the macro AUC on the folds other than k and
    j, so ``inner[k, k]`` decides about test fold k, and ``inner[k, j]`` would have decided without fold j. (Attackers
    and read-outs behind it may have learned on j; the AUC is not taken there. Three folds out would cost more than it
    changes.)
    """

    scores: NDArray[np.floating]
    inner: NDArray[np.float64]


def candidates(
    settings: NDArray[np.float32], codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]
) -> tuple[list[Candidate], Candidate]:
    """One candidate per setting, and the combination of all.

    Parameters
    ----------
    settings : float32, settings × people × folds × columns
    """
    if classes == 2:
        return _two_classes(settings[..., 0], codes, folds)
    return _many_classes(settings, codes, classes, folds)


def choose(options: list[Candidate], folds: NDArray[np.int64]) -> Candidate:
    """Per test fold the option with the largest inner |AUC − ½|, turned round where its inner AUC is below ½.

    The retrained scores are chosen anew, by inner AUCs without their second fold: a choice that wavers is part of how
    much the attacker varies, and the interval must see it.
    """
    inner = np.array([option.inner for option in options])  # (options, folds, folds)
    best = np.abs(inner - 0.5).argmax(axis=0)
    chosen = np.empty_like(options[0].scores)
    for fold in range(FOLDS):
        rows = folds == fold
        for other in range(FOLDS):
            option = best[fold, other]
            sign = 1.0 if inner[option, fold, other] >= 0.5 else -1.0
            chosen[rows, other] = sign * options[option].scores[rows, other]
    return Candidate(chosen, 0.5 + np.abs(inner - 0.5).max(axis=0))


# two classes: a stack ----------------------------------------------------------------------------------------------


def _two_classes(
    settings: NDArray[np.float32], codes: NDArray[np.integer], folds: NDArray[np.int64]
) -> tuple[list[Candidate], Candidate]:
    table = np.moveaxis(settings, 0, 2)  # (people, folds, settings)
    positive = codes == 1
    stacked = np.empty((*table.shape[:2], 1), np.float32)
    inner_single, inner_stack = np.empty((len(settings), FOLDS, FOLDS)), np.empty((FOLDS, FOLDS))
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        learned = table[outside, fold]  # (people outside, settings): attackers that saw neither them nor the test fold
        inner_single[:, fold] = _inner_auc(learned, positive[outside], folds[outside]).T
        moments = _Moments(learned[:, None, :], codes[outside], 2, folds[outside])
        crossed = np.empty((len(outside), 1), np.float32)
        for other in range(FOLDS):  # the test fold is not among the moments: leaving it out leaves all of them
            rows, stack = folds[outside] == other, moments.read_out(without=other)
            stacked[inside, other] = _difference(stack, table[inside, other][:, None, :])
            crossed[rows] = _difference(stack, learned[rows][:, None, :])
        inner_stack[fold] = _inner_auc(crossed, positive[outside], folds[outside])[:, 0]
    singles = [Candidate(settings[s][..., None], inner_single[s]) for s in range(len(settings))]
    return singles, Candidate(stacked, inner_stack)


def _difference(read_out: "_ReadOut", features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Log odds of class 1, (…, 1)."""
    posterior = read_out(features)
    return (posterior[..., 1] - posterior[..., 0]).astype(np.float32)


def _inner_auc(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AUC of every column within each inner fold, averaged by positives; row j leaves fold j out too.

    Returns
    -------
    float64, folds × columns; ½ where no fold is left to say anything
    """
    areas, weights = _fold_areas(scores, positive, folds)
    left = weights.sum() - weights  # (folds, 1)
    total = (weights * areas).sum(axis=0) - weights * areas
    return np.where(left > 0, total / np.maximum(left, 1), 0.5)


def _fold_areas(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUC of every column within each fold (folds × columns), and the fold's positives (folds × 1)."""
    areas, weights = np.zeros((FOLDS, scores.shape[1])), np.zeros((FOLDS, 1))
    for fold in np.unique(folds):
        rows = folds == fold
        m = int(positive[rows].sum())
        if 0 < m < rows.sum():
            areas[fold], weights[fold] = auc_columns(scores[rows], positive[rows]), m
    return areas, weights


# many classes: read out every setting, then blend -------------------------------------------------------------------


def _many_classes(
    settings: NDArray[np.float32], codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]
) -> tuple[list[Candidate], Candidate]:
    table = np.moveaxis(settings, 0, 2)  # (people, folds, settings, classes)
    read = np.empty_like(table)
    inner = np.empty((len(settings), FOLDS, FOLDS))
    blended = np.empty((*table.shape[:2], classes), np.float32)
    inner_blend = np.empty((FOLDS, FOLDS))
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        learned, code, part = table[outside, fold], codes[outside], folds[outside]
        moments = _Moments(learned, code, classes, part)
        crossed = np.empty_like(learned)
        for other in range(FOLDS):  # the test fold is not among the moments: leaving it out leaves all of them
            rows, read_out = part == other, moments.read_out(without=other)
            read[inside, other] = read_out(table[inside, other])
            crossed[rows] = read_out(learned[rows])
        inner[:, fold] = _macro_inner(crossed, code, part).T
        weights = _blend_weights(inner[:, fold])  # (settings, folds)
        spread = np.maximum(crossed.std(axis=0), 1e-6)  # (settings, classes)
        blended[inside] = np.einsum("sj,njsc->njc", weights, read[inside] / spread)
        crossed_blend = np.einsum("s,nsc->nc", weights[:, fold], crossed / spread)
        inner_blend[fold] = _macro_inner(crossed_blend[:, None, :], code, part)[:, 0]
    singles = [Candidate(read[:, :, s], inner[s]) for s in range(len(settings))]
    return singles, Candidate(blended, inner_blend)


def _blend_weights(inner: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights of the settings, one column per fold that is left out beside the test fold; settings × folds."""
    excess = np.abs(inner - 0.5)
    weights = np.exp((excess - excess.max(axis=0)) / TEMPERATURE) * np.where(inner >= 0.5, 1, -1)
    return (weights / np.abs(weights).sum(axis=0)).astype(np.float32)


def _macro_inner(
    scores: NDArray[np.floating], codes: NDArray[np.integer], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean over classes of the inner AUC, folds × settings as in `_inner_auc`; scores people × settings × classes."""
    labels = np.unique(codes)
    return np.mean([_inner_auc(scores[:, :, label], codes == label, folds) for label in labels], axis=0)


# people from whom nothing is learned ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carried:
    """One attacker, learned on some people, and what it scores others.

    `scores`, others × columns; `inner`, the macro AUC among those it learned from, by which it may be chosen.
    """

    scores: NDArray[np.floating]
    inner: float


def carried(
    known: NDArray[np.float32],
    new: NDArray[np.float32],
    codes: NDArray[np.integer],
    classes: int,
    folds: NDArray[np.int64],
) -> tuple[list[Carried], Carried]:
    """As `candidates` for people outside all folds: what is learned on the out-of-fold scores of the others.

    Parameters
    ----------
    known : settings × people × columns, out-of-fold scores of those whose `codes` and `folds` these are
    new : settings × others × columns, scores by attackers that learned from all people
    """
    learned, asked = np.moveaxis(known, 0, 1), np.moveaxis(new, 0, 1)  # (…, settings, columns)
    if classes == 2:
        return _two_classes_carried(learned[..., 0], asked[..., 0], codes, folds)
    return _many_classes_carried(learned, asked, codes, classes, folds)


def choose_carried(options: list[Carried]) -> NDArray[np.floating]:
    """Scores of the option with the largest inner |AUC − ½|, turned round where that AUC is below ½."""
    best = max(options, key=lambda option: abs(option.inner - 0.5))
    return best.scores if best.inner >= 0.5 else -best.scores


def _two_classes_carried(
    learned: NDArray[np.float32], asked: NDArray[np.float32], codes: NDArray[np.integer], folds: NDArray[np.int64]
) -> tuple[list[Carried], Carried]:
    positive = codes == 1
    moments = _Moments(learned[:, None, :], codes, 2, folds)
    crossed = np.empty((len(codes), 1), np.float32)
    for fold in np.unique(folds):
        rows = folds == fold
        crossed[rows] = _difference(moments.read_out(without=fold), learned[rows][:, None, :])
    stack = _difference(moments.read_out(), asked[:, None, :])
    inner = _mean_auc(learned, positive, folds)
    singles = [Carried(asked[:, s, None], float(inner[s])) for s in range(len(inner))]
    return singles, Carried(stack, float(_mean_auc(crossed, positive, folds)[0]))


def _many_classes_carried(
    learned: NDArray[np.float32],
    asked: NDArray[np.float32],
    codes: NDArray[np.integer],
    classes: int,
    folds: NDArray[np.int64],
) -> tuple[list[Carried], Carried]:
    moments = _Moments(learned, codes, classes, folds)
    crossed = np.empty_like(learned)
    for fold in np.unique(folds):
        rows = folds == fold
        crossed[rows] = moments.read_out(without=fold)(learned[rows])
    read = moments.read_out()(asked)  # (others, settings, classes)
    inner = _macro_auc(crossed, codes, folds)
    weights = _blend_weights(inner[:, None])[:, 0]
    spread = np.maximum(crossed.std(axis=0), 1e-6)  # (settings, classes)
    blended, crossed_blend = (np.einsum("s,nsc->nc", weights, part / spread) for part in (read, crossed))
    singles = [Carried(read[:, s], float(inner[s])) for s in range(len(inner))]
    return singles, Carried(blended, float(_macro_auc(crossed_blend[:, None, :], codes, folds)[0]))


def _mean_auc(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AUC of every column within folds, averaged by positives; ½ where no fold says anything."""
    areas, weights = _fold_areas(scores, positive, folds)
    return (weights * areas).sum(axis=0) / weights.sum() if weights.any() else np.full(scores.shape[1], 0.5)


def _macro_auc(
    scores: NDArray[np.floating], codes: NDArray[np.integer], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean over classes of `_mean_auc`, settings; scores people × settings × classes."""
    return np.mean([_mean_auc(scores[:, :, label], codes == label, folds) for label in np.unique(codes)], axis=0)


# linear discriminant by additive moments ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _ReadOut:
    """Log posteriors of linear discriminants, one per setting: (…, settings, d) -> (…, settings, classes)."""

    coefficients: NDArray[np.float64]
    constants: NDArray[np.float64]

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        linear = np.einsum("...sd,sdg->...sg", features, self.coefficients) + self.constants
        return log_softmax(linear, axis=-1)


class _Moments:
    """Counts, sums and products per fold, so that leaving a fold out is a subtraction."""

    def __init__(
        self, features: NDArray[np.floating], codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]
    ) -> None:
        self.parts = {}
        for fold in np.unique(folds):
            rows = folds == fold
            one_hot = (codes[rows][:, None] == np.arange(classes)).astype(np.float64)
            x = features[rows].astype(np.float64)
            sums = np.einsum("nsd,ng->sgd", x, one_hot)
            stacked = np.moveaxis(x, 1, 0)  # (settings, people, d)
            self.parts[int(fold)] = (one_hot.sum(axis=0), sums, np.matmul(stacked.transpose(0, 2, 1), stacked))

    def read_out(self, without: int | None = None) -> _ReadOut:
        """Fit on all folds but one."""
        kept = [part for fold, part in self.parts.items() if fold != without]
        count, sums, products = (sum(values) for values in zip(*kept, strict=True))
        safe = np.maximum(count, 1e-9)
        means = sums / safe[:, None]  # (settings, classes, d)
        within = (products - np.einsum("sgd,sge,g->sde", means, means, count)) / count.sum()
        width = within.shape[-1]
        size = np.maximum(np.trace(within, axis1=1, axis2=2) / width, 1e-12)
        within = (1 - SHRINKAGE) * within + SHRINKAGE * size[:, None, None] * np.eye(width)
        coefficients = np.linalg.solve(within, means.transpose(0, 2, 1))  # (settings, d, classes)
        constants = -0.5 * np.einsum("sgd,sdg->sg", means, coefficients) + np.log(np.maximum(count, 0.5))
        return _ReadOut(coefficients, constants)
