"""Comparable runs, folding, front, knee, limits and payers, on figures made by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from fixtures import CROSSING, GROUPS, make_groups, make_people

from dashboard import theme, tradeoff_views, tradeoffs, widgets
from dashboard.charts.curve import LOOKS, trade_off
from dashboard.charts.paying import who_pays
from dashboard.findings import Figure
from dashboard.tradeoffs import Hidden, Line, Payer, Point
from dashboard.wording import costs
from dashboard.wording import tradeoffs as words
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs.config import make_config
from fmm_core.runs.tables import crossings_in


def point(method: str, weight: float, kept: float, auc: float, seed: int = 0) -> Point:
    weights = (("gender", weight),) if weight else ()
    attacks = {"gender": Figure(auc, auc - 0.02, auc + 0.02, 900), "age": Figure(0.7, 0.68, 0.72, 900)}
    return Point(f"{method}-{weight}-{seed}", method, weights, seed, kept, attacks)


POINTS = [
    point("none", 0, 1.0, 0.85),
    point("repair", 0.5, 0.99, 0.62),
    point("repair", 1, 0.96, 0.58),
    point("leace", 1, 0.95, 0.70),
]
FOUND = tradeoffs.settings(POINTS, "gender")
REPAIR = Line("repair", ("gender",))
ROWS = [
    Payer("", "everyone", Figure(0.30, 0.29, 0.31, 943), Figure(0.29, 0.28, 0.30, 943), -0.01, -0.02, -0.005),
    Payer("g", "<b>x", Figure(0.3, 0.27, 0.33, 30), Figure(0.3, 0.26, 0.34, 30), 0, -1, 1),
]


def test_comparable_ignores_method_weight_and_seed_only() -> None:
    opened = make_config("a", weights={"gender": 1})
    others = [
        ("same", make_config("a", method="leace", weights={"age": 0.5}, seed=9)),
        ("other split", make_config("a", split_seed=1)),
        ("other modalities", make_config("a", modalities=("text",))),
        ("other recommender", make_config("a", recommender="lightgcn")),
        ("other data", make_config("a", fingerprint="f")),
        ("other audit", make_config("a", attributes=("age",))),
    ]
    assert tradeoffs.comparable(opened, others) == (["same"], Hidden(data=1, split=1, audit=1, model=2))
    wide = ["same", "other modalities", "other recommender"]
    assert tradeoffs.comparable(opened, others, wide=True) == (wide, Hidden(data=1, split=1, audit=1))


def test_what_is_left_out_is_said_with_the_reason() -> None:
    assert words.left_out(Hidden()) == ""
    said = words.left_out(Hidden(data=1, model=2))
    assert said == (
        "Left out: one with other data and two with another recommender, other settings of it or other modalities."
    )


def test_other_recommenders_are_lines_of_their_own() -> None:
    other = replace(POINTS[2], run_id="x", made="LightGCN", kept=0.90)
    found = tradeoffs.settings([*POINTS, other], "gender")
    assert [(each.made, each.kept) for each in found if each.weights == (1,) and each.method == "repair"] == [
        ("", 0.96),
        ("LightGCN", 0.90),
    ]
    names = [note.text for note in trade_off(found, REPAIR, 0.05, 0.65, 0.05, None).layout.annotations]
    assert sum("<b>Repair, LightGCN</b>" in name for name in names) == 1
    symbols = [list(trace.marker.symbol) for trace in trade_off(found, REPAIR, 0, 0.5, 0.05, None).data[-4:]]
    assert sorted(symbols) == [["circle", "circle"], ["circle-open"], ["cross"], ["square"]]


def test_a_line_is_named_by_what_it_was_made_with() -> None:
    assert words.made_with(make_config("a", modalities=("text", "audio"))) == "LATTICE with text and audio"
    assert words.made_with(make_config("a", recommender="lightgcn", modalities=("text",))) == "LightGCN"
    opened = make_config("a", modalities=("text",))
    assert words.made_with(make_config("a", preset="quick", modalities=("text",)), opened) == "LATTICE, quick"
    layers = make_config("a", modalities=("text",), settings={"recommender.layers": 3})
    assert words.made_with(layers, opened) == "LATTICE, layers 3"
    assert words.made_with(make_config("a", modalities=("audio",)), opened) == "LATTICE with audio"


def test_every_method_has_a_look_of_its_own_and_none_is_a_verdict() -> None:
    assert set(LOOKS) == set(MITIGATIONS)
    assert len({shape for _, shape, _ in LOOKS.values()}) == len(LOOKS)
    assert len({glyph for _, _, glyph in LOOKS.values()}) == len(LOOKS)
    assert not {colour for colour, _, _ in LOOKS.values()} & {theme.LEAKS, theme.WITHIN, theme.OVER}
    assert "triangle-down" not in {shape for _, shape, _ in LOOKS.values()}  # that is a figure below guessing


def test_ten_methods_have_ten_names_and_only_the_opened_one_weights() -> None:
    many = [point("none", 0, 1.0, 0.85)]
    many += [
        point(method, weight, 0.9 - 0.01 * place - 0.1 * weight, 0.8 - 0.1 * weight)
        for place, method in enumerate(name for name in MITIGATIONS if name != "none")
        for weight in (0.25, 1)
    ]
    found = tradeoffs.settings(many, "gender")
    notes = trade_off(found, Line("cal", ("gender",)), 0.05, 0.65, 0.05, None).layout.annotations
    named = [note for note in notes if "<b>" in note.text]
    assert len(named) == 10
    for note in named:  # at the low-accuracy end: weight 1
        title = note.text.split("<b>")[1].removesuffix("</b>")
        ends = {words.method_title(each.method): 100 * each.kept for each in found if each.weights in ((), (1,))}
        assert note.x == ends[title]
    weights = [note for note in notes if note.text.endswith((">0.25</span>", ">1</span>"))]
    cal = [100 * each.kept for each in found if each.method == "cal"]
    assert [note.x for note in weights] == cal


def test_another_setting_of_a_method_is_another_line() -> None:
    """Ablations share the base, the method and the weights; averaged with the method they would pass for its seeds."""
    opened = make_config("a", method="fmmrec", weights={"gender": 1})
    other = make_config("a", method="fmmrec", weights={"gender": 1}, settings={"mitigation.prompt": "none"}, seed=1)
    assert tradeoffs.comparable(opened, [("other", other)])[0] == ["other"]
    assert words.variant(opened, opened) == ""
    assert words.variant(other, opened) == "prompt none"
    line = tradeoffs.line(other, variant=words.variant(other, opened))
    assert line == Line("fmmrec", ("gender",), variant="prompt none")
    pair = [replace(POINTS[2], method="fmmrec"), replace(POINTS[2], method="fmmrec", variant="prompt none", seed=1)]
    found = tradeoffs.settings(pair, "gender")
    assert [len(each.points) for each in found] == [1, 1]
    names = [note.text for note in trade_off(found, found[0].line, 0.05, 0.65, 0.05, None).layout.annotations]
    assert sum("<b>FMMRec, prompt none</b>" in name for name in names) == 1
    assert sum(name.endswith(">1</span>") for name in names) == 1  # along the opened line only


def test_a_setting_that_is_off_changes_the_name_too() -> None:
    opened = make_config("a", method="fmmrec")
    off = make_config(
        "a", method="fmmrec", settings={"mitigation.fair_relations": False, "mitigation.disentangle": None}
    )
    assert words.variant(off, opened) == "disentangle none, fair relations off"
    form = make_config("a", method="fmmrec", settings={"mitigation.disentangle.form": "adversarial"})
    assert words.variant(form, opened) == "form adversarial"
    quick = make_config("a", method="fmmrec", preset="quick")
    assert words.variant(quick, opened) == "epochs 10, adversary steps 2"
    long = Line("fmmrec", ("gender",), variant="epochs 10, adversary steps 2, prompt none")
    assert words.line_title(long) == "FMMRec, epochs 10, adversary steps 2, …"


def test_a_run_at_weight_0_is_no_mitigation_whatever_its_settings() -> None:
    config = make_config("a", method="fmmrec", weights={"gender": 0}, settings={"mitigation.prompt": "none"})
    assert tradeoffs.line(config, variant="prompt none") == Line("none")


def test_lines_that_protect_others_are_told_apart() -> None:
    both = replace(POINTS[2], weights=(("age", 0.5), ("gender", 1.0)), kept=0.9)
    found = tradeoffs.settings([*POINTS, both], "gender")
    names = [note.text for note in trade_off(found, both.line, 0.05, 0.65, 0.05, None).layout.annotations]
    assert sum("<b>Repair for gender</b>" in name for name in names) == 1  # unlike the opened run
    assert sum("<b>Repair</b>" in name for name in names) == 1
    assert sum(name.endswith(">0.5/1</span>") for name in names) == 1
    titles = words.line_titles([each.line for each in found], Line("none"))
    assert titles[both.line] == "Repair for age and gender"  # unlike most
    assert titles[REPAIR] == "Repair"
    assert words.point_alt(found[-1]).startswith("Repair, weight: gender 1")


def test_seeds_are_averaged_and_below_guessing_is_folded() -> None:
    seeds = [point("repair", 1, 0.96, 0.44, seed=0), point("repair", 1, 0.98, 0.42, seed=1)]
    (found,) = tradeoffs.settings(seeds, "gender")
    assert round(found.kept, 6) == 0.97
    assert round(found.attack, 6) == 0.57
    assert found.below
    assert [round(attack, 6) for _, attack in found.seeds] == [0.56, 0.58]


def test_the_same_seed_twice_counts_once() -> None:
    (found,) = tradeoffs.settings([POINTS[1], POINTS[1]], "gender")
    assert len(found.points) == 1


def test_all_at_once_is_the_worst_attribute() -> None:
    by_weight = {each.method: each.attack for each in tradeoffs.settings(POINTS[:2], tradeoffs.ALL)}
    assert round(by_weight["none"], 6) == 0.85
    assert round(by_weight["repair"], 6) == 0.70


def test_front_leaves_out_what_another_beats() -> None:
    assert [(each.method, each.weights) for each in tradeoffs.front(FOUND)] == [
        ("none", ()),
        ("repair", (0.5,)),
        ("repair", (1,)),
    ]


def test_knee_gains_most_for_least() -> None:
    best = tradeoffs.knee(FOUND)
    assert best is not None
    assert (best.method, best.weights) == ("repair", (0.5,))
    assert tradeoffs.knee(FOUND[:2]) is None


def test_limits_and_the_nearest_miss() -> None:
    inside = [(each.method, each.weights) for each in FOUND if tradeoffs.meets(each, 0.05, 0.65)]
    assert inside == [("repair", (0.5,)), ("repair", (1,))]
    close = tradeoffs.nearest(FOUND, 0.0, 0.55)
    assert (close.method, close.weights) == ("repair", (1,))


def test_headlines() -> None:
    best, close = tradeoffs.knee(FOUND), tradeoffs.nearest(FOUND, 0.0, 0.55)
    said = words.headline(FOUND, best, "gender", 0.05, 0.65, close)
    assert said == "Giving up 1 % of accuracy takes the strongest attack on gender from 85 to 62."
    none = words.headline(FOUND, best, "gender", 0.0, 0.55, close)
    assert none == "No setting meets both of your limits. The nearest gives up 4 % of accuracy."
    deck = words.deck(FOUND, best, 0.05, 0.65, Hidden(split=1))
    assert deck == (
        "Two settings meet both of your limits, out of four tried. The best bargain is **Repair** at weight 0.5. "
        "Left out: one with other splits."
    )


def test_a_crossing_pays_by_itself() -> None:
    """Neither gap, ratio, the left out nor crossed groups are groups of the single attributes."""
    table = make_groups(make_people())
    single = tradeoffs.payers(table, "recall", 20)
    assert {each.attribute for each in single} == {"", *GROUPS}
    assert not {"gap", "ratio", "left out"} & {each.group for each in single}
    crossed = tradeoffs.payers(table, "recall", 20, CROSSING)
    assert [each.group for each in crossed] == [
        "women × 55 and over", "men × 55 and over", "women × under 25", "men × under 25",
    ]  # fmt: skip


def test_an_attribute_is_crossed_only_if_both_its_parts_are_there() -> None:
    table = pd.DataFrame({"attribute": ["", "a", "b × c", "a × b", "b"], "group": ["everyone", "x", "x", "x", "x"]})
    assert crossings_in(table) == ["a × b"]


def test_payers_from_the_table() -> None:
    def row(model: str, attribute: str, group: str, value: float, change: tuple[float, ...] = (0, 0, 0)) -> tuple:
        return (model, "recall", 20, attribute, group, value, 0.0, 1.0, 50, *change)

    columns = ["model", "metric", "k", "attribute", "group", "value", "ci_low", "ci_high", "n_users"]
    columns += ["paired_difference", "pd_low", "pd_high"]
    rows = [
        row("base", "", "everyone", 0.30),
        row("mitigated", "", "everyone", 0.29, (-0.01, -0.012, -0.008)),
        row("base", "gender", "women", 0.28),
        row("mitigated", "gender", "women", 0.25, (-0.03, -0.04, -0.02)),
        row("base", "gender", "men", 0.31),
        row("mitigated", "gender", "men", 0.31, (0.0, -0.01, 0.01)),
        row("mitigated", "gender", "gap", 0.06),
        row("base", "gender", "gap", 0.03),
    ]
    found = tradeoffs.payers(pd.DataFrame(rows, columns=columns), "recall", 20)
    assert [each.group for each in found] == ["everyone", "women", "men"]
    before, after = Figure(0.28, 0.0, 1.0, 50), Figure(0.25, 0.0, 1.0, 50)
    assert found[1] == Payer("gender", "women", before, after, -0.03, -0.04, -0.02)
    assert words.pays_headline(found) == "The mitigation costs this group most: women."
    assert words.largest_loss(found) == "Women −3.0 (−4.0 to −2.0)"
    assert words.largest_loss([found[0], found[2]]) == "none that is sure"
    assert tradeoffs.measured(pd.DataFrame({"metric": ["recall", "recall"]}), words.METRICS) == ["recall"]
    assert words.change_text(found[1]) == "−3.0 (−4.0 to −2.0)"
    assert words.pays_headline([found[0], found[2]]) == "No group can be shown to lose more than the others."


def test_the_curve_marks_what_meets_the_limits() -> None:
    figure = trade_off(FOUND, REPAIR, 0.05, 0.65, 0.05, tradeoffs.knee(FOUND))
    symbols = {trace.customdata[0]: list(trace.marker.size) for trace in figure.data if trace.customdata is not None}
    assert symbols == {"none-0-0": [11], "leace-1-0": [11], "repair-0.5-0": [16, 16]}
    printed = [note.text for note in figure.layout.annotations]
    assert any(text.endswith(">0.5</span>") for text in printed)
    assert printed.count("best bargain") == 1


def test_the_change_is_printed_at_the_right_edge() -> None:
    texts = [note.text for note in who_pays(ROWS, "found, of 100").layout.annotations]
    assert "<b>−1.0 (−2.0 to −0.5)</b>" in texts
    assert any("&lt;b&gt;x" in text for text in texts)


def test_before_and_after_carry_their_intervals() -> None:
    figure = who_pays(ROWS, "found, of 100")
    bars = [(round(each.x0, 6), round(each.x1, 6)) for each in figure.layout.shapes if each.type == "rect"]
    assert bars == [(28, 30), (26, 34)]
    low, high = figure.layout.xaxis.range
    assert low < 26
    assert high > 34


def test_the_bargain_is_explained_where_it_is_ringed() -> None:
    assert "further step costs more than it brings" in words.point_hover(FOUND[0], best=True)
    assert "best bargain" not in words.point_hover(FOUND[0])


def test_overview_and_who_pays_name_the_same_groups() -> None:
    """A loss that is sure but no larger than everyone's is nobody's burden in particular."""
    everyone = {"attribute": "", "group": "everyone", "paired_difference": -0.010, "pd_low": -0.012, "pd_high": -0.008}
    alike = {"attribute": "hand", "group": "right", "paired_difference": -0.012, "pd_low": -0.015, "pd_high": -0.009}
    worse = {"attribute": "hand", "group": "left", "paired_difference": -0.030, "pd_low": -0.040, "pd_high": -0.020}

    def table(*changes: dict[str, object]) -> pd.DataFrame:
        common = {"metric": "recall", "k": 20, "value": 0.3, "ci_low": 0.28, "ci_high": 0.32, "n_users": 100}
        rows = [common | change | {"model": model} for change in changes for model in ("base", "mitigated")]
        return pd.DataFrame(rows)

    assert costs.who_pays(table(everyone, alike), {}).value == "No group"
    assert words.pays_headline(tradeoffs.payers(table(everyone, alike), "recall", 20)) == words.NOBODY
    assert costs.who_pays(table(everyone, alike, worse), {}).value.endswith("left")
    assert words.pays_headline(tradeoffs.payers(table(everyone, alike, worse), "recall", 20)) == (
        "The mitigation costs this group most: left."
    )


def test_one_sure_loss_among_many_groups_is_what_chance_brings() -> None:
    """Seen on MovieLens-100K: 28 artists, −2.8 (−6.3 to −0.3), were named among 22 groups that say nothing else."""

    def payer(group: str, change: float, low: float, high: float) -> Payer:
        attribute = "" if group == "everyone" else "occupation"
        figure = Figure(0.3, 0.28, 0.32, 28)
        return Payer(attribute, group, figure, figure, change, low, high)

    everyone, artist = payer("everyone", -0.003, -0.009, 0.001), payer("artist", -0.028, -0.063, -0.0031)
    others = [payer(f"group {n}", 0.0, -0.01, 0.01) for n in range(21)]
    assert artist.high < everyone.change  # one look at one group would have called it
    assert tradeoffs.stands_out([everyone, artist]) == [artist]
    assert tradeoffs.stands_out([everyone, artist, *others]) == []
    surely = payer("artist", -0.050, -0.063, -0.037)
    assert tradeoffs.stands_out([everyone, surely, *others]) == [surely]
    assert words.pays_headline([everyone, surely, *others]) == "The mitigation costs this group most: artist."


def test_trade_offs_begin_with_what_the_opened_run_protects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen with a run for age beside it: a run for gender opened with a headline about age."""
    monkeypatch.setattr(widgets, "switch", lambda *_, default: default)
    points = [replace(POINTS[2], weights=(("age", 1.0),))]
    opened = make_config("a", weights={"gender": 1.0})
    assert tradeoff_views._attribute(points, {}, opened) == "gender"
    assert tradeoff_views._attribute(points, {}, make_config("a")) == "age"
