"""The forwardable answer: what the attackers can still tell, what protection cost, and who pays."""

from dataclasses import replace

import streamlit as st

from dashboard import data_sets, loaders, state, theme, widgets
from dashboard import findings as find
from dashboard.charts.dots import SIDE, dot_square
from dashboard.wording import headlines, sentences, states, validity
from dashboard.wording import overview as words
from dashboard.wording.markdown import plain
from dashboard.wording.names import PLACES
from dashboard.wording.verdicts import LOOKS
from fmm_core.runs import client
from fmm_core.runs.config import make_config
from fmm_core.runs.store import RunFolder


def main() -> None:
    """First visit without a run; the findings with a finished one; where it stands otherwise."""
    with widgets.sheet():
        chosen = state.selection()
        if chosen.run is None:
            widgets.dead_link(chosen)
            first_visit()
        elif (run := widgets.finished_run()) is not None:
            answer(run)


def first_visit() -> None:
    """What this is, two ways in, and how to read a figure."""
    widgets.headline(headlines.FIRST_VISIT, headlines.FIRST_VISIT_DECK)
    with st.container(horizontal=True, key="ways_in"):
        if st.button(words.EXAMPLE, type="primary", icon=":material/play_arrow:", key="example"):
            start_example()
        if st.button(words.OWN_DATA, icon=":material/upload:", key="own_data"):
            st.session_state[data_sets.BRING] = True
            st.switch_page(state.PAGES["data"])
    st.space("small")
    grid = st.grid(3, min_column_width=250)
    for title, sentence in words.STEPS:
        with grid.cell(), st.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.caption(sentence)
    st.space("small")
    widgets.section(words.LEGEND, words.LEGEND_NOTE)
    with st.container(horizontal=True, key="dots"):
        square("Guessing", 0.50, 0.50, 0.50, theme.MUTED)
        square("A leak", 0.85, 0.85, 0.85, theme.LEAKS)
        with st.container(width=600, key="marks"):
            st.markdown(words.marks())


def start_example() -> None:
    """Queue a quick run on the made-up data and go where its progress shows."""
    config = make_config("synthetic", recommender="lattice", preset="quick", weights={"gender": 1.0})
    (run,) = client.submit(state.store(), config)
    state.choose(run.id)
    st.switch_page(state.PAGES["train"], query_params=state.link(run))


def answer(run: RunFolder) -> None:
    """Headline, three figures, the dots, and what to read next."""
    leakage, card, config = loaders.leakage(run), loaders.card(state.store(), run), loaders.config(run)
    scope = find.opened(leakage, loaders.is_mitigated(config))
    place, accuracy = PLACES[scope.representation], loaders.accuracy(run)
    found = find.by_attribute(leakage, card, scope)
    if not found:
        widgets.headline(headlines.NOTHING_TO_AUDIT)
        widgets.empty(states.NOTHING, states.NOTHING_SENTENCE)
        return
    clearest = max(found, key=find.clearness)
    widgets.headline(headlines.overview(found, place.where), sentences.clearest_change(clearest, place.reader))
    there = [who for who in words.OTHERS if who in set(leakage["users"])]
    others = {who: find.by_attribute(leakage, card, replace(scope, users=who)) for who in there}
    widgets.caution(sentences.undisclosed_caution(found, others.get("undisclosed", [])))
    grid = st.grid(3, min_column_width=250, key="cards")
    for label, shown in words.cards(found, accuracy, loaders.groups(run), card, place.several):
        grid.metric(label, shown.value, shown.delta or None, delta_color="off", delta_arrow="off",
                        delta_description=shown.description, help=shown.help, border=True)  # fmt: skip
    if accuracy.empty:
        st.caption(words.NO_ACCURACY)
    st.space("small")
    widgets.section(words.FIGURES, words.FIGURES_NOTE)
    scoreboard = {each.key: f"{LOOKS[each.says].mark} {plain(each.title)}" for each in found}
    attribute = widgets.switch("Attribute", "attribute", scoreboard, default=clearest.key, hidden=True)
    chosen = next(each for each in found if each.key == attribute)
    beside = {who: next(each for each in asked if each.key == attribute) for who, asked in others.items()}
    dots(
        chosen,
        words.elsewhere(chosen, find.by_representation(leakage, card, attribute, scope)),
        words.other_people(beside),
    )
    widgets.exact_figures(find.as_table(found), "overview")
    st.space("small")
    lead_on(run, found, measured=not accuracy.empty)


def dots(finding: find.Finding, *cautions: str) -> None:
    """Two squares, the verdict, and why; then what else should be known, where there is something."""
    look = LOOKS[finding.says]
    with st.container(horizontal=True, gap="medium", key="dots"):
        if finding.after is not None and (before := finding.before):
            square("Before", before.value, before.low, before.high, theme.BEFORE, finding.title)
        now = finding.now
        square("After" if finding.after else "Now", now.value, now.low, now.high, look.token, finding.title)
        with st.container(width=380, key="verdict"):
            st.badge(finding.words.capitalize(), icon=look.icon, color=look.colour)
            st.markdown(plain(sentences.verdict_sentence(finding)))
            for caution in filter(None, cautions):
                st.caption(plain(caution))


def square(phase: str, value: float, low: float, high: float, token: str, title: str = "Example") -> None:
    """A hundred dots under their figure."""
    with st.container(width=SIDE, gap="xsmall"):
        st.markdown(f"**{words.dots_title(phase, value)}**")
        alt = words.dots_alt(title, phase.lower(), value, low, high)
        st.plotly_chart(dot_square(low, high, token), config=theme.CONFIG, alt=alt, key=f"dots_{phase}", width=SIDE)


def lead_on(run: RunFolder, found: list[find.Finding], measured: bool) -> None:
    """Cards that say what the reader will learn, then the limits of the audit."""
    st.header(words.NEXT, anchor=False)
    grid = st.grid(3, min_column_width=250)
    for page, query, label, sentence in words.links(found, measured):
        with grid.cell(), st.container(border=True, height="stretch"):
            st.page_link(state.PAGES[page], label=f"**{plain(label)}**", icon=":material/arrow_forward:",
                         icon_position="right", query_params=state.link(run, **query))  # fmt: skip
            st.caption(sentence)
    with st.container(width=widgets.READING):
        st.caption(sentences.CANNOT_TELL)
        st.page_link(state.PAGES["how_we_know"], label=validity.TO_PAGE, icon=":material/verified:")


if __name__ == "__main__":
    main()
