"""Vectors from a file: the contract, whose vector goes where, and what is said of a damaged file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recommender_contract import ITEMS, USERS, RecommenderContract, checkerboard, constant
from scipy.sparse import csr_matrix

from fmm_core.errors import ConfigError, DataError
from fmm_core.recommenders.base import Ids, Recommender
from fmm_core.recommenders.build import build
from fmm_core.recommenders.pretrained import Pretrained, file_digest, read_vectors
from fmm_core.recommenders.specs import PretrainedConfig
from fmm_core.types import Representations, silent

IDS = Ids(np.array([f"u{user}" for user in range(USERS)]), np.array([f"i{item}" for item in range(ITEMS)]))


class TestPretrained(RecommenderContract):
    """The file holds the two leading directions of the checkerboard, which tell the blocks apart."""

    subsets = ((), ("text", "audio"))
    width = 2

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        left, size, right = np.linalg.svd(checkerboard()[0].toarray())
        width = self.width
        stored = {"user": left[:, :width] * size[:width], "item": right[:width].T}
        self.path = tmp_path / "vectors.npz"
        np.savez(self.path, user_id=IDS.users, item_id=IDS.items, **stored)

    def build(self, **settings: float) -> Recommender:  # noqa: ARG002 (there is nothing to set)
        return build(PretrainedConfig(path=str(self.path)), IDS)

    def test_its_configuration_builds_it(self) -> None:
        assert isinstance(self.build(), Pretrained)

    def test_progress_is_one_step_with_its_recall(self) -> None:
        seen: list[tuple[int, int, dict[str, float]]] = []
        self.fit(
            checkerboard()[0],
            validate=lambda _: 0.25,
            progress=lambda done, total, **figures: seen.append((done, total, figures)),
        )
        assert seen == [(1, 1, {"recall": 0.25})]

    def test_the_seed_changes_nothing(self) -> None:
        first, second = (self.fit(checkerboard()[0], seed=seed) for seed in (0, 1))
        assert_array_equal(first.user, second.user)


# whose vector goes where ------------------------------------------------------------------------------------------

SMALL = Ids(np.array(["7", "8", "9"]), np.array(["b", "a"]))
TRAIN = csr_matrix(np.array([[1, 0], [0, 1], [0, 0]], np.float32))
"""Users 7 and 8 chose one item each, user 9 none."""
STORED: dict[str, Any] = {
    "user_id": np.array([8, 9, 7, 100]),
    "user": np.array([[8.0, 80], [9, 90], [7, 70], [1, 10]]),
    "item_id": np.array(["a", "z", "b"]),
    "item": np.array([[1, 10], [26, 260], [2, 20]]),
}


def saved(path: Path, without: tuple[str, ...] = (), **changes: Any) -> Path:
    arrays = {name: array for name, array in (STORED | changes).items() if name not in without}
    np.savez(path / "vectors.npz", **arrays)
    return path / "vectors.npz"


def fitted(path: Path, train: csr_matrix = TRAIN, sha256: str = "") -> Representations:
    recommender = build(PretrainedConfig(path=str(path), sha256=sha256), SMALL)
    return recommender.fit(train, {}, validate=constant, progress=silent, seed=0)


def test_vectors_stand_in_the_order_of_the_data_set_and_strangers_are_left_out(tmp_path: Path) -> None:
    found = fitted(saved(tmp_path))
    assert_array_equal(found.user, [[7, 70], [8, 80], [9, 90]])
    assert_array_equal(found.item, [[2, 20], [1, 10]])
    assert found.item_bias is None
    assert (found.user.dtype, found.item.dtype) == (np.float32, np.float32)


def test_a_bias_follows_its_item(tmp_path: Path) -> None:
    found = fitted(saved(tmp_path, item_bias=np.array([0.1, 0.2, 0.3])))
    assert_array_equal(found.item_bias, np.array([0.3, 0.1], np.float32))


def test_a_user_without_interactions_may_be_missing_and_gets_zeros(tmp_path: Path) -> None:
    found = fitted(saved(tmp_path, user_id=np.array([8, 50, 7, 100])))
    assert_array_equal(found.user, [[7, 70], [8, 80], [0, 0]])


def test_leading_zeros_of_an_id_count(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lacks 1 id of the data set"):
        fitted(saved(tmp_path, user_id=np.array(["8", "9", "007", "100"])))


# what is said -----------------------------------------------------------------------------------------------------

RECIPE = "Save it with np.savez(file, user_id=…, user=…, item_id=…, item=…): one id and one row of numbers each."
NAN = np.array([[8.0, np.nan], [9, 90], [7, np.inf], [1, 10]])


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        (
            {"user_id": np.array([8, 9, 77, 100])},
            "vectors.absent",
            "vectors.npz, user_id: it lacks 1 id of the data set (7). "
            "Add their vectors, written with the ids of the data set, or leave them out of the data set.",
        ),
        (
            {"item_id": np.array(["x", "y", "z"])},
            "vectors.absent",
            "vectors.npz, item_id: it lacks 2 ids of the data set (b, a). "
            "Add their vectors, written with the ids of the data set, or leave them out of the data set.",
        ),
        (
            {"without": ("item",)},
            "vectors.no_array",
            f'vectors.npz: there is no array "item". Its arrays are: user_id, user, item_id. {RECIPE}',
        ),
        (
            {"user": np.zeros((3, 2))},
            "vectors.shape",
            "vectors.npz: user_id has the shape (4,) and user the shape (3, 2). One row of numbers per id is needed.",
        ),
        (
            {"item": np.zeros((3, 0))},
            "vectors.shape",
            "vectors.npz: item_id has the shape (3,) and item the shape (3, 0). One row of numbers per id is needed.",
        ),
        (
            {"item": np.zeros(3)},
            "vectors.shape",
            "vectors.npz: item_id has the shape (3,) and item the shape (3,). One row of numbers per id is needed.",
        ),
        (
            {"item_bias": np.zeros((3, 1))},
            "vectors.shape",
            "vectors.npz: item_id has the shape (3,) and item_bias the shape (3, 1). One number per item is needed.",
        ),
        (
            {"item": np.zeros((3, 5))},
            "vectors.width",
            "vectors.npz: vectors are 2 wide for users and 5 for items. A score is their product: make them equally "
            "wide.",
        ),
        (
            {"user": NAN},
            "vectors.not_finite",
            "vectors.npz: user is not all finite numbers in 2 rows (ids 8, 7). Correct them or leave them out.",
        ),
        (
            {"item": np.array([[1, 1e300], [2, 2], [3, 3]])},
            "vectors.not_finite",
            "vectors.npz: item is not all finite numbers in 1 row (ids a). Correct them or leave them out.",
        ),
        (
            {"item_bias": np.array([0, np.nan, 0])},
            "vectors.not_finite",
            "vectors.npz: item_bias is not all finite numbers in 1 row (ids z). Correct them or leave them out.",
        ),
        (
            {"user": np.full((4, 2), "1.0")},
            "vectors.not_a_number",
            f"vectors.npz: user holds <U3 instead of numbers. {RECIPE}",
        ),
        (
            {"user_id": np.array([8.0, 9.0, 7.0, 100.0])},
            "vectors.ids",
            "vectors.npz: user_id holds float64 instead of whole numbers or text. "
            "Write the ids as the data set has them.",
        ),
        (
            {"user_id": np.array([7, 8, 7, 8])},
            "vectors.duplicate_ids",
            "vectors.npz: 2 repeated ids in user_id (7, 8). Keep one row per id.",
        ),
        (
            {"user_id": np.array(["8", "9", "7", "100"], object)},
            "vectors.unreadable",
            f"vectors.npz: this file is no npz of plain numbers and text. {RECIPE}",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(changes: dict[str, Any], code: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fitted(saved(tmp_path, **changes))
    assert (caught.value.code, str(caught.value)) == (code, sentence)


@pytest.mark.parametrize("content", [b"", b"user,item\n1,2\n", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_npz_is_said(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "vectors.npz").write_bytes(content)
    with pytest.raises(DataError, match="is no npz of plain numbers and text"):
        read_vectors(tmp_path / "vectors.npz")


def test_half_a_file_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataError, match="is no npz of plain numbers and text"):
        read_vectors(path)


def test_a_single_array_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", STORED["user"])
    with pytest.raises(DataError, match="is no npz of plain numbers and text"):
        read_vectors(tmp_path / "vectors.npy")


@pytest.mark.parametrize("read", [read_vectors, file_digest])
def test_no_file_is_said(read: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file") as caught:
        read(tmp_path / "nowhere.npz")
    assert caught.value.code == "vectors.no_file"


def test_a_file_that_has_changed_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    kept = file_digest(path)
    assert fitted(path, sha256=kept).user.shape == (3, 2)
    saved(tmp_path, user=2 * STORED["user"])
    with pytest.raises(DataError, match="this file has changed since the run was set up") as caught:
        fitted(path, sha256=kept)
    assert caught.value.code == "vectors.changed"


def test_without_ids_there_is_nothing_to_look_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no ids were given"):
        build(PretrainedConfig(path=str(saved(tmp_path))))


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    """SHA-256 of "abc" as FIPS 180-2 gives it."""
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(tmp_path / "abc") == expected
