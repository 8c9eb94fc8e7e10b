"""The stage *audit*: leakage of the data, of the base, of what mitigation made, each part a cached step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.modalities import modality_table
from fmm_core.audit.representations import Target, data_targets, model_targets, split_targets
from fmm_core.audit.shapley import MOST_PLAYERS
from fmm_core.runs.config import RunConfig
from fmm_core.runs.inputs import Inputs
from fmm_core.runs.made import Made
from fmm_core.runs.report import Stage
from fmm_core.runs.steps import Step, StepCache
from fmm_core.types import Panel, Progress, Representations, silent

ROOMS = ("data", "audit", "metrics")
MODALITIES = "modalities.parquet"
SUBSETS = 0.3
"""Share of the stage that the subsets of modalities take, where they are attacked."""


@dataclass(frozen=True)
class Part:
    """What is attacked, what it was made from, and how much of the stage it takes beside the other parts."""

    name: str
    settings: dict[str, Any]
    upstream: tuple[Step, ...]
    targets: Callable[[], list[Target]]
    share: float


def audit(cache: StepCache, config: RunConfig, inputs: Inputs, made: Made, stage: Stage) -> tuple[Step, ...]:
    """Leakage in parts, so that a curve attacks the data, the base and the disentangled profiles once."""
    parts = _parts(config, inputs, made)
    low, steps = SUBSETS if has_subsets(inputs) else 0.0, []
    scale = (1 - low) / sum(part.share for part in parts)
    for part in parts:
        high = low + part.share * scale
        steps.append(_attack(cache, part, config, inputs, stage, (low, high)))
        low = high
    return tuple(steps)


def has_subsets(inputs: Inputs) -> bool:
    """Whether there are modalities to choose among, and few enough."""
    return 1 < len(inputs.modalities) <= MOST_PLAYERS


def audit_subsets(cache: StepCache, config: RunConfig, inputs: Inputs, stage: Stage) -> Step:
    """Leakage of every subset of modalities, from the data alone, by the closed-form attackers whatever the panel.

    A table without a row where there is no choice of modalities.
    """

    def produce(folder: Path) -> None:
        modality_table(
            inputs.split.train,
            inputs.modalities if has_subsets(inputs) else {},
            inputs.attributes,
            inputs.dataset.users,
            eligible=inputs.eligible,
            seed=config.seed,
            progress=stage.progress(0, SUBSETS, unit="mix"),
        ).to_parquet(folder / MODALITIES)

    settings = config.model_dump(mode="json", include={"attributes", "seed", "split_seed"})
    settings |= {"data": config.fingerprint, "modalities": config.modalities}
    return cache.run("audit-subsets", settings, produce, rooms=ROOMS)


def _parts(config: RunConfig, inputs: Inputs, made: Made) -> list[Part]:
    before, after = made.before(), made.after()
    train, common = inputs.split.train, _settings(config)
    data = common | {"data": config.fingerprint, "modalities": config.modalities}
    parts = [
        Part("audit-data", data, (), lambda: data_targets(train, inputs.modalities), 0.4),
        Part("audit-before", common, (made.pretrain,), lambda: _targets(inputs, before, "before"), 0.3),
        Part("audit-after", common, (made.mitigate,), lambda: _targets(inputs, after, "after"), 0.3),
    ]
    if made.disentangled is not None:
        profiles = made.profiles()
        parts.append(Part("audit-profiles", common, (made.disentangled,), lambda: split_targets(train, profiles), 0.4))
    return parts


def _settings(config: RunConfig) -> dict[str, Any]:
    fields = ("attributes", "disclosed", "panel", "permutations", "seed", "split_seed", "user_split_seed")
    return config.model_dump(mode="json", include=set(fields))


def _targets(inputs: Inputs, representations: Representations, phase: str) -> list[Target]:
    top, _ = inputs.with_test(representations)
    return model_targets(representations, inputs.split.train, top.items, phase)


def _attack(
    cache: StepCache, part: Part, config: RunConfig, inputs: Inputs, stage: Stage, stretch: tuple[float, float]
) -> Step:
    def produce(folder: Path) -> None:
        leakage_of(
            part.targets(),
            config,
            inputs,
            panel=config.panel,
            permutations=config.permutations,
            progress=stage.progress(*stretch, unit="attack"),
        ).to_parquet(folder / "leakage.parquet")

    return cache.run(part.name, part.settings, produce, rooms=ROOMS, upstream=part.upstream)


def leakage_of(
    targets: Sequence[Target],
    config: RunConfig,
    inputs: Inputs,
    *,
    panel: Panel = "fast",
    permutations: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Attack targets on the people of a run: those who can be attacked, held out and disclosed as it says."""
    return leakage_table(
        targets,
        inputs.attributes,
        inputs.dataset.users,
        eligible=inputs.eligible,
        held_out=inputs.held_out,
        disclosed=inputs.disclosed,
        panel=panel,
        permutations=permutations,
        seed=config.seed,
        progress=progress,
    )
