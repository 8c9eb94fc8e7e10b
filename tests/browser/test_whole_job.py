"""A first visitor's way: start the example, watch it, read what it found, on every page, wide and narrow."""

import pytest
from conftest import Visitor
from page_checks import CHART_TEXT_OUTSIDE, CLIPPED, TOO_WIDE
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = ("", "data", "train", "leakage", "leakage?view=modalities", "tradeoffs?view=pays",
         "tradeoffs?view=live", "embeddings", "how_we_know")  # fmt: skip
PATIENCE_MS = 240_000


def shows_verdict_p_value_and_figures(visitor: Visitor) -> None:
    """The leakage page of the run just made, and the page that shows how the audit was tested."""
    visitor.go("leakage")
    page = visitor.page
    expect(page.locator(".st-key-finding .js-plotly-plot").first).to_be_visible()
    expect(page.locator(".st-key-sentences")).to_contain_text("margin of error")
    expect(page.locator(".st-key-flow .js-plotly-plot")).to_be_visible()
    expect(page.locator(".st-key-flow")).to_contain_text("p, adjusted")
    visitor.go("leakage?view=modalities")
    expect(page.locator(".st-key-butterfly .js-plotly-plot")).to_be_visible()
    visitor.go("how_we_know")
    expect(page.locator(".st-key-coverage .js-plotly-plot")).to_be_visible()
    assert visitor.exceptions() == 0
    assert visitor.errors == []


def weights_are_tried_and_one_is_kept(visitor: Visitor) -> None:
    """The run just made: a weight is worked out, the next one is estimated at once, then attacked, then kept."""
    visitor.go("tradeoffs?view=live")
    page = visitor.page
    told, stop = page.locator(".st-key-live_state"), page.locator(".st-key-stop_trials button")
    expect(told).to_contain_text("The weights of the kept run.")
    page.locator(".st-key-prepare_weights button").click()
    stop.click()
    expect(stop).to_be_hidden()
    slider = page.locator(".st-key-live_weights").get_by_role("slider").first
    slider.focus()
    page.keyboard.press("Home")
    expect(told).to_contain_text("Worked out by the quick attackers.", timeout=PATIENCE_MS)
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("estimate")
    expect(told).to_contain_text("Worked out by the quick attackers.", timeout=PATIENCE_MS)
    page.locator(".st-key-keep_weights button").click()
    expect(page.get_by_text("Read what it found")).to_be_visible(timeout=PATIENCE_MS)
    assert visitor.exceptions() == 0
    assert visitor.errors == []


def test_the_example_runs_from_first_visit_to_finding(visitor: Visitor) -> None:
    visitor.go("")
    assert visitor.headline() == "What do your recommender's vectors give away?"
    visitor.page.locator(".st-key-example button").click()
    expect(visitor.page.locator(".st-key-progress")).to_be_visible(timeout=30_000)
    visitor.page.reload()
    expect(visitor.page.locator(".st-key-progress")).to_be_visible(timeout=30_000)
    link = visitor.page.get_by_text("Read what it found")
    expect(link).to_be_visible(timeout=PATIENCE_MS)
    link.click()
    visitor.page.wait_for_selector(".st-key-cards", timeout=30_000)
    visitor.settle()
    assert "gender" in visitor.headline()
    assert "?run=" in visitor.page.url
    assert visitor.errors == []
    shows_verdict_p_value_and_figures(visitor)
    weights_are_tried_and_one_is_kept(visitor)


@pytest.mark.parametrize("width", [1440, 480])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_raises_nothing(browser: Browser, visitor: Visitor, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    here = Visitor(page, visitor.url)
    for path in PAGES:
        here.go(path)
        assert here.exceptions() == 0, path
        assert page.evaluate(TOO_WIDE) == [], path
        assert page.evaluate(CLIPPED) == [], path
        assert page.evaluate(CHART_TEXT_OUTSIDE) == [], path
    assert here.errors == []
    page.close()


def test_a_link_reproduces_the_view(visitor: Visitor) -> None:
    visitor.go("leakage?view=attackers")
    first = visitor.headline()
    address = visitor.page.url
    visitor.page.goto(address)
    visitor.page.wait_for_selector("[data-testid='stMain'] h1")
    visitor.settle()
    assert visitor.headline() == first
    assert "view=attackers" in visitor.page.url


def test_a_run_that_does_not_exist_is_said(visitor: Visitor) -> None:
    visitor.go("leakage?run=nothing-like-that")
    expect(visitor.page.get_by_text("This link leads nowhere")).to_be_visible()
    assert visitor.exceptions() == 0
