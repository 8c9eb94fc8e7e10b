"""Choose a data set, and know before training what can be audited."""

import streamlit as st

from dashboard import data_sets, loaders, state, uploads, widgets
from dashboard.wording import data as words


def main() -> None:
    """Choices on the left, what the chosen data set holds on the right."""
    with widgets.sheet():
        title = st.container()
        left, right = st.columns([4, 7], gap="large")
        job = uploads.current()
        with left:
            chosen = data_sets.choose(bring=job is not None)
            if chosen == data_sets.OWN:
                uploads.bring()
        if chosen == data_sets.OWN:
            with right:
                uploads.show(title, job)
            return
        card = next((each for each in loaders.cards(state.store()) if each["id"] == chosen), None)
        with title:
            widgets.headline(words.headline(card) if card else words.NOTHING_CHOSEN, words.deck(card) if card else "")
        with right:
            if card is None:
                data_sets.fetch(chosen)
                return
            data_sets.checks(card)
            data_sets.who(card)
            data_sets.what(card)
            st.page_link(state.PAGES["train"], label=words.NEXT, icon=":material/arrow_forward:", icon_position="right")
            data_sets.delete(card)


if __name__ == "__main__":
    main()
