"""What may be uploaded as a zip, and every hostile zip refused in one sentence, with nothing written outside."""

import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fmm_core.data import sources
from fmm_core.data.sources import opened
from fmm_core.errors import DataError

PLAIN = "Pack plain files in one folder, and zip that."


def zipped(folder: Path, entries: dict[str, bytes | str], name: str = "shop.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return path


def refusal(path: Path) -> tuple[str, str]:
    """Code and words; nothing is left anywhere in the folder the zip lies in."""
    scratch = path.parent / "deep" / "scratch"
    scratch.mkdir(parents=True)
    before = {found.name for found in path.parent.rglob("*")}
    with pytest.raises(DataError) as caught, opened(path, scratch):
        pass
    assert {found.name for found in path.parent.rglob("*")} == before
    return caught.value.code, str(caught.value)


def seen(source: Path, scratch: Path | None = None) -> dict[str, str]:
    with opened(source, scratch) as folder:
        return {str(found.relative_to(folder)): found.read_text() for found in folder.rglob("*") if found.is_file()}


def patched(path: Path, signature: bytes, at: int, value: bytes) -> Path:
    """Overwrite bytes of the first record with a signature."""
    content = bytearray(path.read_bytes())
    start = content.index(signature) + at
    content[start : start + len(value)] = value
    path.write_bytes(bytes(content))
    return path


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def test_a_folder_is_itself(tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    with opened(tmp_path) as folder:
        assert folder == tmp_path


def test_a_file_becomes_a_folder_that_holds_it(tmp_path: Path) -> None:
    (tmp_path / "audio.csv.gz").write_text("x")
    with opened(tmp_path / "audio.csv.gz") as folder:
        assert folder.name == "audio"
        assert [(found.name, found.read_text()) for found in folder.iterdir()] == [("audio.csv.gz", "x")]
    assert not folder.exists()
    assert (tmp_path / "audio.csv.gz").read_text() == "x"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught, opened(tmp_path / "gone.zip"):
        pass
    assert (caught.value.code, str(caught.value)) == (
        "data.missing",
        "gone.zip: this file is missing. Check the path.",
    )


def test_a_zip_is_a_folder_and_goes_afterwards(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"users.csv": "u", "more/items.csv": "i", "a/./b\\c.csv": "c"})
    with opened(path, tmp_path) as folder:
        assert folder.is_relative_to(tmp_path)
        assert folder.name == "shop"
    assert not folder.exists()
    assert seen(path) == {"users.csv": "u", "more/items.csv": "i", "a/b/c.csv": "c"}


def test_one_folder_that_holds_everything_is_the_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"ml-1m/": "", "ml-1m/users.dat": "u", "ml-1m/x/": "", "ml-1m/x/y.csv": "y"})
    with opened(path) as folder:
        assert folder.name == "ml-1m"
    assert seen(path) == {"users.dat": "u", "x/y.csv": "y"}


def test_what_systems_leave_behind_is_ignored(tmp_path: Path) -> None:
    litter = {"__MACOSX/shop/._users.csv": "x", "shop/.DS_Store": "x", "shop/Thumbs.db": "x", "shop/.git/config": "x"}
    assert seen(zipped(tmp_path, {"shop/users.csv": "u"} | litter)) == {"users.csv": "u"}


def test_compressed_tables_are_no_archives(tmp_path: Path) -> None:
    assert seen(zipped(tmp_path, {"users.csv.gz": "u", "text.npz": "t"})) == {"users.csv.gz": "u", "text.npz": "t"}


OUTSIDE = ("path", "points outside the folder it is unpacked to")
NAMES = {
    "/etc/passwd": OUTSIDE,
    "\\evil.csv": OUTSIDE,
    "C:\\evil.csv": OUTSIDE,
    "c:evil.csv": OUTSIDE,
    "../evil.csv": OUTSIDE,
    "a/../../evil.csv": OUTSIDE,
    "a\\..\\..\\evil.csv": OUTSIDE,
    "inner.zip": ("nested", "is an archive itself"),
    "a/inner.TAR": ("nested", "is an archive itself"),
    "inner.tar.gz": ("nested", "is an archive itself"),
    "inner.tgz": ("nested", "is an archive itself"),
    "inner.7z": ("nested", "is an archive itself"),
    "inner.rar": ("nested", "is an archive itself"),
}


@pytest.mark.parametrize(("name", "words"), NAMES.items(), ids=NAMES)
def test_entries_with_a_hostile_name_are_refused(tmp_path: Path, name: str, words: tuple[str, str]) -> None:
    shown = name.replace("\\", "\\\\")
    sentence = f'shop.zip: the entry "{shown}" {words[1]}. {PLAIN}'
    assert refusal(zipped(tmp_path, {"users.csv": "u", name: "x"})) == (f"data.zip_{words[0]}", sentence)


@pytest.mark.parametrize(
    ("name", "shown"), [("a\nb.csv", "a\\nb.csv"), ("\x1b[2J", "\\x1b[2J"), ("é" * 101, "\\xe9" * 15)]
)
def test_names_that_cannot_be_shown_are_refused(tmp_path: Path, name: str, shown: str) -> None:
    words = f'shop.zip: the entry "{shown}" has a name with control characters, or a very long one. {PLAIN}'
    assert refusal(zipped(tmp_path, {name: "x"})) == ("data.zip_name", words)


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert refusal(zipped(tmp_path, {"/".join(["a" * 100] * 11): "x"}))[0] == "data.zip_name"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("users.csv")
    entry.external_attr = (kind | 0o777) << 16
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    words = f'shop.zip: the entry "users.csv" is a link or another special file. {PLAIN}'
    assert refusal(path) == ("data.zip_special", words)


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_passwords_are_refused(tmp_path: Path, flag: int) -> None:
    path = patched(zipped(tmp_path, {"users.csv": "u"}), CENTRAL, 8, struct.pack("<H", flag))
    words = f'shop.zip: the entry "users.csv" is protected by a password. {PLAIN}'
    assert refusal(path) == ("data.zip_encrypted", words)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 77])
def test_compressions_that_cannot_be_bounded_are_refused(tmp_path: Path, method: int) -> None:
    path = patched(zipped(tmp_path, {"users.csv": "u"}), CENTRAL, 10, struct.pack("<H", method))
    words = f'shop.zip: the entry "users.csv" is compressed in a way that is not read. {PLAIN}'
    assert refusal(path) == ("data.zip_compression", words)


@pytest.mark.parametrize(("first", "second"), [("a.csv", "A.CSV"), ("x/a.csv", "X\\a.csv"), ("é.csv", "e\u0301.csv")])
def test_two_files_for_one_place_are_refused(tmp_path: Path, first: str, second: str) -> None:
    code, words = refusal(zipped(tmp_path, {first: "1", second: "2"}))
    assert code == "data.zip_twins"
    assert words.endswith(f" is there twice, or differs from another one only in upper case. {PLAIN}")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "1")
        archive.writestr("a.csv", "2")
    assert refusal(path)[0] == "data.zip_twins"


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    words = f'shop.zip: the entry "a/b.csv" lies in a folder that is a file as well. {PLAIN}'
    assert refusal(zipped(tmp_path, {"A": "1", "a/b.csv": "2"})) == ("data.zip_twins", words)


def test_more_than_two_gib_are_refused_unopened(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path, {"users.csv": "u"}), CENTRAL, 24, struct.pack("<I", 2**31 + 1))
    words = "shop.zip: it unpacks to 2.0 GiB, and 2 GiB is the most. Leave out what is not needed, or name a folder."
    assert refusal(path) == ("data.zip_size", words)


def test_a_full_disk_is_said_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmm_core.data.sources.shutil.disk_usage", lambda _: type("Usage", (), {"free": 3}))
    assert seen(zipped(tmp_path, {"users.csv": "123"})) == {"users.csv": "123"}
    words = "shop.zip: there is no room to unpack it. Free some space on the disk."
    assert refusal(zipped(tmp_path, {"users.csv": "1234"})) == ("data.no_room", words)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_ENTRIES", 2)
    assert set(seen(zipped(tmp_path, {"1": "", "2": ""}))) == {"1", "2"}
    words = "shop.zip: it holds more than 2 files. Leave out what is not needed."
    assert refusal(zipped(tmp_path, {"1": "", "2": "", "3": ""})) == ("data.zip_entries", words)


def test_a_table_of_contents_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 names of 100 bytes and 46 bytes of figures each are 14,600 bytes; a piece of them all is refused."""
    path = zipped(tmp_path, {f"{number:0100}": "" for number in range(100)})
    monkeypatch.setattr(sources, "MOST_DIRECTORY_BYTES", 14_599)
    words = "shop.zip: it holds more than 100,000 files. Leave out what is not needed."
    assert refusal(path) == ("data.zip_entries", words)
    monkeypatch.setattr(sources, "MOST_DIRECTORY_BYTES", 70_000)  # the end record is looked for in the last 64 KiB
    assert len(seen(path)) == 100


def lying(path: Path, declared: int) -> Path:
    """Let the first entry claim a size, in both places that state it."""
    size = struct.pack("<I", declared)
    return patched(patched(path, LOCAL, 22, size), CENTRAL, 24, size)


@pytest.mark.parametrize(("content", "declared"), [(b"0" * 5_000_000, 100), (b"12345", 4)])
def test_a_bomb_with_a_lying_header_is_stopped(tmp_path: Path, content: bytes, declared: int) -> None:
    path = lying(zipped(tmp_path, {"users.csv": content}), declared)
    words = f'shop.zip: the entry "users.csv" is larger than the archive says. {PLAIN}'
    assert refusal(path) == ("data.zip_lie", words)


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds 5 million bytes and claims 100: at most one piece of each is asked for."""
    path = lying(zipped(tmp_path, {"users.csv": b"0" * 5_000_000}), 100)
    asked: list[int] = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n: asked.append(n) or read(self, n))
    refusal(path)
    assert asked == [sources.CHUNK]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def spoil(path: Path) -> None:
    """Change the first byte of the stored content: the checksum differs."""
    patched(path, LOCAL, 30 + len("users.csv"), b"\x07")


def shift(path: Path) -> None:
    """Let the content start where no file ends."""
    patched(path, CENTRAL, 42, b"\xf0\xff\xff\x7f")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": cut,
    "spoilt": spoil,
    "misplaced": shift,
    "smaller than it says": lambda path: lying(path, 9),
    "no zip": lambda path: path.write_text("user_id,item_id\n"),
    "empty": lambda path: path.write_bytes(b""),
    "a contents table elsewhere": lambda path: patched(path, END, 16, b"\xff\xff\xff\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_zip_is_said(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = zipped(tmp_path, {"users.csv": "u,g\n"})
    damage(path)
    words = "shop.zip: this zip is damaged or cut off. Make it again, and upload it again."
    assert refusal(path) == ("data.zip_damaged", words)
