"""Words of the maps."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.findings import BIASED, FILTERED, RAW, Figure, Finding
from dashboard.wording.markdown import plain
from dashboard.wording.names import modality_title, representation_title, running
from dashboard.wording.numbers import listed, percent, tries
from dashboard.wording.sentences import over_linear, pair

COLOUR_BY, SHOW, VECTORS, GROUP = "Colour by", "Show", "Vectors", "Group"
SHOWS = {"people": "People", "mix": "Local mix"}
SHOW_HELP = (
    "**People**: one dot each. **Local mix**: the map cut into patches of at least eight people; a patch has a colour "
    "only where its mix differs from everyone's by more than two standard errors."
)
PHASES = {"data": "From the data", "before": "Before: as trained", "after": "After: mitigated"}
ALONE = "As it stands"
"""Over a picture that has no second one to be set against."""
PARTS = {RAW: "Raw", BIASED: "Biased", FILTERED: "Filtered"}
UNSEEN = "For people whose labels the split never saw."
SPLIT_FOOT = (
    "The split was fitted on the labels of four in five of the people drawn, so the biased picture looks cleaner than "
    "the figures under it are. Those are for the other fifth."
)
NOT_ATTACKED = "Nobody attacked what these pictures show."
NO_MAP_HEADLINE = "This run has no picture."
NO_MAP = "No map in this run"
NO_MAP_SENTENCE = (
    "This run was made without maps, or its people share no attribute to colour by. Everything else is here."
)
ATTACKER = "Attacker right in 100"
LIKE = "Like neighbours"
LIKE_HELP = (
    "Of each person's ten nearest people on this picture, the share from the same group, averaged. "
    "It describes the picture; the attacker's figure describes the numbers behind it."
)


def layout_title(
    card: Mapping[str, Any], representation: str, modality: str, split: bool = False, after_alone: bool = False
) -> str:
    """What a layout shows, in the selector.

    Parameters
    ----------
    split : whether it shows the parts of the profile too
    after_alone : whether what was there before has a layout of its own
    """
    if split:
        return f"{modality_title(card, modality)} profile, split"
    title = representation_title(card, representation, modality)
    return f"{title}, after" if after_alone else title


def part_note(part: str, modality: str, protected: Sequence[str]) -> str:
    """What one part of a profile holds.

    Parameters
    ----------
    modality, protected : titles of the modality and of the attributes it was split for
    """
    carried = listed([running(each) for each in protected]) or "what is protected"
    return {RAW: f"all that {running(modality)} says", BIASED: f"what carries {carried}", FILTERED: "what is left"}[
        part
    ]


def source(card: Mapping[str, Any], representation: str, modality: str) -> str:
    """The modality a raw profile was made from; empty for what a model stores."""
    return modality_title(card, modality) if representation == RAW else ""


def deck(finding: Finding, kind: str, source: str) -> str:
    """What a dot or a patch is, and that the figures are the finding, not the shapes.

    Parameters
    ----------
    kind : key of `SHOWS`
    source : the modality a raw profile was made from, or empty
    """
    what = _what(kind, source)
    figures = f"**{tries(finding.now.value)}** times in 100"
    if finding.before is not None and finding.after is not None:
        figures = f"**{tries(finding.before.value)}** times in 100 before and **{tries(finding.after.value)}** after"
    sentence = f"{what} The figures, not the shapes, are the finding: the attacker is right {figures}."
    return f"{sentence} {over_linear(finding)}".rstrip()


def _what(kind: str, source: str) -> str:
    near = f"people with a like {plain(running(source))} profile" if source else "people the recommender treats alike"
    return {"people": f"Each dot is a person, placed beside {near}.", "mix": f"Each patch holds {near}."}[kind]


def split_deck(finding: Finding, kind: str, source: str) -> str:
    """The same for the parts of a profile, with the figures for people whose labels the split never saw."""
    parts = (("raw", finding.before), ("biased", finding.biased), ("filtered", finding.after))
    named = [f"**{tries(figure.value)}** by the {name}" for name, figure in parts if figure is not None]
    sentence = (
        f"{_what(kind, source)} The figures, not the shapes, are the finding. On people whose labels the split never "
        f"saw, the attacker is right this often in 100: {listed(named)} profile."
    )
    return f"{sentence} {over_linear(finding)}".rstrip()


def attacker_help(finding: Finding, figure: Figure) -> str:
    """How the figure under a picture was found."""
    return (
        f"{plain(pair(finding))} this often. The attacker works on the full vectors, not on the picture: AUC "
        f"{figure.value:.3f}, 95 % interval {figure.low:.3f} to {figure.high:.3f}."
    )


def share(value: float) -> str:
    """Like neighbours as a percentage; too few people have none."""
    return "too few" if value != value else percent(value)


def by_chance(value: float) -> str:
    """What the share would be without any order."""
    return "" if value != value else f"by chance {percent(value)}"


def alt_people(title: str, groups: Sequence[str]) -> str:
    """A map of people for those who cannot see it; the figures stand beneath as text."""
    return f"{title}: a map of people by group, {', '.join(groups)}. The figures beneath are the finding"


def alt_mix(title: str, group: str, differing: int, patches: int) -> str:
    """A map of patches for those who cannot see it."""
    return f"{title}: {differing} of {patches} patches hold more or fewer {group} than everyone's share"


def others(groups: Sequence[str], group: str) -> str:
    """What the rest is called beside one group."""
    return next(each for each in groups if each != group) if len(groups) == 2 else "others"
