"""One experiment as settings: validated, complete, and enough to repeat it (`config.json`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fmm_core.data.plan import Plan
from fmm_core.errors import ConfigError
from fmm_core.fairness.specs import (
    DEFAULT_MITIGATION,
    MITIGATIONS,
    DisentangleConfig,
    FmmrecConfig,
    MitigationConfig,
    TuningConfig,
)
from fmm_core.recommenders.specs import RECOMMENDERS, RecommenderConfig
from fmm_core.types import Panel

Preset = Literal["quick", "standard", "paper"]
PRESETS: dict[str, str] = {
    "quick": "About a minute on a small data set, for a first look.",
    "standard": "A few minutes, for decisions.",
    "paper": "The published settings. Long.",
}
PANELS: dict[Panel, str] = {
    "fast": "Attackers that are solved at once. Seconds.",
    "full": "For the record: an exact kernel and a neural network too, in four draws. Ten to fifteen times as long.",
}

Extra = Literal["svm", "boosting", "knn"]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Weights = dict[str, float]
"""Fairness weight per attribute; one that is left out is 0."""


def weights_key(weights: Mapping[str, float]) -> str:
    """A text that is the same for equal weights."""
    return json.dumps({name: round(weight, 4) for name, weight in sorted(weights.items()) if weight > 0})


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
    panel: Panel = Field("fast", description="which attackers the audit uses")
    map_users: int = Field(3000, ge=50, le=20_000, description="most people drawn on a map")
    permutations: int = Field(0, ge=0, le=10_000, description="label tables behind the person vector's p-value; slow")
    disclosed: float = Field(1.0, gt=0, le=1, description="share of the people whose labels the mitigation sees")
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


class _FilesConfig(_Config):
    """A job on files that nobody has vetted."""

    format: Literal[1] = 1
    source: str = Field(description="a folder, a zip or a file")
    plan: Plan = Plan()

    @property
    def dataset(self) -> str:
        """What the files are called; the folder of an upload has a name that says nothing."""
        return self.plan.name or Path(self.source).name


class CheckConfig(_FilesConfig):
    """A job that looks at files and says what it would make of them; it stores `check.json` and no data set."""

    kind: Literal["check"] = "check"


class ImportConfig(_FilesConfig):
    """A job that reads files and stores them as a data set; `result.json` says which."""

    kind: Literal["import"] = "import"


class AuditConfig(_Config):
    """An audit of vectors, recommendation lists or histories from files; nothing is trained.

    Paths are made absolute, and `sha256`, `fingerprint` and `packages` filled in, when it starts.
    """

    format: Literal[1] = 1
    kind: Literal["audit"] = "audit"
    title: str = Field("", max_length=100, description="what the audit is called; the first file's name if empty")
    users: str = Field(description="table with a user_id and a column per attribute")
    attributes: tuple[str, ...] = Field(min_length=1, description="columns of the users file to audit")
    vectors: str = Field("", description="numbers per person, and per item where the file holds those too")
    after: str = Field("", description="the same after mitigation")
    items: str = Field("", description="numbers per item, where the vectors' file does not hold them")
    interactions: str = Field("", description="table with user_id and item_id: who chose what")
    lists: str = Field("", description="table with user_id, item_id and, if rows are not in order, rank: top lists")
    row_order: bool = Field(False, description="files without ids stand in the order of the users file")
    panel: Panel = Field("fast", description="which attackers the audit uses")
    extra: tuple[Extra, ...] = Field((), description="further attackers, each in a row of its own")
    map_users: int = Field(3000, ge=50, le=20_000, description="most people drawn on a map")
    seed: int = Field(0, ge=0, description="everything random but the held-out people")
    user_split_seed: int = Field(42, ge=0, description="which fifth of the people is judged separately too")
    sha256: dict[str, str] = Field(default_factory=dict, description="content of every file, by what it was named as")
    fingerprint: str = ""
    packages: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something_is_attacked(self) -> "AuditConfig":
        if not self.vectors and not self.lists and not self.interactions:
            raise ValueError("nothing to attack is named; give vectors, lists or interactions")
        if self.after and not self.vectors:
            raise ValueError("vectors after mitigation need those before it")
        if self.items and not self.interactions:
            raise ValueError("item vectors say nothing about people without interactions")
        return self

    @property
    def files(self) -> dict[str, str]:
        """{what a file is: its path} of all that are named."""
        named = {role: str(getattr(self, role)) for role in AUDIT_FILES}
        return {role: path for role, path in named.items() if path}

    @property
    def dataset(self) -> str:
        """What the audited data are called."""
        attacked = next(path for role, path in self.files.items() if role != "users")
        return self.title or Path(attacked).name.split(".")[0]

    @property
    def active_weights(self) -> dict[str, float]:
        """Whom this run protects: nobody."""
        return {}

    @property
    def stages(self) -> tuple[str, ...]:
        """The pipeline's stages, in order."""
        return ("prepare", "audit", "project")


class TrialConfig(_Config):
    """A job that tries other weights of a finished run; what it finds is added to that run's `audit/weights.csv`."""

    format: Literal[1] = 1
    kind: Literal["trial"] = "trial"
    run: str = Field(description="id of the run")
    points: tuple[Weights, ...] = Field(min_length=1, description="sets of weights, in the order they are tried")

    @property
    def dataset(self) -> str:
        """What names the job's folder."""
        return self.run


AUDIT_FILES = ("users", "vectors", "after", "items", "interactions", "lists")
"""What the files of an audit are."""

Job = RunConfig | FetchConfig | CheckConfig | ImportConfig | AuditConfig | TrialConfig
"""Everything a worker carries out."""

Audited = RunConfig | AuditConfig
"""What a run that ends in figures was made with."""


def make_config(
    dataset: str,
    *,
    recommender: str = "lattice",
    method: str = DEFAULT_MITIGATION,
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
    return _validated(RunConfig, raw)


def parse_audit(raw: Mapping[str, Any]) -> AuditConfig:
    """Validate the settings of an audit.

    Raises
    ------
    ConfigError
        The first thing that is wrong, with its place.
    """
    return _validated(AuditConfig, raw)


Settings = TypeVar("Settings", bound=_Config)


def _validated(kind: type[Settings], raw: Mapping[str, Any]) -> Settings:
    try:
        return kind.model_validate(raw)
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
