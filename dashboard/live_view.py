"""The view of the trade-offs page in which weights are tried: sliders, and what they leave to read."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import live, loaders, state, widgets
from dashboard.charts.live import live as live_figure
from dashboard.findings import Figure, Finding, classes
from dashboard.live import Outcome
from dashboard.wording import live as words
from dashboard.wording import states
from dashboard.wording.names import attribute_title
from dashboard.wording.numbers import percent
from fmm_core.audit.verdict import TOLERANCE
from fmm_core.errors import StoreError
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs import client
from fmm_core.runs.config import RunConfig, Weights, weights_key
from fmm_core.runs.store import ENDED, RunFolder
from fmm_core.runs.sweep import grid

Card = Mapping[str, Any]
STEP = 0.05
POLL_S = 1.0


def live_view(run: RunFolder, config: RunConfig, card: Card, title: DeltaGenerator) -> None:
    """Sliders beside what attackers read; polls while weights are worked out."""
    if not loaders.is_mitigated(config):
        with title:
            widgets.headline(words.NOTHING)
        widgets.empty(words.NOTHING_TITLE, words.NOTHING_SENTENCE)
        st.page_link(state.PAGES["train"], label=words.TO_TRAIN, icon=":material/arrow_forward:")
        return
    with title:
        widgets.headline(words.HEADLINE, words.deck(config.mitigation.name))
    polled = bool(_at_work(run))
    with st.container(key="live"):
        st.fragment(_spoken, run_every=POLL_S if polled else None)(run, config, card, polled)


def _spoken(run: RunFolder, config: RunConfig, card: Card, polled: bool) -> None:
    with widgets.spoken():  # the run may be deleted while it is watched
        _draw(run, config, card)
        if bool(_at_work(run)) != polled:
            st.rerun()  # draw once more, with or without polling


def _draw(run: RunFolder, config: RunConfig, card: Card) -> None:
    client.tend(state.store())
    leakage = loaders.leakage(run)
    before = _in_order(card, live.attacked(leakage, "before", "strongest"))
    kept = live.kept(leakage, loaders.accuracy(run), loaders.groups(run))
    left, right = st.columns([4, 7], gap="large")
    with left, st.container(key="live_weights", gap="xsmall"):  # in step with the rows of the figure
        st.space("medium")
        asked = _sliders(run, config, card, list(before))
    found, says = _outcome(run, config, asked, kept, list(before))
    findings = [_finding(card, name, before[name], found) for name in before]
    with right:
        _figure(findings, [kept.attacks[name] for name in before], says)
    first, second, third = st.columns(3)
    _cards((first, second), found, kept, card, says)
    with third:
        _buttons(run, config, asked)
    if MITIGATIONS[config.mitigation.name].solved:
        _preparation(run, config, list(before))
    with st.container(width=widgets.READING):
        st.caption(words.FOOT)


def _in_order(card: Card, figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """As the data set lists its attributes, so that rows stay where they are while weights move."""
    named = [name for name in card.get("attributes", {}) if name in figures]
    return {name: figures[name] for name in (*named, *(each for each in figures if each not in named))}


# what is shown ------------------------------------------------------------------------------------------------------


def _sliders(run: RunFolder, config: RunConfig, card: Card, names: Sequence[str]) -> Weights:
    """A weight per attribute, those of the run at first."""
    spec = MITIGATIONS[config.mitigation.name]
    most = max(*spec.steps, *config.weights.values())  # the command line allows more than a slider offers
    chosen = {}
    for name in names:
        st.session_state.setdefault(_key(run, name), float(config.weights.get(name, 0.0)))
        chosen[name] = st.slider(
            widgets.plain(words.weight_label(card, name)),
            0.0,
            float(most),
            step=STEP,
            key=_key(run, name),
            help=spec.weight_meaning,
        )
    return {name: round(weight, 4) for name, weight in chosen.items() if weight > 0}


def _key(run: RunFolder, name: str) -> str:
    return f"live_{run.id}_{name}"


def _outcome(
    run: RunFolder, config: RunConfig, asked: Weights, kept: Outcome, names: Sequence[str]
) -> tuple[Outcome, str]:
    """What these weights leave, and which of `words.STATES` that is; weights that nobody tried are asked for."""
    if weights_key(asked) == weights_key(config.active_weights):
        return kept, "kept"
    if not MITIGATIONS[config.mitigation.name].solved:
        return kept, "retrain"
    table = loaders.weights(run)
    tried = live.trials(table, names)
    found = None if tried is None else tried.outcome(asked, config.active_weights)
    if found is not None and found.exact:
        return found, "exact"
    if not _failed(run, asked):
        _ask(run, live.untried([config.active_weights, asked], table))  # with its own every estimate begins
    return (kept, "waiting") if found is None else (found, "estimate")


def _finding(card: Card, name: str, before: Figure, found: Outcome) -> Finding:
    after, linear = found.attacks[name], found.linear[name]
    says = after.judged(TOLERANCE, linear)
    title = attribute_title(card, name)
    return Finding(name, title, before, after, says, TOLERANCE, linear, classes(card, name))


def _figure(findings: Sequence[Finding], kept: Sequence[Figure], says: str) -> None:
    pale = says in ("estimate", "waiting")
    alt = "; ".join(
        words.alt_row(each.title, each.before.value, each.now.value, own.value)
        for each, own in zip(findings, kept, strict=True)
        if each.before
    )
    widgets.picture(live_figure(findings, kept, TOLERANCE, pale), alt, "live")
    with st.container(key="live_state"):
        st.caption(words.STATES[says])


def _cards(places: tuple[DeltaGenerator, DeltaGenerator], found: Outcome, kept: Outcome, card: Card, says: str) -> None:
    moved = says in ("exact", "estimate")
    pays = words.pays(found, card)
    left, right = places
    left.metric(
        words.KEPT, percent(found.kept, 1), words.against(found, kept.kept) if moved else None, delta_color="off",
        delta_arrow="off", help=words.KEPT_HELP, border=True, height="stretch",
    )  # fmt: skip
    right.metric(
        words.PAYS, widgets.plain(pays.value), pays.delta or None, delta_color="off", delta_arrow="off",
        delta_description=widgets.plain(pays.description), help=pays.help, border=True, height="stretch",
    )  # fmt: skip


def _buttons(run: RunFolder, config: RunConfig, asked: Weights) -> None:
    moved = weights_key(asked) != weights_key(config.active_weights)
    label = words.KEEP if MITIGATIONS[config.mitigation.name].solved else words.QUEUE
    icon = ":material/bookmark_add:"
    if st.button(label, type="primary", icon=icon, width="stretch", disabled=not moved, key="keep_weights"):
        made = client.submit(state.store(), config.with_weights(asked))[0]
        state.choose(made.id)
        st.switch_page(state.PAGES["train"], query_params=state.link(made))
    st.button(words.BACK, width="stretch", disabled=not moved, key="back_to_kept", on_click=_back, args=(run, config))


def _back(run: RunFolder, config: RunConfig) -> None:
    prefix = _key(run, "")
    for key in [each for each in st.session_state if str(each).startswith(prefix)]:
        st.session_state[key] = float(config.weights.get(str(key).removeprefix(prefix), 0.0))


# what is worked out -------------------------------------------------------------------------------------------------


def _preparation(run: RunFolder, config: RunConfig, names: Sequence[str]) -> None:
    """Offer to work out the steps of every weight, or say how far that is."""
    missing = live.untried(grid(config, names), loaders.weights(run))
    wanted = {weights_key(point) for job in _at_work(run) for point in client.trial_points(job)}
    coming = [point for point in missing if weights_key(point) in wanted]
    if len(coming) > 1:
        with st.container(horizontal=True, vertical_alignment="center", key="preparing"):
            st.caption(words.preparing(len(coming)), width="content")
            if st.button(words.STOP, type="tertiary", key="stop_trials"):
                _stop(run)
                st.rerun()
    elif missing:
        if st.button(words.prepare(len(missing)), icon=":material/timeline:", key="prepare_weights"):
            _ask(run, missing)
            st.rerun()
        with st.container(width=widgets.READING):
            st.caption(words.PREPARE_NOTE)


def _at_work(run: RunFolder) -> list[RunFolder]:
    """Trials that wait or run, but for those that will stop at their next report."""
    jobs = client.trials(state.store(), run)
    return [job for job in jobs if job.status().state not in ENDED and not job.cancel_request.exists()]


def _ask(run: RunFolder, points: Sequence[Weights]) -> None:
    """Have these worked out first, then whatever was asked for before, by this reader or another."""
    asked = {weights_key(point): point for job in _at_work(run) for point in client.trial_points(job)}
    wanted = {weights_key(point): point for point in points}
    if set(wanted) <= set(asked):
        return
    _stop(run)
    client.try_weights(state.store(), run, list((wanted | asked).values()))


def _stop(run: RunFolder) -> None:
    """Cancel trials that are at work, and clear away those that have ended."""
    for job in client.trials(state.store(), run):
        try:
            if job.status().state in ENDED:
                state.store().delete_run(job.id)
            else:
                client.cancel(job)
        except StoreError:
            continue  # another tab was faster


def _failed(run: RunFolder, asked: Weights) -> bool:
    """Whether these weights were tried in vain; if so, say why. They are not tried again by themselves."""
    for job in client.trials(state.store(), run):
        status = job.status()
        if status.state in ("failed", "interrupted") and weights_key(asked) in map(
            weights_key, client.trial_points(job)
        ):
            st.error(widgets.plain(states.unfinished(status)[1]), title=words.FAILED, icon=":material/error:")
            return True
    return False
