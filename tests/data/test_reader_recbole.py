"""RecBole's atomic files, and how a folder finds its reader."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from data_worlds import write_files

from fmm_core.data.dataset import Dataset
from fmm_core.data.readers import recbole, sniff
from fmm_core.errors import DataError

GOOD = {
    "tiny.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "1\t10\t5\t300\n2\t11\t1\t100\n1\t11\t2\t200\n1\t10\t4\t50\n3\t12\t4\t60\n",
    "tiny.user": "user_id:token\tage:token\tgender:token\tzip_code:token\n"
    "1\t24\tM\t85711\n2\t53\tF\tT8H1N\n3\t24\tM\t1\n",
    "tiny.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "10\tToy Story\t1995\tAnimation Comedy\n11\tLove Story\t1970\tRomance\n12\tHeat\t\tCrime\n",
    "tiny.kg": "head_id:token\trelation_id:token\ttail_id:token\n"
    "m.toy\tactor\tm.hanks\nm.love\tactor\tm.hanks\nm.hanks\twon for\tm.toy\nm.other\tactor\tm.hanks\n",
    "tiny.link": "item_id:token\tentity_id:token\n10\tm.toy\n11\tm.love\n",
}


def read(folder: Path, changes: Mapping[str, str] | None = None, without: tuple[str, ...] = ()) -> Dataset:
    files = {name: text for name, text in (GOOD | (changes or {})).items() if name not in without}
    return recbole.read(write_files(folder, files))


def test_atomic_files_become_a_data_set(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert dataset.name == "tiny"
    assert dataset.users.tolist() == ["1", "2", "3"]
    assert dataset.items.tolist() == ["10", "11", "12"]
    assert list(zip(dataset.pairs.user.tolist(), dataset.pairs.item.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 1), (2, 2),
    ]  # fmt: skip
    assert dataset.pairs.time is not None
    assert dataset.pairs.time.tolist() == [50, 200, 100, 60]
    assert dataset.attributes["gender"].groups == ("women", "men")
    assert dataset.attributes["age"].codes.tolist() == [0, 1, 0]
    assert set(dataset.attributes) == {"age", "gender"}
    assert dataset.titles == ("Toy Story", "Love Story", "Heat")


def test_genres_and_year(tmp_path: Path) -> None:
    genre = read(tmp_path).modalities["genre"]  # Animation, Comedy, Crime, Romance, year
    assert genre.features.tolist() == [[1, 1, 0, 0, 1], [0, 0, 0, 1, -1], [0, 0, 1, 0, 0]]


def test_what_the_graph_knows_of_an_item(tmp_path: Path) -> None:
    """Of the two linked films both have the actor, the only fact two items share; the third has no link."""
    dataset = read(tmp_path)
    knowledge = dataset.modalities["knowledge"]
    assert knowledge.present.tolist() == [True, True, False]
    np.testing.assert_allclose(knowledge.features, [[1], [1], [1]], rtol=1e-6)
    sentences = {note.code: note.sentence for note in dataset.notes}
    assert sentences["modality.knowledge.imputed"] == (
        "1 of 3 items has no link to the knowledge graph; for knowledge it gets the average."
    )


def test_facts_are_told_apart_by_direction(tmp_path: Path) -> None:
    """m.x made both films of the first pair and was made by both of the second: two facts, not one."""
    links = "item_id:token\tentity_id:token\n10\tm.a\n11\tm.b\n12\tm.c\n13\tm.d\n"
    graph = "head_id:token\trelation_id:token\ttail_id:token\n" + "m.x\tmade\tm.a\nm.x\tmade\tm.b\n"
    graph += "m.c\tmade\tm.x\nm.d\tmade\tm.x\n"
    items = GOOD["tiny.item"] + "13\tRonin\t1998\tCrime\n"
    features = (
        read(tmp_path, {"tiny.kg": graph, "tiny.link": links, "tiny.item": items}).modalities["knowledge"].features
    )
    np.testing.assert_allclose(features @ features.T, np.kron(np.eye(2), np.ones((2, 2))), atol=1e-6)


def test_only_interactions_and_users_are_needed(tmp_path: Path) -> None:
    dataset = read(tmp_path, without=("tiny.item", "tiny.kg", "tiny.link"))
    assert (dataset.n_items, dataset.titles, dataset.modalities) == (3, None, {})


def test_a_graph_without_links_is_left_alone(tmp_path: Path) -> None:
    assert set(read(tmp_path, without=("tiny.link",)).modalities) == {"text", "genre"}


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    recbole.read(write_files(tmp_path, GOOD), progress=lambda done, total, **_: steps.append((done, total)))
    shares = [done / total for done, total in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1


WRONG = {
    "a missing column": (
        {"tiny.inter": "user_id:token\trating:float\n1\t5\n"},
        'tiny.inter: there is no column "item_id". Its columns are: user_id, rating. Rename the right one.',
    ),
    "a time in words": (
        {"tiny.inter": "user_id:token\titem_id:token\ttimestamp:float\n1\t10\tnoon\n"},
        'tiny.inter, column "timestamp": 1 value is no time, or not written as the others are (row 2). '
        "Write all alike: numbers, or dates like 2024-01-31.",
    ),
    "a person twice": (
        {"tiny.user": "user_id:token\tgender:token\n1\tM\n2\tF\n1\tF\n"},
        'tiny.user, column "user_id": 1 repeated id (row 4). Keep one row per id.',
    ),
    "no interactions": ({"tiny.inter": ""}, "tiny.inter: this file is empty. Export it again."),
    "only a header": (
        {"tiny.user": "user_id:token\tgender:token\n"},
        "tiny.user: there is a header but no row. Export it again.",
    ),
    "empty cells": (
        {"tiny.inter": "user_id:token\titem_id:token\n1\t10\n\t11\n3\t12\n \t11\n"},
        'tiny.inter, column "user_id": 2 empty values (rows 3, 5). Fill or remove them.',
    ),
    "a person without an id": (
        {"tiny.user": "user_id:token\tgender:token\n1\tM\n\tF\n"},
        'tiny.user, column "user_id": 1 empty value (row 3). Fill or remove them.',
    ),
    "an item twice": (
        {"tiny.item": GOOD["tiny.item"] + "11\tAgain\t2000\tWar\n"},
        'tiny.item, column "item_id": 1 repeated id (row 5). Keep one row per id.',
    ),
    "people by another id": (
        {"tiny.user": "user_id:token\tgender:token\nu1\tM\nu2\tF\n"},
        'tiny.inter: none of its 3 values of "user_id" is in tiny.user ("1", "2", "3"). '
        "Write them the same way in both files.",
    ),
    "links without items": (
        {"tiny.link": "entity_id:token\nm.toy\n"},
        'tiny.link: there is no column "item_id". Its columns are: entity_id. Rename the right one.',
    ),
    "a graph without relations": (
        {"tiny.kg": "head_id:token\ttail_id:token\na\tb\n"},
        'tiny.kg: there is no column "relation_id". Its columns are: head_id, tail_id. Rename the right one.',
    ),
    "a long row": (
        {"tiny.user": "user_id:token\tgender:token\n1\tM\n2\tF\tx\n"},
        "tiny.user: row 3 has other columns than the header. "
        "Put text that holds a tab in double quotes, and close every quote.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, changes)
    assert str(caught.value) == message


def test_without_a_file_of_people_nothing_can_be_audited(tmp_path: Path) -> None:
    dataset = read(tmp_path, without=("tiny.user",))
    assert dataset.attributes == {}
    assert "users.none" in {note.code for note in dataset.notes}


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, {"tiny.user": "user_id:token\tage:token\tage:float\n1\t24\t24\n2\t53\t53\n"})
    assert "tiny.user" in caught.value.where


@pytest.mark.parametrize(("changes", "without", "count"), [({"b.inter": "x"}, (), 2), ({}, ("tiny.inter",), 0)])
def test_none_or_two_sets_in_one_folder_are_refused(
    tmp_path: Path, changes: dict[str, str], without: tuple[str, ...], count: int
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path / "mine", changes, without)
    assert caught.value.code == "data.one_file"
    assert str(caught.value) == f"mine: {count} files end in .inter, one is needed. Keep exactly one."


LISTS = GOOD | {
    "tiny.user": "user_id:token\tgender:token\ttags:token_seq\tvector:float_seq\tage:float\n"
    "1\tM\ta b\t1 2\t24\n2\tF\tc\t3 4\t53\n3\tM\t\t5 6\t24\n",
    "tiny.item": "item_id:token\tmovie_title:token_seq\tclass:token_seq\tactors:token_seq\tposter:float_seq\n"
    "10\tToy Story\tComedy\tHanks Allen\t1 2\n12\tHeat\tCrime\t\t\n11\tLove Story\tRomance\tHanks\t3 -1e2\n",
}


def test_lists_describe_items(tmp_path: Path) -> None:
    """Of the actors only Hanks is in two films; the film without a poster gets the mean of the others."""
    dataset = read(tmp_path, LISTS)
    assert dataset.items.tolist() == ["10", "12", "11"]
    assert set(dataset.modalities) == {"text", "genre", "actors", "poster", "knowledge"}
    poster, actors = dataset.modalities["poster"], dataset.modalities["actors"]
    assert poster.features.tolist() == [[1, 2], [2, -49], [3, -100]]
    assert poster.present.tolist() == [True, False, True]
    np.testing.assert_allclose(actors.features, [[1], [1], [1]])
    assert actors.present.tolist() == [True, False, True]
    sentences = {note.code: note.sentence for note in dataset.notes}
    assert sentences["modality.actors.imputed"] == "1 of 3 items has no actors; for actors it gets the average."
    assert sentences["modality.poster.imputed"] == (
        "1 of 3 items has no usable row in tiny.item; for poster it gets the average."
    )


def test_lists_are_no_attributes(tmp_path: Path) -> None:
    dataset = read(tmp_path, LISTS)
    assert set(dataset.attributes) == {"gender", "age"}
    assert [note.sentence for note in dataset.notes if note.code == "attribute.list"] == [
        "tags is not offered: it holds a list for every person, not one answer.",
        "vector is not offered: it holds a list for every person, not one answer.",
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            "10\t1 2\n11\t1\n12\t1 2\n",
            "tiny.item: rows have different lengths (row 3). Give every row the same columns.",
        ),
        (
            "10\t1 2\n11\t1 x\n12\ty z\n",
            'tiny.item, column "poster": 2 values are not numbers (rows 3, 4). Correct or remove them.',
        ),
    ],
)
def test_lists_of_numbers_that_cannot_be_used(tmp_path: Path, rows: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, {"tiny.item": "item_id:token\tposter:float_seq\n" + rows})
    assert str(caught.value) == words


def test_a_list_that_nobody_has_is_said(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"tiny.item": "item_id:token\tposter:float_seq\n10\t\n11\t\n"})
    sentences = [note.sentence for note in dataset.notes if note.code == "modality.poster.none"]
    assert sentences == ["There is no poster: no item has one."]
    assert "poster" not in dataset.modalities


def test_headers_may_have_no_types(tmp_path: Path) -> None:
    bare = {
        name: "\t".join(cell.partition(":")[0] for cell in text.split("\n")[0].split("\t")) + text[text.index("\n") :]
        for name, text in GOOD.items()
    }
    plain, typed = read(tmp_path / "a", bare), read(tmp_path / "b")
    assert (plain.titles, plain.users.tolist()) == (typed.titles, typed.users.tolist())
    assert set(plain.modalities) == set(typed.modalities)


def test_vectors_beside_the_tables_are_said_and_not_read(tmp_path: Path) -> None:
    dataset = read(tmp_path, {"tiny.itememb": "iid:token\temb:float_seq\n10\t1 2\n"})
    notes = [(note.count, note.sentence) for note in dataset.notes if note.code == "files.unread"]
    assert notes == [(1, "tiny.itememb is not read: vectors can be audited on their own.")]
    assert set(dataset.modalities) == {"text", "genre", "knowledge"}


def test_the_reader_is_found_by_the_files(tmp_path: Path) -> None:
    assert sniff.read(write_files(tmp_path / "atomic", GOOD)).name == "tiny"
    csv = {"interactions.csv": "user_id,item_id\n1,a\n", "users.csv": "user_id,gender\n1,F\n"}
    assert sniff.read(write_files(tmp_path / "shop", csv)).name == "shop"


def test_an_own_folder_is_never_taken_for_one_of_the_catalog(tmp_path: Path) -> None:
    csv = {"interactions.csv": "user_id,item_id\n1,a\n", "users.csv": "user_id,gender\n1,F\n"}
    assert sniff.read(write_files(tmp_path / "Synthetic", csv)).name == "own Synthetic"


def test_an_unknown_folder_says_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")
    with pytest.raises(DataError) as caught:
        sniff.read(tmp_path)
    assert caught.value.code == "data.unknown_folder"
    assert str(caught.value) == (
        f"{tmp_path.name}: no file here is known (there is notes.md). "
        "Bring a table of who chose what (csv, parquet or xlsx) and one of the people."
    )
