"""People on a map, before and after, with the figures that are the finding."""

from typing import Any

import numpy as np
import streamlit as st

from dashboard import findings as find
from dashboard import loaders, maps, state, widgets
from dashboard.charts import maps as charts
from dashboard.wording import embeddings as words
from dashboard.wording import headlines, numbers, sentences
from dashboard.wording.markdown import plain
from dashboard.wording.names import attribute_title
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
                              format_func=lambda name: layout_title(card, layouts[name][0]))  # fmt: skip
        groups = maps.groups_in(people, card, attribute)
        group = choose_group(groups, kind)
    pictures = layouts[layout]
    finding = find.of_layout(loaders.leakage(run), card, attribute, pictures[0].representation, pictures[0].modality,
                             loaders.is_mitigated(loaders.config(run)))  # fmt: skip
    if finding is not None:
        source = words.source(card, pictures[0].representation, pictures[0].modality)
        with top:
            widgets.headline(headlines.map_of(finding, source), words.deck(finding, kind, source))
    frame = charts.frame_of(np.concatenate([each.xy for each in pictures]))
    for column, picture in zip(st.columns(len(pictures) if len(pictures) > 1 else [2, 1]), pictures, strict=False):
        with column, st.container(border=True, key=f"map_{picture.phase}"):
            codes = maps.codes_of(picture, people, attribute, groups)
            draw(picture, codes, groups, group, frame, kind)
            figures(run, picture, attribute, finding, layout)
    with st.container(width=widgets.READING):
        shown = sentences.shown_of(len(pictures[0].users), int(people["eligible"].sum()))
        st.caption(f"{sentences.MAP_FOOT} {shown}")


def layout_title(card: dict[str, Any], first: maps.Slice) -> str:
    """What a layout shows."""
    return words.layout_title(card, first.representation, first.modality)


def choose_group(groups: tuple[str, ...], kind: str) -> str:
    """The group that is told apart from the rest, where not all have a colour of their own."""
    needed = len(groups) > len(charts.COLOURS) or (kind == "mix" and len(groups) > 2)
    return st.selectbox(words.GROUP, groups, key="group", width=200) if needed else groups[0]


def draw(
    picture: maps.Slice, codes: np.ndarray, groups: tuple[str, ...], group: str, frame: charts.Frame, kind: str
) -> None:
    """One picture under its title."""
    title, place = words.PHASES[picture.phase], groups.index(group)
    st.header(title, anchor=False)
    if kind == "mix":
        known = codes >= 0
        mix = charts.local_mix(picture.xy[known], codes[known] == place, frame)
        fig = charts.mix_map(mix, group, words.others(groups, group), frame)
        alt = words.alt_mix(title, group, int(mix.differs.sum()), mix.patches)
        widgets.picture(fig, alt, f"mix_{picture.phase}")
        st.markdown(sentences.patches(int(mix.differs.sum()), mix.patches))
        return
    if len(groups) > len(charts.COLOURS):
        groups = (group, "others")
        codes = np.where(codes < 0, -1, (codes != place).astype(np.int16))
    widgets.picture(charts.people_map(picture.xy, codes, groups, frame), words.alt_people(title, groups),
                    f"people_{picture.phase}")  # fmt: skip


def figures(run: RunFolder, picture: maps.Slice, attribute: str, finding: find.Finding | None, layout: str) -> None:
    """The attacker's figure and the like neighbours under a picture."""
    grid = st.grid(2, min_column_width=150)
    figure = finding and (finding.after if picture.phase == "after" else finding.before)
    if finding is not None and figure is not None:
        grid.metric(words.ATTACKER, numbers.tries(figure.value), "guessing 50", delta_color="off", delta_arrow="off",
                    help=words.attacker_help(finding, figure))  # fmt: skip
    like, chance = loaders.like_neighbours(run, layout, picture.phase, attribute)
    grid.metric(words.LIKE, words.share(like), words.by_chance(chance) or None, delta_color="off", delta_arrow="off",
                 help=words.LIKE_HELP)  # fmt: skip


if __name__ == "__main__":
    main()
