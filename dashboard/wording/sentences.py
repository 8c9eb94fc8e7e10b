"""Sentences about findings: always as a pair of people, never as a hit rate; a figure beside its guess value."""

from collections.abc import Sequence

from dashboard.findings import Finding
from dashboard.wording.markdown import plain
from dashboard.wording.names import running, single
from dashboard.wording.numbers import count, listed, tries, tries_between, tries_down, tries_up
from fmm_core.audit.verdict import turned_round

CANNOT_TELL = (
    "**What this audit cannot tell.** It shows what its attackers found, not what every attacker could find. "
    "It says nothing about attributes that are not in the data. A low figure does not make a recommender fair."
)
MAP_FOOT = (
    "**How to read this.** Distances, sizes and empty space are by-products of squeezing many numbers into two: "
    "do not measure with them."
)


def pair(finding: Finding, who: str = "the attacker", past: bool = False) -> str:
    """The question put to an attacker, up to the number of right answers."""
    groups = [single(group) for group in finding.groups]
    if len(groups) == 2 and all(groups):
        picks = "picked" if past else "picks"
        return f"Shown one {groups[0]} and one {groups[1]}, {who} {picks} the {groups[0]}"
    tells = "told" if past else "tells"
    if len(groups) == 2:
        first, second = finding.groups
        return (
            f"Shown one person who is {_quoted(first)} and one who is {_quoted(second)}, {who} {tells} which is which"
        )
    be = "was" if past else "is"
    return f"Shown one person of {_one_group(finding.title)} and one outside it, {who} {be} right"


def _quoted(group: str) -> str:
    return f"“{group}”" if not group.replace("-", "").isalpha() else group


def _one_group(title: str) -> str:
    return f"one {running(title)} group"


def groups_phrase(finding: Finding) -> str:
    """The groups of a finding as a subject: "women and men", "the age groups"."""
    if len(finding.groups) == 2:
        return f"{finding.groups[0]} and {finding.groups[1]}"
    return f"the {running(finding.title)} groups"


def clearest_change(finding: Finding, reader: str = "a stranger who holds the stored vectors") -> str:
    """Deck of the overview: one pair, before and after, in Streamlit's markdown; `reader` as in `names.PLACES`."""
    now = tries(finding.now.value)
    if finding.after is None or finding.before is None:
        question = plain(pair(finding, reader))
        return f"{question} **{now} times out of 100**. Guessing gives 50."
    question = plain(pair(finding, reader, past=True))
    before = tries(finding.before.value)
    after = f"before mitigation and **{now} times** after it. Guessing gives 50."
    return f"{question} **{before} times out of 100** {after} {over_linear(finding)}".rstrip()


def verdict_sentence(finding: Finding) -> str:
    """Why the verdict is what it is: the interval against what the reader accepts."""
    figure, tolerance = finding.now, finding.tolerance
    margin = tries_between(figure.low, figure.high)
    low, high = tries_down(0.5 - tolerance), tries_up(0.5 + tolerance)
    if finding.says == "leaks":
        return f"The whole margin of error, {margin}, lies above the {high} we accept."
    if finding.says == "over":
        return _over(finding)
    if finding.says == "within":
        return f"The whole margin of error, {margin}, lies within the {low} to {high} we accept."
    if finding.says == "too_few":
        return f"{count(figure.n)} people are too few to judge. The true figure may lie anywhere from {margin}. " + (
            ruled_out(finding)
        )
    edge = high if figure.high > 0.5 + tolerance else low
    return (
        f"Too close to call: the margin of error, {margin}, reaches over the limit of {edge}. "
        f"More people may settle it. {ruled_out(finding)}"
    )


def _over(finding: Finding) -> str:
    figure, linear = finding.now, finding.linear
    if figure.high < 0.5 - finding.tolerance or linear is None:
        turned = tries(turned_round(figure.value))
        return (
            f"The attackers are now wrong too often. Whoever turns their answers round is right {turned} times in 100, "
            "so the attribute still shows. Try a lower weight."
        )
    return (
        f"The strongest attacker is right {tries(figure.value)} times in 100, but the plain linear one only "
        f"{tries(linear.value)}: wrong too often to be chance. {over_linear(finding)}{_matched(finding)} "
        "Try a lower weight."
    )


def over_linear(finding: Finding) -> str:
    """What over-correction gives to an attacker who knows most labels; empty if there is none."""
    if finding.says != "over" or finding.linear is None or finding.linear.high >= 0.5:
        return ""
    turned = tries(turned_round(finding.linear.value))
    more = "".join(
        f"; with 90 %: {tries(turned_round(share.value))}" for share in finding.shares if share.percent == 90
    )
    return (
        "Whoever knows 80 % of the labels and turns the linear attacker's answers round is right "
        f"{turned} times in 100{more}."
    )


def _matched(finding: Finding) -> str:
    """The same where groups match to the last digit, so that a reader sees how near this comes to it."""
    exact = [tries(turned_round(share.matched)) for share in finding.shares if share.percent in (80, 90)]
    return f" Groups that match exactly would give {listed(exact)}." if exact else ""


def ruled_out(finding: Finding) -> str:
    """What an undecided figure still excludes; two-sided, because always wrong also knows."""
    most = tries_up(max(finding.now.high, turned_round(finding.now.low)))
    return f"More than {most} right answers in 100 can be ruled out; less cannot."


def attribute_line(finding: Finding) -> str:
    """One plain sentence or two on one attribute, with its margin, for the list under a figure."""
    if finding.says in ("too_few", "over"):
        return f"{verdict_sentence(finding)}{_nothing_changed(finding)}"
    before = ""
    if finding.after is not None and finding.before is not None and not finding.unchanged:
        before = f" Before it was {tries(finding.before.value)}."
    asked = f"{pair(finding)} {tries(finding.now.value)} times out of 100."
    return f"{asked}{before} {verdict_sentence(finding)}{_nothing_changed(finding)}"


def _nothing_changed(finding: Finding) -> str:
    if not finding.unchanged or finding.before is None:
        return ""
    before, after = tries(finding.before.value), tries(finding.now.value)
    return f" Mitigation changed nothing we can measure: {before} before, {after} after."


def undisclosed_caution(findings: Sequence[Finding], unseen: Sequence[Finding]) -> str:
    """Whom protection does not reach: attributes that are read worse where the mitigation never saw the label.

    Parameters
    ----------
    findings, unseen : of everyone whose label the mitigation saw, and of people whose label it did not
    """
    seen = {each.key: each for each in findings}
    worse = [each for each in unseen if each.key in seen and _reads_worse(each, seen[each.key])]
    if not worse:
        return ""
    figures = [
        f"{running(each.title)} {tries(each.now.value)} times in 100 "
        f"({tries_between(each.now.low, each.now.high)}), not {tries(seen[each.key].now.value)}"
        for each in worse
    ]
    return f"People whose label the mitigation never saw are read otherwise: {listed(figures)}."


def _reads_worse(unseen: Finding, seen: Finding) -> bool:
    """Whether a leak shows that *everyone* does not show, or the figure lies farther from 50 beyond both margins."""
    loud = ("leaks", "over")
    margins = [(figure.high - figure.low) / 2 for figure in (unseen.now, seen.now)]
    more = unseen.now.strength - seen.now.strength
    return (unseen.says in loud and seen.says not in loud) or more > (margins[0] ** 2 + margins[1] ** 2) ** 0.5


def guess_label(tolerance: float) -> tuple[str, str]:
    """The two parts of the label on the guessing line."""
    return "guessing: 50", f"± {round(100 * tolerance)} accepted"


def alt_row(finding: Finding) -> str:
    """One row of a figure for those who cannot see it."""
    parts = [f"{finding.before.value * 100:.0f} before"] if finding.before and finding.after else []
    parts.append(f"{tries(finding.now.value)} {'after' if finding.after else 'of 100'}")
    return f"{finding.title}: {', '.join(parts)}"


def shown_of(drawn: int, total: int) -> str:
    """How many people a map shows."""
    if drawn >= total:
        return f"Shown: all {count(total)} people."
    return f"Shown: {count(drawn)} of {count(total)} people, drawn so that every group keeps its share."


def patches(differing: int, total: int) -> str:
    """What the local mix finds, beside what chance would find (4.6 % lie beyond two standard errors)."""
    chance = round(0.0455 * total)
    by_chance = f"about {chance}" if chance else "one at most"
    return f"**{differing} of {total}** patches differ from everyone's mix. Chance alone would give {by_chance}."
