"""Representations on disk, as npz without pickles."""

from pathlib import Path

import numpy as np

from fmm_core.types import Mitigated, Representations


def save_representations(path: Path, representations: Representations) -> None:
    """Write representations, mitigated or not, as npz."""
    arrays = {"user": representations.user, "item": representations.item}
    if representations.item_bias is not None:
        arrays["item_bias"] = representations.item_bias
    if isinstance(representations, Mitigated):
        arrays |= {f"profile.{kind}.{name}": matrix for (name, kind), matrix in representations.profiles.items()}
    save_arrays(path, **arrays)


def load_representations(path: Path) -> Mitigated:
    """Read what `save_representations` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    profiles = {}
    for name, matrix in arrays.items():
        if name.startswith("profile."):
            _, kind, modality = name.split(".", 2)
            profiles[modality, kind] = matrix
    return Mitigated(arrays["user"], arrays["item"], arrays.get("item_bias"), profiles)


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays as one npz file."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
