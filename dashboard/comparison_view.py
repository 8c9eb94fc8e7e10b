"""The view of the trade-offs page that puts runs side by side."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import comparison, loaders, state, tradeoffs, widgets
from dashboard.loaders import Experiment
from dashboard.wording import tradeoffs as words
from fmm_core.runs.config import RunConfig
from fmm_core.runs.store import RunFolder

MOST = 5


def compare(run: RunFolder, config: RunConfig, card: Mapping[str, Any], title: DeltaGenerator) -> None:
    """Two to five runs: what differs in their settings, and their figures."""
    facts = {each.id: each for each in loaders.experiments(state.store())[0]}
    alike, _ = tradeoffs.comparable(config, [(each.id, each.config) for each in facts.values()], wide=True)
    labels = _names(facts)
    head = title.container()
    chosen = st.multiselect(
        words.RUNS,
        [*alike, *(each for each in facts if each not in alike)],
        default=[run.id, *_others(run.id, {each: facts[each].config for each in alike})][:2],
        format_func=labels.__getitem__,
        max_selections=MOST,
        key=f"compared_{run.id}",
    )
    if len(chosen) < 2:
        with head:
            widgets.headline(words.COMPARE)
        widgets.empty(words.CHOOSE_TWO, words.CHOOSE_TWO_SENTENCE)
        return
    names = _names({each: facts[each] for each in chosen})
    sides = [_side(names[each], facts[each].config, state.store().run(each)) for each in chosen]
    same = set(chosen) <= set(alike)
    with head:
        widgets.headline(
            comparison.headline(sides) if same else words.COMPARE, words.COMPARE_DECK if same else words.COMPARE_WARN
        )
    configs: dict[str, RunConfig] = {names[each]: facts[each].config for each in chosen}
    widgets.section(words.DIFFERS)
    st.dataframe(comparison.differences(configs))
    widgets.section(words.FOUND_TITLE)
    table = comparison.figures(sides, card)
    st.dataframe(table)
    widgets.exact_figures(table.rename_axis("figure").reset_index(), "compare")


def _others(opened: str, configs: Mapping[str, RunConfig]) -> list[str]:
    """The other runs, those first that change the mitigation and nothing else."""

    def worth(run_id: str) -> tuple[bool, bool, bool]:
        config, mine = configs[run_id], configs[opened]
        unchanged = words.run_title(config) == words.run_title(mine)
        return not tradeoffs.same_model(mine, config), unchanged, config.seed != mine.seed

    return sorted((each for each in configs if each != opened), key=worth)


def _side(name: str, config: RunConfig, run: RunFolder) -> comparison.Side:
    tables = loaders.leakage(run), loaders.accuracy(run), loaders.groups(run)
    return comparison.side(name, config, *tables)


def _names(facts: Mapping[str, Experiment]) -> dict[str, str]:
    """As short as tells the runs apart: mitigation and weights, then recommender and modalities, then seed and time."""
    names = {each.id: words.run_title(each.config) for each in facts.values()}
    for longer in (_with_model, _with_seed, _with_id):
        times = Counter(names.values())
        names = {run_id: longer(name, facts[run_id]) if times[name] > 1 else name for run_id, name in names.items()}
    return names


def _with_model(name: str, facts: Experiment) -> str:
    return f"{name}, {words.made_with(facts.config)}"


def _with_seed(name: str, facts: Experiment) -> str:
    return f"{name}, seed {facts.config.seed}"


def _with_id(name: str, facts: Experiment) -> str:
    return f"{name}, {facts.when} {facts.id[-4:]}"
