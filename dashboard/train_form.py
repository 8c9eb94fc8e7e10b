"""The train page's form, part by part; each returns what the reader chose."""

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

from dashboard import choices, loaders, state, widgets
from dashboard.choices import Choices
from dashboard.run_progress import NEW
from dashboard.tradeoffs import NONE
from dashboard.wording import train as words
from dashboard.wording.names import attribute_title, modality_title
from fmm_core.fairness.specs import DEFAULT_MITIGATION, MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs import client
from fmm_core.runs.config import PANELS, PRESETS, Panel

Card = Mapping[str, Any]
Name = TypeVar("Name", bound=str)
RECENT = 12
"""How many runs the list names."""


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


def modalities(card: Card, recommender: str, method: str) -> tuple[str, ...]:
    """One switch per modality. Clicks are always on; where nothing looks at a modality, its row says so."""
    spec = RECOMMENDERS[recommender]
    unused = not spec.needs_modalities and not MITIGATIONS[method].splits
    widgets.section(words.USE, words.USE_NOTE)
    _row("Clicks", words.CLICKS, True, disabled=True)
    chosen = []
    for name in card["modalities"]:
        note = words.not_used(spec.title) if unused else widgets.plain(words.modality_line(card, name))
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
    """One slider per attribute, in the method's own steps; those that cannot be audited are shown with the reason."""
    widgets.section(words.PROTECT, words.protect_note(method))
    chosen = {}
    offered = choices.protectable(card)
    _carry_over(card, method, offered)
    steps = MITIGATIONS[method].steps
    for name, attribute in card["attributes"].items():
        left, right = st.columns([4, 6], vertical_alignment="center")
        with left, st.container(gap=None):
            st.markdown(f"**{widgets.plain(attribute_title(card, name))}**")
            st.caption(widgets.plain(words.attribute_line(attribute)))
        with right:
            chosen[name] = st.select_slider(
                attribute_title(card, name),
                list(steps),
                format_func=lambda weight: words.weight_label(steps, weight),
                disabled=name not in offered or method == NONE,
                label_visibility="collapsed",
                key=_weight_key(card, method, name),
                persist_state="session",
            )
    if method != NONE:
        st.session_state[f"protected_{card['id']}"] = [name for name in offered if chosen[name] > 0]
    return {name: weight for name, weight in chosen.items() if name in offered}


def _carry_over(card: Card, method: str, offered: Card) -> None:
    """Whom the reader protects stays when the method changes; how hard does not, for a weight means something else.

    An attribute switched on takes the weight the method had last, else the one of a first run.
    """
    session = st.session_state
    shown = (card["id"], method)
    if session.get("weights_of") == shown:
        return
    session["weights_of"] = shown
    first = min(offered, key=lambda name: len(offered[name]["classes_attacked"]), default=None)
    protected = session.get(f"protected_{card['id']}", [first])
    for name in card["attributes"]:
        key = _weight_key(card, method, name)
        session[key] = (session.get(key) or MITIGATIONS[method].default) if name in protected else 0.0


def _weight_key(card: Card, method: str, attribute: str) -> str:
    return f"weight_{method}_{card['id']}_{attribute}"


def how() -> tuple[str, str]:
    """Mitigation and thoroughness."""
    widgets.section(words.HOW)
    left, right = st.columns(2)
    with left:
        every = bool(st.session_state.get("every_method", False))  # its switch is drawn below the list it lengthens
        offered = choices.methods(st.session_state.get("method", DEFAULT_MITIGATION), every)
        method = _radio(words.MITIGATION, {name: words.method_option(name) for name in offered}, "method")
        st.toggle(words.MORE_METHODS, key="every_method", help=words.MORE_METHODS_HELP, persist_state="session")
        if words.whom(method):
            st.caption(words.whom(method))
        if MITIGATIONS[method].splits:
            with st.container(key="disentangling", gap="xsmall"):
                st.caption(words.DISENTANGLING)
                st.caption(words.RELATIONS)
    with right:
        preset = _radio(
            words.THOROUGHNESS, {name: (name.capitalize(), said) for name, said in PRESETS.items()}, "preset"
        )
    return method, preset


def curve(method: str) -> tuple[bool, int]:
    """Whether to try every weight of the method, and with how many seeds."""
    with st.container(horizontal=True, vertical_alignment="center"):
        whole = st.toggle(words.CURVE, key="whole_curve", help=words.curve_help(method), persist_state="session")
        if not whole:
            return False, choices.CURVE_SEEDS
        seeds = st.number_input(
            words.SEEDS, 1, 10, choices.CURVE_SEEDS, key="curve_seeds", persist_state="session", width=140,
            help=words.SEEDS_HELP,
        )  # fmt: skip
    return True, int(seeds)


def engineers(card: Card) -> tuple[str, str, Panel, int, int]:
    """Recommender, the file it reads if it reads one, panel of attackers, seed, split seed.

    Where nothing describes the items, recommenders that need a description are not offered.
    """
    usable = {name: spec for name, spec in RECOMMENDERS.items() if card["modalities"] or not spec.needs_modalities}
    options = {name: (spec.title, spec.sentence) for name, spec in usable.items()}
    if st.session_state.get("recommender") not in usable:
        st.session_state.pop("recommender", None)
    recommender = _radio("Recommender", options, "recommender")
    path = ""
    if RECOMMENDERS[recommender].needs_file:
        path = st.text_input(words.VECTORS, key="vectors", help=words.VECTORS_HELP, persist_state="session").strip()
    panel = _radio(words.PANEL, {name: (name.capitalize(), said) for name, said in PANELS.items()}, "panel")
    left, right = st.columns(2)
    seed = left.number_input("Seed", 0, 1_000_000, 0, key="seed", persist_state="session")
    split_seed = right.number_input("Split seed", 0, 1_000_000, 42, key="split_seed", persist_state="session")
    return recommender, path, panel, int(seed), int(split_seed)


def exact_settings(chosen: Choices) -> None:
    """Everything the first of the runs will be made with."""
    st.caption(words.EXACT)
    st.code(chosen.configs()[0].model_dump_json(indent=2), language="json", height=260)


def _radio(label: str, options: Mapping[Name, tuple[str, str]], key: str) -> Name:
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
        queued = len(client.queue(state.store(), "runs"))
        st.markdown(f"{words.cost(chosen, len(configs))} {words.waiting(queued)}")
        wrong = choices.problem(chosen)
        if wrong:
            st.warning(wrong)
        if st.button(words.START, type="primary", icon=":material/play_arrow:", width="stretch", disabled=bool(wrong),
                     key="train_button"):  # fmt: skip
            first = client.submit(state.store(), *configs)[0]
            state.choose(first.id)
            st.query_params.pop(NEW, None)
            st.rerun()
        with st.expander(words.COMMAND, icon=":material/terminal:", key="command"):
            st.code(chosen.command(), language="bash", wrap_lines=True)


def recent_runs(shown: str = "") -> None:
    """The last runs, where they stand, and a way to each; not the one whose progress is `shown` above."""
    facts = [each for each in loaders.runs(state.store()) if each.id != shown][:RECENT]
    if not facts:
        return
    widgets.section(words.RECENT)
    for each in facts:
        with st.container(horizontal=True, vertical_alignment="center", key=f"run_{each.id}"):
            with st.container(gap=None, width="stretch"):
                st.markdown(widgets.plain(each.label))
                st.caption(widgets.plain(words.recent_line(each.when or each.id, each.config.seed, each.state)))
            _open(each)
            if st.button(words.DELETE, icon=":material/delete:", type="tertiary", key=f"delete_{each.id}",
                         disabled=each.state == "running"):  # fmt: skip
                _ask_delete(each.id)


def _open(facts: loaders.RunFacts) -> None:
    """A link to what was found, or to how the run is doing."""
    if facts.state == "done":
        st.page_link(state.PAGES["overview"], label=words.OPEN, query_params={"run": facts.id}, width="content")
    elif st.button(words.PROGRESS, type="tertiary", key=f"open_{facts.id}"):
        state.choose(facts.id)
        st.query_params.pop(NEW, None)
        st.rerun()


@st.dialog("Delete the run")
def _ask_delete(run_id: str) -> None:
    st.write(words.DELETE_SURE)
    with widgets.spoken():  # another tab may have been faster
        if st.button(words.DELETE_YES, type="primary", key="delete_sure"):
            state.store().delete_run(run_id)
            st.rerun()
