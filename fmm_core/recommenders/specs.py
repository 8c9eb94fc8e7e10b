"""Which recommenders there are, in words and settings; imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


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


RecommenderConfig = Annotated[LightGCNConfig | LatticeConfig, Field(discriminator="name")]


@dataclass(frozen=True)
class RecommenderSpec:
    """What a person and the command line need to know about a recommender.

    Attributes
    ----------
    presets : {"quick" | "standard" | "paper": config}
    """

    title: str
    sentence: str
    needs_modalities: bool
    presets: Mapping[str, LightGCNConfig | LatticeConfig]


RECOMMENDERS: dict[str, RecommenderSpec] = {
    "lattice": RecommenderSpec(
        title="LATTICE",
        sentence="Links items that look, sound or read alike, and people through the items they chose.",
        needs_modalities=True,
        presets={
            "quick": LatticeConfig(
                epochs=40, patience=5, batch_size=4096, most_steps=50, learning_rate=1e-2, learn_graph_every=5
            ),
            "standard": LatticeConfig(learning_rate=3e-3),
            "paper": LatticeConfig(epochs=1000, patience=20, validate_every=1, most_steps=100_000, learning_rate=1e-3),
        },
    ),
    "lightgcn": RecommenderSpec(
        title="LightGCN",
        sentence="Learns from clicks alone: people who chose the same items end up close together.",
        needs_modalities=False,
        presets={
            "quick": LightGCNConfig(epochs=40, patience=5, batch_size=4096, most_steps=50, learning_rate=1e-2),
            "standard": LightGCNConfig(),
            "paper": LightGCNConfig(epochs=1000, patience=20, validate_every=1, most_steps=100_000, learning_rate=1e-3),
        },
    ),
}
