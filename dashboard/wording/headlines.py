"""Headlines: the finding as one or two sentences, made from the verdicts (storyboard, sections 1, 3 and 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.findings import Finding
from dashboard.wording.names import running
from dashboard.wording.numbers import listed, small
from dashboard.wording.sentences import groups_phrase
from dashboard.wording.verdicts import LOOKS

FIRST_VISIT = "What do your recommender's vectors give away?"
FIRST_VISIT_DECK = (
    "Recommenders that use text, pictures and sound learn more about people than anyone asked them to. "
    "This tool measures what a stranger could read from what is stored, reduces it, and says what that costs and whom."
)
NOTHING_TO_AUDIT = "Nothing here can be audited."


def overview(findings: Sequence[Finding], where: str = "what is stored") -> str:
    """The forwardable answer; `where` the figures were found (`names.PLACES`)."""
    if not findings:
        return NOTHING_TO_AUDIT
    if all(each.after is None for each in findings):
        return _unmitigated(findings, where)
    leaks, over, within = (_titles(findings, says) for says in ("leaks", "over", "within"))
    freed = [running(each.title) for each in findings if each.says == "within" and each.first in ("leaks", "over")]
    if freed and leaks:
        return f"Our attackers can no longer tell {listed(freed)}. They can still tell {listed(leaks)}."
    if leaks:
        return f"Our attackers can still tell {listed(leaks)}."
    if over:
        return f"Mitigation overshot: {listed(over)} {_verb(over, 'shows', 'show')} again, turned round."
    if freed:
        return f"Our attackers can no longer tell {listed(freed)}.{_undecided(findings)}"
    if within:
        return f"Our attackers find nothing about {listed(within, 'or')}.{_undecided(findings)}"
    return _undecided(findings).strip()


def _unmitigated(findings: Sequence[Finding], where: str) -> str:
    leaks = _titles(findings, "leaks") + _titles(findings, "over")
    if leaks:
        return f"A stranger can tell {listed(leaks)} from {where}."
    within = _titles(findings, "within")
    nothing = f"Our attackers find nothing about {listed(within, 'or')} in {where}." if within else ""
    return f"{nothing}{_undecided(findings)}".strip()


def _undecided(findings: Sequence[Finding]) -> str:
    few, close = _titles(findings, "too_few"), _titles(findings, "close")
    parts = [f" Too few people to judge {listed(few)}."] if few else []
    if close:
        parts.append(f" {_capital(listed(close))} {_verb(close, 'is', 'are')} too close to call.")
    return "".join(parts)


def attributes(findings: Sequence[Finding], where: str = "what is stored") -> str:
    """Headline of the leakage page's first view."""
    leaks = _titles(findings, "leaks")
    freed = [running(each.title) for each in findings if each.says == "within" and each.first in ("leaks", "over")]
    if leaks and freed:
        still = _verb(leaks, "still shows", "still show")
        return f"{_capital(listed(leaks))} {still}. Our attackers no longer find {listed(freed)}."
    return overview(findings, where)


def scoreboard(findings: Sequence[Finding]) -> str:
    """Deck of the same view: every verdict counted, so that the headline hides none."""
    counted = [(says, len(_titles(findings, says))) for says in ("leaks", "over", "within", "too_few", "close")]
    still = "still " if any(each.after for each in findings) else ""
    parts = [_counted(says, n, still) for says, n in counted if n]
    if len(findings) == 1:
        return ""
    return f"Of {small(len(findings))} attributes {listed(parts)}."


def _counted(says: str, n: int, still: str) -> str:
    one = n == 1
    words = {
        "leaks": f"{still}leaks" if one else f"{still}leak",
        "over": "was over-corrected" if one else "were over-corrected",
        "within": "is within tolerance" if one else "are within tolerance",
        "too_few": "has too few people to tell" if one else "have too few people to tell",
        "close": "is too close to call" if one else "are too close to call",
    }
    return f"{small(n)} {words[says]}"


def stored(findings: Sequence[Finding], attribute: str) -> str:
    """Headline of "What is stored": where mitigation reached and where it did not."""
    treated = [each for each in findings if each.after is not None]
    if not treated:
        return f"This is where {running(attribute)} can be read."
    reached = ["the " + running(each.title) for each in treated if each.says == "within" and each.first != "within"]
    missed = ["the " + running(each.title) for each in treated if each.says in ("leaks", "over")]
    if reached and missed:
        return f"Mitigation reached {listed(reached)}, not {listed(missed, 'or')}."
    if missed:
        return f"{_capital(running(attribute))} can still be read from {listed(missed)}."
    if reached:
        return f"Mitigation reached {listed(reached)}."
    if all(each.says == "within" for each in treated):
        return f"Our attackers find nothing about {running(attribute)}, wherever they look."
    return f"Whether {running(attribute)} still shows cannot be told from so few people."


def attackers(findings: Sequence[Finding], attribute: str) -> str:
    """Headline of "Attackers": whether a simple attacker would have missed it."""
    said = {each.key: each.says for each in findings}
    name = running(attribute)
    simple = [said[key] for key in ("linear", "logistic") if key in said]
    strongest = said.get("strongest", "too_few")
    if strongest == "leaks" and simple and all(says == "leaks" for says in simple):
        return f"Even a simple attacker tells {name}."
    if strongest == "leaks" and simple and all(says == "within" for says in simple):
        return f"A simple attacker is guessing. A stronger one still tells {name}."
    if strongest == "leaks":
        return f"The stronger attackers still tell {name}."
    if strongest == "over":
        return f"An attacker that is always wrong also knows: {name} shows, turned round."
    if strongest == "within":
        return f"No attacker of ours tells {name}{' any more' if _freed(findings) else ''}."
    if strongest == "too_few":
        return f"Too few people to say whether an attacker tells {name}."
    return f"Whether an attacker tells {name} is {LOOKS[strongest].words}."


def _freed(findings: Sequence[Finding]) -> bool:
    return any(each.first in ("leaks", "over") for each in findings if each.key == "strongest" and each.after)


def map_of(finding: Finding, source: str = "") -> str:
    """Headline of the maps, chosen by the attacker's verdict, never by the picture.

    Parameters
    ----------
    source : the modality a raw profile was made from; empty for person vectors
    """
    who = groups_phrase(finding)
    if finding.after is None:
        where = f"By {running(source)} alone, " if source else ""
        if finding.says not in ("leaks", "over", "within"):
            return _UNCLEAR[finding.says].replace(WHO, who)
        sentence = f"{where}{who} {'are mixed' if finding.says == 'within' else 'sit apart'}."
        return _capital(sentence)
    return _two_maps(finding, who, _MITIGATED)


@dataclass(frozen=True)
class _Maps:
    """How two maps are set against each other; `{who}` are the groups.

    Attributes
    ----------
    apart, then : where the groups sit apart on the first, and what the verdict on the second adds
    only_then, mixed : where they sit apart on the second alone, and on neither
    unclear : {verdict: sentence} where neither is so and the second is not decided
    """

    apart: str
    then: Mapping[str, str]
    only_then: str
    mixed: str
    unclear: Mapping[str, str]


WHO = "{who}"
_UNCLEAR = {
    "too_few": "Too few people to tell whether {who} sit apart.",
    "close": "Whether {who} sit apart is too close to call.",
}


_MITIGATED = _Maps(
    apart="Before mitigation {who} sat apart.",
    then={
        "leaks": "After it they still do.",
        "over": "After it they do again, turned round.",
        "within": "After it they are mixed.",
        "close": "After it, it is too close to call.",
        "too_few": "Too few people to tell whether they still do.",
    },
    only_then="After mitigation {who} sit apart.",
    mixed="{who} were mixed all along.",
    unclear=_UNCLEAR,
)


def _two_maps(finding: Finding, who: str, maps: _Maps) -> str:
    apart_before = finding.first in ("leaks", "over")
    if apart_before:
        return f"{_capital(maps.apart.replace(WHO, who))} {maps.then[finding.says]}"
    if finding.says == "within":
        return _capital(maps.mixed.replace(WHO, who))
    return (maps.only_then if finding.says in ("leaks", "over") else maps.unclear[finding.says]).replace(WHO, who)


def split_map(finding: Finding, source: str) -> str:
    """Headline of a modality's raw, biased and filtered maps, from the raw and the filtered figure.

    Parameters
    ----------
    source : the title of the modality
    """
    raw, filtered = f"the raw {running(source)} profile", f"the filtered {running(source)} profile"
    maps = _Maps(
        apart=f"By {raw}, {{who}} sit apart.",
        then={
            "leaks": "By the filtered one they still do.",
            "over": "By the filtered one they do, turned round.",
            "within": "By the filtered one they are mixed.",
            "close": "By the filtered one it is too close to call.",
            "too_few": "Too few people to tell whether they do by the filtered one.",
        },
        only_then=f"By {filtered}, {{who}} sit apart.",
        mixed=f"By {raw}, {{who}} were mixed all along.",
        unclear={
            "too_few": f"Too few people to tell whether {{who}} sit apart by {filtered}.",
            "close": f"Whether {{who}} sit apart by {filtered} is too close to call.",
        },
    )
    return _two_maps(finding, groups_phrase(finding), maps)


def not_split_for(attribute: str) -> str:
    """Headline where the profiles were split, but not for this attribute."""
    return f"This run did not split the profiles for {running(attribute)}."


def profiles(findings: Sequence[Finding], attribute: str) -> str:
    """Headline of "Profiles": whether the filtered part still shows the attribute, and whether the biased part does.

    Parameters
    ----------
    findings : one a modality, raw before, filtered after
    """
    name = running(attribute)
    missed = [each for each in findings if each.says in ("leaks", "over")]
    freed = [each for each in findings if each.says == "within" and each.first in ("leaks", "over")]
    open_ = [each for each in findings if each.says in ("close", "too_few")]
    if freed and not missed and not open_:
        carried = "; the biased ones do" if all(each.carries for each in findings) else ""
        return f"The filtered profiles no longer show {name}{carried}."
    if freed:
        rest = f", not out of {_running_list(missed)}" if missed else ""
        return f"Filtering took {name} out of {_running_list(freed)}{rest}.{_profiles_open(open_)}"
    if missed:
        return f"{_filtered_show(missed, name, len(missed) == len(findings))}{_profiles_open(open_)}"
    if open_:
        return _undecided_profiles(open_, name)
    return f"The profiles show nothing of {name}, raw or filtered."


def _filtered_show(missed: Sequence[Finding], name: str, every: bool) -> str:
    """What the filtered profiles that leak do, set against the raw ones where the margins allow."""
    several = every or len(missed) > 1
    named = "" if every else f"{_running_list(missed)} "
    subject, verb = f"The filtered {named}{'profiles' if several else 'profile'}", "show" if several else "shows"
    sure = [each for each in missed if not each.unchanged]
    if len(sure) == len(missed) and all(each.change > 0 for each in missed):
        return f"{subject} still {verb} {name}, but less than the raw ones."
    if len(sure) == len(missed) and all(each.change < 0 for each in missed):
        return f"{subject} {verb} {name} more than the raw ones."
    return f"{subject} still {verb} {name}."


def _undecided_profiles(undecided: Sequence[Finding], name: str) -> str:
    if all(each.change > 0 and not each.unchanged for each in undecided):
        return f"The filtered profiles show {name} less than the raw ones. How little is not settled."
    if any(each.says == "close" for each in undecided):
        return f"Whether the filtered profiles still show {name} is too close to call."
    return f"Too few people to tell whether the filtered profiles still show {name}."


def _profiles_open(undecided: Sequence[Finding]) -> str:
    if not undecided:
        return ""
    return f" {_capital(_running_list(undecided))} {_verb(undecided, 'is', 'are')} not settled."


def _running_list(findings: Sequence[Finding]) -> str:
    return listed([running(each.title) for each in findings])


def _titles(findings: Sequence[Finding], says: str) -> list[str]:
    return [running(each.title) for each in findings if each.says == says]


def _verb(names: Sequence[object], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
