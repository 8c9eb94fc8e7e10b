"""Titles and texts by MiniLM: the model itself where it is installed, and what happens where it is not."""

from pathlib import Path

import numpy as np
import pytest
from data_worlds import write_files

from fmm_core.data import sentences
from fmm_core.data.checking import check
from fmm_core.data.plan import AS_GUESSED, Plan, has_sentences
from fmm_core.data.readers import sniff
from fmm_core.data.sentences import encode_sentences
from fmm_core.errors import DataError

with_minilm = pytest.mark.skipif(not has_sentences(), reason="needs the package of requirements-encoders.txt")

SENTENCES = Plan(text_encoder="sentences")
FILMS = {
    "interactions.csv": "user_id,item_id\n1,a\n1,b\n2,b\n2,c\n",
    "users.csv": "user_id,gender\n1,f\n2,m\n",
    "items.csv": "item_id,title,text\na,Night ship,It sinks\nb,Night train,It rolls\nc,,\n",
}
MISSING = (
    "MiniLM, which reads texts as sentences, is not installed. "
    "Run `pip install -r requirements.txt -r requirements-encoders.txt`, or let texts be weighed by words."
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "films", FILMS)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is given, in its place one that answers with the place of each text."""
    texts: list[str] = []

    def vectors(given: list[str]) -> np.ndarray:
        texts.extend(given)
        return np.repeat(np.arange(len(given), dtype=np.float32)[:, None], sentences.WIDTH, axis=1)

    monkeypatch.setattr(sentences, "has_sentences", lambda: True)
    monkeypatch.setattr(sentences, "_vectors", vectors)
    return texts


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "has_sentences", lambda: False)


def test_words_stay_the_default(folder: Path) -> None:
    assert AS_GUESSED.text_encoder == "words"
    assert sniff.read(folder).modalities["text"].source == "titles and descriptions"


def test_parts_are_joined_and_items_without_any_are_not_given_to_the_model(seen: list[str]) -> None:
    modality = encode_sentences([("Jaws", "A shark."), ("", ""), ("", "A train."), ("Alien", "")], "titles")
    assert seen == ["Jaws. A shark.", "A train.", "Alien"]
    assert modality is not None
    assert modality.present.tolist() == [True, False, True, True]
    assert modality.features[:, 0].tolist() == [0, 1, 1, 2]  # the second is the mean of 0, 1 and 2
    assert modality.source == "titles, by MiniLM"


def test_texts_that_are_all_empty_are_no_modality(seen: list[str]) -> None:
    assert encode_sentences([("",), ("",)], "titles") is None
    assert seen == []


def test_of_a_huge_text_only_its_beginning_is_given_to_the_model(seen: list[str]) -> None:
    encode_sentences([("x" * 10_000_000,)], "texts")
    assert [len(text) for text in seen] == [5_000]


@pytest.mark.usefixtures("absent")
def test_without_the_package_it_is_said_what_to_install(folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        sniff.read(folder, SENTENCES)
    assert (str(caught.value), caught.value.code) == (MISSING, "data.no_encoder")


@pytest.mark.usefixtures("absent")
def test_a_check_shows_the_files_beside_the_missing_package(folder: Path) -> None:
    report = check(folder, SENTENCES)
    assert [problem["code"] for problem in report.problems] == ["data.no_encoder"]
    assert len(report.files) == 3


def test_a_look_weighs_words_says_so_and_leaves_the_plan_alone(folder: Path, seen: list[str]) -> None:
    report = check(folder, SENTENCES)
    assert (report.problems, report.plan.text_encoder, seen) == ((), "sentences", [])
    assert report.card is not None
    assert report.card["modalities"]["text"]["source"] == "titles and descriptions"
    (later,) = [note["sentence"] for note in report.card["notes"] if note["code"] == "text.later"]
    assert later.startswith("This look weighs titles and texts by their words; the import reads them with MiniLM")


def test_a_look_by_words_promises_nothing_else(folder: Path) -> None:
    report = check(folder)
    assert report.card is not None
    assert "text.later" not in [note["code"] for note in report.card["notes"]]


@with_minilm
def test_a_folder_is_read_with_minilm(folder: Path) -> None:
    text = sniff.read(folder, SENTENCES).modalities["text"]
    assert (text.features.shape, text.features.dtype) == ((3, 384), np.float32)
    assert text.source == "titles and descriptions, by MiniLM"
    assert text.present.tolist() == [True, True, False]
    np.testing.assert_allclose(np.linalg.norm(text.features[:2], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(text.features[2], text.features[:2].mean(axis=0), rtol=1e-5)


@with_minilm
def test_likeness_is_of_meaning_and_not_of_words() -> None:
    texts = [("A ship sinks in the ocean",), ("The boat went down at sea",), ("A course in the law of taxes",)]
    modality = encode_sentences(texts, "titles")
    assert modality is not None
    ship, boat, taxes = modality.features
    assert ship @ boat > 0.5 > 0.2 > ship @ taxes


@with_minilm
def test_bits_do_not_depend_on_threads() -> None:
    import torch

    texts = [(f"Film {number} " + "of the long night " * (number % 7),) for number in range(70)]  # three batches
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            modality = encode_sentences(texts, "titles")
            assert modality is not None
            assert torch.get_num_threads() == threads
            found.append(modality.features.tobytes())
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
