"""From what is known of an item to numbers: titles, categories, facts; rows that are missing get the mean."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.dataset import Modality
from fmm_core.types import Floats

TEXT_WIDTH = 128
"""Most numbers per item that text or facts are reduced to."""

MIN_ITEMS = 2
"""Words in fewer items say nothing about likeness and are dropped."""


def encode_bags(bags: Sequence[Iterable[str]], source: str, width: int = TEXT_WIDTH) -> Modality | None:
    """TF-IDF of bags of words (log term frequency, rows of length 1), reduced by a truncated SVD with a fixed start.

    On one machine the same bags give the same bits, whatever the number of threads.

    Parameters
    ----------
    bags : one iterable of words per item; an empty one means the item is missing

    Returns
    -------
    None if no word is in two bags.
    """
    words_of = [list(bag) for bag in bags]
    counts = Counter(word for bag in words_of for word in set(bag))
    shared = {word for word, count in counts.items() if count >= MIN_ITEMS}
    if not shared:
        return None
    present = np.array([bool(bag) for bag in words_of])
    features = _reduced([[word for word in bag if word in shared] for bag in words_of], width)
    return Modality(impute(features, present), present, source)


def _reduced(bags: list[list[str]], width: int) -> Floats:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    weights = csr_matrix(TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(bags))  # (items, words)
    if weights.shape[1] <= width:
        return weights.toarray().astype(np.float32)
    rank = min(width, weights.shape[0] - 1)
    with threadpool_limits(1):  # sums split over threads differ in the last bit, and with them the fingerprint
        features = TruncatedSVD(rank, algorithm="randomized", random_state=0).fit_transform(weights)  # (items, rank)
    return features.astype(np.float32)


def encode_words(texts: Sequence[Sequence[str]], source: str) -> Modality | None:
    """Bags of the words and pairs of words in the parts of each item's text; see `encode_bags`."""
    return encode_bags([[word for part in parts for word in words(part)] for parts in texts], source)


def words(text: str) -> list[str]:
    """Lower-case words of a title and their pairs."""
    single = re.findall(r"\w+", text.lower())
    return single + [f"{a} {b}" for a, b in pairwise(single)]


def encode_categories(
    bags: Sequence[Iterable[str]], source: str, numbers: NDArray[np.floating] | None = None
) -> Modality | None:
    """One column per category (1 or 0), and one for a standardised number such as the year where there is one.

    Returns
    -------
    None if no item has a category.
    """
    words_of = [list(bag) for bag in bags]
    names = sorted({name for bag in words_of for name in bag})
    if not names:
        return None
    index = {name: column for column, name in enumerate(names)}
    features = np.zeros((len(words_of), len(names)), np.float32)
    for row, bag in enumerate(words_of):
        features[row, [index[name] for name in bag]] = 1
    present = np.array([bool(bag) for bag in words_of])
    if numbers is not None:
        features = np.column_stack([features, _standardised(numbers)]).astype(np.float32)
    return Modality(impute(features, present), present, source)


def _standardised(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mean 0 and spread 1 over the known numbers; an unknown one (NaN) counts as the mean."""
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
