"""From what a reader switched on to runs, to a command, and back to words. No streamlit."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.tradeoffs import NONE
from fmm_core.fairness.specs import DEFAULT_MITIGATION, MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import Panel, RunConfig, make_config
from fmm_core.runs.sweep import curve

CURVE_SEEDS = 3
NO_FILE = "FILE.npz"

FIRST_METHODS = ("flow", "repair", "ridge", "fmmrec", NONE)
"""The mitigations a first run chooses from; the others are there to be compared with."""


def methods(chosen: str, every: bool) -> list[str]:
    """The mitigations to offer: those of a first run and the `chosen` one, or every one; no mitigation comes last."""
    return [name for name in MITIGATIONS if every or name in FIRST_METHODS or name == chosen]


@dataclass(frozen=True)
class Choices:
    """Everything the train page asks for; `dataset` is the id of a stored data set."""

    dataset: str
    modalities: tuple[str, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    method: str = DEFAULT_MITIGATION
    preset: str = "quick"
    recommender: str = "lattice"
    seed: int = 0
    split_seed: int = 42
    whole_curve: bool = False
    seeds: int = CURVE_SEEDS
    path: str = ""
    panel: Panel = "fast"

    @property
    def protected(self) -> dict[str, float]:
        """The attributes with a weight above 0; none when the method mitigates nothing."""
        return {} if self.method == NONE else {name: weight for name, weight in self.weights.items() if weight > 0}

    @property
    def used(self) -> tuple[str, ...]:
        """The modalities the recommender will look at."""
        return self.modalities if RECOMMENDERS[self.recommender].needs_modalities else ()

    @property
    def steps(self) -> list[float]:
        """The weights the method's slider offers; what a whole curve tries."""
        return list(MITIGATIONS[self.method].steps)

    @property
    def settings(self) -> dict[str, str]:
        """What else the recommender needs to be told; a file not named yet is shown as `NO_FILE`."""
        return {"recommender.path": self.path or NO_FILE} if RECOMMENDERS[self.recommender].needs_file else {}

    def configs(self) -> list[RunConfig]:
        """The runs to queue: one, or a whole curve over the weights of the protected attributes."""
        config = make_config(
            self.dataset,
            recommender=self.recommender,
            method=self.method,
            preset=self.preset,
            settings=self.settings,
            modalities=self.modalities,
            weights=self.protected,
            panel=self.panel,
            seed=self.seed,
            split_seed=self.split_seed,
        )
        if not (self.whole_curve and self.protected):
            return [config]
        return curve(config, list(self.protected), self.steps, self.seeds)

    def command(self) -> str:
        """The same for a shell."""
        words = ["python", "-m", "fmm_core", "train", "--dataset", self.dataset]
        words += ["--modalities", ",".join(self.modalities)]
        words += ["--recommender", self.recommender, "--method", self.method, "--preset", self.preset]
        words += ["--panel", self.panel] if self.panel != "fast" else []
        words += ["--seed", str(self.seed), "--split-seed", str(self.split_seed)]
        for name, value in self.settings.items():
            words += ["--set", f"{name}={value}"]
        if self.whole_curve and self.protected:
            steps = ",".join(f"{weight:g}" for weight in self.steps)
            words += ["--curve", f"{','.join(self.protected)}={steps}", "--seeds", str(self.seeds)]
        else:
            for name, weight in self.protected.items():
                words += ["--weight", f"{name}={weight:g}"]
        return shlex.join(words)


def problem(choices: Choices) -> str:
    """Why this cannot run, in one sentence; empty if it can."""
    spec = RECOMMENDERS[choices.recommender]
    if spec.needs_modalities and not choices.modalities:
        return f"{spec.title} needs at least one modality. Switch one on, or choose LightGCN below."
    if spec.needs_file and not choices.path:
        return "Name the file with the vectors below."
    if choices.protected and MITIGATIONS[choices.method].splits and not choices.modalities:
        return f"{MITIGATIONS[choices.method].title} needs at least one modality to split. Switch one on."
    return ""


def protectable(card: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The attributes of a data set that can be audited, in its order."""
    return {name: item for name, item in card["attributes"].items() if item["offered"]}
