"""How the audit itself was tested: coverage, silence, power, drawn from the bench's own results."""

import streamlit as st

from dashboard import loaders, validity, widgets
from dashboard.charts.validity import coverage
from dashboard.wording import validity as words


def main() -> None:
    """The finding about the audit, its figure, and the table of what it says."""
    with widgets.sheet():
        rows = loaders.tested()
        found = validity.covered(rows)
        if not found:
            widgets.headline(words.NOTHING_HEADLINE, words.NOTHING)
            return
        ours, plain = validity.pooled(found)
        total = sum(row["replicates"] for row in rows)
        widgets.headline(words.headline(ours, plain), words.DECK.format(total=f"{total:,}"))
        widgets.section(words.COVERAGE, words.COVERAGE_NOTE)
        with st.container(key="coverage"):
            widgets.picture(coverage(found), words.reading(ours, plain, len(found)), "coverage")
        widgets.section(words.SAID, words.SAID_NOTE)
        figures = {name: st.column_config.NumberColumn(format="%.1f") for name in validity.said(rows).columns[2:]}
        st.dataframe(validity.said(rows), hide_index=True, column_config=figures, height="content", key="said")
        with st.container(width=widgets.READING):
            st.caption(words.LIMITS)


if __name__ == "__main__":
    main()
