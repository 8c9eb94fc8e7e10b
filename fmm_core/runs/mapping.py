"""The stage *project*: people on maps, each layout a cached step's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.audit.projection import project
from fmm_core.audit.representations import profiles, reduce_dense
from fmm_core.data.dataset import Attribute
from fmm_core.runs.auditing import ROOMS
from fmm_core.runs.config import RunConfig
from fmm_core.runs.inputs import Inputs
from fmm_core.runs.made import Made
from fmm_core.runs.report import Stage
from fmm_core.runs.steps import Step, StepCache

Slices = dict[tuple[str, str, str], np.ndarray]
"""{(representation, modality, phase): people × d}, the rows of `projection.csv` that are placed together."""

COLUMNS = ("layout", "representation", "modality", "phase", "user", "x", "y")


def draw_maps(cache: StepCache, config: RunConfig, inputs: Inputs, made: Made, stage: Stage) -> tuple[Step, ...]:
    """One stacked layout for person vectors before and after; one per modality for its profiles: raw and, where
    the modality was split, biased and filtered. The profiles' maps are shared by a whole curve.
    """
    settings = {"map_users": config.map_users, "seed": config.seed, "attributes": config.attributes}
    report = stage.progress(unit="map")
    total = 1 + len(inputs.modalities)

    def vectors(folder: Path) -> None:
        report(0, total)
        slices = {("user_vector", "", "before"): made.before().user, ("user_vector", "", "after"): made.after().user}
        _draw("user_vector", slices, config, inputs).to_parquet(folder / "map.parquet")

    def of_profiles(folder: Path) -> None:
        frames = []
        for done, (modality, slices) in enumerate(_profiles(inputs, made).items(), start=1):
            report(done, total)
            frames.append(_draw(f"profile_{modality}", slices, config, inputs))
        pd.concat([empty_map(), *frames]).to_parquet(folder / "map.parquet")

    data = {"data": config.fingerprint, "split_seed": config.split_seed, "modalities": config.modalities}
    upstream = () if made.disentangled is None else (made.disentangled,)
    return (
        cache.run("map-vectors", settings, vectors, rooms=ROOMS, upstream=(made.pretrain, made.mitigate)),
        cache.run("map-profiles", settings | data, of_profiles, rooms=ROOMS, upstream=upstream),
    )


def _profiles(inputs: Inputs, made: Made) -> dict[str, Slices]:
    """Per modality its raw profile and what it was split into, reduced together so that places are comparable."""
    train = inputs.split.train
    found: dict[str, Slices] = {
        name: {("profile_raw", name, "data"): profile} for name, profile in profiles(train, inputs.modalities).items()
    }
    for (name, kind), features in made.profiles().items():
        found[name][f"profile_{kind}", name, "after"] = profiles(train, {name: features})[name]
    return {name: _reduced(slices) for name, slices in found.items()}


def _reduced(slices: Slices) -> Slices:
    parts = np.split(reduce_dense(np.concatenate(list(slices.values()))), len(slices))
    return dict(zip(slices, parts, strict=True))


def _draw(layout: str, slices: Slices, config: RunConfig, inputs: Inputs) -> pd.DataFrame:
    people = inputs.dataset.users, inputs.attributes, inputs.eligible
    return draw_layout(layout, slices, *people, max_users=config.map_users, seed=config.seed)


def draw_layout(
    layout: str,
    slices: Slices,
    users: NDArray[np.str_],
    attributes: Mapping[str, Attribute],
    eligible: NDArray[np.bool_],
    *,
    max_users: int,
    seed: int,
) -> pd.DataFrame:
    """Rows of `projection.csv`: the eligible people of some slices of one width, placed together."""
    rows = np.flatnonzero(eligible)
    strata = {name: attribute.codes[rows] for name, attribute in attributes.items()}
    eligible_only = {key: matrix[rows] for key, matrix in slices.items()}
    chosen, placed = project(eligible_only, strata, max_users=max_users, seed=seed)
    drawn = users[rows[chosen]]
    frames = [
        pd.DataFrame(dict(zip(COLUMNS, (layout, *key, drawn, place[:, 0], place[:, 1]), strict=True)))
        for key, place in placed.items()
    ]
    return pd.concat(frames)


def empty_map() -> pd.DataFrame:
    """No row of `projection.csv`."""
    return pd.DataFrame({name: pd.Series(dtype="float64" if name in "xy" else "str") for name in COLUMNS})
