"""Which recommenders there are, in words and settings; imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingConfig(_Config):
    """Settings every gradient-trained recommender shares."""

    embedding_size: int = Field(64, ge=2, le=1024, description="numbers per user and per item")
    epochs: int = Field(300, ge=1, le=10_000, description="most passes over the training interactions")
    patience: int = Field(10, ge=1, description="validations without a better Recall@20 before stopping")
    validate_every: int = Field(2, ge=1, description="epochs between validations")
    batch_size: int = Field(2048, ge=1, description="interactions per step")
    most_steps: int = Field(
        100, ge=1, description="steps per epoch; larger data get larger batches instead of more steps"
    )
    learning_rate: float = Field(5e-3, gt=0, le=1, description="Adam step size")
    regularisation: float = Field(1e-3, ge=0, description="weight of the squared norms of a batch's vectors")


class LightGCNConfig(TrainingConfig):
    """LightGCN (He et al., SIGIR 2020): clicks only, no modality."""

    name: Literal["lightgcn"] = "lightgcn"
    layers: int = Field(2, ge=0, le=8, description="propagation steps over the user-item graph")


class LatticeConfig(TrainingConfig):
    """LATTICE (Zhang et al., ACM MM 2021): LightGCN plus item graphs mined from the modalities."""

    name: Literal["lattice"] = "lattice"
    layers: int = Field(2, ge=0, le=8, description="propagation steps over the user-item graph")
    neighbours: int = Field(
        10, ge=1, le=200, description="neighbours kept per item and modality, the item itself among them"
    )
    raw_share: float = Field(0.9, ge=0, le=1, description="share of the raw item graph beside the learned one")
    learn_graph_every: int = Field(1, ge=1, description="epochs between rebuilds of the learned item graph")


class BPRConfig(TrainingConfig):
    """BPR-MF (Rendle et al., UAI 2009): clicks only, no graph."""

    name: Literal["bpr"] = "bpr"


class VBPRConfig(TrainingConfig):
    """VBPR (He and McAuley, AAAI 2016): vectors are twice `embedding_size` wide, [ID; content]."""

    name: Literal["vbpr"] = "vbpr"


class DragonConfig(TrainingConfig):
    """DRAGON (Zhou et al., ECAI 2023): vectors are `embedding_size` wide per modality.

    `regularisation` weighs the mean squares of the preferences and of the users' weights for the modalities.
    """

    name: Literal["dragon"] = "dragon"
    layers: int = Field(2, ge=0, le=8, description="propagation steps over the user-item graph, added up")
    neighbours: int = Field(
        10, ge=1, le=200, description="neighbours kept per item and modality, the item itself among them"
    )
    user_neighbours: int = Field(40, ge=1, le=1000, description="people with most items in common kept per person")


class PretrainedConfig(_Config):
    """Frozen vectors from an .npz file: user_id, user (n × d), item_id, item (m × d) and perhaps item_bias (m).

    `sha256` is filled in when the run starts; where it is given, the file must still have it.
    """

    name: Literal["pretrained"] = "pretrained"
    path: str = Field("", description=".npz file with the vectors")
    sha256: str = Field("", pattern="^([0-9a-f]{64})?$", description="SHA-256 of the file, 64 hexadecimal digits")

    @field_validator("path")
    @classmethod
    def _is_named(cls, path: str) -> str:
        if not path:
            raise ValueError("no file is named; add --set recommender.path=FILE.npz")
        return path


TrainedConfig = LightGCNConfig | LatticeConfig | BPRConfig | VBPRConfig | DragonConfig
RecommenderConfig = Annotated[TrainedConfig | PretrainedConfig, Field(discriminator="name")]


@dataclass(frozen=True)
class RecommenderSpec:
    """What a person and the command line need to know about a recommender.

    Attributes
    ----------
    needs_file : its settings are not complete until a file is named in `path`
    presets : {"quick" | "standard" | "paper": config}
    """

    title: str
    sentence: str
    needs_modalities: bool
    presets: Mapping[str, TrainedConfig | PretrainedConfig]
    needs_file: bool = False


def _presets(
    config: type[TrainingConfig], standard: Mapping[str, Any], quick: Mapping[str, Any], **always: Any
) -> dict[str, Any]:
    """How thorough a training is; only what differs between models is named."""
    short = {"epochs": 40, "patience": 5, "batch_size": 4096, "most_steps": 50}
    long = {"epochs": 1000, "patience": 20, "validate_every": 1, "most_steps": 100_000, "learning_rate": 1e-3}
    return {
        "quick": config(**short, **quick, **always),
        "standard": config(**standard, **always),
        "paper": config(**long, **always),
    }


RECOMMENDERS: dict[str, RecommenderSpec] = {
    "lattice": RecommenderSpec(
        title="LATTICE",
        sentence="Links items that look, sound or read alike, and people through the items they chose.",
        needs_modalities=True,
        presets=_presets(LatticeConfig, {"learning_rate": 3e-3}, {"learning_rate": 1e-2, "learn_graph_every": 5}),
    ),
    "lightgcn": RecommenderSpec(
        title="LightGCN",
        sentence="Learns from clicks alone: people who chose the same items end up close together.",
        needs_modalities=False,
        presets=_presets(LightGCNConfig, {}, {"learning_rate": 1e-2}),
    ),
    "bpr": RecommenderSpec(
        title="BPR-MF",
        sentence="Learns one vector per person and item from clicks alone: the plainest of all.",
        needs_modalities=False,
        presets=_presets(BPRConfig, {"learning_rate": 2e-3}, {"learning_rate": 5e-3}, regularisation=1e-2),
    ),
    "vbpr": RecommenderSpec(
        title="VBPR",
        sentence="Learns from clicks, and reads what an item looks, sounds or says straight into its vector.",
        needs_modalities=True,
        presets=_presets(VBPRConfig, {"learning_rate": 2e-3}, {"learning_rate": 5e-3}, regularisation=1e-2),
    ),
    "dragon": RecommenderSpec(
        title="DRAGON",
        sentence="Links people who chose the same items and items that are alike, with its own vectors per modality.",
        needs_modalities=True,
        presets=_presets(DragonConfig, {"learning_rate": 1e-3}, {"learning_rate": 2e-3}, regularisation=1e-2),
    ),
    "pretrained": RecommenderSpec(
        title="Vectors from a file",
        sentence="Takes finished vectors from a file, to audit a model that was trained elsewhere.",
        needs_modalities=False,
        presets=dict.fromkeys(("quick", "standard", "paper"), PretrainedConfig()),
        needs_file=True,
    ),
}
