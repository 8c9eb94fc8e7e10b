"""One experiment as settings: validated, complete, and enough to repeat it (`config.json`)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fmm_core.data.plan import Plan
from fmm_core.errors import ConfigError
from fmm_core.fairness.specs import MITIGATIONS, DisentangleConfig, FmmrecConfig, MitigationConfig, TuningConfig
from fmm_core.recommenders.specs import RECOMMENDERS, RecommenderConfig

Preset = Literal["quick", "standard", "paper"]
PRESETS: dict[str, str] = {
    "quick": "About a minute on a small data set, for a first look.",
    "standard": "A few minutes, for decisions.",
    "paper": "The published settings. Long.",
}


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunConfig(_Config):
    """All that is needed to repeat an experiment.

    `modalities` and `attributes` of None mean: all the data set has. `fingerprint` and `packages` are filled in
    when the run starts, so a finished run says exactly what it was made from.
    """

    format: Literal[1] = 1
    kind: Literal["experiment"] = "experiment"
    dataset: str = Field(description="catalog name, stored data set or folder")
    modalities: tuple[str, ...] | None = Field(None, description="modalities the recommender may use")
    attributes: tuple[str, ...] | None = Field(None, description="sensitive attributes to audit")
    recommender: RecommenderConfig
    mitigation: MitigationConfig
    weights: dict[str, float] = Field(default_factory=dict, description="fairness weight per attribute, 0 is off")
    preset: Preset = "standard"
    panel: Literal["fast"] = Field("fast", description="which attackers the audit uses")
    map_users: int = Field(3000, ge=50, le=20_000, description="most people drawn on a map")
    permutations: int = Field(0, ge=0, le=10_000, description="label tables behind the person vector's p-value; slow")
    seed: int = Field(0, ge=0, description="everything random but the splits")
    split_seed: int = Field(42, ge=0, description="which interactions train, validate and test")
    user_split_seed: int = Field(42, ge=0, description="which fifth of the people no choice is made on")
    fingerprint: str = ""
    packages: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _weights_are_sound(self) -> "RunConfig":
        for attribute, weight in self.weights.items():
            if not 0 <= weight < float("inf"):
                raise ValueError(f"the weight of {attribute} is {weight}; a weight is 0 or more")
            if self.attributes is not None and weight > 0 and attribute not in self.attributes:
                raise ValueError(f"{attribute} has a weight but is not among the attributes to audit")
        return self

    @property
    def active_weights(self) -> dict[str, float]:
        """The weights above 0."""
        return {name: weight for name, weight in sorted(self.weights.items()) if weight > 0}

    @property
    def disentangle(self) -> DisentangleConfig | None:
        """How modalities are split; None when the method does not ask for it or nobody is protected."""
        if isinstance(self.mitigation, FmmrecConfig) and self.active_weights:
            return self.mitigation.disentangle
        return None

    @property
    def trains_mitigation(self) -> bool:
        """Whether the mitigation is trained for minutes rather than solved."""
        return isinstance(self.mitigation, TuningConfig) and bool(self.active_weights)

    @property
    def stages(self) -> tuple[str, ...]:
        """The pipeline's stages, in order."""
        middle = ("filter",) if self.disentangle is None else ("disentangle", "filter")
        return ("prepare", "pretrain", *middle, "audit", "project")

    def with_weights(self, weights: Mapping[str, float], seed: int | None = None) -> "RunConfig":
        """The same experiment with other weights and perhaps another seed."""
        changes: dict[str, Any] = {"weights": dict(weights)}
        return self.model_copy(update=changes if seed is None else changes | {"seed": seed})


class FetchConfig(_Config):
    """A job that gets a data set by name and stores it."""

    format: Literal[1] = 1
    kind: Literal["fetch"] = "fetch"
    dataset: str


class CheckConfig(_Config):
    """A job that looks at files and says what it would make of them; it stores `check.json` and no data set."""

    format: Literal[1] = 1
    kind: Literal["check"] = "check"
    source: str = Field(description="a folder, a zip or a file")
    plan: Plan = Plan()


class ImportConfig(_Config):
    """A job that reads files and stores them as a data set; `result.json` says which."""

    format: Literal[1] = 1
    kind: Literal["import"] = "import"
    source: str = Field(description="a folder, a zip or a file")
    plan: Plan = Plan()


Job = RunConfig | FetchConfig | CheckConfig | ImportConfig
"""Everything a worker carries out."""


def make_config(
    dataset: str,
    *,
    recommender: str = "lattice",
    method: str = "repair",
    preset: str = "standard",
    settings: Mapping[str, Any] | None = None,
    **common: Any,
) -> RunConfig:
    """Build a configuration from names and a preset.

    Parameters
    ----------
    settings : {"recommender.epochs": 10, "seed": 1, …}
        Single fields by dotted path; they win over the preset.
    common : fields of `RunConfig`

    Raises
    ------
    ConfigError
        A name is unknown (the choices are listed) or a value is out of range.
    """
    parts = {
        "dataset": dataset,
        "preset": _one_of("preset", preset, get_args(Preset)),
        "recommender": RECOMMENDERS[_one_of("recommender", recommender, RECOMMENDERS)].presets[preset].model_dump(),
        "mitigation": MITIGATIONS[_one_of("method", method, MITIGATIONS)].presets[preset].model_dump(),
        **common,
    }
    for path, value in (settings or {}).items():
        _assign(parts, path, value)
    return parse_config(parts)


def parse_config(raw: Mapping[str, Any]) -> RunConfig:
    """Validate a whole configuration, for instance one read from a file.

    Raises
    ------
    ConfigError
        The first thing that is wrong, with its place.
    """
    try:
        return RunConfig.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        tags = (*RECOMMENDERS, *MITIGATIONS)  # pydantic names the member of a union in the path; people do not
        place = ".".join(str(part) for part in first["loc"] if part not in tags)
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(message, f"setting {place}" if place else "settings", code="config.invalid") from error


def _one_of(what: str, name: str, choices: Any) -> str:
    if name not in choices:
        raise ConfigError(
            f'there is no {what} "{name}"', mend=f"Choose one of: {', '.join(choices)}.", code=f"config.{what}"
        )
    return name


def _assign(parts: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    target = parts
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise ConfigError(f'"{path}" leads through a plain value', "--set", code="config.path")
    target[last] = value
