"""Small data sets and folders whose content can be checked by eye."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Attribute, Dataset, Modality, Pairs


def draft(**changes: object) -> Dataset:
    """Three people, four films, five clicks; one person did not give a gender, one film has no sound."""
    dataset = Dataset(
        name="Three people",
        users=np.array(["007", "7", "x"]),
        items=np.array(["a", "b", "c", "d"]),
        pairs=Pairs(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 3])),
        modalities={
            "audio": Modality(
                np.array([[1, 0], [0, 1], [2, 2], [1, 1]], np.float32), np.array([True, True, True, False]), "trailers"
            )
        },
        attributes={
            "gender": Attribute(("women", "men"), np.array([0, 1, -1], np.int16)),
            "age": Attribute(("under 18", "18 and over"), np.array([0, 1, 1], np.int16), (18.0,)),
        },
        titles=("Alien", "Brazil", "Casablanca", "Dumbo"),
        item_noun=("film", "films"),
    )
    return replace(dataset, **changes)  # type: ignore[arg-type]


def three_people(**changes: object) -> Dataset:
    """The draft, finished."""
    return assemble(draft(**changes))


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder of text files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def spoil_compression(path: Path) -> None:
    """Give the first member of a compressed npz a block type that DEFLATE does not have (RFC 1951, 3.2.3)."""
    with zipfile.ZipFile(path) as archive:
        header = archive.infolist()[0].header_offset
    content = bytearray(path.read_bytes())
    lengths = (int.from_bytes(content[header + at : header + at + 2], "little") for at in (26, 28))  # name, extra
    content[header + 30 + sum(lengths)] = 0b111  # last block, reserved type
    path.write_bytes(bytes(content))


def claim_unknown_compression(path: Path) -> None:
    """Let the first member of an npz claim a compression method that no Python knows (local and central header)."""
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = content.index(signature) + at
        content[start : start + 2] = (77).to_bytes(2, "little")
    path.write_bytes(bytes(content))
