"""The step cache: equal steps run once, broken ones leave nothing."""

from pathlib import Path

import pytest

from fmm_core.runs.steps import StepCache, source_digest


class Counter:
    """A step that counts how often it was made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, folder: Path) -> None:
        self.made += 1
        (folder / "result.txt").write_text(str(self.made), encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path) -> StepCache:
    return StepCache(tmp_path / "cache", "f" * 64)


def test_an_equal_step_is_made_once(cache: StepCache) -> None:
    produce = Counter()
    first = cache.run("step", {"a": 1}, produce, rooms=())
    second = cache.run("step", {"a": 1}, produce, rooms=())
    assert produce.made == 1
    assert (first.reused, second.reused) == (False, True)
    assert second.folder == first.folder
    assert (second.folder / "result.txt").read_text(encoding="utf-8") == "1"


def test_other_settings_or_upstream_make_another_step(cache: StepCache) -> None:
    produce = Counter()
    one = cache.run("step", {"a": 1}, produce, rooms=())
    two = cache.run("step", {"a": 2}, produce, rooms=())
    after_one = cache.run("next", {}, produce, rooms=(), upstream=(one,))
    after_two = cache.run("next", {}, produce, rooms=(), upstream=(two,))
    assert produce.made == 4
    assert len({one.folder, two.folder, after_one.folder, after_two.folder}) == 4


def test_a_broken_step_leaves_nothing(cache: StepCache) -> None:
    def breaks(folder: Path) -> None:
        (folder / "half.txt").touch()
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        cache.run("step", {}, breaks, rooms=())
    assert list(cache.folder.iterdir()) == []
    assert not cache.run("step", {}, Counter(), rooms=()).reused


def test_a_step_without_its_mark_is_made_again(cache: StepCache) -> None:
    step = cache.run("step", {}, Counter(), rooms=())
    (step.folder / "DONE").unlink()
    assert not cache.run("step", {}, Counter(), rooms=()).reused
    assert (step.folder / "DONE").exists()


def test_rooms_have_different_digests() -> None:
    assert source_digest("metrics") != source_digest("data")
