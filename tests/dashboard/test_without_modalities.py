"""Data that nothing describes: trained, audited, and opened on every page."""

from pathlib import Path

import numpy as np
import pytest
from fixtures import headline, opened

from fmm_core.runs import mapping
from fmm_core.runs.config import make_config
from fmm_core.runs.store import Store
from fmm_core.runs.worker import execute

PAGES = ("overview", "data", "train", "leakage", "tradeoffs", "embeddings")


def drawn(slices: dict, strata: dict, *, max_users: int, seed: int) -> tuple[np.ndarray, dict]:
    """The first two numbers of everybody: UMAP takes seconds to load."""
    del strata, max_users, seed
    people = np.arange(len(next(iter(slices.values()))))
    return people, {key: matrix[:, :2] for key, matrix in slices.items()}


def write_world(folder: Path, layout: str) -> Path:
    """A hundred people whose halves choose from two halves of the items; as tables or as MMRec keeps them."""
    rng = np.random.default_rng(3)
    clicks = [(person, item + 20 * (person % 2)) for person in range(100) for item in rng.choice(30, 8, replace=False)]
    people = "".join(f"{person},{'FM'[person % 2]}\n" for person in range(100))
    folder.mkdir()
    if layout == "tables":
        rows = "".join(f"{person},{item}\n" for person, item in clicks)
        (folder / "clicks.csv").write_text(f"person,item\n{rows}")
        (folder / "people.csv").write_text(f"person,gender\n{people}")
    else:
        rows = "".join(f"{person}\t{item}\t{(0, 0, 0, 1, 2)[n % 5]}\n" for n, (person, item) in enumerate(clicks))
        (folder / "shop.inter").write_text(f"userID\titemID\tx_label\n{rows}")
        (folder / "users.csv").write_text(f"userID,gender\n{people}")
    return folder


@pytest.mark.parametrize("layout", ["tables", "MMRec without features"])
def test_every_page_opens(home: Path, tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "project", drawn)
    folder = write_world(tmp_path / "mine", layout)
    config = make_config(str(folder), recommender="lightgcn", preset="quick", settings={"recommender.epochs": 3})
    run = Store(home).new_run(config)
    assert execute(run, Store(home)).state == "done"
    for page in PAGES:
        assert not opened(page, run=run.id).error, page
    assert headline(opened("data")) == "This data set can be audited for one attribute."
    assert [box.value for box in opened("data").info] == [
        "Nothing describes the items here. Recommenders that need no description, like LightGCN, still run."
    ]
