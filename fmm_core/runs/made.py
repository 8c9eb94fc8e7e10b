"""What the training stages of a run made, and where in their steps' folders it lies."""

from dataclasses import dataclass
from pathlib import Path

from fmm_core.runs.steps import Step
from fmm_core.runs.vectors import Profiles, load_profiles, load_representations, save_profiles, save_representations
from fmm_core.types import Mitigated, Representations

BASE, PROFILES, MITIGATED = "base.npz", "profiles.npz", "mitigated.npz"


def keep_base(folder: Path, base: Representations) -> None:
    """Write what the stage *pretrain* made."""
    save_representations(folder / BASE, base)


def base_of(pretrain: Step) -> Representations:
    """Read what the stage *pretrain* made."""
    return load_representations(pretrain.folder / BASE)


def keep_profiles(folder: Path, profiles: Profiles) -> None:
    """Write what the stage *disentangle* made."""
    save_profiles(folder / PROFILES, profiles)


def profiles_of(disentangled: Step | None) -> Profiles:
    """Read what the stage *disentangle* made; empty where there was none."""
    return {} if disentangled is None else load_profiles(disentangled.folder / PROFILES)


def keep_mitigated(folder: Path, mitigated: Mitigated) -> None:
    """Write what the stage *filter* made."""
    save_representations(folder / MITIGATED, mitigated)


@dataclass(frozen=True)
class Made:
    """The finished training stages; `disentangled` is None where modalities were not split."""

    pretrain: Step
    disentangled: Step | None
    mitigate: Step

    def before(self) -> Representations:
        """The base."""
        return base_of(self.pretrain)

    def after(self) -> Mitigated:
        """The base after mitigation."""
        return load_representations(self.mitigate.folder / MITIGATED)

    def profiles(self) -> Profiles:
        """The features of split modalities."""
        return profiles_of(self.disentangled)
