"""Words of the leakage page's controls, headings and notes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard.findings import P_ADJUSTED, RAW_FILTERED, READABLE, Finding, Flow, Scope, readable
from dashboard.wording.markdown import plain
from dashboard.wording.names import ATTACKERS, representation_title, running
from dashboard.wording.numbers import count, listed, p_value, tries
from dashboard.wording.sentences import alt_row, pair
from dashboard.wording.verdicts import LOOKS

VIEWS = {
    "attributes": "Attributes",
    "stored": "What is stored",
    "modalities": "Modalities",
    "profiles": "Profiles",
    "attackers": "Attackers",
}
CROWDS = {"all": "Everyone", "held_out": "Held-out fifth", "undisclosed": "Label never used"}
PROFILE_CROWDS = {"held_out": "Labels never seen", "all": "Everyone"}
PROFILE_CROWDS_HELP = (
    "The split was fitted on the labels of four fifths of the people. **Labels never seen**: the other fifth. "
    "**Everyone** counts those four fifths too: there the biased profiles show in part what they were told. Either way "
    "the attackers learn from people the split knew; who learns from others may read a little more."
)
PROFILES_NOTE = (
    "Each row is what a modality says about people. Ring: the raw profile. Coloured mark: the filtered one, which is "
    "not to show the attribute. Square: the biased one, which is to show it. Bars: 95 % intervals."
)
NO_PROFILES_HEADLINE = "This run did not split its profiles."
NO_PROFILES = "No biased and filtered profiles here"
NO_PROFILES_SENTENCE = (
    "FMMRec splits what each modality says about people into a biased and a filtered part, for the attributes you "
    "protect. Choose it on the train page to see both here."
)
CHOOSE_FMMREC = "Set up a run with FMMRec"

TOLERANCE = "How far from 50 do you accept?"
TOLERANCE_HELP = "A figure counts as guessing only if its whole margin of error lies this close to 50."
ATTACKED = "What is attacked"
ATTACKER = "Attacker"
WHO = "People"
WHO_HELP = (
    "**Everyone**: all who gave the attribute. **Held-out fifth**: people on whom no choice of strength or method was "
    "made. A mitigation that only learned its own people by heart looks worse there. **Label never used**, where the "
    "run kept some labels back: people whose label no mitigation saw, read by attackers who learned from the others."
)
FLOW = "From the data to what is left"
DATA, BEFORE, LEFT = "Readable from the data", "In the model before", "Left after mitigation"
FLOW_PARTS = ("readable from the data", "in the model before", "left after mitigation")
FLOW_NOTE = (
    "Right answers in 100 tries of the strongest attacker. The data column takes the strongest over histories and "
    "raw profiles. A model that also sees item features can exceed it: what it adds may be more or less than nothing. "
    "p, adjusted: how likely a figure this far from 50 is where nothing leaks, with all that was asked at once taken "
    "into account."
)
STORED_NOTE = "Each row is something the recommender stores, shows or could work out about a person."
ATTACKERS_NOTE = (
    "Each row is one way to attack. The verdict takes the strongest, chosen without looking at its own score."
)


def attributes_title() -> str:
    """Heading of the first view's figure."""
    return "How often is a stranger right?"


def attributes_note(scope: Scope, card: Mapping[str, Any]) -> str:
    """What the figure shows, in a line."""
    what = running(representation_title(card, scope.representation, scope.modality))
    who = {"held_out": ", held-out people only", "undisclosed": ", people whose label was never used"}
    return f"{ATTACKERS[scope.attacker].title} attacker on the {what}{who.get(scope.users, '')}. Bars: 95 % intervals."


def stored_title(attribute: str) -> str:
    """Heading of "What is stored"."""
    return f"Where does {running(attribute)} hide?"


def profiles_title(attribute: str) -> str:
    """Heading of "Profiles"."""
    return f"Which profiles show {running(attribute)}?"


def profiles_deck(findings: Sequence[Finding], attribute: str, scope: Scope) -> str:
    """The modality where filtering changed most, its three figures, and whom they are about."""
    clearest = max(findings, key=lambda each: each.change)
    who = f"whoever holds the filtered {running(clearest.title)} profile"
    asked = pair(replace(clearest, title=attribute), who)
    others = [
        f"with the {name} one {tries(figure.value)}"
        for name, figure in (("raw", clearest.before), ("biased", clearest.biased))
        if figure is not None
    ]
    sentence = f"{', '.join([f'{asked} {tries(clearest.now.value)} times out of 100', *others])}. Guessing gives 50."
    return f"{plain(sentence)} {about_whom(scope)}"


def about_whom(scope: Scope) -> str:
    """Whether the split knew the people a figure is about."""
    if scope.users == "held_out":
        return "These are people whose labels the split never saw."
    return "Most of these people's labels were used to make the split, which flatters the biased profiles."


def split_for(protected: Sequence[str]) -> str:
    """Deck where the profiles were not split for the attribute shown.

    Parameters
    ----------
    protected : titles of the attributes they were split for
    """
    names = plain(listed([running(each) for each in protected]))
    return f"They were split for {names}. What that does to other attributes is a by-product." if protected else ""


def profiles_alt(findings: Sequence[Finding]) -> str:
    """The profiles' figure for those who cannot see it."""
    rows = []
    for each in findings:
        parts = zip(RAW_FILTERED, (each.before, each.after, each.biased), strict=True)
        figures = ", ".join(f"{tries(figure.value)} {name}" for name, figure in parts if figure is not None)
        rows.append(f"{each.title}: {figures}, {each.words}")
    return f"Right answers in 100 tries, guessing gives 50. {'; '.join(rows)}."


def attacker_help(attackers: Sequence[str]) -> str:
    """What each attacker of a run does, in the order of the list it stands beside."""
    return "  \n".join(f"**{ATTACKERS[name].title}.** {ATTACKERS[name].sentence}" for name in attackers)


def attackers_title(attribute: str) -> str:
    """Heading of "Attackers"."""
    return f"Who finds {running(attribute)}?"


def stored_deck(findings: Sequence[Finding]) -> str:
    """The place that says most today."""
    treated = [each for each in findings if each.after is not None]
    if not treated:
        return ""
    worst = max(treated, key=lambda each: each.now.strength)
    before = tries(worst.before.value) if worst.before else ""
    was = "about as well as before" if worst.unchanged else f"{before} times before"
    place = running(worst.title)
    if worst.says not in ("leaks", "over"):
        return (
            f"Even from the {place}, where they do best, the attackers are right {tries(worst.now.value)} times in 100."
        )
    return f"{pair(worst, f'whoever holds the {place}')} {tries(worst.now.value)} times out of 100, {was}."


def attackers_deck(findings: Sequence[Finding]) -> str:
    """The plainest beside the strongest."""
    by_key = {each.key: each for each in findings}
    if not {"linear", "strongest"} <= set(by_key):
        return ""
    plain, strong = (tries(by_key[key].now.value) for key in ("linear", "strongest"))
    return f"The plain linear attacker is right {plain} times in 100, the strongest {strong}. Guessing gives 50."


def alt(findings: Sequence[Finding]) -> str:
    """A leakage figure for those who cannot see it."""
    rows = "; ".join(f"{alt_row(each)}, {each.words}" for each in findings)
    return f"Right answers in 100 tries, guessing gives 50. {rows}."


def flow_alt(found: Sequence[Flow]) -> str:
    """The three parts for those who cannot see the figure."""
    return " ".join(f"{each.title}: {', '.join(_parts(each))}." for each in found)


def _parts(flow: Flow) -> list[str]:
    return [f"{tries(figure.value)} {name}" for figure, name in zip(flow.parts, FLOW_PARTS, strict=True) if figure]


def flow_table(leakage: pd.DataFrame, findings: Sequence[Finding], scope: Scope) -> pd.DataFrame:
    """Readable from the data, in the model before, left after: tries in 100, one row an attribute."""
    rows = []
    for each in findings:
        data = readable(leakage, each.key, scope)
        rows.append(
            {
                "": plain(each.title),
                DATA: tries(data.value) if data else "",
                BEFORE: tries(each.before.value) if each.before else "",
                LEFT: tries(each.after.value) if each.after else "",
                "Verdict": f"{LOOKS[each.says].mark} {each.words}",
                P_ADJUSTED: p_value(each.now.p),
                "People": count(each.now.n),
            }
        )
    table = pd.DataFrame(rows)
    told = table.loc[:, table.ne("").any()]  # a column for what nobody attacked says nothing
    return told.drop(columns=BEFORE) if scope.representation in READABLE else told
