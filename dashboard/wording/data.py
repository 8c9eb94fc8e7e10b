"""What the data page says: what can be audited, who is in the data, what describes the items."""

from collections.abc import Mapping
from typing import Any

from dashboard.wording.markdown import plain
from dashboard.wording.names import attribute_title, modality_title, nouns, running
from dashboard.wording.numbers import count, listed, percent, small

NOTHING_CHOSEN = "Choose a data set, or bring your own."
CHOOSE = "Choose or bring your own"
OWN = "Bring your own"
OWN_SENTENCE = "Tables, vectors or a zip. Files stay on this machine."
GET = "Get it"
GETTING = "Getting it. This page fills by itself."
CHECKS = "Checks"
PASSED = "Everyone and everything is accounted for"
PASSED_SENTENCE = "No identifier is missing or repeated, and every item is described."
NEEDS_EYE = "Needs your eye"
WHO = "Who is in the data"
WHAT = "What describes the {items}"
NO_MODALITY = "Nothing describes the {items} here. Recommenders that need no description, like LightGCN, still run."
NEXT = "Next: train"
DELETE = "Delete this data set"
DELETE_YES = "Delete it for good"


def headline(card: Mapping[str, Any]) -> str:
    """How many attributes can be audited, and which cannot."""
    offered = [name for name, item in card["attributes"].items() if item["offered"]]
    refused = [name for name, item in card["attributes"].items() if not item["offered"]]
    many = "attribute" if len(offered) == 1 else "attributes"
    start = f"This data set can be audited for {small(len(offered))} {many}."
    if not refused:
        return start
    names = listed([running(attribute_title(card, name)) for name in refused])
    return f"{start} {names[:1].upper()}{names[1:]} cannot."


def refusals(card: Mapping[str, Any]) -> list[str]:
    """One sentence per attribute that cannot be audited, with the reason."""
    return [
        f"{attribute_title(card, name)} is not audited: {item['reason']}."
        for name, item in card["attributes"].items()
        if not item["offered"]
    ]


def deck(card: Mapping[str, Any]) -> str:
    """Counts, and what describes the items."""
    items = plain(nouns(card)[1])
    start = f"{count(card['n_users'])} people, {count(card['n_items'])} {items} and {count(card['n_pairs'])} clicks."
    names = [plain(running(modality_title(card, name))) for name in card["modalities"]]
    if not names:
        return start
    said = listed(names)
    verb = "describes" if len(names) == 1 else "describe"
    filled = f"One in {round(1 / card['density'])} possible clicks is there." if card["density"] > 0 else ""
    return f"{start} {said[:1].upper()}{said[1:]} {verb} the {items}. {filled}"


def group_title(name: str, people: int, total: int) -> tuple[str, str]:
    """A group and how many belong to it."""
    return name, f"{count(people)} people, {percent(people / max(total, 1))}"


def undisclosed(number: int) -> str:
    """How many did not say."""
    verb = "person did" if number == 1 else "people did"
    return f"{count(number)} {verb} not say. They train the recommender and are left out of the attacks."


def what_goes(title: str, runs: int, megabytes: float) -> str:
    """All that is deleted with a data set."""
    also = {0: "No run was made from it.", 1: "The run made from it goes too."}
    size = "under 1 MB" if megabytes < 1 else f"{count(round(megabytes))} MB"
    more = also.get(runs, f"{count(runs)} runs made from it go too.")
    return f"**{plain(title)}** is removed from this machine, {size} in all. {more} This cannot be undone."
