"""Which mitigations there are, in words and settings; imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Preset = Literal["quick", "standard", "paper"]
Form = Literal["ours", "paper"]
START = "weight of the closed-form repair that people start from; never above their own"


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


class FlowConfig(_Config):
    """Witness flow: everyone is moved until a stack of attackers, drawn anew each round, is guessing."""

    name: Literal["flow"] = "flow"
    rounds: int = Field(40, ge=1, le=1000, description="fresh stacks of attackers, one step of everybody each")
    features: int = Field(1500, ge=1, le=4096, description="most features of an attacker; one per four people at most")
    lists: bool = Field(True, description="attackers look at the lists as well as at the vectors")
    start: float = Field(0.5, ge=0, le=1, description=START)
    damping: float = Field(0.7, gt=0, le=1, description="share of a full step that is taken")
    pull: float = Field(0.02, ge=0, le=1, description="share of the way back to one's own list, each round")
    prior: float = Field(0.1, gt=0, le=100, description="weight of the vectors' own spread against the lists'")
    perplexity: float = Field(40.0, gt=1, le=300, description="how many items a person chooses among, as it were")


class RidgeConfig(_Config):
    """Ridge filter: a small correction of every vector, trained against opponents that are solved, not trained."""

    name: Literal["ridge"] = "ridge"
    steps: int = Field(200, ge=1, le=10_000, description="steps of training, everyone in each")
    learning_rate: float = Field(4e-3, gt=0, le=1, description="Adam step size at first; falls to nothing")
    tie: float = Field(10.0, ge=0, description="weight of the relative squared distance to the frozen vectors")
    start: float = Field(0.5, ge=0, le=1, description=START)
    hidden: int = Field(64, ge=1, le=4096, description="width of the correction's hidden layer")
    features: int = Field(400, ge=1, le=4096, description="most features of an opponent; one per four people at most")
    sees_attribute: bool = Field(
        True, description="the correction sees what a person disclosed; off: one map for everyone, usable unlabelled"
    )


class D2DRConfig(_Config):
    """D2D-R (Li et al., ACM MM 2023): group distributions drawn together by MMD, every top list kept in order."""

    name: Literal["d2dr"] = "d2dr"
    steps: int = Field(300, ge=1, le=100_000, description="gradient steps")
    batch_size: int = Field(512, ge=4, le=10_000, description="people per attribute and step, as many of each group")
    learning_rate: float = Field(3e-3, gt=0, le=1, description="Adam step size, in standard deviations of the vectors")
    list_length: int = Field(20, ge=2, le=100, description="length of the top list whose order is kept")
    kernels: int = Field(5, ge=1, le=20, description="Gaussian kernels, widths a factor 2 apart")


class DisentangleConfig(_Config):
    """How a modality's features are split into a part that shows the attributes and a part that does not.

    *closed*: solved, rank-deficient; *adversarial*: from there on, a corrected game against opponents;
    *paper*: the game as published.
    """

    form: Literal["closed", "adversarial", "paper"] = "closed"
    epochs: int = Field(
        30, ge=1, le=1000, description="ten batches of users each (paper: passes over the interactions)"
    )
    batch_size: int = Field(2048, ge=1, description="users (paper: interactions) per step")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam step size of the adversarial forms")
    energy: float = Field(0.5, gt=0, le=0.9, description="share of the profiles' variance kept (not by paper)")


class TuningConfig(_Config):
    """What all methods share that are trained against adversaries on a frozen base."""

    form: Form = Field("ours", description="ours: corrected; paper: as published, to reproduce its figures")
    epochs: int = Field(30, ge=1, le=1000, description="passes over the training interactions")
    batch_size: int = Field(2048, ge=1, description="interactions per step")
    most_steps: int = Field(100, ge=1, description="steps per epoch; larger data get larger batches")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam step size of what is trained, and of adversaries")
    adversary_steps: int = Field(5, ge=1, le=100, description="steps of every adversary per step of what is trained")
    regularisation: float = Field(0.0, ge=0, description="weight of the squared norms of a batch's vectors")


class AlConfig(TuningConfig):
    """Adversarial learning: copies of all vectors are fine-tuned against one adversary per attribute."""

    name: Literal["al"] = "al"


class CalConfig(TuningConfig):
    """CAL (Bose and Hamilton, ICML 2019): filters on user vectors, a random subset of attributes each batch."""

    name: Literal["cal"] = "cal"


class FairGoConfig(TuningConfig):
    """FairGo (Wu et al., WWW 2021): filters shared by users and items, one adversary for user and history."""

    name: Literal["fairgo"] = "fairgo"
    item_weight: float = Field(0.5, ge=0, description="weight of the history's adversarial loss beside the user's")


class FmmrecConfig(TuningConfig):
    """FMMRec (Chen et al., TOIS 2025): disentangled modalities, fair and unfair relations, filters and prompts."""

    name: Literal["fmmrec"] = "fmmrec"
    item_weight: float = Field(0.5, ge=0, description="weight of the adversary on R v; 0 trains none")
    filters: Literal["shared", "independent", "user_only"] = Field("shared", description="who passes which filters")
    prompt: Literal["concat", "add", "none"] = Field("concat", description="how a filter learns whose vector it gets")
    disentangle: DisentangleConfig | None = Field(DisentangleConfig(), description="None: no disentanglement, U' = U")
    relation_weight: float = Field(0.1, ge=0, description="α: how far users move along relations")
    fair_relations: bool = Field(True, description="draw users to those with like filtered profiles")
    unfair_relations: bool = Field(True, description="push users from those with like biased profiles")
    neighbours: int = Field(10, ge=1, le=200, description="neighbours kept per user and modality, oneself among them")
    modality_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="weight of a modality's graph; equal where none is named"
    )


MitigationConfig = Annotated[
    NoneConfig
    | LeaceConfig
    | RepairConfig
    | FlowConfig
    | RidgeConfig
    | D2DRConfig
    | AlConfig
    | CalConfig
    | FairGoConfig
    | FmmrecConfig,
    Field(discriminator="name"),
]

SHARES: dict[float, str] = {0.0: "off", 0.25: "light", 0.5: "medium", 0.75: "strong", 1.0: "full"}
"""Steps of a weight that is a share."""

STRENGTHS: dict[float, str] = {0.0: "off", 0.1: "light", 0.25: "mild", 0.5: "medium", 1.0: "strong", 2.0: "very strong"}
"""Steps of a weight that multiplies an adversary's loss."""


@dataclass(frozen=True)
class MitigationSpec:
    """What a person and the command line need to know about a mitigation.

    Attributes
    ----------
    acts_on : "vectors" (changes what was trained) or "features" (the recommender is trained on what it returns)
    weight_meaning : what a weight of w does, one sentence
    steps : the weights a slider and a curve offer, in words
    default : the weight a first run takes
    presets : {"quick" | "standard" | "paper": config}
    protects : whom, what it has to know of them, and who is left out; goes on from the title
    slow : takes minutes, not seconds; the sentence says so too
    splits : may split the modalities, and so looks at them whatever the recommender does
    solved : from 0 to 1 a little more weight does a little more, and no training is needed: weights can be tried live
    """

    title: str
    sentence: str
    acts_on: Literal["vectors", "features"]
    weight_meaning: str
    steps: Mapping[float, str]
    default: float
    presets: Mapping[str, MitigationConfig]
    protects: str = ""
    slow: bool = False
    splits: bool = False
    solved: bool = False


T = TypeVar("T", bound=TuningConfig)


def _always(config: MitigationConfig) -> dict[str, MitigationConfig]:
    """A method that is solved, not trained, knows no thoroughness."""
    return dict.fromkeys(("quick", "standard", "paper"), config)


def _tuned(config: type[T]) -> dict[str, T]:
    return {
        "quick": config(epochs=10, adversary_steps=2),
        "standard": config(),
        "paper": config(form="paper", epochs=100, adversary_steps=10, most_steps=100_000),
    }


_LOSS = "How much the opponents' failure counts beside accuracy while training; the published value is 0.1."

DEFAULT_MITIGATION = "flow"

MITIGATIONS: dict[str, MitigationSpec] = {
    "flow": MitigationSpec(
        title="Witness flow",
        sentence="Moves people, step by step, to where fresh attackers together are guessing; lists are guarded. "
        "Seconds to a minute.",
        acts_on="vectors",
        weight_meaning="The share of the readable difference between groups that is taken away, from 0 to 1.",
        steps=SHARES,
        default=1.0,
        presets=_always(FlowConfig()),
        solved=True,
        protects="protects people whose group it is told; it does nothing for those who keep it to themselves, and "
        "whoever joins later is protected from the next run on.",
    ),
    "repair": MitigationSpec(
        title="Repair",
        sentence="Moves each group's vectors onto a common centre and shape. Seconds.",
        acts_on="vectors",
        weight_meaning="The share of the difference between groups that is taken away, from 0 to 1.",
        steps=SHARES,
        default=1.0,
        presets=_always(RepairConfig()),
        solved=True,
        protects="protects people whose group it is told, and nobody else.",
    ),
    "ridge": MitigationSpec(
        title="Ridge filter",
        sentence="Moves every vector a little, to bring opponents that are solved exactly down to guessing. Seconds.",
        acts_on="vectors",
        weight_meaning="How much making opponents guess counts beside leaving vectors where they are; 1 is enough for "
        "MovieLens, and more does not overshoot.",
        steps=STRENGTHS,
        default=1.0,
        presets=_always(RidgeConfig()),
        protects="protects people whose group it is told, less well those who join later and tell theirs, and hardly "
        "those who keep it to themselves.",
    ),
    "fmmrec": MitigationSpec(
        title="FMMRec",
        sentence="Splits the modalities, relates people by both parts, and trains filters against opponents. Minutes.",
        acts_on="vectors",
        weight_meaning=_LOSS,
        steps=STRENGTHS,
        default=0.1,
        presets=_tuned(FmmrecConfig)
        | {
            "paper": FmmrecConfig(
                form="paper",
                epochs=100,
                adversary_steps=10,
                most_steps=100_000,
                disentangle=DisentangleConfig(form="paper", epochs=80),
            )
        },
        slow=True,
        splits=True,
    ),
    "leace": MitigationSpec(
        title="LEACE",
        sentence="Removes every straight-line trace of an attribute. Seconds.",
        acts_on="vectors",
        weight_meaning="The share of the straight-line trace that is taken away, from 0 to 1.",
        steps=SHARES,
        default=1.0,
        presets=_always(LeaceConfig()),
        solved=True,
    ),
    "d2dr": MitigationSpec(
        title="D2D-R",
        sentence="Draws the groups' clouds together and keeps everyone's top list in order. Seconds.",
        acts_on="vectors",
        weight_meaning="How much the distance between the groups counts beside the order of the lists.",
        steps=STRENGTHS,
        default=1.0,
        presets=_always(D2DRConfig()),
    ),
    "fairgo": MitigationSpec(
        title="FairGo",
        sentence="Trains filters for people and items against one opponent per attribute. Minutes.",
        acts_on="vectors",
        weight_meaning=_LOSS,
        steps=STRENGTHS,
        default=0.1,
        presets=_tuned(FairGoConfig),
        slow=True,
    ),
    "cal": MitigationSpec(
        title="CAL",
        sentence="Trains one filter per attribute on people's vectors, with random sets of attributes. Minutes.",
        acts_on="vectors",
        weight_meaning=_LOSS,
        steps=STRENGTHS,
        default=0.1,
        presets=_tuned(CalConfig),
        slow=True,
    ),
    "al": MitigationSpec(
        title="AL",
        sentence="Trains all vectors further against one opponent per attribute. Minutes.",
        acts_on="vectors",
        weight_meaning=_LOSS,
        steps=STRENGTHS,
        default=0.1,
        presets=_tuned(AlConfig),
        slow=True,
    ),
    "none": MitigationSpec(
        title="None",
        sentence="The recommender as it is.",
        acts_on="vectors",
        weight_meaning="Weights do nothing here.",
        steps=SHARES,
        default=0.0,
        presets=_always(NoneConfig()),
    ),
}
