"""Train, mitigate and audit: one run, or several at once."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fmm_core.cli.common import StoreOption, carry_out, menu, names_of, number_of, read_config, store_of, weights_of
from fmm_core.errors import ConfigError
from fmm_core.fairness.specs import DEFAULT_MITIGATION, MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import PANELS, PRESETS, RunConfig, make_config, parse_config
from fmm_core.runs.files import read_json
from fmm_core.runs.store import create_run


def train(
    dataset: Annotated[str | None, typer.Option(help="Catalog name, stored data set or folder.")] = None,
    modalities: Annotated[str | None, typer.Option(help="Comma-separated; default: all.")] = None,
    attributes: Annotated[str | None, typer.Option(help="Comma-separated; default: all that can be audited.")] = None,
    recommender: Annotated[str, typer.Option(help=menu(RECOMMENDERS))] = "lattice",
    method: Annotated[str, typer.Option(help=menu(MITIGATIONS))] = DEFAULT_MITIGATION,
    weight: Annotated[list[str] | None, typer.Option(help="Fairness weight, repeatable: gender=1")] = None,
    preset: Annotated[str, typer.Option(help=menu(PRESETS))] = "standard",
    panel: Annotated[str, typer.Option(help=menu(PANELS))] = "fast",
    seed: Annotated[int, typer.Option(help="Everything random but the splits.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Who trains and tests on what.")] = 42,
    disclosed: Annotated[float, typer.Option(help="Share of the people whose labels the mitigation sees.")] = 1.0,
    curve: Annotated[str | None, typer.Option(help="One run per weight: gender=0,0.25,0.5,0.75,1")] = None,
    seeds: Annotated[int, typer.Option(help="With --curve: how many seeds per weight.", min=1)] = 1,
    modality_subsets: Annotated[
        bool, typer.Option("--modality-subsets", help="One quick run without mitigation per mix of the modalities.")
    ] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Any setting: recommender.epochs=50")] = None,
    config: Annotated[Path | None, typer.Option(help="A whole configuration (config.json of a run).")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the run here instead of into the store.")] = None,
    store: StoreOption = None,
) -> None:
    """Train, mitigate and audit; progress on stderr, the folder of each finished run on stdout."""
    from fmm_core.runs.datasets import locate

    home = store_of(store)
    if config is not None:
        base = parse_config(read_config(config))
    elif dataset is None:
        raise ConfigError("no data set is named", "--dataset", "`datasets list` names them.", code="config.no_dataset")
    else:
        base = make_config(
            dataset,
            recommender=recommender,
            method=method,
            preset=preset,
            settings=dict(_setting(text) for text in settings or ()),
            modalities=names_of(modalities),
            attributes=names_of(attributes),
            weights=weights_of(weight),
            panel=panel,
            seed=seed,
            split_seed=split_seed,
            disclosed=disclosed,
        )
    folder = locate(home, base.dataset)  # a name mistyped ends here, not in a failed run
    planned = _subsets(base, folder) if modality_subsets else _planned(base, curve, seeds)
    if out is not None and len(planned) > 1:
        raise ConfigError("one folder cannot hold several runs", "--out", "Leave it out: the store keeps every run.")
    codes = [carry_out(home.new_run(item) if out is None else create_run(out, item), home) for item in planned]
    sys.exit(max(codes))


def _subsets(base: RunConfig, folder: Path) -> list[RunConfig]:
    """Every mix of the modalities named, or of all that the data set in `folder` has."""
    from fmm_core.runs.sweep import modality_subsets

    every = tuple(read_json(folder / "dataset.json")["modalities"])
    return modality_subsets(base.model_copy(update={"modalities": base.modalities or every}))


def _planned(base: RunConfig, curve: str | None, seeds: int) -> list[RunConfig]:
    if curve is None:
        return [base]
    from fmm_core.runs.sweep import curve as curve_configs

    attribute, _, values = curve.partition("=")
    weights = [number_of(value, "--curve") for value in values.split(",")]
    return curve_configs(base, attribute.split(","), weights, seeds)


def _setting(text: str) -> tuple[str, Any]:
    path, sign, value = text.partition("=")
    if not sign:
        raise ConfigError(f'"{text}" has no value', "--set", "Write it like recommender.epochs=50.", code="config.set")
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value
