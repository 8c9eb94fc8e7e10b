"""Stored and read back equal; the fingerprint follows the content."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fmm_core.data import storage, synthetic
from fmm_core.data.dataset import Dataset
from fmm_core.errors import DataError
from fmm_core.runs.files import read_json


@pytest.fixture(scope="module")
def data() -> Dataset:
    return synthetic.make(synthetic.SyntheticConfig(n_users=60, n_items=40, clicks=8))[0]


def test_read_back_equal(data: Dataset, tmp_path: Path) -> None:
    again = storage.load(storage.save(data, tmp_path))
    assert storage.fingerprint(again) == storage.fingerprint(data)
    assert again.titles == data.titles
    assert again.notes == data.notes
    assert again.item_noun == ("film", "films")
    assert (again.modalities["text"].features == data.modalities["text"].features).all()


def test_the_fingerprint_follows_content_not_names(data: Dataset) -> None:
    mark = storage.fingerprint(data)
    assert storage.fingerprint(replace(data, name="other", notes=())) == mark
    codes = data.attributes["gender"].codes.copy()
    codes[0] = 1 - codes[0]
    changed = replace(data, attributes=data.attributes | {"gender": replace(data.attributes["gender"], codes=codes)})
    assert storage.fingerprint(changed) != mark
    features = data.modalities["text"].features + np.float32(1e-3)
    louder = replace(data, modalities={**data.modalities, "text": replace(data.modalities["text"], features=features)})
    assert storage.fingerprint(louder) != mark


def test_saving_twice_is_saving_once(data: Dataset, tmp_path: Path) -> None:
    first = storage.save(data, tmp_path)
    assert storage.save(data, tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    assert first.name == f"synthetic-{storage.fingerprint(data)[:8]}"


def test_the_card_says_all_a_page_needs(data: Dataset, tmp_path: Path) -> None:
    card = read_json(storage.save(data, tmp_path) / "dataset.json")
    assert (card["n_users"], card["n_items"], card["n_pairs"]) == (60, 40, 480)
    assert card["density"] == 480 / 2400
    assert sum(group["count"] for group in card["attributes"]["gender"]["groups"]) == 60
    assert not card["attributes"]["handedness"]["offered"]
    assert card["attributes"]["handedness"]["reason"] == "fewer than two groups have 20 people"
    assert card["modalities"]["image"] == {
        "title": "Image", "dim": 32, "present": 40, "source": "made up, shows no genre",
    }  # fmt: skip


def test_a_damaged_folder_is_one_sentence(data: Dataset, tmp_path: Path) -> None:
    folder = storage.save(data, tmp_path)
    (folder / "pairs.npz").unlink()
    with pytest.raises(
        DataError, match=r"this is not a stored data set, or it is damaged\. Fetch or import it again\."
    ):
        storage.load(folder)
