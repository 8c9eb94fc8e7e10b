"""How often a stranger is right: by attribute, by what is stored, modality, profile and attacker."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import findings as find
from dashboard import loaders, modality_view, state, widgets
from dashboard.charts.dumbbell import dumbbell
from dashboard.charts.flow import flow
from dashboard.wording import headlines, sentences, states
from dashboard.wording import leakage as words
from dashboard.wording.markdown import plain
from dashboard.wording.names import ATTACKERS, PLACES, attribute_title, representation_title

View = Callable[[pd.DataFrame, dict[str, Any], find.Scope], None]


def main() -> None:
    """The selected run's leakage, in the view the address names."""
    with widgets.sheet():
        run = widgets.finished_run()
        if run is None:
            return
        leakage, card = loaders.leakage(run), loaders.card(state.store(), run)
        if leakage.empty:
            widgets.headline(headlines.NOTHING_TO_AUDIT)
            widgets.empty(states.NOTHING, states.NOTHING_SENTENCE)
            return
        config = loaders.config(run)
        scope = find.opened(leakage, loaders.is_mitigated(config), tuple(config.active_weights))
        VIEWS[state.current("view", tuple(VIEWS))](leakage, card, scope)


def by_attribute(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> None:
    """Every attribute, with the reader's own limits; the controls stand below the figure they change."""
    top, controls = st.container(key="finding"), st.container(key="controls")
    with controls:
        scope = choose_scope(leakage, card, scope)
    found = find.by_attribute(leakage, card, scope)
    with top:
        widgets.headline(headlines.attributes(found, PLACES[scope.representation].where), headlines.scoreboard(found))
        if scope.users == "all":
            unseen = find.by_attribute(leakage, card, replace(scope, users="undisclosed"))
            widgets.caution(sentences.undisclosed_caution(found, unseen))
        view_switch()
        figure(words.attributes_title(), words.attributes_note(scope, card), found, scope, "attribute")
    with st.container(width=widgets.READING, key="sentences"):
        st.markdown("\n".join(f"- **{plain(each.title)}.** {plain(sentences.attribute_line(each))}" for each in found))
    widgets.exact_figures(find.as_table(found), "leakage_attributes")
    widgets.section(words.FLOW, words.FLOW_NOTE)
    with st.container(key="flow"):
        parts = find.flows(leakage, found, scope)
        widgets.picture(flow(parts), words.flow_alt(parts), "flow")
        st.table(words.flow_table(leakage, found, scope), hide_index=True)


def choose_scope(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> find.Scope:
    """Tolerance, target, attacker and people."""
    targets = find.choosable(leakage)
    attackers = [name for name in reversed(ATTACKERS) if name in set(leakage["attacker"])]
    crowds = [name for name in words.CROWDS if name in set(leakage["users"])]
    grid = st.grid(4, min_column_width=210)
    tolerance = grid.slider(words.TOLERANCE, 1, 10, 5, key="tolerance", help=words.TOLERANCE_HELP, bind="query-params")
    target = grid.selectbox(words.ATTACKED, targets, format_func=lambda t: representation_title(card, *t), key="target")
    attacker = grid.selectbox(words.ATTACKER, attackers, format_func=lambda a: ATTACKERS[a].title, key="attacker",
                              help=words.attacker_help(attackers))  # fmt: skip
    users = grid.selectbox(words.WHO, crowds, format_func=lambda u: words.CROWDS[u], key="crowd", help=words.WHO_HELP)
    return replace(scope, representation=target[0], modality=target[1], attacker=attacker, users=users,
                   tolerance=tolerance / 100)  # fmt: skip


def by_representation(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> None:
    """One attribute, wherever it can be read."""
    attribute, title = current_attribute(leakage, card)
    found = find.by_representation(leakage, card, attribute, scope)
    widgets.headline(headlines.stored(found, title), words.stored_deck(found))
    view_switch()
    attribute_switch(leakage, card)
    figure(words.stored_title(title), words.STORED_NOTE, found, scope, "place")
    widgets.exact_figures(find.as_table(found, "place"), f"leakage_stored_{attribute}")


def by_modality(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> None:
    """One attribute, what every modality adds to its leakage and to accuracy."""
    del scope  # the mixes are attacked before any mitigation
    attribute, title = current_attribute(leakage, card)
    modality_view.show(card, attribute, title, view_switch, lambda: attribute_switch(leakage, card))


def by_profile(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> None:
    """One attribute, the profile of every modality that was split: raw, filtered and biased."""
    attribute, title = current_attribute(leakage, card)
    users = state.current("profile_people", tuple(words.PROFILE_CROWDS))
    scope = replace(scope, users=users)
    found = find.by_modality(leakage, card, attribute, scope)
    if not found:
        no_profiles()
        return
    if attribute in scope.protected:
        widgets.headline(headlines.profiles(found, title), words.profiles_deck(found, title, scope))
    else:
        protected = [attribute_title(card, name) for name in scope.protected]
        widgets.headline(headlines.not_split_for(title), words.split_for(protected))
    view_switch()
    with st.container(horizontal=True, gap="medium", key="profile_controls"):
        with st.container(width="content"):
            attribute_switch(leakage, card)
        with st.container(width="content"):
            widgets.switch(words.WHO, "profile_people", words.PROFILE_CROWDS, help=words.PROFILE_CROWDS_HELP)
    widgets.section(words.profiles_title(title), words.PROFILES_NOTE)
    fig = dumbbell(found, scope.tolerance, find.RAW_FILTERED)
    table = find.as_table(found, "modality", find.RAW_FILTERED)
    widgets.chart(fig, words.profiles_alt(found), table, f"leakage_profiles_{attribute}")


def no_profiles() -> None:
    """Nothing was split: say what would have split it."""
    widgets.headline(words.NO_PROFILES_HEADLINE)
    view_switch()
    widgets.empty(words.NO_PROFILES, words.NO_PROFILES_SENTENCE, icon=":material/call_split:")
    if st.button(words.CHOOSE_FMMREC, icon=":material/arrow_forward:", key="choose_fmmrec"):
        st.session_state["method"] = "fmmrec"  # what the train page's list shows as chosen
        st.switch_page(state.PAGES["train"])


def by_attacker(leakage: pd.DataFrame, card: dict[str, Any], scope: find.Scope) -> None:
    """One attribute, every attacker."""
    attribute, title = current_attribute(leakage, card)
    found = find.by_attacker(leakage, card, attribute, scope)
    widgets.headline(headlines.attackers(found, title), words.attackers_deck(found))
    view_switch()
    attribute_switch(leakage, card)
    figure(words.attackers_title(title), words.ATTACKERS_NOTE, found, scope, "attacker")
    widgets.exact_figures(find.as_table(found, "attacker"), f"leakage_attackers_{attribute}")


def view_switch() -> None:
    """Which question the page answers."""
    widgets.switch("View", "view", words.VIEWS, hidden=True)


def attribute_switch(leakage: pd.DataFrame, card: dict[str, Any]) -> None:
    """Which attribute it is about."""
    names = dict.fromkeys(leakage["attribute"])
    widgets.switch("Attribute", "attribute", {name: plain(attribute_title(card, name)) for name in names})


def current_attribute(leakage: pd.DataFrame, card: dict[str, Any]) -> tuple[str, str]:
    """The chosen attribute and its title, before its switch is drawn."""
    attribute = state.current("attribute", tuple(dict.fromkeys(leakage["attribute"])))
    return attribute, attribute_title(card, attribute)


def figure(title: str, note: str, found: list[find.Finding], scope: find.Scope, kind: str) -> None:
    """Heading and dumbbell; the exact figures follow where the page wants them."""
    widgets.section(title, note)
    widgets.picture(dumbbell(found, scope.tolerance), words.alt(found), f"leakage_{kind}")


VIEWS: dict[str, View] = {
    "attributes": by_attribute,
    "stored": by_representation,
    "modalities": by_modality,
    "profiles": by_profile,
    "attackers": by_attacker,
}

if __name__ == "__main__":
    main()
