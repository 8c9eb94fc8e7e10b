"""A run on vectors from a file: they meet the data by id, and the file counts by its content."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.experiment import _prepare, _pretrain
from fmm_core.runs.inputs import Inputs
from fmm_core.runs.report import Reporter
from fmm_core.runs.steps import Step, StepCache
from fmm_core.runs.store import Store
from fmm_core.runs.vectors import load_representations
from fmm_core.runs.worker import execute


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def inputs(store: Store) -> Inputs:
    return begun(store, make_config("synthetic", recommender="bpr", settings={"recommender.epochs": 1}))[1]


def begun(store: Store, config: RunConfig) -> tuple[RunConfig, Inputs, Step]:
    """The first two stages of a run: what it reads, and its base."""
    run = store.new_run(config)
    reporter = Reporter(run)
    reporter.plan(config.stages, trained=False)
    with reporter.stage("prepare") as stage:
        config, inputs = _prepare(run, store, stage)
    with reporter.stage("pretrain") as stage:
        return run.config(), inputs, _pretrain(StepCache(store.cache_dir, config.fingerprint), config, inputs, stage)


def vectors(inputs: Inputs, path: Path, seed: int = 0) -> Path:
    """A vector for everybody, in another order than the data set's: its first number is the place there."""
    rng, stored = np.random.default_rng(seed), {}
    for name, ids in (("user", inputs.dataset.users), ("item", inputs.dataset.items)):
        order = rng.permutation(len(ids))
        stored |= {f"{name}_id": ids[order], name: np.column_stack([order, rng.normal(size=(len(ids), 3))])}
    np.savez(path, **stored)
    return path


def from_file(path: Path) -> RunConfig:
    settings = {"recommender.path": str(path)}
    return make_config("synthetic", recommender="pretrained", preset="quick", settings=settings)


def test_vectors_meet_the_data_by_id(store: Store, inputs: Inputs, tmp_path: Path) -> None:
    _, _, step = begun(store, from_file(vectors(inputs, tmp_path / "vectors.npz")))
    base = load_representations(step.folder / "base.npz")
    assert_array_equal(base.user[:, 0], np.arange(inputs.dataset.n_users))
    assert_array_equal(base.item[:, 0], np.arange(inputs.dataset.n_items))


def test_a_file_counts_by_its_content_not_by_its_name(store: Store, inputs: Inputs, tmp_path: Path) -> None:
    path = vectors(inputs, tmp_path / "one.npz", seed=1)
    first = begun(store, from_file(path))[2]
    moved = begun(store, from_file(path.rename(tmp_path / "two.npz")))[2]
    other = begun(store, from_file(vectors(inputs, tmp_path / "two.npz", seed=2)))[2]
    assert [step.reused for step in (first, moved, other)] == [False, True, False]
    assert moved.key == first.key


def test_a_run_says_which_file_it_was_and_is_not_repeated_with_another(
    store: Store, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    vectors(inputs, tmp_path / "vectors.npz", seed=3)
    config, *_ = begun(store, from_file(Path("vectors.npz")))
    assert config.recommender.path == str(tmp_path / "vectors.npz")
    vectors(inputs, tmp_path / "vectors.npz", seed=4)
    elsewhere = Store(tmp_path / "elsewhere")
    status = execute(elsewhere.new_run(config), elsewhere)
    assert status.state == "failed"
    assert status.error is not None
    assert (status.error.code, status.error.where) == ("vectors.changed", str(tmp_path / "vectors.npz"))


def test_a_file_that_is_not_there_ends_in_a_sentence(store: Store, tmp_path: Path) -> None:
    status = execute(store.new_run(from_file(tmp_path / "nowhere.npz")), store)
    assert status.error is not None
    assert status.error.what == "there is no such file, or it can't be read"
    assert status.error.where == str(tmp_path / "nowhere.npz")
