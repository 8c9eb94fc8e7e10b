"""Placeholder until the disentanglement lands."""

from collections.abc import Mapping

from scipy.sparse import csr_matrix

from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.types import Codes, Floats, Progress


def disentangle(
    config: DisentangleConfig,
    train: csr_matrix,
    modalities: Mapping[str, Floats],
    codes: Mapping[str, Codes],
    *,
    progress: Progress,
    seed: int,
) -> dict[tuple[str, str], Floats]:
    """Placeholder."""
    del config, train, codes, progress, seed
    return {(name, kind): part for name, part in modalities.items() for kind in ("biased", "filtered")}
