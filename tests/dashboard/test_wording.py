"""Expectations written by hand from the storyboard's sections 3 and 5."""

from dataclasses import replace

import pytest
from fixtures import CROSSING, make_accuracy, make_exposure, make_groups, make_people

from dashboard.findings import Figure, Finding, Share
from dashboard.wording import costs, headlines, leakage, names, numbers, sentences, states
from fmm_core.runs.config import AuditConfig, make_config
from fmm_core.runs.store import Problem, Status


def made(key: str, says: str) -> Finding:
    """A finding of this verdict, before and after."""
    return Finding(key, key, Figure(0.75, 0.7, 0.8, 943), Figure(0.6, 0.55, 0.66, 943), says, 0.05)


def finding(
    title: str,
    says: str,
    now: tuple[float, float, float] = (0.51, 0.484, 0.536),
    before: tuple[float, float, float] | None = (0.85, 0.83, 0.87),
    groups: tuple[str, ...] = ("women", "men"),
    **more: object,
) -> Finding:
    n = more.pop("n", 6040)
    first = None if before is None else Figure(*before, n)
    return Finding(title.lower(), title, first, Figure(*now, n), says, 0.05, groups=groups, **more)


GENDER = finding("Gender", "within")
AGE = finding("Age", "leaks", (0.57, 0.556, 0.584), (0.83, 0.82, 0.84), ("under 25", "25 to 39", "40 and over"))
HAND = finding("Handedness", "too_few", (0.55, 0.44, 0.66), (0.56, 0.45, 0.67), ("right-handed", "left-handed"), n=61)


def test_tries_are_whole_and_half_rounds_up():
    assert numbers.tries(0.853) == "85"
    assert numbers.tries(0.855) == "86"


def test_a_printed_interval_never_contradicts_the_verdict():
    assert numbers.tries_between(0.476, 0.521) == "47 to 53"
    assert numbers.tries_between(0.55, 0.60) == "55 to 60"  # whole ends stay as they are


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [(0.968, 0, "97 %"), (0.0, 0, "0 %"), (0.004, 0, "under 1 %"), (0.0004, 1, "under 0.1 %"), (-0.02, 0, "−2 %")],
)
def test_percent(share: float, digits: int, text: str):
    assert numbers.percent(share, digits) == text


def test_changes_have_a_real_minus_and_nothing_has_no_sign():
    assert numbers.signed(-2.31) == "−2.3"
    assert numbers.signed(0.9) == "+0.9"
    assert numbers.signed(-0.01) == "0.0"
    assert numbers.signed_between(-2.31, -1.19) == "−2.4 to −1.1"


def test_lists_and_counts_read_as_a_person_writes_them():
    assert numbers.listed(["age"]) == "age"
    assert numbers.listed(["age", "gender", "occupation"]) == "age, gender and occupation"
    assert numbers.people(6040) == "6,040 people"
    assert numbers.people(1) == "1 person"
    assert numbers.small(3) == "three"
    assert numbers.small(13) == "13"


def test_overview_mixed():
    assert headlines.overview([AGE, GENDER]) == "Our attackers can no longer tell gender. They can still tell age."


def test_overview_all_within_and_none_within():
    assert headlines.overview([GENDER]) == "Our attackers can no longer tell gender."
    assert headlines.overview([AGE]) == "Our attackers can still tell age."


def test_overview_never_claims_a_success_for_what_never_leaked():
    quiet = finding("Handedness", "within", before=(0.50, 0.47, 0.53))
    assert headlines.overview([quiet]) == "Our attackers find nothing about handedness."


def test_overview_overshot_too_few_and_close():
    over = finding("Occupation", "over", (0.42, 0.40, 0.44))
    assert headlines.overview([over]) == "Mitigation overshot: occupation shows again, turned round."
    assert headlines.overview([HAND]) == "Too few people to judge handedness."
    assert headlines.overview([finding("Age", "close")]) == "Age is too close to call."
    both = "Our attackers can no longer tell gender. Too few people to judge handedness."
    assert headlines.overview([HAND, GENDER]) == both


def test_overview_of_an_unmitigated_run():
    bare = Finding("age", "Age", Figure(0.83, 0.82, 0.84, 100), None, "leaks", 0.05)
    assert headlines.overview([bare]) == "A stranger can tell age from what is stored."


def test_attributes_headline_agrees_in_number():
    second = finding("Occupation", "leaks", (0.7, 0.68, 0.72))
    assert headlines.attributes([AGE, GENDER]) == "Age still shows. Our attackers no longer find gender."
    assert headlines.attributes([AGE, second, GENDER]) == (
        "Age and occupation still show. Our attackers no longer find gender."
    )


def test_the_deck_counts_every_verdict():
    assert headlines.scoreboard([AGE, GENDER, HAND]) == (
        "Of three attributes one still leaks, one is within tolerance and one has too few people to tell."
    )


def test_stored_names_where_mitigation_reached_and_where_not():
    vector = finding("Person vector", "within")
    audio = finding("Audio profile", "leaks", (0.69, 0.67, 0.71), (0.70, 0.68, 0.72))
    expected = "Mitigation reached the person vector, not the audio profile."
    assert headlines.stored([audio, vector], "Age") == expected


def test_attackers_headline():
    rows = [
        Finding(key, key, None, Figure(0.5, 0.48, 0.52, 9), says, 0.05)
        for key, says in (("linear", "within"), ("logistic", "within"), ("strongest", "leaks"))
    ]
    assert headlines.attackers(rows, "Age") == "A simple attacker is guessing. A stronger one still tells age."


APART, MIXED = (0.85, 0.83, 0.87), (0.51, 0.49, 0.53)


@pytest.mark.parametrize(
    ("says", "before", "expected"),
    [
        ("within", APART, "Before mitigation women and men sat apart. After it they are mixed."),
        ("leaks", APART, "Before mitigation women and men sat apart. After it they still do."),
        ("close", APART, "Before mitigation women and men sat apart. After it, it is too close to call."),
        ("within", MIXED, "Women and men were mixed all along."),
        ("leaks", MIXED, "After mitigation women and men sit apart."),
        ("too_few", MIXED, "Too few people to tell whether women and men sit apart."),
    ],
)
def test_map_headline_follows_the_verdict_not_the_picture(says: str, before: tuple, expected: str):
    assert headlines.map_of(finding("Gender", says, before=before)) == expected


def test_map_headline_of_a_raw_profile():
    row = Finding("x", "Text profile, raw", Figure(0.8, 0.78, 0.82, 100), None, "leaks", 0.05, groups=("women", "men"))
    assert headlines.map_of(row, "Text") == "By text alone, women and men sit apart."


def test_the_pair_sentence_of_two_named_groups():
    assert sentences.clearest_change(GENDER) == (
        "Shown one woman and one man, a stranger who holds the stored vectors picked the woman "
        "**85 times out of 100** before mitigation and **51 times** after it. Guessing gives 50."
    )


def test_group_names_cannot_smuggle_in_markdown():
    sly = finding("Gender", "within", groups=("![x](http://evil)", "men"))
    assert "![x](" not in sentences.clearest_change(sly)


def test_the_pair_sentence_of_many_groups_and_of_groups_without_a_noun():
    assert sentences.attribute_line(AGE) == (
        "Shown one person of one age group and one outside it, the attacker is right 57 times out of 100. "
        "Before it was 83. The whole margin of error, 55 to 59, lies above the 55 we accept."
    )
    assert sentences.pair(HAND) == (
        "Shown one person who is right-handed and one who is left-handed, the attacker tells which is which"
    )


def test_too_few_says_what_can_be_ruled_out_and_that_nothing_changed():
    assert sentences.attribute_line(HAND) == (
        "61 people are too few to judge. The true figure may lie anywhere from 44 to 66. "
        "More than 66 right answers in 100 can be ruled out; less cannot. "
        "Mitigation changed nothing we can measure: 56 before, 55 after."
    )


def test_what_can_be_ruled_out_is_two_sided():
    low = finding("Gender", "too_few", (0.45, 0.34, 0.56))
    assert sentences.ruled_out(low) == "More than 66 right answers in 100 can be ruled out; less cannot."


def test_over_corrected_in_both_ways():
    plainly = finding("Gender", "over", (0.42, 0.40, 0.44))
    assert sentences.verdict_sentence(plainly) == (
        "The attackers are now wrong too often. Whoever turns their answers round is right 58 times in 100, "
        "so the attribute still shows. Try a lower weight."
    )
    linear = finding("Gender", "over", linear=Figure(0.38, 0.35, 0.41, 6040))
    assert sentences.verdict_sentence(linear) == (
        "The strongest attacker is right 51 times in 100, but the plain linear one only 38: wrong too often to be "
        "chance. Whoever knows 80 % of the labels and turns the linear attacker's answers round is right 62 times in "
        "100. Try a lower weight."
    )


def test_over_correction_names_the_labels_known_and_what_exact_matching_gives():
    shares = (Share(50, 0.45, 0.451), Share(80, 0.38, 0.373), Share(90, 0.32, 0.315))
    known = finding("Gender", "over", linear=Figure(0.38, 0.35, 0.41, 6040), shares=shares)
    assert sentences.over_linear(known) == (
        "Whoever knows 80 % of the labels and turns the linear attacker's answers round is right 62 times in 100; "
        "with 90 %: 68."
    )
    assert "68. Groups that match exactly would give 63 and 69. Try a lower weight." in sentences.verdict_sentence(
        known
    )


def test_the_overview_cautions_only_where_the_undisclosed_are_read_worse():
    worse = finding("Gender", "leaks", (0.63, 0.57, 0.69))
    assert sentences.undisclosed_caution([GENDER, AGE], [worse, AGE]) == (
        "People whose label the mitigation never saw are read otherwise: gender 63 times in 100 (57 to 69), not 51."
    )
    better = finding("Gender", "within", (0.50, 0.48, 0.52))
    over = finding("Gender", "over", (0.38, 0.35, 0.41))
    assert sentences.undisclosed_caution([over], [better]) == ""
    much = finding("Age", "leaks", (0.75, 0.72, 0.78))
    assert sentences.undisclosed_caution([AGE], [much]).endswith("age 75 times in 100 (72 to 78), not 57.")
    wide = finding("Gender", "too_few", (0.58, 0.48, 0.68))
    assert sentences.undisclosed_caution([GENDER], [wide]) == ""


@pytest.mark.parametrize(("p", "text"), [(None, ""), (0.0004, "under 0.001"), (0.0314, "0.031"), (1.0, "1.000")])
def test_p_values(p: float | None, text: str):
    assert numbers.p_value(p) == text


def test_the_deck_says_when_the_linear_attacker_still_knows():
    linear = finding("Gender", "over", linear=Figure(0.38, 0.35, 0.41, 6040))
    assert sentences.clearest_change(linear).endswith(
        "Guessing gives 50. Whoever knows 80 % of the labels and turns the linear attacker's answers round is right 62 "
        "times in 100."
    )


def test_close_names_the_limit_it_reaches_over():
    close = finding("Gender", "close", (0.54, 0.521, 0.559))
    assert sentences.verdict_sentence(close).startswith(
        "Too close to call: the margin of error, 52 to 56, reaches over the limit of 55."
    )


def test_patches_beside_chance():
    assert (
        sentences.patches(3, 104) == "**3 of 104** patches differ from everyone's mix. Chance alone would give about 5."
    )
    assert (
        sentences.patches(0, 9) == "**0 of 9** patches differ from everyone's mix. Chance alone would give one at most."
    )


CARD = {
    "item_noun": ["film", "films"],
    "attributes": {"gender": {"title": "Gender", "groups": [1, 2]}, "age": {"title": "Age", "groups": [1, 2, 3, 4]}},
}


def test_cost_cards():
    kept = costs.accuracy_kept(make_accuracy(), CARD)
    assert (kept.value, kept.delta, kept.description) == ("97 %", "29.7 → 28.8", "of 100 films found")
    pays = costs.who_pays(make_groups(make_people()), CARD)
    assert (pays.value, pays.delta, pays.description) == ("Age 55 and over", "−2.3 films", "everyone −0.9")


def test_cards_of_an_unmitigated_run():
    now = costs.accuracy_now(make_accuracy(), CARD)
    assert (now.value, now.delta, now.description) == ("29.7 of 100", "16.0 by popularity", "films found")
    least = costs.served_least(make_groups(make_people()), CARD)
    assert (least.value, least.delta, least.description) == ("Age 55 and over", "27.1 films", "everyone 29.7")


def test_nobody_pays_when_no_loss_is_sure():
    groups = make_groups(make_people())
    assert costs.who_pays(groups.assign(pd_high=0.01), CARD).value == "No group"


def test_states_say_what_where_and_what_next():
    failed = Status(state="failed", error=Problem(what="the machine ran out of memory", mend="Try quick."))
    assert states.unfinished(failed) == ("This run failed.", "The machine ran out of memory. Try quick.", "error")
    running = Status(state="running", stage="filter", fraction=0.56, eta_s=240)
    assert states.unfinished(running)[1] == (
        "Mitigating: 56 % done, about 4 minutes left. You can close this tab. The run goes on."
    )
    assert states.no_such_run("7f3c*[x](http://evil)", any_run=True) == (
        "No run is called `7f3cxhttpevil` here. It may have been deleted. Choose another one below."
    )


def test_badges_say_which_attackers_were_at_work():
    usual, full = (make_config("synthetic", preset="quick", panel=panel) for panel in ("fast", "full"))
    assert states.badges(usual) == [("quick run, for a first look", "orange")]
    assert states.badges(full) == [("full panel of attackers", "blue"), ("quick run, for a first look", "orange")]
    files = AuditConfig(users="people.csv", attributes=("gender",), lists="lists.csv", panel="full")
    assert states.badges(files) == [("files audited, nothing trained", "blue"), ("full panel of attackers", "blue")]


def test_attackers_headline_is_a_sentence_for_every_verdict():
    said = {says: headlines.attackers([made("strongest", says)], "Gender") for says in ("too_few", "close", "within")}
    assert said["too_few"] == "Too few people to say whether an attacker tells gender."
    assert said["close"] == "Whether an attacker tells gender is too close to call."


def test_what_is_stored_is_told_as_a_pair_never_as_a_hit_rate():
    finding = replace(made("item_mean|", "leaks"), title="Item average", groups=("women", "men"))
    deck = leakage.stored_deck([finding])
    assert deck.startswith("Shown one woman and one man, whoever holds the item average picks the woman")
    assert "times out of 100" in deck


RAW, FREE, LESS, SAME, MORE, WIDE, EDGE = (
    (0.78, 0.76, 0.80),
    (0.51, 0.49, 0.53),
    (0.65, 0.63, 0.67),
    (0.77, 0.75, 0.79),
    (0.84, 0.82, 0.86),
    (0.55, 0.44, 0.66),
    (0.53, 0.50, 0.56),
)
"""Held-out figures of a profile: raw leaks; the filtered one is silent, leaks less, as much, more; cannot be told."""


def profile(title: str, filtered: tuple[float, float, float], raw=RAW, biased=(0.80, 0.78, 0.82)) -> Finding:
    after = Figure(*filtered, 900)
    return Finding(
        title.lower(), title, Figure(*raw, 900), after, after.judged(0.05), 0.05, None, ("women", "men"),
        None if biased is None else Figure(*biased, 900),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([profile("Text", FREE), profile("Audio", FREE)],
         "The filtered profiles no longer show gender; the biased ones do."),
        ([profile("Text", FREE, biased=FREE)], "The filtered profiles no longer show gender."),
        ([profile("Text", FREE, biased=None)], "The filtered profiles no longer show gender."),
        ([profile("Text", LESS), profile("Audio", FREE)], "Filtering took gender out of audio, not out of text."),
        ([profile("Text", WIDE), profile("Audio", FREE)], "Filtering took gender out of audio. Text is not settled."),
        ([profile("Text", LESS), profile("Audio", LESS)],
         "The filtered profiles still show gender, but less than the raw ones."),
        ([profile("Text", SAME), profile("Audio", LESS)], "The filtered profiles still show gender."),
        ([profile("Text", MORE)], "The filtered profiles show gender more than the raw ones."),
        ([profile("Text", SAME), profile("Audio", WIDE)],
         "The filtered text profile still shows gender. Audio is not settled."),
        ([profile("Text", WIDE, raw=(0.6, 0.48, 0.72))],
         "Too few people to tell whether the filtered profiles still show gender."),
        ([profile("Text", WIDE)],
         "The filtered profiles show gender less than the raw ones. How little is not settled."),
        ([profile("Text", EDGE, raw=(0.55, 0.52, 0.58))],
         "Whether the filtered profiles still show gender is too close to call."),
        ([profile("Text", FREE, raw=FREE)], "The profiles show nothing of gender, raw or filtered."),
    ],
)  # fmt: skip
def test_headline_of_the_profiles(found: list[Finding], sentence: str):
    assert headlines.profiles(found, "Gender") == sentence


@pytest.mark.parametrize(
    ("filtered", "raw", "sentence"),
    [
        (FREE, RAW, "By the raw text profile, women and men sit apart. By the filtered one they are mixed."),
        (SAME, RAW, "By the raw text profile, women and men sit apart. By the filtered one they still do."),
        (EDGE, RAW, "By the raw text profile, women and men sit apart. By the filtered one it is too close to call."),
        (FREE, FREE, "By the raw text profile, women and men were mixed all along."),
        (SAME, FREE, "By the filtered text profile, women and men sit apart."),
        (EDGE, FREE, "Whether women and men sit apart by the filtered text profile is too close to call."),
        (WIDE, FREE, "Too few people to tell whether women and men sit apart by the filtered text profile."),
    ],
)
def test_headline_of_the_split_maps(filtered, raw, sentence: str):
    assert headlines.split_map(profile("Text", filtered, raw=raw), "Text") == sentence


def test_a_modality_may_be_called_anything():
    assert "{odd} profile" in headlines.split_map(profile("{odd}", FREE), "{odd}")


@pytest.mark.parametrize(
    ("title", "inside"),
    [("Repair", "repair"), ("Ridge filter", "ridge filter"), ("D2D-R", "D2D-R"), ("FairGo", "FairGo"), ("AL", "AL"),
     ("Age band", "age band"), ("First language", "first language"), ("", "")],
)  # fmt: skip
def test_titles_inside_a_sentence(title: str, inside: str):
    assert names.running(title) == inside


def test_figures_of_exposure_in_sentences() -> None:
    found = costs.exposure_readings(make_exposure(make_people()), 20, {"item_noun": ["film", "films"]}, mitigated=True)
    assert found == [
        "Of 100 recommended films 62 were among the most popular fifth before and 60 after.",
        "Of 100 recommended films 41 were of the kind their person had chosen most before and 40 after.",
        "Distance of a list's mix of kinds from its person's own mix (0: the same; at most 4.61): 0.31 before and 0.35 "
        "after.",
        "Of 100 films there are, 41 stood in somebody's list before and 45 after.",
        "Unevenness (Gini; 0: every film in as many lists, 100: one film for everybody): 71 before and 71 after.",
    ]


def test_exposure_without_mitigation_knows_no_after() -> None:
    exposure = make_exposure(make_people())
    assert costs.exposure_readings(exposure, 20, {}, mitigated=False)[0] == (
        "Of 100 recommended items 62 were among the most popular fifth."
    )
    table = costs.exposure_rows(exposure, 20, "gender", mitigated=False)
    assert table.iloc[0].tolist() == ["everyone", "1,200", "62", "41", "0.31", "41", "71"]
    assert table["group"].tolist() == ["everyone", "women", "men"]


def test_a_figure_that_is_not_there_is_not_known() -> None:
    assert costs.exposure_figure("gini", float("nan")) == "not known"


def test_where_two_attributes_meet_in_a_sentence() -> None:
    groups = make_groups(make_people())
    assert costs.crossing_reading(groups, CROSSING, "recall", 20, mitigated=False) == (
        "Served least: women × 55 and over (25.0 of 100); best: men × under 25 (33.0). "
        "The least served reach 76 % of the best served."
    )
    assert costs.crossing_title({"attributes": {"age": {"title": "Age band"}}}, CROSSING) == "Gender × Age band"


def test_who_is_left_out_is_counted() -> None:
    assert costs.left_out(0) == costs.not_drawn(0) == ""
    assert costs.left_out(1) == "1 person is in groups of fewer than 20 and left out."
    assert costs.left_out(1400) == "1,400 people are in groups of fewer than 20 and left out."
    assert costs.not_drawn(1) == "1 more group stands in the exact figures."
    assert costs.not_drawn(9) == "9 more groups stand in the exact figures."
