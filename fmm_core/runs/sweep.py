"""Several runs at once: a curve over weights, each for several seeds."""

from collections.abc import Sequence

from fmm_core.runs.config import RunConfig


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
