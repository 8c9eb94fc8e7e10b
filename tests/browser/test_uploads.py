"""Own files from the first click to the verdict, and a hostile zip that ends in a sentence."""

import io
import re
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import Server, Visitor
from page_checks import TOO_WIDE
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATIENCE_MS = 240_000
FIRST_BAD = (4, 8, 15)
"""Records without an item; a spreadsheet calls them rows 6, 10 and 17."""


def messy(folder: Path) -> list[Path]:
    """Two tables as an office exports them: a byte order mark, semicolons, odd names, three rows without an item.

    Women and men choose from two halves of the films that overlap, so that there is something to find.
    """
    rng = np.random.default_rng(7)
    people, clicks = [], []
    for person in range(300):
        woman = person % 2 == 0
        people.append(f"m{person};{'woman' if woman else 'man'};{rng.integers(18, 70)}")
        films = rng.choice(80, 15, replace=False) + (0 if woman else 40)
        clicks += [f"m{person};f{film};{rng.integers(1, 6)}" for film in films]
    for row in FIRST_BAD:
        person, _, stars = clicks[row].split(";")
        clicks[row] = f"{person};;{stars}"
    tables = {"list_a.csv": ["key;sex;age", *people], "list_b.csv": ["Member No;Film;stars", *clicks]}
    for name, lines in tables.items():
        (folder / name).write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return [folder / name for name in tables]


def hostile(folder: Path) -> Path:
    """A zip whose one entry is a symbolic link out of it."""
    entry = zipfile.ZipInfo("users.csv")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    (folder / "films.zip").write_bytes(packed.getvalue())
    return folder / "films.zip"


def bring(visitor: Visitor, files: list[Path]) -> None:
    visitor.go("data")
    visitor.page.get_by_text("Bring your own", exact=True).click()
    visitor.settle()
    visitor.page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files([str(file) for file in files])


def choose(visitor: Visitor, key: str, option: str) -> None:
    box = visitor.page.locator(f"[class*='{key}']").first
    box.scroll_into_view_if_needed()
    box.get_by_role("combobox").click()
    visitor.page.get_by_role("option", name=option, exact=True).click()
    visitor.settle()


def says(visitor: Visitor, headline: str) -> None:
    expect(visitor.page.locator("[data-testid=stMain] h1").first).to_have_text(
        re.compile(headline), timeout=PATIENCE_MS
    )
    visitor.settle()


def test_messy_tables_go_from_upload_to_verdict_and_are_deleted(
    visitor: Visitor, server: Server, tmp_path: Path
) -> None:
    bring(visitor, messy(tmp_path))
    says(visitor, "need a correction")
    choose(visitor, "file_interactions", "list_b.csv")
    choose(visitor, "file_users", "list_a.csv")
    choose(visitor, "column_interactions_user_id", "Member No")
    choose(visitor, "column_interactions_item_id", "Film")
    choose(visitor, "column_users_user_id", "key")
    visitor.page.locator(".st-key-check_again button").click()
    expect(visitor.page.get_by_text("3 empty values (rows 6, 10, 17)")).to_be_visible(timeout=PATIENCE_MS)
    visitor.settle()
    visitor.page.get_by_text("Leave out the rows that cannot be used").click()
    visitor.settle()
    visitor.page.locator(".st-key-check_again button").click()
    says(visitor, "can be audited for two attributes")
    visitor.page.set_viewport_size({"width": 430, "height": 900})
    visitor.settle()
    assert visitor.page.evaluate(TOO_WIDE) == []
    visitor.page.set_viewport_size({"width": 1440, "height": 1000})
    visitor.page.locator(".st-key-import button").click()
    visitor.page.get_by_text("Next: train").click(timeout=PATIENCE_MS)
    visitor.page.get_by_text("Train and audit").first.wait_for(timeout=60_000)
    visitor.settle()
    visitor.page.get_by_text("Quick", exact=True).click()
    visitor.settle()
    visitor.page.locator(".st-key-train_button button").click()
    link = visitor.page.get_by_text("Read what it found")
    expect(link).to_be_visible(timeout=PATIENCE_MS)
    link.click()
    visitor.page.wait_for_selector(".st-key-cards", timeout=30_000)
    visitor.settle()
    assert "sex" in visitor.headline().lower()
    assert visitor.exceptions() == 0
    assert list((server.home / "uploads").iterdir()) == []
    visitor.go("data")
    visitor.page.locator(".st-key-delete_dataset button").click()
    visitor.page.locator(".st-key-delete_sure button").click()
    says(visitor, "Choose a data set")
    assert list((server.home / "datasets").iterdir()) == []
    assert list((server.home / "runs").iterdir()) == []
    assert visitor.errors == []


def test_a_hostile_zip_is_one_sentence(visitor: Visitor, tmp_path: Path) -> None:
    bring(visitor, [hostile(tmp_path)])
    says(visitor, "can't be read")
    assert visitor.page.locator("[data-testid=stAlert]").count() == 1
    assert "link" in visitor.page.locator("[data-testid=stAlert]").inner_text()
    assert visitor.exceptions() == 0
    assert visitor.errors == []
