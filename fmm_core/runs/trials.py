"""Other weights of a finished run, tried quickly: nothing is trained, people's vectors are attacked and no more.

What is found is added to the run's `audit/weights.csv`, one block per set of weights, so that a page can answer at
once. A run that is kept is made the ordinary way, with the whole audit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.audit.accuracy import EVERYONE, SUMMARIES, by_group
from fmm_core.audit.representations import Target
from fmm_core.data import storage
from fmm_core.errors import ConfigError
from fmm_core.fairness.build import build
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs.auditing import leakage_of
from fmm_core.runs.config import RunConfig, TrialConfig, Weights, parse_config, weights_key
from fmm_core.runs.contexts import context_of
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.report import Reporter
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.tables import TABLES, WEIGHTS
from fmm_core.types import Progress, Representations

RECALL, LIST = "recall", 20
PerUser = Mapping[tuple[str, int], np.ndarray]


def try_weights(job: RunFolder, store: Store, reporter: Reporter) -> None:
    """Carry out a `TrialConfig`; weights that were tried before cost nothing.

    Raises
    ------
    ConfigError
        The run's mitigation has to be trained for each set of weights, or a weight is not one of this run.
    StoreError
        The run is gone.
    """
    asked = TrialConfig.model_validate(job.raw_config())
    run = store.run(asked.run)
    config = run.config()
    spec = MITIGATIONS[config.mitigation.name]
    if not spec.solved:
        raise ConfigError(f"{spec.title} is trained anew for every weight", f"run {run.id}", "Make another run.")
    configs = _missing(run, [_with(config, weights) for weights in asked.points])
    reporter.plan(("filter",), trained=False)
    with reporter.stage("filter") as stage:
        start = _loaded(str(store.home), run.id)
        for place, config in enumerate(configs):
            progress = stage.progress(place / len(configs), (place + 1) / len(configs), unit="round")
            progress(0, 1)
            _add(run, _block(config, start, progress))


def tried(run: RunFolder) -> pd.DataFrame:
    """What is known of other weights of a run; empty where nothing was tried."""
    return run.table(WEIGHTS) if run.has(WEIGHTS) else pd.DataFrame(columns=list(TABLES[WEIGHTS].columns))


def _missing(run: RunFolder, configs: Sequence[RunConfig]) -> list[RunConfig]:
    """Those whose weights were not tried yet, each once."""
    there = set(tried(run)["weights"])
    wanted = {weights_key(config.weights): config for config in configs}
    return [config for key, config in wanted.items() if key not in there]


def _with(config: RunConfig, weights: Weights) -> RunConfig:
    """The run's settings with other weights, checked."""
    return parse_config(config.with_weights(weights).model_dump(mode="json"))


@dataclass(frozen=True)
class _Start:
    """What every trial of a run begins with; `recall` is everybody's before mitigation."""

    inputs: Inputs
    base: Representations
    recall: PerUser


@lru_cache(maxsize=1)
def _loaded(home: str, run_id: str) -> _Start:
    """Kept, for a reader tries many weights of one run."""
    store = Store(Path(home))
    run = store.run(run_id)
    config, arrays = run.config(), run.arrays("embeddings.npz")
    inputs = choose_inputs(storage.load(locate(store, config.dataset)), config)
    base = Representations(arrays["user_before"], arrays["item_before"], arrays["item_bias"])
    return _Start(inputs, base, _recall(inputs, base))


def _recall(inputs: Inputs, representations: Representations) -> PerUser:
    """Everybody's Recall@20 on the test interactions."""
    _, found = inputs.with_test(representations)
    return {(RECALL, LIST): found[RECALL, LIST]}


def _block(config: RunConfig, start: _Start, progress: Progress) -> pd.DataFrame:
    """All rows of one set of weights."""
    after = build(config.mitigation).fit(context_of(config, start.inputs, start.base, {}, progress))
    cost = _cost(start.inputs, start.recall, _recall(start.inputs, after))
    rows = pd.concat([_leakage(config, start.inputs, after), cost], ignore_index=True)
    return rows.assign(weights=weights_key(config.active_weights))


def _leakage(config: RunConfig, inputs: Inputs, after: Representations) -> pd.DataFrame:
    table = leakage_of([Target("user_vector", "", "after", after.user)], config, inputs)
    shown = (table["metric"] == "auc") & (table["users"] == "all") & table["attacker"].isin(["strongest", "linear"])
    columns = ["attacker", "attribute", "value", "ci_low", "ci_high", "n_users"]
    return table.loc[shown, columns].rename(columns={"attacker": "kind"}).assign(group="")


def _cost(inputs: Inputs, before: PerUser, after: PerUser) -> pd.DataFrame:
    """The share of Recall@20 that is kept, and what every group lost, person by person."""
    groups = by_group({"base": before, "mitigated": after}, inputs.attributes, seed=0)
    groups = groups[(groups["model"] == "mitigated") & ~groups["group"].isin(SUMMARIES)]
    columns = {"paired_difference": "value", "pd_low": "ci_low", "pd_high": "ci_high"}
    lost = groups[["attribute", "group", "n_users", *columns]].rename(columns=columns).assign(kind="change")
    everyone = groups[groups["group"] == EVERYONE].iloc[0]
    start = everyone["value"] - everyone["paired_difference"]
    kept = {"kind": "kept", "attribute": "", "group": "", "value": everyone["value"] / start, "ci_low": np.nan,
            "ci_high": np.nan, "n_users": everyone["n_users"]}  # fmt: skip
    return pd.concat([pd.DataFrame([kept]), lost])


def _add(run: RunFolder, block: pd.DataFrame) -> None:
    """One worker serves all tries, so nobody else writes meanwhile."""
    run.write_table(WEIGHTS, pd.concat([tried(run), block], ignore_index=True))
