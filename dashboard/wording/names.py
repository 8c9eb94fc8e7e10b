"""What attributes, representations, attackers and groups are called in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Named:
    """A thing with a title and one explaining sentence."""

    title: str
    sentence: str


ATTACKERS: dict[str, Named] = {
    "linear": Named("Plain linear", "Draws one straight line through the numbers."),
    "logistic": Named("Logistic", "A straight line too, tuned for yes-or-no answers."),
    "kernel": Named("Kernel", "Compares each person with a thousand others; sees curved borders."),
    "discriminant": Named("Discriminant", "Sees when a group is more spread out than another."),
    "kernel_exact": Named("Exact kernel", "Compares each person with everybody else."),
    "mlp": Named("Neural network", "Learns by trial and error what to look for; one hidden layer."),
    "combination": Named("All together", "Adds up what all of them see."),
    "strongest": Named("Strongest", "The best of all, chosen on people it is not judged on."),
}
"""From the plainest to the strongest."""

PEOPLE: dict[str, str] = {"all": "everyone", "held_out": "held-out fifth"}

_REPRESENTATIONS: dict[str, Named] = {
    "user_vector": Named("Person vector", "The numbers the recommender stores about a person."),
    "item_mean": Named("Item average", "The average of the item vectors in a person's history."),
    "top_k": Named("Top list", "The twenty things the recommender would show a person."),
    "history": Named("History", "What a person chose, before any model."),
    "profile_raw": Named("profile, raw", "The average of what a person's items look, sound or read like."),
    "profile_biased": Named("profile, biased", "The part of the profile that is to carry the attribute."),
    "profile_filtered": Named("profile, filtered", "The part of the profile that is not to carry it."),
}


@dataclass(frozen=True)
class Place:
    """What a page's figures are about, in a sentence: all of it, where it is found, and who gets at it."""

    several: str
    where: str
    reader: str


PLACES: dict[str, Place] = {
    "user_vector": Place("person vectors", "what is stored", "a stranger who holds the stored vectors"),
    "item_mean": Place("item averages", "what is stored", "a stranger who holds the item averages"),
    "top_k": Place("top lists", "what people are shown", "a stranger who sees the top lists"),
    "history": Place("histories", "what people chose", "a stranger who sees what people chose"),
}
"""What pages open with: the first of these that was attacked."""

_SINGULAR = {"women": "woman", "men": "man", "female": "woman", "male": "man", "females": "woman", "males": "man"}


def attribute_title(card: Mapping[str, Any], name: str) -> str:
    """The title of an attribute; its name in plain letters if the data set is no longer stored."""
    title = card.get("attributes", {}).get(name, {}).get("title")
    return str(title) if title else _readable(name)


def modality_title(card: Mapping[str, Any], name: str) -> str:
    """The title of a modality."""
    title = card.get("modalities", {}).get(name, {}).get("title")
    return str(title) if title else _readable(name)


def representation_title(card: Mapping[str, Any], representation: str, modality: str = "") -> str:
    """What is attacked, as a row is titled: "Person vector", "Text profile, raw"."""
    named = _REPRESENTATIONS[representation].title
    if modality == "all":
        return f"All modalities, {named.removeprefix('profile, ')}"
    return f"{modality_title(card, modality)} {named}" if modality else named


def running(title: str) -> str:
    """A title inside a sentence: lower case, unless it is an abbreviation or a name: "LEACE", "D2D-R", "FairGo"."""
    first = title.split(" ", 1)[0]
    return title if any(letter.isupper() for letter in first[1:]) else title[:1].lower() + title[1:]


def nouns(card: Mapping[str, Any]) -> tuple[str, str]:
    """What the data set's items are called, singular and plural."""
    one, many = card.get("item_noun", ("item", "items"))
    return str(one), str(many)


def single(group: str) -> str:
    """One person of a group: "a woman"; "" where the language has no word of its own."""
    return _SINGULAR.get(group.lower(), "")


def _readable(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
