"""Which modality leaks: the profile of every subset of modalities attacked, and what each modality adds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.folds import FOLDS
from fmm_core.audit.intervals import Estimate, estimate
from fmm_core.audit.leakage import one_thread
from fmm_core.audit.panel import closed_form, strongest
from fmm_core.audit.representations import joint, profiles, standardise
from fmm_core.audit.shapley import dropped, shapley, subsets
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats, Progress, silent

COLUMNS = ("attribute", "subset", "kind", "value", "ci_low", "ci_high", "n_users")
GUESSING = 0.5
"""What an attacker reads from no modality at all."""

REPLICATES = 200
Scores = Mapping[frozenset[str], NDArray[np.floating]]
"""{subset of modalities: out-of-fold scores of the headline, people × columns}."""


def modality_table(
    train: csr_matrix,
    modalities: Mapping[str, Floats],
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Leakage of the joint profile of every subset of modalities, and how it is shared out among them.

    Parameters
    ----------
    modalities : at most `shapley.MOST_PLAYERS`, items × d each; without any there is no row
    eligible : people with training interactions; only they are attacked

    Returns
    -------
    Columns `COLUMNS`. `kind` is *leakage* (the headline's AUC; `subset` joins names by "+", "" is no modality and reads
    ½), or, with one modality in `subset`: *leakage_share*, its Shapley value, which add up to the AUC of all minus ½;
    *leakage_drop*, what is lost when it alone is left out. An attribute without two groups to tell apart has no row.

    Notes
    -----
    The interval of *leakage* is that of `intervals.estimate`. Those of shares and drops are percentiles over
    `REPLICATES` bootstraps of people, class by class, the same people in every subset, of the within-fold AUC. The
    scores stay as they are: covered is which people were drawn for judging, not how much the attackers would vary had
    they been trained on others, so these intervals are somewhat too narrow.
    """
    if not modalities:
        return pd.DataFrame(columns=list(COLUMNS))
    found = profiles(train, modalities)
    chosen = subsets(tuple(found))[1:]
    groups = list(crowds(attributes, users, eligible, np.zeros(len(users), bool), seed))
    attacked: list[dict[str, Scores]] = [{name: {} for name in people.names} for people in groups]
    figures: dict[tuple[str, frozenset[str]], Estimate] = {}
    with one_thread():
        for done, subset in enumerate(chosen, start=1):
            matrix = joint([profile for name, profile in found.items() if name in subset])
            for people, scores in zip(groups, attacked, strict=True):
                for name, (outer, figure) in _headlines(matrix, people, seed).items():
                    scores[name] = {**scores[name], subset: outer}
                    figures[name, subset] = figure
            progress(done, len(chosen))
    rows = [
        row
        for people, scores in zip(groups, attacked, strict=True)
        for name in people.names
        for row in _rows(name, tuple(found), scores[name], figures, people, seed)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _headlines(matrix: Floats, people: People, seed: int) -> dict[str, tuple[NDArray[np.floating], Estimate]]:
    """Out-of-fold scores and figure of the strongest attacker, per attribute."""
    families = closed_form(standardise(matrix[people.rows]), people, seed)
    everyone, found = np.ones(len(people.rows), bool), {}
    for name in people.names:
        codes = people.codes[name]
        retrained = strongest(families.pop(name), codes, people.classes[name], people.folds).scores
        outer = retrained[np.arange(len(retrained)), people.folds]
        found[name] = outer, estimate(outer, retrained, codes, people.folds, everyone)
    return found


def _rows(
    name: str,
    modalities: Sequence[str],
    scores: Scores,
    figures: Mapping[tuple[str, frozenset[str]], Estimate],
    people: People,
    seed: int,
) -> Iterator[dict[str, Any]]:
    n, none = len(people.rows), frozenset[str]()
    yield _row(name, "", "leakage", (GUESSING, GUESSING, GUESSING), n)
    worth = {none: np.array([GUESSING])}
    for subset in scores:
        figure = figures[name, subset]
        worth[subset] = np.array([figure.value])
        joined = "+".join(each for each in modalities if each in subset)
        yield _row(name, joined, "leakage", (figure.value, figure.low, figure.high), n)
    counts = resampled(people.codes[name], seed)
    again = {none: np.full(REPLICATES, GUESSING)}
    again |= {subset: macro_auc(each, people.codes[name], people.folds, counts) for subset, each in scores.items()}
    for kind, value in (("leakage_share", shapley), ("leakage_drop", dropped)):
        once, often = value(worth), value(again)
        for modality in modalities:
            low, high = np.nanpercentile(often[modality], (2.5, 97.5))
            yield _row(name, modality, kind, (float(once[modality][0]), float(low), float(high)), n)


def _row(attribute: str, subset: str, kind: str, figures: tuple[float, float, float], n: int) -> dict[str, Any]:
    return dict(zip(COLUMNS, (attribute, subset, kind, *figures, n), strict=True))


def resampled(codes: NDArray[np.integer], seed: int) -> NDArray[np.float32]:
    """How often each person is drawn in each of `REPLICATES` bootstraps that keep every class as large as it is.

    Returns
    -------
    float32, replicates × people
    """
    rng = np.random.default_rng(seed)
    counts = np.zeros((REPLICATES, len(codes)), np.float32)
    for label in np.unique(codes):
        inside = np.flatnonzero(codes == label)
        counts[:, inside] = rng.multinomial(len(inside), np.full(len(inside), 1 / len(inside)), REPLICATES)
    return counts


def macro_auc(
    scores: NDArray[np.floating], codes: NDArray[np.integer], folds: NDArray[np.int64], counts: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The macro AUC within folds as in `intervals.estimate`, of people who count several times or not at all.

    Parameters
    ----------
    scores : people × columns; one column (of class 1) for two classes, else one per class
    counts : replicates × people, 0 or more

    Returns
    -------
    float64, replicates
    """
    labels = [1] if scores.shape[1] == 1 else range(scores.shape[1])
    columns = [_weighted_auc(scores[:, i], codes == label, folds, counts) for i, label in enumerate(labels)]
    return np.mean(columns, axis=0)


def _weighted_auc(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], folds: NDArray[np.int64], counts: NDArray[np.floating]
) -> NDArray[np.float64]:
    """AUC within folds, averaged by positives; a fold in which a class was never drawn says nothing."""
    won, weight = np.zeros(len(counts)), np.zeros(len(counts))
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        rows = rows[np.argsort(scores[rows], kind="stable")]
        inside = positive[rows]
        drawn = counts[:, rows].astype(np.float64)
        below = np.cumsum(np.pad(drawn * ~inside, ((0, 0), (1, 0))), axis=1)  # negatives before each place
        ordered = scores[rows]
        first, last = (np.searchsorted(ordered, ordered[inside], side) for side in ("left", "right"))
        beaten = (drawn[:, inside] * (below[:, first] + below[:, last])).sum(axis=1) / 2  # ties count half
        m, n = drawn[:, inside].sum(axis=1), below[:, -1]
        said = (m > 0) & (n > 0)
        won += np.where(said, beaten / np.maximum(n, 1), 0)
        weight += np.where(said, m, 0)
    return np.divide(won, weight, out=np.full(len(won), np.nan), where=weight > 0)
