"""Folders written by hand, good and broken; every broken one ends in one sentence."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from fmm_core.data.readers import sniff
from fmm_core.errors import DataError

TABLES = {
    "interactions.csv": "user_id,item_id\n007,a\n007,b\n8,a\n007,a\n",
    "users.csv": "user_id,gender\n007,F\n8,M\n9,F\n",
    "items.csv": "item_id,title,genres\na,Silent River,Drama|War\nb,Silent House,Drama\nc,Golden House,\n",
}
ATOMIC = {
    "toy.inter": "user_id:token\titem_id:token\ttimestamp:float\n1\tx\t5\n1\ty\t6\n2\tx\t7\n",
    "toy.user": "user_id:token\tgender:token\tzip_code:token\n1\tM\t111\n2\tF\t222\n",
    "toy.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "x\tToy\t1990\tComedy\ny\tHeat\t2000\tCrime Drama\n",
    "toy.kg": "head_id:token\trelation_id:token\ttail_id:token\nm1\tby\tp1\nm1\tin\tp2\nm2\tby\tp1\n",
    "toy.link": "item_id:token\tentity_id:token\nx\tm1\n",
}


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def features(path: Path, ids: list[str], rows: list[list[float]]) -> None:
    np.savez(path, item_id=np.array(ids), features=np.array(rows, np.float32))


def test_tables_keep_ids_as_text_and_merge_repeats(tmp_path: Path) -> None:
    data = sniff.read(folder(tmp_path, TABLES))
    assert data.users.tolist() == ["007", "8", "9"]
    assert data.items.tolist() == ["a", "b", "c"]
    assert list(zip(data.pairs.user.tolist(), data.pairs.item.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
    assert data.attributes["gender"].codes.tolist() == [0, 1, 0]
    assert [note.sentence for note in data.notes] == ["1 repeated interactions were merged."]


def test_titles_and_genres_become_modalities(tmp_path: Path) -> None:
    data = sniff.read(folder(tmp_path, TABLES))
    assert data.titles == ("Silent River", "Silent House", "Golden House")
    genre = data.modalities["genre"]
    assert genre.features[:2].tolist() == [[1, 1], [1, 0]]
    assert genre.present.tolist() == [True, True, False]
    assert genre.features[2].tolist() == [1, 0.5]
    assert data.modalities["text"].features.shape[0] == 3


def test_gzipped_tables_are_read(tmp_path: Path) -> None:
    files = dict(TABLES)
    text = files.pop("interactions.csv")
    folder(tmp_path, files)
    (tmp_path / "interactions.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert len(sniff.read(tmp_path).pairs.user) == 3


def test_missing_features_get_the_mean_and_are_counted(tmp_path: Path) -> None:
    folder(tmp_path, TABLES)
    features(tmp_path / "audio.npz", ["a", "c", "zz", "b"], [[1, 2], [3, 6], [9, 9], [np.nan, 1]])
    data = sniff.read(tmp_path)
    audio = data.modalities["audio"]
    assert audio.present.tolist() == [True, False, True]
    assert audio.features.tolist() == [[1, 2], [2, 4], [3, 6]]
    sentences = [note.sentence for note in data.notes if note.code.startswith("modality.audio")]
    assert sentences == [
        "1 of 3 items have no usable row in audio.npz; for audio they get the average.",
        "1 rows of audio.npz describe items that are not in the data; they were left out.",
    ]


def test_people_who_only_interact_are_kept_and_undisclosed(tmp_path: Path) -> None:
    files = TABLES | {"users.csv": "user_id,gender\n007,F\n9,M\n"}
    data = sniff.read(folder(tmp_path, files))
    assert data.users.tolist() == ["007", "9", "8"]
    assert data.attributes["gender"].codes.tolist() == [0, 1, -1]


def test_atomic_files(tmp_path: Path) -> None:
    data = sniff.read(folder(tmp_path, ATOMIC))
    assert data.users.tolist() == ["1", "2"]
    assert set(data.attributes) == {"gender"}  # a zip code identifies
    assert data.pairs.time is not None
    assert data.pairs.time.tolist() == [5, 6, 7]
    assert set(data.modalities) == {"text", "genre", "knowledge"}
    assert data.modalities["genre"].features[:, :3].tolist() == [[1, 0, 0], [0, 1, 1]]
    assert data.modalities["genre"].features[:, 3].tolist() == [-1, 1]
    assert data.modalities["knowledge"].present.tolist() == [True, False]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"users.csv": None}, "users.csv: this file is missing. Put it beside the others."),
        ({"users.csv": ""}, "users.csv: this file is empty. Export it again."),
        ({"users.csv": "user_id,gender\n"}, "users.csv: there is a header but no row. Export it again."),
        (
            {"interactions.csv": "who,item_id\n1,a\n"},
            'interactions.csv: there is no column "user_id". Its columns are: who, item_id. Rename the right one.',
        ),
        (
            {"interactions.csv": "user_id,item_id\n1,a\n,a\n2,a\n,b\n,b\n,c\n"},
            'interactions.csv, column "user_id": 4 empty values (rows 3, 5, 6, …). Fill or remove them.',
        ),
        (
            {"users.csv": "user_id,gender\n1,F\n2,M\n1,M\n"},
            'users.csv, column "user_id": 1 repeated ids (row 4). Keep one row per id.',
        ),
        (
            {"interactions.csv": "user_id,item_id,time\n1,a,5\n2,a,noon\n"},
            'interactions.csv, column "time": 1 values are not numbers (row 3). Correct or remove them.',
        ),
    ],
)
def test_a_broken_table_is_one_sentence(tmp_path: Path, changed: dict[str, str | None], sentence: str) -> None:
    files = {name: text for name, text in (TABLES | changed).items() if text is not None}
    with pytest.raises(DataError) as caught:
        sniff.read(folder(tmp_path, files))
    assert str(caught.value) == sentence


def test_a_binary_table_is_one_sentence(tmp_path: Path) -> None:
    folder(tmp_path, TABLES)
    (tmp_path / "users.csv").write_bytes(b"\xff\xfe\x00\x01\x80\x81")
    with pytest.raises(DataError, match=r"users\.csv: this file can't be read as text in UTF-8"):
        sniff.read(tmp_path)


def test_a_folder_of_nothing_known_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file here is known\. Name interactions\.csv and users\.csv"):
        sniff.read(tmp_path)


def test_broken_features_are_one_sentence(tmp_path: Path) -> None:
    folder(tmp_path, TABLES)
    path = tmp_path / "audio.npz"
    np.savez(path, ids=np.array(["a"]))
    with pytest.raises(DataError, match=r"audio\.npz: there is no array item_id or features"):
        sniff.read(tmp_path)
    np.savez(path, item_id=np.array([{"a": 1}], dtype=object), features=np.ones((1, 2)))
    with pytest.raises(DataError, match=r"audio\.npz: this file is no npz of plain numbers"):
        sniff.read(tmp_path)
    np.savez(path, item_id=np.array(["a", "b"]), features=np.ones((1, 2)))
    with pytest.raises(DataError, match=r"item_id has 2 entries and features the shape \(1, 2\)"):
        sniff.read(tmp_path)
    features(path, ["a", "a"], [[1], [2]])
    with pytest.raises(DataError, match=r"audio\.npz: 1 repeated ids\. Keep one row per id\."):
        sniff.read(tmp_path)
