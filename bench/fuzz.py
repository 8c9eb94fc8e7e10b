"""Spoil real files in many ways and read them: `python bench/fuzz.py [--count 5000] [--seed 0] [--keep FOLDER]`.

Every reading must end in a data set or in a DataError. What ends otherwise is kept in FOLDER and named by its number,
with which it can be made again. Prints how many ended how, the slowest reading and the peak of memory.
"""

import argparse
import io
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fmm_core.data.readers import sniff
from fmm_core.data.sources import opened
from fmm_core.errors import DataError

Files = dict[str, bytes]
N_USERS, N_ITEMS, N_CLICKS = 60, 40, 600
HUGE = (
    b"9" * 400,
    b"1e999",
    b"-1",
    b"NaN",
    b"",
    b"\xff\xfe",
    b"0.1",
    b"=1+1",
    b"<script>",
    "é".encode(),
    b'"',
    b"x" * 50_000,
)
ODD_NAMES = (
    "../out.csv",
    "/etc/passwd",
    "a/../../b.csv",
    "C:\\x.csv",
    "inner.zip",
    "con\n.csv",
    "users.csv",
    "USERS.CSV",
)


def _frames(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clicks, people and items of a small shop."""
    clicks = pd.DataFrame(
        {
            "user_id": rng.integers(1, N_USERS + 1, N_CLICKS),
            "item_id": rng.integers(1, N_ITEMS + 1, N_CLICKS),
            "rating": rng.integers(1, 6, N_CLICKS),
            "timestamp": rng.integers(9e8, 1e9, N_CLICKS),
        }
    )
    people = pd.DataFrame({"user_id": range(1, N_USERS + 1)})
    people["gender"], people["age"] = rng.choice(["F", "M"], N_USERS), rng.integers(15, 70, N_USERS)
    items = pd.DataFrame({"item_id": range(1, N_ITEMS + 1)})
    items["title"] = [f"Film {number % 9} of {number % 7} (19{number:02})" for number in items["item_id"]]
    items["genres"] = rng.choice(["Comedy|Drama", "Drama", "War"], N_ITEMS)
    return clicks, people, items


def _tables(rng: np.random.Generator) -> Files:
    clicks, people, items = _frames(rng)
    files = {f"{name}.csv": frame.to_csv(index=False).encode()
             for name, frame in (("interactions", clicks), ("users", people), ("items", items))}  # fmt: skip
    return files | {"audio.npz": _npz(item_id=items["item_id"], features=rng.normal(size=(N_ITEMS, 4)))}


def _npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _parquet(rng: np.random.Generator) -> Files:
    clicks, people, items = _frames(rng)
    vectors = items[["item_id"]].assign(v=list(rng.normal(size=(N_ITEMS, 3))))
    named = {"events.parquet": clicks, "people.parquet": people, "sound_features.parquet": vectors}
    return {name: frame.to_parquet() for name, frame in named.items()}


def _book(rng: np.random.Generator) -> Files:
    clicks, people, _ = _frames(rng)
    file = io.BytesIO()
    with pd.ExcelWriter(file) as book:
        clicks.head(100).to_excel(book, sheet_name="clicks", index=False)
        people.to_excel(book, sheet_name="people", index=False)
    return {"shop.xlsx": file.getvalue()}


def _lines(frame: pd.DataFrame, separator: str) -> bytes:
    return "".join(separator.join(map(str, row)) + "\n" for row in frame.itertuples(index=False)).encode("latin-1")


def _movielens_1m(rng: np.random.Generator) -> Files:
    clicks, people, items = _frames(rng)
    people = people[["user_id", "gender", "age"]].assign(occupation=1, zip="12345")
    return {"ratings.dat": _lines(clicks, "::"), "users.dat": _lines(people, "::"), "movies.dat": _lines(items, "::")}


def _movielens_100k(rng: np.random.Generator) -> Files:
    clicks, people, items = _frames(rng)
    people = people[["user_id", "age", "gender"]].assign(occupation="writer", zip="12345")
    items = items[["item_id", "title"]].assign(date="01-Jan-1995", video="", link="http", unknown=0, drama=1)
    genres = b"unknown|0\nDrama|1\n"
    return {
        "u.data": _lines(clicks, "\t"),
        "u.user": _lines(people, "|"),
        "u.item": _lines(items, "|"),
        "u.genre": genres,
    }


def _recbole(rng: np.random.Generator) -> Files:
    clicks, people, items = _frames(rng)
    items["vector"] = [" ".join(map(str, row)) for row in rng.normal(size=(N_ITEMS, 3)).round(3)]
    types = {"title": "token_seq", "genres": "token_seq", "vector": "float_seq", "age": "float", "timestamp": "float"}
    files = {}
    for ending, frame in (("inter", clicks), ("user", people), ("item", items)):
        typed = frame.rename(columns={name: f"{name}:{types.get(name, 'token')}" for name in frame})
        files[f"shop.{ending}"] = typed.to_csv(index=False, sep="\t").encode()
    return files


def _mmrec(rng: np.random.Generator) -> Files:
    clicks, people, _ = _frames(rng)
    names = {"user_id": "userID", "item_id": "itemID"}
    inter = clicks.rename(columns=names).assign(x_label=rng.integers(0, 3, N_CLICKS))
    return {
        "shop.inter": inter.to_csv(index=False, sep="\t").encode(),
        "users.csv": people.rename(columns=names).to_csv(index=False).encode(),
        "image_feat.npy": _npy(rng.normal(size=(N_ITEMS + 1, 5)).astype(np.float32)),
    }


WORLDS: tuple[Callable[[np.random.Generator], Files], ...] = (
    _tables, _parquet, _book, _movielens_1m, _movielens_100k, _recbole, _mmrec,
)  # fmt: skip
Spoil = Callable[[bytes, np.random.Generator], bytes]


def _truncate(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: rng.integers(0, len(content) + 1)]


def _flip(content: bytes, rng: np.random.Generator) -> bytes:
    spoilt = bytearray(content)
    for place in rng.integers(0, max(len(spoilt), 1), rng.integers(1, 20)):
        if len(spoilt):
            spoilt[place] = rng.integers(0, 256)
    return bytes(spoilt)


def _insert(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(0, len(content) + 1))
    return content[:place] + HUGE[rng.integers(len(HUGE))] + content[place:]


def _cut_out(content: bytes, rng: np.random.Generator) -> bytes:
    low, high = sorted(rng.integers(0, len(content) + 1, 2).tolist())
    return content[:low] + content[high:]


def _twice(content: bytes, rng: np.random.Generator) -> bytes:
    low, high = sorted(rng.integers(0, len(content) + 1, 2).tolist())
    return content[:high] + content[low:]


def _cell(content: bytes, rng: np.random.Generator) -> bytes:
    """Another value in one cell of a text file."""
    lines = content.split(b"\n")
    row = int(rng.integers(len(lines)))
    sign = next((each for each in (b"::", b"\t", b",", b"|") if each in lines[row]), b",")
    cells = lines[row].split(sign)
    cells[rng.integers(len(cells))] = HUGE[rng.integers(len(HUGE))]
    lines[row] = sign.join(cells)
    return b"\n".join(lines)


def _columns(content: bytes, rng: np.random.Generator) -> bytes:
    """Columns in another order, in the header only or everywhere."""
    lines = content.split(b"\n")
    sign = next((each for each in (b"::", b"\t", b",", b"|") if each in lines[0]), b",")
    order = rng.permutation(lines[0].count(sign) + 1)
    rows = 1 if rng.random() < 0.5 else len(lines)
    for row in range(rows):
        cells = lines[row].split(sign)
        if len(cells) == len(order):
            lines[row] = sign.join(cells[place] for place in order)
    return b"\n".join(lines)


def _other_encoding(content: bytes, rng: np.random.Generator) -> bytes:
    name = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp500")[rng.integers(5)]
    return content.decode("latin-1").encode(name, errors="replace")


def _other_separator(content: bytes, rng: np.random.Generator) -> bytes:
    signs = (b",", b";", b"\t", b"|", b" ", b"::", b"\n")
    return content.replace(signs[rng.integers(len(signs))], signs[rng.integers(len(signs))])


def _other_content(content: bytes, rng: np.random.Generator) -> bytes:
    """Something else altogether under the same name."""
    strange = np.array([{"a": 1}, "b"], dtype=object)
    others = (
        b"",
        b"\n",
        rng.bytes(300),
        _npy(strange),
        _npz(item_id=strange),
        b"PK\x05\x06" + b"\0" * 18,
        content[::-1],
    )
    return others[rng.integers(len(others))]


SPOILS: tuple[Spoil, ...] = (
    _truncate, _flip, _insert, _cut_out, _twice, _cell, _cell, _columns, _other_encoding, _other_separator,
    _other_content,
)  # fmt: skip


def make(folder: Path, number: int, seed: int) -> Path:
    """Spoilt upload `number`: a folder or a zip."""
    rng = np.random.default_rng([seed, number])
    files = WORLDS[number % len(WORLDS)](rng)
    for _ in range(rng.integers(1, 4)):
        name = sorted(files)[rng.integers(len(files))]
        files[name] = SPOILS[rng.integers(len(SPOILS))](files[name], rng)
    if rng.random() < 0.1:
        files.pop(sorted(files)[rng.integers(len(files))])
    return _zipped(folder, files, rng) if rng.random() < 0.2 else _written(folder, files)


def _written(folder: Path, files: Files) -> Path:
    target = folder / "upload"
    target.mkdir()
    for name, content in files.items():
        (target / name).write_bytes(content)
    return target


def _zipped(folder: Path, files: Files, rng: np.random.Generator) -> Path:
    """The files as a zip: in a folder of their own, with an odd entry, or spoilt as a whole."""
    target = folder / "upload.zip"
    start = "shop/" if rng.random() < 0.5 else ""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(start + name, content)
        if rng.random() < 0.5:
            entry = zipfile.ZipInfo(ODD_NAMES[rng.integers(len(ODD_NAMES))])
            entry.external_attr = (0o120777 if rng.random() < 0.3 else 0o100644) << 16
            archive.writestr(entry, b"users.csv")
    if rng.random() < 0.4:
        target.write_bytes(SPOILS[rng.integers(len(SPOILS))](target.read_bytes(), rng))
    return target


@dataclass
class Found:
    """How readings ended: codes of errors and "data set"; the slowest; those that ended in something else."""

    ends: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    wrong: list[tuple[int, str]] = field(default_factory=list)


def run(count: int, seed: int = 0, keep: Path | None = None) -> Found:
    """Make and read `count` spoilt uploads."""
    found = Found()
    for number in range(count):
        with tempfile.TemporaryDirectory() as scratch:
            source = make(Path(scratch), number, seed)
            start = time.perf_counter()
            end = _read(source, number, found)
            found.ends[end] += 1
            found.slowest = max(found.slowest, (time.perf_counter() - start, number))
            if end == "wrong" and keep is not None:
                shutil.copytree(scratch, keep / str(number), dirs_exist_ok=True)
    return found


def _read(source: Path, number: int, found: Found) -> str:
    try:
        with opened(source) as folder:
            sniff.read(folder)
    except DataError as error:
        return error.code or "an error without a code"
    except Exception:
        found.wrong.append((number, traceback.format_exc(limit=-3)))
        return "wrong"
    return "data set"


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    start = time.perf_counter()
    found = run(chosen.count, chosen.seed, chosen.keep)
    for number, trace in found.wrong[:10]:
        print(f"--- upload {number}\n{trace}")
    for end, times in found.ends.most_common():
        print(f"{times:6} {end}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds, number = found.slowest
    print(f"{chosen.count} uploads in {time.perf_counter() - start:.0f} s; {len(found.wrong)} ended otherwise; "
          f"slowest {seconds:.2f} s (upload {number}); peak {peak:.2f} GiB")  # fmt: skip
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    main()
