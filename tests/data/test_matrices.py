"""Matrices of numbers from every kind of file, and what is said of each broken one."""

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fmm_core.data import matrices, matrix_checks, matrix_text
from fmm_core.data.matrices import matrix_name, read_matrix
from fmm_core.errors import DataError

SAVE = "Save it again as plain numbers."


def refusal(path: Path) -> tuple[str, str]:
    """Code and words."""
    with pytest.raises(DataError) as caught:
        read_matrix(path)
    return caught.value.code, str(caught.value)


def written(folder: Path, text: str | bytes, name: str = "v.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str, name: str = "v.csv") -> tuple[list[str] | None, list[list[float]]]:
    matrix = read_matrix(written(folder, text, name))
    assert matrix.values.dtype == np.float32
    return None if matrix.ids is None else matrix.ids.tolist(), matrix.values.tolist()


@pytest.mark.parametrize("name", ["user_id", "userID", "uid", "ID", "ids", "item_ids", "user", "id:token"])
def test_names_that_say_id(name: str) -> None:
    assert matrix_checks.says_id(name)


@pytest.mark.parametrize("name", ["width", "video_1", "hidden_0", "x", "user_bias", "side", "idle"])
def test_names_that_do_not_say_id(name: str) -> None:
    assert not matrix_checks.says_id(name)


def test_a_name_without_its_ending() -> None:
    names = [matrix_name(Path(name)) for name in ("audio.csv.gz", "audio.npz", "image.v2.parquet")]
    assert names == ["audio", "audio", "image.v2"]


# npz and npy


def test_npz_with_ids(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", user_id=["007", "7"], vectors=[[1, 2], [3, 4]], note="x")
    matrix = read_matrix(tmp_path / "v.npz")
    assert matrix.ids is not None
    assert (matrix.ids.tolist(), matrix.values.tolist()) == (["007", "7"], [[1, 2], [3, 4]])


def test_npz_without_ids(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", vectors=[[1.5, np.nan]])
    matrix = read_matrix(tmp_path / "v.npz")
    assert matrix.ids is None
    np.testing.assert_array_equal(matrix.values, [[1.5, np.nan]])


def test_npy_keeps_what_is_not_finite(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", [[1e300, -np.inf], [np.nan, 2]])
    matrix = read_matrix(tmp_path / "v.npy")
    assert matrix.ids is None
    np.testing.assert_array_equal(matrix.values, [[np.inf, -np.inf], [np.nan, 2]])


@pytest.mark.parametrize(
    ("arrays", "code", "words"),
    [
        (
            {"user_id": ["a"], "user": [[1]], "item_id": ["b"], "item": [[1]]},
            "data.ambiguous",
            "it holds several tables of numbers: user, item. Keep the one that is meant, with its ids.",
        ),
        (
            {"user_id": ["a"], "item_id": ["b"], "item": [[1]]},
            "data.ambiguous",
            "it holds several lists of ids: user_id, item_id. Keep the one that is meant, with its ids.",
        ),
        (
            {"user_id": ["a", "b"], "words": [["x"], ["y"]]},
            "data.no_array",
            "there is no table of numbers in it. Its arrays are: user_id (2,), words (2, 1). "
            "One row of numbers per id is needed.",
        ),
        (
            {"ids": ["a", "b"], "v": [[1]]},
            "data.shape",
            "it has 2 ids and 1 rows of numbers. One row per id is needed.",
        ),
        ({"ids": [], "v": np.ones((0, 2))}, "data.no_rows", "there is no row. Export it again."),
        (
            {"ids": ["a"], "v": np.ones((1, 0))},
            "data.shape",
            "there are no numbers in it. One row of numbers per id is needed.",
        ),
        (
            {"v": np.ones((1, 20_001), np.int8)},
            "data.too_wide",
            "it has 20,001 columns, and 20,000 is the most. Reduce them first, for example by an SVD.",
        ),
    ],
)
def test_an_npz_that_does_not_say_what_is_meant(
    tmp_path: Path, arrays: dict[str, object], code: str, words: str
) -> None:
    np.savez(tmp_path / "v.npz", **arrays)  # type: ignore[arg-type]
    assert refusal(tmp_path / "v.npz") == (code, f"v.npz: {words}")


def test_repeated_ids_of_arrays_are_counted_from_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", ids=["a", "b", "a"], v=np.ones((3, 1)))
    words = 'v.npz, column "ids": 1 repeated id (row 3). Keep one row per id.'
    assert refusal(tmp_path / "v.npz") == ("data.duplicate_ids", words)


PICKLED = f"it holds Python objects, which could run code and are never opened. {SAVE}"


class Bomb:
    """Unpickling it would leave a trace."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return (exec, ("import pathlib; pathlib.Path('exploded').write_text('x')", "x"))


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = np.array([[1.0, Bomb()]], dtype=object)
    np.save(tmp_path / "v.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "v.npz", v=objects)
    written(tmp_path, pickle.dumps(objects), "bare.npy")
    for name in ("v.npy", "v.npz"):
        assert refusal(tmp_path / name) == ("data.pickled", f"{name}: {PICKLED}")
    assert refusal(tmp_path / "bare.npy")[0] == "data.unreadable"
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("array", "words"), [(np.ones(3), "float64 of the shape (3,)"), (np.array([["a"]]), "str32 of the shape (1, 1)")]
)
def test_an_npy_of_another_shape(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "v.npy", array)
    sentence = f"v.npy: it holds {words}. Rows and columns of numbers are needed."
    assert refusal(tmp_path / "v.npy") == ("data.shape", sentence)


def test_an_npy_that_claims_more_than_it_holds(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((1, 2)))
    content = (tmp_path / "v.npy").read_bytes().replace(b"(1, 2)", b"(9, 2)")
    assert refusal(written(tmp_path, content, "v.npy"))[0] == "data.unreadable"


@pytest.mark.parametrize("name", ["v.npz", "v.npy", "v.parquet", "v.csv.gz"])
@pytest.mark.parametrize("content", [b"", b"no numbers", b"PK\x03\x04 cut off", b"PAR1", b"\x93NUMPY\x01"])
def test_another_kind_of_file(tmp_path: Path, name: str, content: bytes) -> None:
    code, words = refusal(written(tmp_path, content, name))
    if (name, content) == ("v.csv.gz", b""):  # nothing packed is nothing
        assert (code, words) == ("data.empty", "v.csv.gz: this file is empty. Export it again.")
    else:
        assert (code, words) == (
            "data.unreadable",
            f"{name}: this file is damaged, or not what its name says. {SAVE}",
        )


def test_other_endings_and_missing_files(tmp_path: Path) -> None:
    mend = "Save it as one of: .npz, .npy, .csv, .csv.gz, .tsv, .tsv.gz, .parquet."
    words = f"v.pkl: numbers can't be read from this kind of file. {mend}"
    assert refusal(tmp_path / "v.pkl") == ("data.kind", words)
    assert refusal(tmp_path / "v.npy") == ("data.missing", "v.npy: this file is missing. Check the path.")
    assert refusal(tmp_path / "v.parquet")[0] == "data.missing"
    assert refusal(tmp_path / "v.csv")[0] == "data.missing"


def test_more_than_two_gib_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve numbers of four bytes are 48."""
    np.save(tmp_path / "v.npy", np.ones((3, 4)))
    pd.DataFrame({"id": [1, 2, 3], "v": [[1.0] * 4] * 3}).to_parquet(tmp_path / "v.parquet")
    monkeypatch.setattr(matrix_checks, "MOST_BYTES", 48)
    assert read_matrix(tmp_path / "v.npy").values.shape == (3, 4)
    monkeypatch.setattr(matrix_checks, "MOST_BYTES", 47)
    monkeypatch.setattr("fmm_core.data.matrix_parquet.MOST_BYTES", 47)
    for name in ("v.npy", "v.parquet"):
        assert refusal(tmp_path / name)[0] == "data.too_large"
    np.savez(tmp_path / "v.npz", v=np.ones((3, 4)))
    monkeypatch.setattr(matrices, "MOST_BYTES", 47)
    words = "v.npz: it holds more than 0 GiB. Take fewer rows or columns."
    assert refusal(tmp_path / "v.npz") == ("data.too_large", words)


# csv and tsv


@pytest.mark.parametrize(
    ("text", "ids", "values"),
    [
        ("user_id,a,b\n007,1,2\n7,3,4\n", ["007", "7"], [[1, 2], [3, 4]]),
        ("\ufeffuser_id,a\r\nNA,1\r\nnull,2\r\n", ["NA", "null"], [[1], [2]]),
        ("who,a\nann,1\nbob,2\n", ["ann", "bob"], [[1], [2]]),
        (",a\n0,1\n1,2\n", ["0", "1"], [[1], [2]]),
        ("x,width\n1,2\n3,4\n", None, [[1, 2], [3, 4]]),
        ("0,1\n5,6\n", None, [[5, 6]]),
        ('\nid,a\n"x, y",1\n\n"say ""z""",2\n\n', ["x, y", 'say "z"'], [[1], [2]]),
        ("id,a,a\n1,2,-inf\n", ["1"], [[2, -np.inf]]),
    ],
)
def test_tables_with_and_without_ids(
    tmp_path: Path, text: str, ids: list[str] | None, values: list[list[float]]
) -> None:
    assert read(tmp_path, text) == (ids, values)
    assert read(tmp_path, text.replace(",", "\t"), "v.tsv")[1] == values


def test_an_empty_cell_is_not_a_number(tmp_path: Path) -> None:
    matrix = read_matrix(written(tmp_path, "id,a,b\nx,,1\ny,nan,2\n"))
    np.testing.assert_array_equal(matrix.values, [[np.nan, 1], [np.nan, 2]])


def test_compressed_tables(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"id,a\nx,1\n"), "v.csv.gz")
    assert read_matrix(path).values.tolist() == [[1]]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            "id,a\n1,2\n2,3,4\n\n3\n4,1,\n5\n",
            "data.ragged",
            "v.csv: rows have different lengths (rows 3, 5, 6, …). Give every row the same columns.",
        ),
        (
            "id,a\nx,1\ny,two\n\nz,3\nw,loud\n",
            "data.not_a_number",
            'v.csv, column "a": 2 values are not numbers (rows 3, 6). Correct or remove them.',
        ),
        (
            "x,a\n1,1\n2,1\nthree,1\n",
            "data.not_a_number",
            'v.csv, column "x": 1 value is not a number (row 4). Correct or remove them.',
        ),
        (
            "id,a\nx,1\nx,2\ny,1\nx,3\n",
            "data.duplicate_ids",
            'v.csv, column "id": 2 repeated ids (rows 3, 5). Keep one row per id.',
        ),
        (
            "id,a\n ,1\n",
            "data.empty_values",
            'v.csv, column "id": 1 empty value (row 2). Fill or remove them.',
        ),
        ("", "data.empty", "v.csv: this file is empty. Export it again."),
        ("id,a\n", "data.no_rows", "v.csv: there is no row. Export it again."),
        ("id\nx\n", "data.shape", "v.csv: there are no numbers in it. One row of numbers per id is needed."),
        (
            "7,0.5\n8,0.25\n",
            "data.no_header",
            "v.csv: its first row is numbers, not names. Put a first row that names the columns.",
        ),
        (
            "id," + ",".join(["a"] * 100_000) + "\n1\n",
            "data.too_wide",
            "v.csv: it has 100,001 columns, and 20,000 is the most. Reduce them first, for example by an SVD.",
        ),
        ('id,a\n"x,1\ny,2\n', "data.unreadable", f"v.csv: this file is damaged, or not what its name says. {SAVE}"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path: Path, text: str, code: str, words: str) -> None:
    assert refusal(written(tmp_path, text)) == (code, words)


@pytest.mark.parametrize("content", ["id,a\nö,1\n".encode("latin-1"), "id,a\nx,1\n".encode("utf-16")])
def test_other_encodings_are_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, content))[0] == "data.unreadable"


def test_lines_and_packed_files_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, gzip.compress(b"id,a\n" + b"x,1\n" * 5), "v.csv.gz")
    monkeypatch.setattr(matrix_text, "MOST_BYTES", 24)
    assert refusal(path)[0] == "data.too_large"
    assert refusal(written(tmp_path, "id,a\nx,111111\nx,1\n"))[0] == "data.duplicate_ids"
    monkeypatch.setattr(matrix_text, "LONGEST_LINE", 8)
    assert refusal(written(tmp_path, "id,a\nx,111111\nx,1\n"))[0] == "data.too_large"


# parquet


def parquet(folder: Path, columns: dict[str, object], **options: object) -> Path:
    pd.DataFrame(columns, **options).to_parquet(folder / "v.parquet")  # type: ignore[call-overload]
    return folder / "v.parquet"


@pytest.mark.parametrize(
    ("columns", "options", "ids", "values"),
    [
        ({"a": [1, 2], "user_id": ["007", "7"]}, {}, ["007", "7"], [[1], [2]]),
        ({"user_id": [7, 8], "a": [1.5, 2], "b": [True, False]}, {}, ["7", "8"], [[1.5, 1], [2, 0]]),
        ({"who": ["x", "y"], "a": [1, 2]}, {}, ["x", "y"], [[1], [2]]),
        ({"a": [1, 2]}, {"index": ["x", "y"]}, ["x", "y"], [[1], [2]]),
        ({"id": ["x", "y"], "a": [1, 2]}, {"index": [5, 6]}, ["x", "y"], [[1], [2]]),
        ({"a": [1, 2], "width": [3, 4]}, {}, None, [[1, 3], [2, 4]]),
        ({"id": ["x", "y"], "vector": [[1.0, 2], [3, np.inf]]}, {}, ["x", "y"], [[1, 2], [3, np.inf]]),
        ({"item": ["x", "y"], "user": [[1], [2]]}, {}, ["x", "y"], [[1], [2]]),
    ],
)
def test_parquet_in_columns_or_lists(
    tmp_path: Path, columns: dict[str, object], options: dict[str, object], ids: list[str] | None, values: object
) -> None:
    matrix = read_matrix(parquet(tmp_path, columns, **options))
    assert (None if matrix.ids is None else matrix.ids.tolist(), matrix.values.tolist()) == (ids, values)


def test_lists_of_a_fixed_size_and_gaps(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as pq

    fixed = pa.array([[1, 2], [3, None]], pa.list_(pa.float32(), 2))
    pq.write_table(pa.table({"id": ["x", "y"], "v": fixed}), tmp_path / "v.parquet")
    np.testing.assert_array_equal(read_matrix(tmp_path / "v.parquet").values, [[1, 2], [3, np.nan]])
    path = parquet(tmp_path, {"id": ["x", "y"], "a": [1.0, None]})
    np.testing.assert_array_equal(read_matrix(path).values, [[1], [np.nan]])


@pytest.mark.parametrize(
    ("columns", "code", "words"),
    [
        (
            {"id": list("abcde"), "v": [[1, 2], [1], [1, 2], [], [1, 2]]},
            "data.ragged",
            "v.parquet: rows have different lengths (rows 3, 5). Give every row the same columns.",
        ),
        (
            {"id": ["x", "y", "z"], "a": [1, 2, 3], "b": ["1", None, "2"]},
            "data.not_a_number",
            'v.parquet, column "b": 2 values are not numbers (rows 2, 4). Correct or remove them.',
        ),
        (
            {"id": ["x"], "b": [["u", "v"]]},
            "data.not_a_number",
            'v.parquet, column "b": 1 value is not a number (row 2). Correct or remove them.',
        ),
        (
            {"id": ["x", "x"], "a": [1, 2]},
            "data.duplicate_ids",
            'v.parquet, column "id": 1 repeated id (row 3). Keep one row per id.',
        ),
        (
            {"id": ["x", None], "a": [1, 2]},
            "data.empty_values",
            'v.parquet, column "id": 1 empty value (row 3). Fill or remove them.',
        ),
        (
            {"user_id": ["x"], "item_id": ["y"], "a": [1]},
            "data.ambiguous",
            "v.parquet: several columns could be the id: user_id, item_id. Keep the one that is meant.",
        ),
        ({"id": [], "a": []}, "data.no_rows", "v.parquet: there is no row. Export it again."),
        (
            {"id": ["x"]},
            "data.shape",
            "v.parquet: there are no numbers in it. One row of numbers per id is needed.",
        ),
        (
            {"id": ["x"], "v": [np.array([], float)]},
            "data.shape",
            "v.parquet: there are no numbers in it. One row of numbers per id is needed.",
        ),
    ],
)
def test_what_is_wrong_with_a_parquet(tmp_path: Path, columns: dict[str, object], code: str, words: str) -> None:
    assert refusal(parquet(tmp_path, columns)) == (code, words)
