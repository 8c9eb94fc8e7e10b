"""Spoilt uploads end in a data set or in a sentence; the long form is `python bench/fuzz.py`."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "fuzz.py"
AT_ONCE = 75


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_every_upload_ends_in_a_data_set_or_a_sentence(fuzz: ModuleType, seed: int) -> None:
    found = fuzz.run(AT_ONCE, seed)
    assert found.wrong == []
    assert found.ends["data set"] > 0
    assert len(found.ends) > 5


def test_the_files_it_spoils_can_be_read(fuzz: ModuleType, tmp_path: Path) -> None:
    for number, world in enumerate(fuzz.WORLDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert fuzz._read(fuzz._written(folder, world(fuzz.np.random.default_rng(0))), 0, fuzz.Found()) == "data set"
