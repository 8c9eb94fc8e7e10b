"""The pictures of the embeddings page: each with its title, and under it the figures that are the finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import findings as find
from dashboard import loaders, maps, widgets
from dashboard.charts import maps as charts
from dashboard.wording import embeddings as words
from dashboard.wording import numbers, sentences
from dashboard.wording.markdown import plain
from dashboard.wording.names import attribute_title, modality_title
from fmm_core.runs.store import RunFolder

NARROW = 290  # px: the side of a map where three stand beside each other


@dataclass(frozen=True)
class Panel:
    """One picture as the page shows it.

    Attributes
    ----------
    note : what the picture holds, below its title; "" if the title says it all
    figure : the strongest attack on what is drawn; None if there was none
    who : whom the figures are about, where that is not everyone
    """

    picture: maps.Slice
    title: str
    note: str
    figure: find.Figure | None
    who: str = ""


def panels(
    pictures: Sequence[maps.Slice], finding: find.Finding | None, card: Mapping[str, Any], protected: Sequence[str]
) -> list[Panel]:
    """The pictures of a layout with what belongs to each.

    Parameters
    ----------
    protected : the attributes a profile was split for
    """
    if not maps.is_split(pictures):
        figures = {} if finding is None else {"after": finding.after, "before": finding.before, "data": finding.before}
        titles = words.PHASES if len(pictures) > 1 else words.PHASES | {"before": words.ALONE}
        return [Panel(each, titles[each.phase], "", figures.get(each.phase)) for each in pictures]
    parts = (
        {} if finding is None else dict(zip(find.PARTS, (finding.before, finding.biased, finding.after), strict=True))
    )
    carried = [attribute_title(card, name) for name in protected]
    return [
        Panel(
            each,
            words.PARTS[each.representation],
            words.part_note(each.representation, modality_title(card, each.modality), carried),
            parts.get(each.representation),
            words.UNSEEN,
        )
        for each in pictures
    ]


@dataclass(frozen=True)
class Colouring:
    """How all pictures of a layout are coloured.

    Attributes
    ----------
    groups : of the attribute, in the data's own order
    group : the one told apart from the rest, where not all have a colour of their own
    kind : key of `words.SHOWS`
    """

    attribute: str
    groups: tuple[str, ...]
    group: str
    kind: str


def draw(
    shown: Sequence[Panel],
    colouring: Colouring,
    people: pd.DataFrame,
    run: RunFolder,
    layout: str,
    finding: find.Finding | None,
) -> None:
    """The panels side by side while there is room."""
    frame = charts.frame_of(np.concatenate([each.picture.xy for each in shown]))
    side = NARROW if len(shown) > 2 else charts.SIDE
    for place, panel in zip(_places(len(shown)), shown, strict=True):
        with place, st.container(border=True, key=f"map_{panel.picture.slug}"):
            with st.container(gap=None):
                st.header(panel.title, anchor=False)
                if panel.note:
                    st.caption(plain(panel.note))
            codes = maps.codes_of(panel.picture, people, colouring.attribute, colouring.groups)
            _picture(panel, codes, colouring, frame, side)
            _figures(panel, run, layout, colouring.attribute, finding)


def _places(number: int) -> list[DeltaGenerator]:
    """One alone is not too wide; three wrap where they would become too narrow."""
    if number < 3:
        return list(st.columns(number if number > 1 else [2, 1])[:number])
    grid = st.grid(number, min_column_width=NARROW)
    return [grid.cell() for _ in range(number)]


def _picture(panel: Panel, codes: NDArray[np.int16], colouring: Colouring, frame: charts.Frame, side: int) -> None:
    groups, group, xy = colouring.groups, colouring.group, panel.picture.xy
    place = groups.index(group)
    if colouring.kind == "mix":
        known = codes >= 0
        mix = charts.local_mix(xy[known], codes[known] == place, frame)
        fig = charts.mix_map(mix, group, words.others(groups, group), frame, side)
        alt = words.alt_mix(panel.title, group, int(mix.differs.sum()), mix.patches)
        widgets.picture(fig, alt, f"mix_{panel.picture.slug}")
        st.markdown(sentences.patches(int(mix.differs.sum()), mix.patches))
        return
    if len(groups) > len(charts.COLOURS):
        groups = (group, "others")
        codes = np.where(codes < 0, -1, (codes != place).astype(np.int16))
    fig = charts.people_map(xy, codes, groups, frame, side)
    widgets.picture(fig, words.alt_people(panel.title, groups), f"people_{panel.picture.slug}")


def _figures(panel: Panel, run: RunFolder, layout: str, attribute: str, finding: find.Finding | None) -> None:
    """The attacker's figure and the like neighbours under a picture."""
    grid = st.grid(2, min_column_width=130)
    if finding is not None and panel.figure is not None:
        grid.metric(words.ATTACKER, numbers.tries(panel.figure.value), "guessing 50", delta_color="off",
                    delta_arrow="off", help=words.attacker_help(finding, panel.figure))  # fmt: skip
    like, chance = loaders.like_neighbours(run, layout, panel.picture.slug, attribute, held_out=bool(panel.who))
    grid.metric(words.LIKE, words.share(like), words.by_chance(chance) or None, delta_color="off", delta_arrow="off",
                help=words.LIKE_HELP)  # fmt: skip
    if panel.who:
        st.caption(panel.who)
