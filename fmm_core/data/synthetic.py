"""A made-up data set with a planted leak, so that the truth is known: attribute → taste → items → modality features.

Every person has a taste over genres. Gender and age shift it by a chosen amount; handedness shifts nothing, so an
attacker that reads it is wrong. People choose films by taste and popularity. Each modality shows a film's genres to a
chosen degree, from nothing to clearly, and everything else in it is noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.sparse import csr_matrix
from scipy.special import softmax

from fmm_core.data.construction import assemble
from fmm_core.data.dataset import Attribute, Dataset, Modality, Note, Pairs

GENRES = ("Adventure", "Comedy", "Crime", "Drama", "Horror", "Romance", "Science fiction", "War")
GENDERS = ("women", "men")
AGES = ("under 25", "25 to 39", "40 to 54", "55 and over")
HANDS = ("right-handed", "left-handed")

GENDER_SHIFT = np.array([0.3, 0.1, -0.2, 0.2, -0.5, 1.0, -0.6, -0.9])
"""How a woman's taste differs from a man's, per genre, at an effect of 1."""

AGE_SHIFT = np.array([-0.5, -0.3, 0.5, 0.6, -0.9, 0.0, -0.4, 0.6])
"""How taste moves from the youngest band to the oldest, per genre, at an effect of 1."""

FIRST = ("Silent", "Golden", "Last", "Hidden", "Paper", "Northern", "Broken", "Second", "Glass", "Distant")
SECOND = {
    "Adventure": ("River", "Summit", "Compass", "Voyage"),
    "Comedy": ("Wedding", "Neighbour", "Holiday", "Mix-up"),
    "Crime": ("Witness", "Alibi", "Harbour", "Verdict"),
    "Drama": ("House", "Letter", "Daughter", "Winter"),
    "Horror": ("Cellar", "Whisper", "Scream", "Shadow"),
    "Romance": ("Heart", "Promise", "Kiss", "Summer"),
    "Science fiction": ("Orbit", "Signal", "Machine", "Planet"),
    "War": ("Front", "Convoy", "Bridge", "Armistice"),
}


Share = Annotated[float, Field(ge=0, le=1)]


class SyntheticConfig(BaseModel):
    """What is planted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0, description="everything random is drawn from it")
    n_users: int = Field(1000, ge=2, description="people")
    n_items: int = Field(400, ge=2, description="films")
    clicks: int = Field(36, ge=1, description="films each person picks, all different; fewer than there are films")
    gender_effect: Share = Field(0.45, description="0: women and men choose alike; 1: visibly other films")
    age_effect: Share = Field(0.9, description="0: old and young choose alike; 1: visibly other films")
    leak: Mapping[str, Share] = Field(
        {"text": 0.9, "audio": 0.4, "image": 0.0},
        description="per modality, how clearly it shows a film's genres, from 0 (pure noise) to 1 (no noise)",
    )
    width: int = Field(32, ge=1, description="numbers per film in every modality")

    @model_validator(mode="after")
    def _enough_films(self) -> Self:
        if self.clicks >= self.n_items:
            raise ValueError("clicks must be fewer than n_items")
        return self


@dataclass(frozen=True)
class Truth:
    """What the data set was made from.

    Attributes
    ----------
    config : the effects and leaks that were planted
    taste : users × genres, before it meets the films
    genres : items × genres, each film's share of every genre
    personal : users × genres, the part of a taste no attribute explains
    chance : users × items, the luck (Gumbel noise) in every choice
    popularity : items, what everyone finds in a film

    With `taste` and `choose` a person can be made again with another gender or age and otherwise the same.
    """

    config: SyntheticConfig
    taste: NDArray[np.float64]
    genres: NDArray[np.float64]
    personal: NDArray[np.float64]
    chance: NDArray[np.float32]
    popularity: NDArray[np.float64]


def make(config: SyntheticConfig | None = None) -> tuple[Dataset, Truth]:
    """Build the data set and keep its truth; the same configuration gives the same bytes."""
    config = config or SyntheticConfig()
    rng = np.random.default_rng(config.seed)
    gender = (rng.random(config.n_users) < 0.6).astype(np.int16)  # 0 women, 1 men
    age = rng.choice(len(AGES), config.n_users, p=[0.2, 0.35, 0.27, 0.18]).astype(np.int16)
    hand = (rng.random(config.n_users) < 0.2).astype(np.int16)
    truth = _draw_truth(rng, config, gender, age)
    user, item = _picks(choose(truth, truth.taste, config.clicks))
    dataset = Dataset(
        name="synthetic",
        users=np.array([f"p{number:04d}" for number in range(config.n_users)]),
        items=np.array([f"f{number:03d}" for number in range(config.n_items)]),
        pairs=Pairs(user, item),
        modalities=_modalities(rng, config, truth),
        attributes={
            "gender": Attribute(GENDERS, gender),
            "age": Attribute(AGES, age),
            "handedness": Attribute(HANDS, hand),
        },
        titles=_titles(truth),
        notes=(_planted(config),),
        item_noun=("film", "films"),
    )
    return assemble(dataset), truth


def twin(config: SyntheticConfig, attribute: str) -> tuple[csr_matrix, NDArray[np.int16]]:
    """Everybody once more, of the mirrored group of one attribute and otherwise the same: same taste, same luck.

    Women become men and men women; the youngest become the oldest and the next-to-youngest the next-to-oldest.

    Returns
    -------
    histories : users × films, ones where the twin picks a film
    codes : the twins' groups
    """
    dataset, truth = make(config)
    codes = {name: each.codes for name, each in dataset.attributes.items()}
    codes[attribute] = (len(dataset.attributes[attribute].groups) - 1 - codes[attribute]).astype(np.int16)
    tastes = taste(config, truth.personal, codes["gender"], codes["age"])
    user, item = _picks(choose(truth, tastes, config.clicks))
    ones = np.ones(len(user), np.float32)
    return csr_matrix((ones, (user, item)), shape=(config.n_users, config.n_items)), codes[attribute]


def _picks(chosen: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Users × clicks as pairs, by user, then film."""
    user = np.repeat(np.arange(len(chosen), dtype=np.int32), chosen.shape[1])
    return user, np.sort(chosen, axis=1).ravel().astype(np.int32)


def taste(config: SyntheticConfig, personal: NDArray, gender: NDArray, age: NDArray) -> NDArray[np.float64]:
    """Taste over genres, users × genres: a personal part, shifted by gender and age."""
    woman = np.where(gender == 0, 0.5, -0.5)[:, None]
    years = (age / (len(AGES) - 1) - 0.5)[:, None]
    return personal + config.gender_effect * woman * GENDER_SHIFT * 2 + config.age_effect * years * AGE_SHIFT * 2


def choose(truth: Truth, tastes: NDArray, clicks: int) -> NDArray[np.int64]:
    """The films each person picks, users × clicks: the highest of taste, popularity and chance (Gumbel top-k)."""
    appeal = tastes @ truth.genres.T * 2.5 + truth.popularity + truth.chance  # (users, items)
    return np.argpartition(-appeal, clicks - 1, axis=1)[:, :clicks]


def _draw_truth(rng: np.random.Generator, config: SyntheticConfig, gender: NDArray, age: NDArray) -> Truth:
    personal = rng.normal(0, 0.8, (config.n_users, len(GENRES)))
    main = rng.integers(0, len(GENRES), config.n_items)
    genres = softmax(rng.normal(0, 1, (config.n_items, len(GENRES))) + 4 * np.eye(len(GENRES))[main], axis=1)
    return Truth(
        config=config,
        taste=taste(config, personal, gender, age),
        genres=genres,
        personal=personal,
        chance=rng.gumbel(size=(config.n_users, config.n_items)).astype(np.float32),
        popularity=rng.normal(0, 0.9, config.n_items),
    )


def _modalities(rng: np.random.Generator, config: SyntheticConfig, truth: Truth) -> dict[str, Modality]:
    everyone = np.ones(config.n_items, bool)
    found = {}
    for name, leak in config.leak.items():
        loadings = rng.normal(0, 1, (len(GENRES), config.width))
        noise = rng.normal(0, 1, (config.n_items, config.width))
        features = leak * 2 * truth.genres @ loadings + np.sqrt(1 - leak**2) * noise
        source = f"a made-up description, {'no genre in it' if leak == 0 else f'genre at strength {leak:g}'}"
        found[name] = Modality(features.astype(np.float32), everyone, source)
    return found


def _titles(truth: Truth) -> tuple[str, ...]:
    count: dict[str, int] = {}
    titles = []
    for number, genre in enumerate(np.array(GENRES)[truth.genres.argmax(axis=1)]):
        nouns = SECOND[genre]
        stem = f"{FIRST[number % len(FIRST)]} {nouns[number // len(FIRST) % len(nouns)]}"
        count[stem] = count.get(stem, 0) + 1
        titles.append(stem if count[stem] == 1 else f"{stem} {count[stem]}")
    return tuple(titles)


def _planted(config: SyntheticConfig) -> Note:
    sentence = (
        f"Made up: gender shapes taste at strength {config.gender_effect:g}, age at {config.age_effect:g}, "
        "and handedness not at all."
    )
    return Note("synthetic.planted", config.n_users, sentence)
