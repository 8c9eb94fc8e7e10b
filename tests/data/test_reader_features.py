"""Features by item id: in any order, with gaps, or refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_worlds import claim_unknown_compression, spoil_compression, write_files

from fmm_core.data.readers import tables
from fmm_core.data.readers.features import read_features
from fmm_core.errors import DataError

ITEMS = np.array(["a", "b", "c"])
RECIPE = "Save it with np.savez(file, item_id=…, features=…): numbers, one row per id."
UNREADABLE = ("data.unreadable", f"audio.npz: this file is no npz of plain numbers. {RECIPE}")


def refusal(path: Path) -> tuple[str, str]:
    """Code and words."""
    with pytest.raises(DataError) as caught:
        read_features(path, ITEMS)
    return caught.value.code, str(caught.value)


def saved(folder: Path, **arrays: object) -> Path:
    path = folder / "audio.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_rows_are_put_in_the_order_of_the_items(tmp_path: Path) -> None:
    path = saved(tmp_path, item_id=["c", "a", "b"], features=[[3, 0], [1, 0], [2, 0]])
    modality, notes = read_features(path, ITEMS)
    assert modality.features.tolist() == [[1, 0], [2, 0], [3, 0]]
    assert modality.features.dtype == np.float32
    assert modality.present.all()
    assert modality.source == "audio.npz"
    assert notes == []


def test_ids_may_be_whole_numbers(tmp_path: Path) -> None:
    modality, _ = read_features(saved(tmp_path, item_id=[2, 1], features=[[2.0], [1.0]]), np.array(["1", "2"]))
    assert modality.features.tolist() == [[1], [2]]


def test_gaps_get_the_mean_and_are_counted(tmp_path: Path) -> None:
    path = saved(tmp_path, item_id=["a", "b", "c", "x"], features=[[1.0, 2], [3, 6], [np.nan, 0], [9, 9]])
    modality, notes = read_features(path, np.array(["a", "b", "c", "d"]))
    assert modality.features.tolist() == [[1, 2], [3, 6], [2, 4], [2, 4]]
    assert modality.present.tolist() == [True, True, False, False]
    assert [(note.code, note.count, note.sentence) for note in notes] == [
        ("modality.audio.imputed", 2, "2 of 4 items have no usable row in audio.npz; for audio they get the average."),
        ("modality.audio.unknown", 1, "1 row describes an item that is in audio.npz and not in the data; left out."),
    ]


@pytest.mark.parametrize("arrays", [{"features": [[1.0]]}, {"item_id": ["a"]}, {"ids": ["a"], "features": [[1.0]]}])
def test_a_missing_array_is_said(tmp_path: Path, arrays: dict[str, object]) -> None:
    words = f"audio.npz: there is no array item_id or features. {RECIPE}"
    assert refusal(saved(tmp_path, **arrays)) == ("data.no_array", words)


@pytest.mark.parametrize(
    ("ids", "features", "what"),
    [
        (["a", "b"], np.ones((3, 2)), "item_id has the shape (2,) and features the shape (3, 2)"),
        (["a", "b"], np.ones(2), "item_id has the shape (2,) and features the shape (2,)"),
        (["a", "b"], np.ones((2, 0)), "item_id has the shape (2,) and features the shape (2, 0)"),
        ([["a"], ["b"]], np.ones((2, 1)), "item_id has the shape (2, 1) and features the shape (2, 1)"),
    ],
)
def test_unequal_shapes_are_said(tmp_path: Path, ids: object, features: object, what: str) -> None:
    words = f"audio.npz: {what}. One row of features per id is needed."
    assert refusal(saved(tmp_path, item_id=ids, features=features)) == ("data.shape", words)


@pytest.mark.parametrize(
    ("ids", "what"), [(["a", "a", "b", "c"], "1 repeated id"), (["a", "a", "a", "b"], "2 repeated ids")]
)
def test_an_id_twice_is_refused(tmp_path: Path, ids: list[str], what: str) -> None:
    words = f"audio.npz: {what}. Keep one row per id."
    assert refusal(saved(tmp_path, item_id=ids, features=np.ones((4, 1)))) == ("data.duplicate_ids", words)


def test_ids_of_another_kind_are_refused(tmp_path: Path) -> None:
    words = 'audio.npz: none of its 2 ids is an item of the data ("1.0", "2.0"). Write them the same way in all files.'
    assert refusal(saved(tmp_path, item_id=[1.0, 2.0], features=np.ones((2, 1)))) == ("data.unknown_ids", words)


def test_features_without_a_number_are_refused(tmp_path: Path) -> None:
    words = f"audio.npz: no row is all numbers. {RECIPE}"
    assert refusal(saved(tmp_path, item_id=["a"], features=[[np.inf]])) == ("data.not_a_number", words)


@pytest.mark.parametrize("content", [b"", b"no npz", b"PK\x03\x04 cut off"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audio.npz"
    path.write_bytes(content)
    assert refusal(path) == UNREADABLE


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.npz"
    with path.open("wb") as file:
        np.save(file, np.ones((3, 2)))
    assert refusal(path) == UNREADABLE


def test_words_instead_of_numbers_are_refused(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path, item_id=["a"], features=[["loud"]])) == UNREADABLE


def test_a_spoilt_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.npz"
    np.savez_compressed(path, item_id=ITEMS, features=np.ones((3, 2)))
    spoil_compression(path)
    assert refusal(path) == UNREADABLE


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.npz"
    np.savez_compressed(path, item_id=ITEMS, features=np.ones((3, 2)))
    claim_unknown_compression(path)
    assert refusal(path) == UNREADABLE


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    path = saved(tmp_path, item_id=np.array(["a", {"b": 1}], dtype=object), features=np.ones((2, 1)))
    assert refusal(path) == UNREADABLE


def test_a_table_of_numbers_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "audio.csv").write_text("item_id,x,y\nb,3,\na,1,2\nx,9,9\n")
    modality, notes = read_features(tmp_path / "audio.csv", np.array(["a", "b"]))
    assert (modality.features.tolist(), modality.present.tolist()) == ([[1, 2], [1, 2]], [True, False])
    assert [note.code for note in notes] == ["modality.audio.imputed", "modality.audio.unknown"]
    pd.DataFrame({"item_id": ["b", "a"], "v": [[3.0, 4.0], [1.0, 2.0]]}).to_parquet(tmp_path / "audio.parquet")
    modality, notes = read_features(tmp_path / "audio.parquet", np.array(["a", "b"]))
    assert (modality.features.tolist(), notes) == ([[1, 2], [3, 4]], [])


def test_a_table_without_ids_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audio.csv").write_text("x,y\n1,2\n")
    words = "audio.csv: it does not say which item a row describes. Add a column item_id."
    assert refusal(tmp_path / "audio.csv") == ("data.no_ids", words)


def test_text_of_your_own_takes_the_place_of_titles(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "interactions.csv": "user_id,item_id\n1,a\n2,b\n",
            "users.csv": "user_id,gender\n1,F\n2,M\n",
            "items.csv": "item_id,title\na,A Story\nb,B Story\n",
        },
    )
    np.savez(tmp_path / "text.npz", item_id=["a", "b"], features=[[1.0], [2.0]])
    text = tables.read(tmp_path).modalities["text"]
    assert (text.source, text.features.tolist()) == ("text.npz", [[1], [2]])
