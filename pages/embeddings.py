"""People on a map, before and after, with the figures that are the finding."""

from typing import Any

import streamlit as st

from dashboard import findings as find
from dashboard import loaders, map_panels, maps, state, widgets
from dashboard.charts import maps as charts
from dashboard.wording import embeddings as words
from dashboard.wording import headlines, sentences
from dashboard.wording.markdown import plain
from dashboard.wording.names import attribute_title, modality_title
from fmm_core.runs.store import RunFolder


def main() -> None:
    """The selected run's maps, coloured by one attribute."""
    with widgets.sheet():
        run = widgets.finished_run()
        if run is None:
            return
        layouts = maps.layouts(loaders.projection(run)) if run.has("projection.csv") else {}
        attributes = tuple(dict.fromkeys(loaders.leakage(run)["attribute"]))
        if not layouts or not attributes:
            widgets.headline(words.NO_MAP_HEADLINE)
            widgets.empty(words.NO_MAP, words.NO_MAP_SENTENCE, icon=":material/map:")
            return
        show(run, layouts, attributes)


def show(run: RunFolder, layouts: dict[str, list[maps.Slice]], attributes: tuple[str, ...]) -> None:
    """Headline from the verdict, then controls, then the pictures of one layout side by side."""
    card, people = loaders.card(state.store(), run), loaders.people(run)
    top = st.container(key="finding")
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        titles = {name: plain(attribute_title(card, name)) for name in attributes}
        attribute = widgets.switch(words.COLOUR_BY, "attribute", titles)
        kind = widgets.switch(words.SHOW, "show", words.SHOWS, help=words.SHOW_HELP)
        layout = st.selectbox(words.VECTORS, tuple(layouts), key="layout", width=220,
                              format_func=lambda name: layout_title(card, layouts[name]))  # fmt: skip
        groups = maps.groups_in(people, card, attribute)
        group = choose_group(groups, kind)
    pictures = layouts[layout]
    tell = tell_split if maps.is_split(pictures) else tell_map
    with top:
        finding = tell(run, card, attribute, pictures[0], kind)
    protected = list(loaders.config(run).active_weights)
    shown = map_panels.panels(pictures, finding, card, protected)
    colouring = map_panels.Colouring(attribute, groups, group, kind)
    map_panels.draw(shown, colouring, people, run, layout, finding)
    foot = [sentences.MAP_FOOT, words.SPLIT_FOOT] if maps.is_split(pictures) else [sentences.MAP_FOOT]
    with st.container(width=widgets.READING):
        st.caption(" ".join([*foot, sentences.shown_of(len(pictures[0].users), int(people["eligible"].sum()))]))


def layout_title(card: dict[str, Any], pictures: list[maps.Slice]) -> str:
    """What a layout shows."""
    first = pictures[0]
    split = maps.is_split(pictures)
    return words.layout_title(card, first.representation, first.modality, split, not split and first.phase == "after")


def choose_group(groups: tuple[str, ...], kind: str) -> str:
    """The group that is told apart from the rest, where not all have a colour of their own."""
    needed = len(groups) > len(charts.COLOURS) or (kind == "mix" and len(groups) > 2)
    return st.selectbox(words.GROUP, groups, key="group", width=200) if needed else groups[0]


def tell_map(run: RunFolder, card: dict[str, Any], attribute: str, first: maps.Slice, kind: str) -> find.Finding | None:
    """Say what the attacker found in what is drawn, before and after."""
    mitigated = loaders.is_mitigated(loaders.config(run))
    finding = find.of_layout(loaders.leakage(run), card, attribute, first.representation, first.modality, mitigated)
    source = words.source(card, first.representation, first.modality)
    if finding is None:
        widgets.headline(words.NOT_ATTACKED)
    else:
        widgets.headline(headlines.map_of(finding, source), words.deck(finding, kind, source))
    return finding


def tell_split(
    run: RunFolder, card: dict[str, Any], attribute: str, first: maps.Slice, kind: str
) -> find.Finding | None:
    """Say what the attacker found in the parts of a profile, on people whose labels the split never saw."""
    finding = find.of_split(loaders.leakage(run), card, attribute, first.modality)
    if finding is None:
        widgets.headline(words.NOT_ATTACKED)
        return None
    source = modality_title(card, first.modality)
    meant = attribute in loaders.config(run).active_weights
    sentence = headlines.split_map(finding, source) if meant else headlines.not_split_for(finding.title)
    widgets.headline(sentence, words.split_deck(finding, kind, source))
    return finding


if __name__ == "__main__":
    main()
