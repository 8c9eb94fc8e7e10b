"""Several runs at once: a curve over weights, each for several seeds; a recommender for every mix of modalities."""

from collections.abc import Sequence
from typing import Any

from fmm_core.audit.shapley import subsets
from fmm_core.errors import ConfigError
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS, RecommenderConfig
from fmm_core.runs.config import RunConfig, Weights, weights_key

MOST_TRAINED = 4
"""Most modalities of which every subset is trained: sixteen runs."""

CLICKS_ONLY = "lightgcn"


def curve(config: RunConfig, attributes: Sequence[str], weights: Sequence[float], seeds: int = 1) -> list[RunConfig]:
    """One configuration per weight and seed, `attributes` all at that weight; equal bases follow each other.

    Parameters
    ----------
    seeds : int
        How many seeds, counted up from the configuration's own.
    """
    return [
        config.with_weights(config.weights | dict.fromkeys(attributes, weight), seed)
        for seed in range(config.seed, config.seed + seeds)
        for weight in weights
    ]


def grid(config: RunConfig, names: Sequence[str]) -> list[Weights]:
    """The run's own weights; each attribute's weight alone, the others as they are; and all of them alike.

    Parameters
    ----------
    names : attributes that can be protected
    """
    own = dict(config.active_weights)
    steps = MITIGATIONS[config.mitigation.name].steps
    alone = [own | {name: step} for name in names for step in steps]
    alike = [dict.fromkeys(names, step) for step in steps]
    return list({weights_key(point): point for point in (own, *alone, *alike)}.values())


def modality_subsets(config: RunConfig) -> list[RunConfig]:
    """One quick configuration without mitigation per subset of the modalities, the empty one first.

    Parameters
    ----------
    config : names its modalities; data set, attributes, seeds and map are taken from it

    Notes
    -----
    Recommenders that cannot do without modalities leave the empty subset to LightGCN, which learns from clicks alone.

    Raises
    ------
    ConfigError
        The recommender looks at no modality, or there are fewer than two of them or more than `MOST_TRAINED`.
    """
    names, spec = config.modalities or (), RECOMMENDERS[config.recommender.name]
    if not spec.needs_modalities:
        mend = f"Choose one of: {', '.join(name for name, each in RECOMMENDERS.items() if each.needs_modalities)}."
        raise ConfigError(f"{spec.title} looks at no modality", "mixes of modalities", mend, code="subsets.unused")
    if not 2 <= len(names) <= MOST_TRAINED:
        what = f"mixes are trained of two to {MOST_TRAINED} modalities, not of {len(names)}"
        raise ConfigError(what, "mixes of modalities", "Choose them by name.", code="subsets.count")
    return [_quick(config, tuple(each for each in names if each in subset)) for subset in subsets(names)]


def _quick(config: RunConfig, modalities: tuple[str, ...]) -> RunConfig:
    name = config.recommender.name if modalities else CLICKS_ONLY
    changes: dict[str, Any] = {
        "modalities": modalities,
        "recommender": RECOMMENDERS[name].presets["quick"],
        "mitigation": MITIGATIONS["none"].presets["quick"],
        "weights": {},
        "preset": "quick",
        "panel": "fast",
        "permutations": 0,
    }
    return config.model_copy(update=changes)


Base = tuple[str, int, int, frozenset[str], RecommenderConfig]
"""All that decides a trained recommender: the data, split seed, seed, modalities and settings."""


def base(config: RunConfig) -> Base:
    """What the base of a run was trained with: runs of which it is equal have the same base."""
    return config.fingerprint, config.split_seed, config.seed, frozenset(config.modalities or ()), config.recommender
