"""From what is known of an item to numbers: titles, categories, facts; rows that are missing get the mean."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.dataset import Modality
from fmm_core.types import Floats

TEXT_WIDTH = 128
"""Most numbers per item that text or facts are reduced to."""


def encode_bags(bags: Sequence[Iterable[str]], source: str, width: int = TEXT_WIDTH, min_count: int = 2) -> Modality:
    """TF-IDF of bags of words, reduced by a truncated SVD with a fixed start, so the same bags give the same numbers.

    Parameters
    ----------
    bags : one iterable of words per item; an empty one means the item is missing
    min_count : words in fewer items say nothing about likeness and are dropped
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words_of = [list(bag) for bag in bags]
    present = np.array([bool(bag) for bag in words_of])
    vectorizer = TfidfVectorizer(analyzer=list, min_df=min(min_count, max(1, int(present.sum()))), sublinear_tf=True)
    weights = csr_matrix(vectorizer.fit_transform(words_of))  # (items, words)
    rank = min(width, min(weights.shape) - 1)
    if rank < 1:
        features = weights.toarray()
    else:
        features = TruncatedSVD(rank, algorithm="randomized", random_state=0).fit_transform(weights)
    return Modality(impute(features.astype(np.float32), present), present, source)


def words(text: str) -> list[str]:
    """Lower-case words of a title and their pairs."""
    single = re.findall(r"\w+", text.lower())
    return single + [f"{a} {b}" for a, b in pairwise(single)]


def encode_categories(
    bags: Sequence[Iterable[str]], source: str, numbers: NDArray[np.floating] | None = None
) -> Modality:
    """One column per category (1 or 0), and one for a standardised number such as the year where there is one."""
    words_of = [list(bag) for bag in bags]
    names = sorted({name for bag in words_of for name in bag})
    index = {name: column for column, name in enumerate(names)}
    features = np.zeros((len(words_of), len(names)), np.float32)
    for row, bag in enumerate(words_of):
        features[row, [index[name] for name in bag]] = 1
    present = np.array([bool(bag) for bag in words_of])
    if numbers is not None:
        features = np.column_stack([features, _standardised(numbers)]).astype(np.float32)
    return Modality(impute(features, present), present, source)


def _standardised(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    known = np.isfinite(numbers)
    if not known.any():
        return np.zeros_like(numbers)
    mean, spread = numbers[known].mean(), numbers[known].std()
    return np.where(known, (numbers - mean) / (spread or 1.0), 0.0)


def impute(features: Floats, present: NDArray[np.bool_]) -> Floats:
    """Rows that are missing get the mean of those present."""
    if present.all() or not present.any():
        return features
    filled = features.copy()
    filled[~present] = features[present].mean(axis=0)
    return filled
