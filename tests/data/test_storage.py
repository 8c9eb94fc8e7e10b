"""Data sets on disk: nothing lost, nothing half-written, nothing changed unseen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_worlds import claim_unknown_compression, draft, spoil_compression, three_people

from fmm_core.data import storage
from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Attribute, Dataset, Note, Pairs
from fmm_core.errors import DataError


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return storage.save(three_people(), tmp_path / "datasets")


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    pairs = Pairs(np.array([0, 1, 2]), np.array([3, 1, 0]), np.array([1.5, 2.5, 3.5]), np.array([0, 1, 2]))
    saved = three_people(pairs=pairs, notes=(Note("data.test", 3, "Tëst."),))
    loaded = storage.load(storage.save(saved, tmp_path))
    assert loaded.users.tolist() == ["007", "7", "x"]
    assert loaded.items.tolist() == ["a", "b", "c", "d"]
    for part in ("user", "item", "time", "split"):
        before, after = getattr(saved.pairs, part), getattr(loaded.pairs, part)
        np.testing.assert_array_equal(after, before)
        assert after.dtype == before.dtype
    np.testing.assert_array_equal(loaded.modalities["audio"].features, saved.modalities["audio"].features)
    assert loaded.modalities["audio"].present.tolist() == [True, True, True, False]
    assert loaded.modalities["audio"].source == "trailers"
    assert loaded.attributes["gender"].groups == ("women", "men")
    assert loaded.attributes["gender"].codes.tolist() == [0, 1, -1]
    assert loaded.attributes["gender"].edges is None
    assert loaded.attributes["age"].edges == (18.0,)
    assert (loaded.name, loaded.titles, loaded.notes) == (saved.name, saved.titles, saved.notes)
    assert loaded.item_noun == ("film", "films")


def test_what_a_data_set_lacks_is_lacking_when_it_comes_back(tmp_path: Path) -> None:
    loaded = storage.load(storage.save(three_people(titles=None, modalities={}, attributes={}), tmp_path))
    assert loaded.titles is None
    assert (loaded.pairs.time, loaded.pairs.split) == (None, None)
    assert (loaded.modalities, loaded.attributes) == ({}, {})


def test_the_folder_is_named_after_the_set_and_its_fingerprint(stored: Path) -> None:
    assert stored.name == f"three-people-{storage.fingerprint(three_people())[:8]}"
    assert sorted(path.name for path in stored.iterdir()) == [
        "dataset.json", "items.parquet", "modality.audio.npy", "pairs.npz", "users.parquet",
    ]  # fmt: skip


def test_saving_again_changes_nothing(stored: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in stored.iterdir()}
    assert storage.save(three_people(), stored.parent) == stored
    assert {path: path.stat().st_mtime_ns for path in stored.iterdir()} == before
    assert list(stored.parent.iterdir()) == [stored]


def test_a_save_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "save", full)  # after pairs and tables are written
    with pytest.raises(OSError, match="no space left"):
        storage.save(three_people(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_somebody_else_may_store_the_same_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = storage.save(three_people(), tmp_path / "elsewhere")
    write = storage._write

    def overtaken(dataset: Dataset, folder: Path, slug: str, print_: str) -> None:
        write(dataset, folder, slug, print_)
        shutil.copytree(elsewhere, folder.parent / elsewhere.name)

    monkeypatch.setattr(storage, "_write", overtaken)
    stored = storage.save(three_people(), tmp_path / "datasets")
    assert list((tmp_path / "datasets").iterdir()) == [stored]
    assert storage.load(stored).n_users == 3


SOUND = draft().modalities["audio"]
GENDER = draft().attributes["gender"]
SAME = {
    "name": {"name": "Other"},
    "item_noun": {"item_noun": ("book", "books")},
    "source": {"modalities": {"audio": replace(SOUND, source="records")}},
    "notes": {"notes": (Note("a", 1, "b"),)},
    "titles": {"titles": None},
}
OTHER = {
    "users": {"users": np.array(["7", "007", "x"])},
    "items": {"items": np.array(["a", "b", "c", "e"])},
    "pairs": {"pairs": Pairs(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 2]))},
    "time": {"pairs": replace(draft().pairs, time=np.arange(5.0))},
    "split": {"pairs": replace(draft().pairs, split=np.zeros(5))},
    "features": {"modalities": {"audio": replace(SOUND, features=SOUND.features * 2)}},
    "present": {"modalities": {"audio": replace(SOUND, present=~SOUND.present)}},
    "modality": {"modalities": {"sound": SOUND}},
    "codes": {"attributes": {"gender": replace(GENDER, codes=-GENDER.codes)}},
    "groups": {"attributes": {"gender": replace(GENDER, groups=("men", "women"))}},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME.keys())
def test_words_do_not_change_the_fingerprint(changes: dict[str, object]) -> None:
    assert storage.fingerprint(three_people(**changes)) == storage.fingerprint(three_people())


def test_content_changes_the_fingerprint() -> None:
    prints = [storage.fingerprint(three_people(**changes)) for changes in ({}, *OTHER.values())]
    assert len(set(prints)) == len(OTHER) + 1
    assert all(len(print_) == 64 and int(print_, 16) >= 0 for print_ in prints)


def test_the_card_says_all_a_page_needs(tmp_path: Path) -> None:
    sizes = {"women": 30, "men": 25, "neither": 4}
    codes = np.append(np.repeat([0, 1, 2], list(sizes.values())), -1).astype(np.int16)
    hand = Attribute(("left", "right"), np.append(np.repeat([0, 1], [12, 47]), -1).astype(np.int16))
    users = np.array([f"u{index}" for index in range(60)])
    dataset = three_people(
        users=users,
        attributes={"gender": Attribute(tuple(sizes), codes), "first_hand": hand},
        pairs=Pairs(np.arange(60), np.arange(60) % 4),
        notes=(Note("data.test", 7, "Seven."),),
    )
    card = json.loads((storage.save(dataset, tmp_path) / "dataset.json").read_text(encoding="utf-8"))
    assert card == {
        "format": 1,
        "name": "Three people",
        "slug": "three-people",
        "title": "Three people",
        "item_noun": ["film", "films"],
        "fingerprint": storage.fingerprint(dataset),
        "n_users": 60,
        "n_items": 4,
        "n_pairs": 60,
        "density": 0.25,
        "attributes": {
            "gender": {
                "title": "Gender",
                "groups": [{"name": name, "count": count} for name, count in sizes.items()],
                "undisclosed": 1,
                "edges": None,
                "classes_attacked": ["women", "men"],
                "offered": True,
                "reason": "",
            },
            "first_hand": {
                "title": "First hand",
                "groups": [{"name": "left", "count": 12}, {"name": "right", "count": 47}],
                "undisclosed": 1,
                "edges": None,
                "classes_attacked": ["right"],
                "offered": False,
                "reason": "fewer than two groups have 20 people",
            },
        },
        "modalities": {"audio": {"title": "Audio", "dim": 2, "present": 3, "source": "trailers"}},
        "titles": True,
        "notes": [{"code": "data.test", "count": 7, "sentence": "Seven."}],
    }


def assert_refused_as_damaged(folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        storage.load(folder)
    assert caught.value.code == "data.stored"
    assert str(caught.value) == (
        f"data set {folder.name}: this is not a stored data set, or it is damaged. Fetch or import it again."
    )


@pytest.mark.parametrize("name", ["dataset.json", "pairs.npz", "users.parquet", "items.parquet", "modality.audio.npy"])
@pytest.mark.parametrize("damage", ["gone", "empty", "garbage", "cut"])
def test_a_damaged_folder_is_refused(stored: Path, name: str, damage: str) -> None:
    path = stored / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes({"empty": b"", "garbage": b"\x80garbage", "cut": whole[: len(whole) // 2]}[damage])
    assert_refused_as_damaged(stored)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert_refused_as_damaged(tmp_path / "nowhere")


def test_a_spoilt_compression_is_refused(stored: Path) -> None:
    spoil_compression(stored / "pairs.npz")
    assert_refused_as_damaged(stored)


def test_a_spoilt_header_of_an_array_is_refused(stored: Path) -> None:
    path = stored / "modality.audio.npy"
    path.write_bytes(path.read_bytes().replace(b"}", b" ", 1))
    assert_refused_as_damaged(stored)


def test_a_card_without_a_fingerprint_is_refused(stored: Path) -> None:
    card = json.loads((stored / "dataset.json").read_text(encoding="utf-8"))
    del card["fingerprint"]
    (stored / "dataset.json").write_text(json.dumps(card), encoding="utf-8")
    assert_refused_as_damaged(stored)


def test_an_unknown_compression_is_refused(stored: Path) -> None:
    claim_unknown_compression(stored / "pairs.npz")
    assert_refused_as_damaged(stored)


@pytest.mark.parametrize("part", ["modalities", "attributes"])
def test_a_card_of_another_shape_is_refused(stored: Path, part: str) -> None:
    card = json.loads((stored / "dataset.json").read_text(encoding="utf-8"))
    (stored / "dataset.json").write_text(json.dumps(card | {part: []}), encoding="utf-8")
    assert_refused_as_damaged(stored)


def test_a_folder_changed_by_hand_is_refused(stored: Path) -> None:
    np.save(stored / "modality.audio.npy", np.zeros((4, 2), np.float32))
    with pytest.raises(DataError) as caught:
        storage.load(stored)
    assert str(caught.value) == (
        f"data set {stored.name}: it was changed after it was stored (its fingerprint differs). "
        "Fetch or import it again."
    )


def test_another_format_is_refused(stored: Path) -> None:
    card = json.loads((stored / "dataset.json").read_text(encoding="utf-8"))
    (stored / "dataset.json").write_text(json.dumps(card | {"format": 2}), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        storage.load(stored)
    assert caught.value.code == "data.format"
    assert str(caught.value) == (
        f"data set {stored.name}: its format is 2, and this version reads 1. Fetch or import it again."
    )


def test_pickles_are_never_opened(stored: Path) -> None:
    np.save(stored / "modality.audio.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert_refused_as_damaged(stored)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("MovieLens 100K", "movielens-100k"), ("../../etc", "etc"), ("¿?", "data"), ("x" * 200, "x" * 60)],
)
def test_slugs_are_safe_folder_names(name: str, slug: str, tmp_path: Path) -> None:
    assert storage.slug_of(name) == slug
    stored = storage.save(assemble(draft(name=name)), tmp_path)
    assert stored.parent == tmp_path
    assert storage.load(stored).name == name
