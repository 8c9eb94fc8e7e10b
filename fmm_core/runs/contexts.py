"""What a mitigation is given, made from a run's settings and its inputs."""

from fmm_core.audit.leakage import validation_attack
from fmm_core.fairness.context import Context
from fmm_core.runs.config import RunConfig
from fmm_core.runs.inputs import Inputs
from fmm_core.runs.vectors import Profiles
from fmm_core.types import Progress, Representations


def context_of(
    config: RunConfig, inputs: Inputs, base: Representations, profiles: Profiles, progress: Progress
) -> Context:
    """Labels as they were told, choices on all but the held-out fifth."""
    choosing = inputs.eligible & ~inputs.held_out
    return Context(
        train=inputs.split.train,
        modalities=inputs.modalities,
        base=base,
        codes={name: attribute.codes for name, attribute in inputs.told.items()},
        weights=config.active_weights,
        validate=inputs.validation_recall,
        attack=lambda vectors: validation_attack(vectors, inputs.told, inputs.dataset.users, choosing, config.seed),
        progress=progress,
        seed=config.seed,
        profiles=profiles,
    )
