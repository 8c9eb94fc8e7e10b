"""Which file is which table, and which column means what: guesses with reasons, which a person can overrule."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from fmm_core.data.plan import MEANINGS, NEEDED, ROLES, Guess, Role
from fmm_core.data.readers.tablefiles import TableFile

LOOK = 10_000
"""Rows a guess is made from."""

FILE_WORDS: dict[Role, tuple[str, ...]] = {
    "interactions": ("interaction", "rating", "click", "event", "play", "watch", "view", "order", "purchase",
                     "transaction", "history", "feedback", "log", "listen"),
    "users": ("user", "people", "person", "member", "customer", "visitor", "account", "demographic", "patient"),
    "items": ("item", "movie", "film", "product", "track", "song", "article", "catalog", "book", "game"),
}  # fmt: skip
"""Parts of a file's name."""

COLUMN_WORDS: dict[str, tuple[str, ...]] = {
    "user_id": ("userid", "uid", "user", "memberid", "member", "customerid", "customer", "personid", "person",
                "visitorid", "visitor", "accountid", "account", "usernumber", "userkey"),
    "item_id": ("itemid", "iid", "item", "movieid", "movie", "filmid", "film", "productid", "product", "trackid",
                "track", "songid", "song", "articleid", "article", "bookid", "book", "gameid", "sku", "asin",
                "contentid", "itemkey"),
    "rating": ("rating", "ratings", "score", "stars", "ratingvalue", "grade"),
    "time": ("timestamp", "time", "date", "datetime", "ts", "createdat", "created", "when", "unixtime", "eventtime"),
    "split": ("split", "xlabel", "subset", "fold"),
    "title": ("title", "movietitle", "filmtitle", "name", "itemname", "itemtitle", "productname"),
    "genres": ("genres", "genre", "categories", "category", "tags", "class", "topics"),
    "year": ("year", "releaseyear", "yearofrelease"),
    "text": ("text", "description", "summary", "overview", "plot", "abstract", "body", "synopsis"),
}  # fmt: skip
"""Names of columns, in small letters without other signs; the earlier, the surer."""

IN_WORDS: dict[str, str] = {
    "user_id": "the person", "item_id": "the item", "rating": "a rating", "time": "the time",
    "split": "the part it belongs to", "title": "the title", "genres": "categories", "year": "the year",
    "text": "a description",
}  # fmt: skip
IDS = ("user_id", "item_id")
OWN_ID: dict[Role, str] = {"users": "user_id", "items": "item_id"}
"""The id a table has one row for."""


@dataclass(frozen=True)
class Understood:
    """A table, what each of its columns means, and why."""

    table: TableFile
    columns: Mapping[str, str] = field(default_factory=dict)
    guesses: tuple[Guess, ...] = ()

    @property
    def lacks(self) -> list[str]:
        """Meanings the table cannot do without and has no column for; empty if it can be used."""
        return [meaning for meaning, column in self.columns.items() if not column]


def roles(tables: Sequence[TableFile], named: Mapping[Role, str]) -> dict[Role, TableFile]:
    """Which table is which: as `named`, else by the name of the file, else by the names of its columns."""
    found: dict[Role, TableFile] = {}
    for role, name in named.items():
        table = next((each for each in tables if each.name == name), None)
        if table is not None:
            found[role] = table
    for fits in (_by_file_name, _by_columns):
        for role in ROLES:
            free = (table for table in tables if table not in found.values() and fits(table, role))
            table = next(free, None)
            if table is not None and role not in found and role not in named:
                found[role] = table
    return found


def _by_file_name(table: TableFile, role: Role) -> bool:
    """Interactions first: "user_item_ratings" is one of them."""
    name = _bare(table.stem)
    first = next((each for each in ROLES if any(word in name for word in FILE_WORDS[each])), None)
    return first == role


def _by_columns(table: TableFile, role: Role) -> bool:
    names = {_bare(name) for name in table.columns}
    has = {meaning: bool(names & set(COLUMN_WORDS[meaning])) for meaning in IDS}
    if role == "interactions":
        return all(has.values())
    return has[OWN_ID[role]] and not all(has.values())


def understand(role: Role, table: TableFile, corrected: Mapping[str, str], others: Sequence[TableFile]) -> Understood:
    """The columns of one table.

    Parameters
    ----------
    corrected : meaning -> column, as a person said; wins over every guess, "" says that there is none
    others : the other tables; an id that none is called after is looked for among those that share its values
    """
    head = table.head(LOOK)
    taken = set(corrected.values())
    columns: dict[str, str] = {}
    guesses: list[Guess] = []
    for meaning in MEANINGS[role]:
        if meaning in corrected:
            columns[meaning] = corrected[meaning]
            continue
        free = [name for name in table.columns if name not in taken]
        column = _by_name(meaning, free, role)
        why = _reason(head, column, meaning) if column else ""
        if not column and meaning in NEEDED[role] and corrected.get(meaning) is None:
            column, why = _by_values(meaning, head, free, others)
        if column:
            columns[meaning] = column
            taken.add(column)
            guesses.append(Guess(meaning=meaning, column=column, reason=why))
    columns |= {meaning: "" for meaning in NEEDED[role] if not columns.get(meaning)}
    return Understood(table, columns, tuple(guesses))


def _by_name(meaning: str, free: Sequence[str], role: Role) -> str:
    names = {_bare(name): name for name in reversed(free)}
    words = COLUMN_WORDS[meaning] + (("id",) if OWN_ID.get(role) == meaning else ())
    return next((names[word] for word in words if word in names), "")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _reason(head: pd.DataFrame, column: str, meaning: str) -> str:
    values = head[column]
    if meaning not in IDS:
        sample = next((value for value in values if value), "")
        return f'"{column}" looks like {IN_WORDS[meaning]} ("{sample[:40]}")'
    distinct = values.nunique()
    rest = "each once" if distinct == len(values) else "repeated"
    where = f" in the first {LOOK:,} rows" if len(values) == LOOK else ""
    return f'"{column}" looks like {IN_WORDS[meaning]}: {distinct:,} different values{where}, {rest}'


def _by_values(meaning: str, head: pd.DataFrame, free: Sequence[str], others: Sequence[TableFile]) -> tuple[str, str]:
    """The column most of whose values are ids of another table, and why."""
    shares = []
    for other in others:
        known = _by_name(meaning, other.columns, "users" if meaning == "user_id" else "items")
        if known:
            ids = set(other.frame([known])[known].str.strip())
            shares += [(head[name].str.strip().isin(ids).mean(), name, other.name) for name in free]
    share, name, where = max(shares, default=(0.0, "", ""))
    if share <= 0.5:
        return "", ""
    return name, f'"{name}" looks like {IN_WORDS[meaning]}: {share:.0%} of its values are in {where}'
