import json

import numpy as np
import pytest
from fixtures import GROUPS, STRONGEST, make_leakage, make_people

from dashboard import findings as find
from dashboard import theme
from dashboard.charts.dots import dot_square
from dashboard.charts.dumbbell import dumbbell
from dashboard.charts.maps import COLOURS, frame_of, local_mix, mix_map, people_map

CARD = {
    "attributes": {
        name: {"title": name.capitalize(), "classes_attacked": [group for group, _ in groups]}
        for name, groups in GROUPS.items()
    },
}


@pytest.fixture(scope="module")
def found() -> list[find.Finding]:
    return find.by_attribute(make_leakage(make_people(), STRONGEST, {}), CARD, find.Scope())


def texts(fig) -> list[str]:
    return [note.text for note in fig.layout.annotations]


def test_dumbbell_puts_figures_outside_the_intervals(found):
    fig = dumbbell(found, 0.05)
    numbers = [(n.text, n.x, n.xanchor) for n in fig.layout.annotations if n.xref == "x" and "<b>59</b>" in n.text]
    assert numbers == [("<b>59</b>", pytest.approx(57.0), "right")]  # the lower end of 57 to 61
    ring = [(n.x, n.xanchor) for n in fig.layout.annotations if n.text.endswith(">83</span>")]
    assert ring == [(pytest.approx(84.5), "left")]


def test_dumbbell_marks_verdicts_by_word_shape_and_colour(found):
    fig = dumbbell(found, 0.05)
    rings, marks = fig.data
    assert list(rings.x) == pytest.approx([83, 52, 85])
    assert list(marks.x) == pytest.approx([59, 51, 51])
    assert list(marks.marker.symbol) == ["triangle-up", "diamond", "circle"]
    assert list(marks.marker.color) == [theme.LEAKS, theme.MUTED, theme.WITHIN]
    words = " ".join(texts(fig))
    assert all(word in words for word in ("still leaks", "too few people to tell", "within tolerance"))


def test_dumbbell_shows_the_readers_tolerance(found):
    fig = dumbbell(found, 0.03)
    band = [shape for shape in fig.layout.shapes if shape.fillcolor == theme.BAND]
    assert [(shape.x0, shape.x1) for shape in band] == [(pytest.approx(47), pytest.approx(53))]
    assert any("± 3 accepted" in text for text in texts(fig))


def test_dumbbell_axis_reaches_down_to_what_is_over_corrected():
    low = find.Figure(0.30, 0.28, 0.32, 900)
    row = find.Finding("gender", "Gender", find.Figure(0.8, 0.78, 0.82, 900), low, "over", 0.05)
    assert dumbbell([row], 0.05).layout.xaxis.tickvals[0] == 20


def test_dumbbell_writes_before_and_after_over_the_first_row_only(found):
    assert sum(text == "after" for text in texts(dumbbell(found, 0.05))) == 1


def test_before_and_after_are_written_outwards_where_all_marks_are_close():
    near = find.Finding("a", "A", find.Figure(0.86, 0.84, 0.88, 900), find.Figure(0.82, 0.8, 0.84, 900), "leaks", 0.05)
    words = {
        note.text: note.xanchor
        for note in dumbbell([near], 0.05).layout.annotations
        if "fore" in note.text or note.text == "after"
    }
    assert sorted(words.values()) == ["left", "right"]
    assert words["after"] == "right"


def split(biased: find.Figure | None = None) -> find.Finding:
    raw, filtered = find.Figure(0.78, 0.76, 0.80, 900), find.Figure(0.51, 0.49, 0.53, 900)
    return find.Finding("text", "Text", raw, filtered, "within", 0.05, biased=biased)


def test_the_biased_part_stands_on_a_line_of_its_own_without_a_verdict():
    biased = find.Figure(0.81, 0.79, 0.83, 900)
    fig = dumbbell([split(biased), split()], 0.05, find.RAW_FILTERED)
    rings, marks, squares = fig.data
    assert (list(rings.x), list(marks.x), list(squares.x)) == ([78, 78], [51, 51], [81])
    assert squares.marker.symbol == "square"
    assert squares.marker.color == theme.INK
    assert squares.y[0] == marks.y[0] + 26
    assert marks.y[1] - marks.y[0] == 76 + 26  # a row with a biased part is one line higher
    labels = texts(fig)
    assert sum(text == "biased <b>81</b>" for text in labels) == 1
    assert sum(text in ("filtered", "after") for text in labels) == 1
    assert fig.layout.yaxis.range == (76 + 26 + 76, 0)


def test_a_low_biased_part_is_named_on_its_right():
    low = find.Figure(0.49, 0.47, 0.51, 900)
    note = next(n for n in dumbbell([split(low)], 0.05, find.RAW_FILTERED).layout.annotations if "biased" in n.text)
    assert (note.text, note.xanchor, note.x) == ("<b>49</b> biased", "left", pytest.approx(51))


def test_titles_from_the_data_are_text_not_markup():
    row = find.Finding("x", "<a href='x'>Gender</a>", None, find.Figure(0.5, 0.48, 0.52, 9000), "within", 0.05)
    text = json.dumps(dumbbell([row], 0.05).to_plotly_json(), default=str)
    assert "<a href" not in text
    assert "&lt;a href" in text


def test_dots_are_solid_to_the_lower_end_and_pale_to_the_upper():
    fig = dot_square(0.484, 0.536, theme.WITHIN)
    assert [len(trace.x) for trace in fig.data] == [48, 6, 46]  # 0…48 sure, to 54 possible, the rest
    assert fig.data[0].marker.color == theme.WITHIN
    assert (fig.data[1].x[0], fig.data[1].y[0]) == (8, 4)  # the 49th dot: fifth row, ninth column
    assert fig.layout.shapes[0].y0 == 4.5  # after the fiftieth


def test_people_map_is_one_shuffled_trace_of_the_disclosed():
    rng = np.random.default_rng(0)
    xy, codes = rng.normal(size=(300, 2)), np.repeat([0, 1, -1], 100)
    fig = people_map(xy, codes, ("women", "men"), frame_of(xy))
    (trace,) = fig.data
    assert trace.type == "scattergl"
    colours = np.asarray(trace.marker.color)
    assert len(colours) == 200
    assert set(colours[:20]) == {0, 1}  # no group lies on top of the other
    assert [colour for _, colour in trace.marker.colorscale] == [COLOURS[0], COLOURS[0], COLOURS[1], COLOURS[1]]
    assert "women</b> 50 %" in texts(fig)[0]


def test_a_narrow_map_wraps_its_legend():
    xy, codes = np.arange(40.0).reshape(20, 2), np.arange(20) % 4
    groups = ("under 25", "25 to 39", "40 to 54", "55 and over")
    wide, narrow = (people_map(xy, codes, groups, frame_of(xy), side) for side in (400, 290))
    assert texts(wide)[0].count("<br>") < texts(narrow)[0].count("<br>")
    assert narrow.layout.height < wide.layout.height


def test_people_keep_their_place_when_shuffled():
    xy, codes = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    (trace,) = people_map(xy, codes, ("a", "b"), frame_of(xy)).data
    assert {(x, int(c)) for x, c in zip(trace.x, trace.marker.color, strict=True)} == {
        (xy[i, 0], int(codes[i])) for i in range(20)
    }


def test_local_mix_finds_a_planted_difference_and_no_other():
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 1, size=(6000, 2))
    member = rng.random(6000) < np.where(xy[:, 0] < 0.25, 0.9, 0.1)
    mix = local_mix(xy, member, frame_of(xy))
    left = mix.x < 0.2
    assert mix.differs[:, left].sum() / np.isfinite(mix.difference[:, left]).sum() > 0.95
    assert (mix.difference[:, left][mix.differs[:, left]] > 0).all()
    mixed = local_mix(xy, rng.random(6000) < 0.5, frame_of(xy))
    assert mixed.differs.sum() / mixed.patches < 0.12  # chance gives 4.6 %


def test_patches_hold_at_least_eight_people():
    xy = np.concatenate([np.zeros((8, 2)), np.ones((7, 2)), [[5.0, 5.0]]])
    mix = local_mix(xy, np.arange(16) % 2 == 0, frame_of(xy))
    assert mix.patches == 1


def test_mix_map_colours_only_what_differs():
    rng = np.random.default_rng(2)
    xy = rng.uniform(0, 1, size=(2000, 2))
    mix = local_mix(xy, rng.random(2000) < 0.5, frame_of(xy))
    (trace,) = mix_map(mix, "women", "men", frame_of(xy)).data
    z = np.asarray(trace.z, float)
    assert np.array_equal(np.nan_to_num(z) != 0, mix.differs)


def test_paint_replaces_every_token_in_both_themes(found):
    fig = dumbbell(found, 0.05)
    for name, accent in (("light", "#D55E00"), ("dark", "#E5702A")):
        painted = theme.paint(fig, name)
        assert accent in painted
        assert accent + "59" in painted  # with its opacity
        assert "#0000" not in painted
        json.loads(painted)


def test_paint_reads_the_theme_file():
    light = theme.palette("light")
    assert (light[theme.AFTER], light[theme.BEFORE], light[theme.GRID]) == ("#0072B2", "#8A9097", "#D9DCD8")
    assert theme.palette("dark")[theme.BACKGROUND] == "#14181C"
