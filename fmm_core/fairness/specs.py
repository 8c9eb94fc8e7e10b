"""Which mitigations there are, in words and settings; imports no torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoneConfig(_Config):
    """No mitigation: the base as it is."""

    name: Literal["none"] = "none"


class LeaceConfig(_Config):
    """LEACE (Belrose et al., NeurIPS 2023): closed-form linear erasure."""

    name: Literal["leace"] = "leace"


class RepairConfig(_Config):
    """Closed-form repair: group differences taken down to sampling noise, never to zero."""

    name: Literal["repair"] = "repair"
    cycles: int = Field(4, ge=1, le=50, description="rounds over the attributes")
    permutations: int = Field(20, ge=1, le=200, description="permuted labels that say what chance alone would give")
    band: int = Field(16, ge=1, description="leading directions treated together when means are clipped")


MitigationConfig = Annotated[NoneConfig | LeaceConfig | RepairConfig, Field(discriminator="name")]


@dataclass(frozen=True)
class MitigationSpec:
    """What a person and the command line need to know about a mitigation.

    Attributes
    ----------
    acts_on : "vectors" (changes what was trained) or "features" (the recommender is trained on what it returns)
    weight_meaning : what a weight of w does, one sentence
    """

    title: str
    sentence: str
    acts_on: Literal["vectors", "features"]
    weight_meaning: str
    config: NoneConfig | LeaceConfig | RepairConfig


MITIGATIONS: dict[str, MitigationSpec] = {
    "repair": MitigationSpec(
        title="Repair",
        sentence="Moves each group's vectors onto a common centre and shape. Seconds.",
        acts_on="vectors",
        weight_meaning="The share of the difference between groups that is taken away, from 0 to 1.",
        config=RepairConfig(),
    ),
    "leace": MitigationSpec(
        title="LEACE",
        sentence="Removes every straight-line trace of an attribute. Seconds.",
        acts_on="vectors",
        weight_meaning="The share of the straight-line trace that is taken away, from 0 to 1.",
        config=LeaceConfig(),
    ),
    "none": MitigationSpec(
        title="None",
        sentence="The recommender as it is.",
        acts_on="vectors",
        weight_meaning="Weights do nothing here.",
        config=NoneConfig(),
    ),
}
