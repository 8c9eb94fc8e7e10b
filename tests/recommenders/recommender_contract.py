"""What every recommender keeps (contract C2); inherited by the tests of each one."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix

from fmm_core.errors import Cancelled, ConfigError, DataError
from fmm_core.metrics.ranking import recall_at
from fmm_core.recommenders.base import Recommender
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.types import Floats, Progress, Representations, silent

USERS, ITEMS = 40, 24
"""Two blocks of 20 users and 12 items each: people choose within their own block only."""
QUICK = {
    "embedding_size": 8,
    "epochs": 30,
    "patience": 30,
    "validate_every": 3,
    "batch_size": 128,
    "learning_rate": 0.03,
}


def checkerboard(seed: int = 0) -> tuple[csr_matrix, csr_matrix]:
    """Training interactions (9 of the block's 12 items a user) and held-out ones (the other 3)."""
    rng = np.random.default_rng(seed)
    train, held_out = np.zeros((2, USERS, ITEMS), np.float32)
    for user in range(USERS):
        own = rng.permutation(ITEMS // 2) + (user % 2) * (ITEMS // 2)
        train[user, own[:9]], held_out[user, own[9:]] = 1, 1
    return csr_matrix(train), csr_matrix(held_out)


def descriptions(seed: int = 0) -> dict[str, Floats]:
    """One modality that tells the blocks apart a little, and one that is noise, of different widths."""
    rng = np.random.default_rng(seed)
    text, audio = rng.normal(size=(ITEMS, 6)), rng.normal(size=(ITEMS, 4))
    text[: ITEMS // 2, 0] += 1
    return {"text": text.astype(np.float32), "audio": audio.astype(np.float32)}


def constant(_: Representations) -> float:
    return 0.0


class RecommenderContract:
    """Subclasses say how to build the recommender, which sets of modalities it must accept, and how wide it is."""

    subsets: tuple[tuple[str, ...], ...]
    width: int = QUICK["embedding_size"]
    """Numbers per user and item, with both modalities."""

    def build(self, **settings: float) -> Recommender:
        raise NotImplementedError

    def fit(
        self,
        train: csr_matrix,
        modalities: dict[str, Floats] | None = None,
        *,
        validate: Callable[[Representations], float] = constant,
        progress: Progress = silent,
        seed: int = 0,
        **settings: float,
    ) -> Representations:
        chosen = descriptions() if modalities is None else modalities
        recommender = self.build(**{**QUICK, **settings})
        return recommender.fit(train, chosen, validate=validate, progress=progress, seed=seed)

    def test_shapes_types_and_finite_values(self) -> None:
        found = self.fit(checkerboard()[0], epochs=2)
        assert found.user.shape == (USERS, self.width)
        assert found.item.shape == (ITEMS, self.width)
        for table in (found.user, found.item):
            assert table.dtype == np.float32
            assert np.isfinite(table).all()

    def test_cancelling_gets_through(self) -> None:
        calls = []

        def cancel(done: int, total: int, **figures: float) -> None:  # noqa: ARG001 (the protocol's signature)
            calls.append(done)
            raise Cancelled

        with pytest.raises(Cancelled):
            self.fit(checkerboard()[0], progress=cancel)
        assert calls == [1]

    def test_inputs_are_left_alone(self) -> None:
        train, _ = checkerboard()
        modalities = descriptions()
        kept_train, kept = train.copy(), {name: table.copy() for name, table in modalities.items()}
        self.fit(train, modalities, epochs=2)
        assert (train != kept_train).nnz == 0
        for name, table in kept.items():
            assert_array_equal(modalities[name], table)

    def test_a_checkerboard_is_solved(self) -> None:
        """Every held-out item, of one's own block, stands above every item of the other block."""
        train, held_out = checkerboard()
        for subset in self.subsets:
            modalities = {name: descriptions()[name] for name in subset}
            found = self.fit(train, modalities, validate=lambda r: recall_at(r, train, held_out, 3))
            scores = found.user @ found.item.T
            for user in range(USERS):
                other = slice(ITEMS // 2, None) if user % 2 == 0 else slice(None, ITEMS // 2)
                assert scores[user, held_out[user].indices].min() > scores[user, other].max(), (subset, user)

    def test_users_without_pairs_and_items_never_seen_are_served(self) -> None:
        train = checkerboard()[0].toarray()
        train[5], train[:, 7] = 0, 0
        found = self.fit(csr_matrix(train), epochs=3)
        assert np.isfinite(found.user @ found.item.T).all()
        assert found.user.shape[0] == USERS
        assert found.item.shape[0] == ITEMS


class TrainedContract(RecommenderContract):
    """What is kept besides by those that learn from the interactions."""

    def test_no_modality_is_refused_in_words_by_those_that_need_one(self) -> None:
        """The choices are named."""
        spec = RECOMMENDERS[self.build().config.name]
        if not spec.needs_modalities:
            self.fit(checkerboard()[0], {}, epochs=1)
            return
        with pytest.raises(ConfigError) as caught:
            self.fit(checkerboard()[0], {})
        expected = f"modalities: {spec.title} needs at least one modality. Switch one on, or choose LightGCN."
        assert str(caught.value) == expected
        assert caught.value.code == "config.no_modality"

    def test_nothing_to_train_on_is_said(self) -> None:
        with pytest.raises(DataError, match="there are no interactions to train on"):
            self.fit(csr_matrix((USERS, ITEMS), dtype=np.float32))

    def test_one_seed_gives_bit_equal_vectors_and_another_does_not(self) -> None:
        train, _ = checkerboard()
        first, again, other = (self.fit(train, seed=seed, epochs=4) for seed in (3, 3, 4))
        assert_array_equal(first.user, again.user)
        assert_array_equal(first.item, again.item)
        assert not np.array_equal(first.user, other.user)

    def test_progress_counts_every_epoch(self) -> None:
        seen: list[tuple[int, int, set[str]]] = []
        self.fit(
            checkerboard()[0],
            progress=lambda done, total, **figures: seen.append((done, total, set(figures))),
            epochs=5,
            validate_every=2,
        )
        both = {"loss", "recall"}
        assert seen == [(1, 5, {"loss"}), (2, 5, both), (3, 5, {"loss"}), (4, 5, both), (5, 5, both)]
