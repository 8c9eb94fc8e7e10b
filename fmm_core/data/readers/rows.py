"""Rows as people name them: a spreadsheet counts from 1, and the header is row 1."""

from collections.abc import Sequence

FIRST_ROW = 2
"""Row number of the first record."""

NAMED_ROWS = 3
"""At most so many rows are named in a message."""


def name_rows(rows: Sequence[int], total: int | None = None) -> str:
    """The first three rows: "rows 12, 40, 41, …".

    Parameters
    ----------
    rows : numbers as a spreadsheet shows them, at least one
    total : how many there are, if `rows` holds only the first
    """
    total = len(rows) if total is None else total
    named = ", ".join(f"{row}" for row in rows[:NAMED_ROWS])
    more = ", …" if total > NAMED_ROWS else ""
    return f"{'row' if total == 1 else 'rows'} {named}{more}"
