"""Maps: one layout for all slices, a fair sample, the same picture every time, and figures that say what it shows."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from fmm_core.audit.projection import _neighbour_table, project, stratified

ROOT = Path(__file__).resolve().parents[2]


def clusters(n: int = 90, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Three groups of people, far apart."""
    rng = np.random.default_rng(0)
    group = (np.arange(n) % 3).astype(np.int16)
    return (rng.normal(size=(n, width)) + 12 * np.eye(3, width)[group]).astype(np.float32), group


class TestProject:
    def test_groups_that_are_apart_are_apart_on_the_map(self) -> None:
        vectors, group = clusters()
        people, places = project({"before": vectors}, {"group": group})
        assert_array_equal(people, np.arange(90))
        assert places["before"].shape == (90, 2)
        assert places["before"].dtype == np.float32
        nearest = NearestNeighbors(n_neighbors=10).fit(places["before"]).kneighbors(return_distance=False)
        assert (group[nearest] == group[:, None]).mean() > 0.95

    def test_slices_share_one_layout(self) -> None:
        """The same person twice lands in nearly the same place: positions of two slices can be compared."""
        vectors, group = clusters()
        _, places = project({"before": vectors, "after": vectors}, {"group": group})
        apart = np.linalg.norm(places["before"] - places["after"], axis=1)
        assert np.median(apart) < 0.1 * np.ptp(places["before"], axis=0).max()

    def test_one_seed_gives_a_bit_equal_map(self) -> None:
        vectors, group = clusters()
        first, again, other = (project({"a": vectors}, {"group": group}, seed=seed)[1]["a"] for seed in (4, 4, 5))
        assert_array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_units_of_a_column_do_not_matter(self) -> None:
        vectors, group = clusters()
        scaled = vectors * np.array([1024, 1, 1, 1, 1, 0.25], np.float32)  # powers of two: no rounding
        assert_array_equal(project({"a": vectors}, {})[1]["a"], project({"a": scaled}, {"group": group})[1]["a"])

    def test_a_sample_names_its_people_and_places_all_slices_for_them(self) -> None:
        vectors, group = clusters()
        people, places = project({"a": vectors, "b": -vectors}, {"group": group}, max_users=30)
        assert_array_equal(np.bincount(group[people]), [10, 10, 10])
        assert all(place.shape == (30, 2) for place in places.values())

    @pytest.mark.parametrize(
        "vectors",
        [
            np.ones((1, 4)),
            np.arange(8.0).reshape(2, 4),
            np.random.default_rng(0).normal(size=(12, 3)),
            np.ones((50, 4)),
            np.linspace(0, 1, 40)[:, None] * np.ones(3),
            np.repeat(np.eye(3), 30, axis=0),
            np.vstack([np.zeros((60, 4)), np.random.default_rng(0).normal(size=(5, 4))]),
        ],
        ids=["one person", "two", "a dozen", "all the same", "one line", "three points", "mostly the same"],
    )
    def test_degenerate_input_gives_a_finite_map(self, vectors: np.ndarray) -> None:
        places = project({"a": vectors.astype(np.float32)}, {})[1]["a"]
        assert places.shape == (len(vectors), 2)
        assert np.isfinite(places).all()

    def test_umap_is_loaded_only_when_a_map_is_drawn(self) -> None:
        code = "import sys, fmm_core.audit.projection; sys.exit('umap' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

    def test_torch_has_as_many_threads_after_a_map_as_before(self) -> None:
        """Else as many as there are cores; two that wait for each other beside a busy process take 40 times as long."""
        code = (
            "import numpy as np, torch; from fmm_core.audit.projection import project; "
            "project({0: np.random.default_rng(0).normal(size=(60, 4)).astype('f4')}, {}); "
            "print(torch.get_num_threads())"
        )
        pinned = ("MKL_NUM_THREADS", "NUMBA_NUM_THREADS")  # by `conftest.py`, which would hide it
        env = {key: value for key, value in os.environ.items() if key not in pinned} | {"OMP_NUM_THREADS": "1"}
        said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
        assert said.stdout.strip() == "1", said.stderr


class TestNeighbourTable:
    def test_agrees_with_all_distances_sorted(self) -> None:
        points = np.random.default_rng(3).normal(size=(60, 5)).astype(np.float32)
        indices, distances = _neighbour_table(points, 7)
        every = cdist(points.astype(np.float64), points.astype(np.float64))
        assert_array_equal(indices, np.argsort(every, axis=1)[:, :7])
        assert_allclose(distances, np.sort(every, axis=1)[:, :7], atol=1e-6)

    def test_a_point_is_its_own_first_neighbour_even_among_its_doubles(self) -> None:
        points = np.repeat(np.random.default_rng(3).normal(1, size=(5, 64)), 4, axis=0).astype(np.float32)
        indices, distances = _neighbour_table(points, 4)
        assert_array_equal(indices[:, 0], np.arange(20))
        assert_array_equal(indices // 4, np.repeat(np.arange(5), 4)[:, None].repeat(4, axis=1))
        assert_array_equal(distances, np.zeros((20, 4)))


class TestStratified:
    def test_largest_remainders_by_hand(self) -> None:
        """60, 30 and 10 people, 7 places: 4.2, 2.1 and 0.7, so 4, 2, 0 and the last place to the last group."""
        group = np.repeat([0, 1, 2], [60, 30, 10]).astype(np.int16)
        assert_array_equal(np.bincount(group[stratified(100, [group], 7, seed=0)]), [4, 2, 1])

    def test_every_joint_group_keeps_its_share(self) -> None:
        gender, age = np.indices((2, 3)).reshape(2, 6).astype(np.int16)
        sizes = [10, 20, 30, 40, 50, 50]
        rows = stratified(200, [gender.repeat(sizes), age.repeat(sizes)], 20, seed=1)
        assert_array_equal(np.bincount(np.arange(6).repeat(sizes)[rows]), [1, 2, 3, 4, 5, 5])

    def test_rows_are_unique_ascending_and_follow_the_seed(self) -> None:
        group = (np.arange(500) % 2).astype(np.int16)
        first, again, other = (stratified(500, [group], 51, seed=seed) for seed in (1, 1, 2))
        assert (np.diff(first) > 0).all()
        assert_array_equal(first, again)
        assert len(first) == len(other) == 51
        assert not np.array_equal(first, other)

    def test_few_enough_people_are_all_taken(self) -> None:
        assert_array_equal(stratified(5, [], 5, seed=0), np.arange(5))
