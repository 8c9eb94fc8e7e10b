"""The train page's form, part by part; each returns what the reader chose."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import choices, loaders, state, widgets
from dashboard.choices import Choices
from dashboard.wording import train as words
from dashboard.wording.names import attribute_title, modality_title
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs import client
from fmm_core.runs.config import PRESETS

Card = Mapping[str, Any]


def dataset() -> Card | None:
    """The data set to train on: the one chosen on the data page, or another stored one; None if nothing is stored."""
    cards = {card["id"]: card for card in loaders.cards(state.store())}
    if not cards:
        return None
    remembered = st.session_state.get("dataset_id")
    ids = list(cards)
    chosen = st.selectbox(
        "Data set",
        ids,
        index=ids.index(remembered) if remembered in cards else 0,
        format_func=lambda card_id: cards[card_id]["title"],
        key="train_dataset",
        width=380,
    )
    st.session_state["dataset_id"] = chosen
    return cards[chosen]


def modalities(card: Card, unused: bool) -> tuple[str, ...]:
    """One switch per modality. Clicks are always on."""
    widgets.section(words.USE, words.USE_NOTE)
    _row("Clicks", words.CLICKS, True, disabled=True)
    chosen = []
    for name in card["modalities"]:
        note = "Not used by LightGCN." if unused else widgets.plain(words.modality_line(card, name))
        if _row(modality_title(card, name), note, True, disabled=unused, key=f"use_{card['id']}_{name}"):
            chosen.append(name)
    return tuple(chosen)


def _row(title: str, note: str, on: bool, disabled: bool, key: str = "use_clicks") -> bool:
    left, right = st.columns([3, 7], vertical_alignment="center")
    with left:
        value = st.toggle(widgets.plain(title), value=on, disabled=disabled, key=key, persist_state="session")
    with right:
        st.caption(note)
    return value


def weights(card: Card, method: str) -> dict[str, float]:
    """One slider per attribute; those that cannot be audited are shown with the reason."""
    widgets.section(words.PROTECT, words.PROTECT_NOTE)
    chosen = {}
    offered = choices.protectable(card)
    first = min(offered, key=lambda name: len(offered[name]["classes_attacked"]), default=None)
    for name, attribute in card["attributes"].items():
        left, right = st.columns([4, 6], vertical_alignment="center")
        with left, st.container(gap=None):
            st.markdown(f"**{widgets.plain(attribute_title(card, name))}**")
            st.caption(widgets.plain(words.attribute_line(attribute)))
        with right:
            chosen[name] = st.select_slider(
                attribute_title(card, name),
                list(choices.WEIGHTS),
                value=1.0 if name == first else 0.0,
                format_func=words.weight_label,
                disabled=name not in offered or method == "none",
                label_visibility="collapsed",
                key=f"weight_{card['id']}_{name}",
                persist_state="session",
                help=words.PROTECT_HELP,
            )
    return {name: weight for name, weight in chosen.items() if name in offered}


def how() -> tuple[str, str]:
    """Mitigation and thoroughness."""
    widgets.section(words.HOW)
    left, right = st.columns(2)
    with left:
        method = _radio(
            "Mitigation", {name: (spec.title, spec.sentence) for name, spec in MITIGATIONS.items()}, "method"
        )
    with right:
        preset = _radio("Thoroughness", {name: (name.capitalize(), said) for name, said in PRESETS.items()}, "preset")
    return method, preset


def engineers() -> tuple[str, int, int]:
    """Recommender, seed, split seed."""
    with st.expander(words.ENGINEERS, icon=":material/tune:", key="engineers"):
        options = {name: (spec.title, spec.sentence) for name, spec in RECOMMENDERS.items()}
        recommender = _radio("Recommender", options, "recommender")
        left, right = st.columns(2)
        seed = left.number_input("Seed", 0, 1_000_000, 0, key="seed", persist_state="session")
        split_seed = right.number_input("Split seed", 0, 1_000_000, 42, key="split_seed", persist_state="session")
    return recommender, int(seed), int(split_seed)


def _radio(label: str, options: dict[str, tuple[str, str]], key: str) -> str:
    return st.radio(
        label,
        list(options),
        format_func=lambda name: options[name][0],
        captions=[caption for _, caption in options.values()],
        key=key,
        persist_state="session",
    )


def submit_card(chosen: Choices, card: Card) -> None:
    """What will run, in one sentence, and the button that starts it."""
    with st.container(border=True, key="yourrun"):
        st.caption("YOUR RUN")
        st.markdown(words.summary(chosen, card))
        configs = chosen.configs()
        queued = len(client.queue(state.store()))
        st.markdown(f"{words.cost(chosen, len(configs))} {words.waiting(queued)}")
        wrong = choices.problem(chosen)
        if wrong:
            st.warning(wrong)
        if st.button(words.START, type="primary", icon=":material/play_arrow:", width="stretch", disabled=bool(wrong),
                     key="train_button"):  # fmt: skip
            first = client.submit(state.store(), *configs)[0]
            state.choose(first.id)
            st.session_state.pop("set_up", None)
            st.rerun()
        with st.expander(words.COMMAND, icon=":material/terminal:", key="command"):
            st.code(chosen.command(), language="bash", wrap_lines=True)


def recent_runs() -> None:
    """The last runs, where they stand, and a way to each."""
    facts = loaders.runs(state.store())[:12]
    if not facts:
        return
    widgets.section(words.RECENT)
    for each in facts:
        left, middle, right = st.columns([7, 2, 1], vertical_alignment="center")
        page = "overview" if each.state == "done" else "train"
        run = state.store().run(each.id)
        left.page_link(state.PAGES[page], label=widgets.plain(each.label), query_params=state.link(run))
        middle.caption(words.STATE_WORDS[each.state])
        if right.button("Delete", icon=":material/delete:", type="tertiary", key=f"delete_{each.id}",
                        disabled=each.state == "running"):  # fmt: skip
            _ask_delete(each.id)


@st.dialog("Delete the run")
def _ask_delete(run_id: str) -> None:
    st.write(words.DELETE_SURE)
    if st.button("Delete it", type="primary", key="delete_sure"):
        state.store().delete_run(run_id)
        st.rerun()
