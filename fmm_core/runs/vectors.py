"""Representations on disk, as npz without pickles."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fmm_core.types import Floats, Mitigated, Representations

Profiles = Mapping[tuple[str, str], Floats]
"""{(modality, "biased" | "filtered"): items × d}"""


def save_representations(path: Path, representations: Representations) -> None:
    """Write representations, mitigated or not, as npz."""
    arrays = {"user": representations.user, "item": representations.item}
    if representations.item_bias is not None:
        arrays["item_bias"] = representations.item_bias
    if isinstance(representations, Mitigated):
        arrays |= _named(representations.profiles)
    save_arrays(path, **arrays)


def load_representations(path: Path) -> Mitigated:
    """Read what `save_representations` wrote."""
    arrays = _load(path)
    return Mitigated(arrays["user"], arrays["item"], arrays.get("item_bias"), _profiles(arrays))


def save_profiles(path: Path, profiles: Profiles) -> None:
    """Write disentangled features."""
    save_arrays(path, **_named(profiles))


def load_profiles(path: Path) -> Profiles:
    """Read what `save_profiles` wrote."""
    return _profiles(_load(path))


def _named(profiles: Profiles) -> dict[str, Floats]:
    return {f"profile.{kind}.{name}": matrix for (name, kind), matrix in profiles.items()}


def _profiles(arrays: Mapping[str, Floats]) -> Profiles:
    found = {}
    for name, matrix in arrays.items():
        if name.startswith("profile."):
            _, kind, modality = name.split(".", 2)
            found[modality, kind] = matrix
    return found


def _load(path: Path) -> dict[str, Floats]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays as one npz file."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
