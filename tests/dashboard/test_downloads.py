"""Figures taken away as CSV: what they say is kept, and nothing in them runs in a spreadsheet."""

import pandas as pd

from dashboard.widgets import for_spreadsheets


def test_a_download_holds_no_formula():
    table = pd.DataFrame({"group": ["=1+1", "women"], "change": [-0.5, 0.1], "@x": ["-b", None]})
    safe = for_spreadsheets(table)
    assert safe.columns.tolist() == ["group", "change", "'@x"]
    assert safe["group"].tolist() == ["'=1+1", "women"]
    assert safe["change"].tolist() == [-0.5, 0.1]
    assert safe["'@x"].tolist()[0] == "'-b"
    assert safe["'@x"].isna().tolist() == [False, True]
