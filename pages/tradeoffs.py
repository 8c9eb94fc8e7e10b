"""What protection costs: over all runs, group by group, weight by weight, run against run."""

import streamlit as st

from dashboard import comparison_view, live_view, loaders, state, tradeoff_views, widgets
from dashboard.wording import tradeoffs as words
from fmm_core.runs.config import RunConfig

VIEWS = {
    "runs": tradeoff_views.all_runs,
    "pays": tradeoff_views.pays,
    "live": live_view.live_view,
    "compare": comparison_view.compare,
}


def main() -> None:
    """The chosen view of the opened run."""
    with widgets.sheet():
        run = widgets.finished_run()
        if run is None:
            return
        config = loaders.config(run)
        if not isinstance(config, RunConfig):
            tradeoff_views.not_measured()
            return
        title = st.container()  # the finding stands above the controls that decide it
        view = widgets.switch("View", "view", words.VIEWS, hidden=True)
        VIEWS[view](run, config, loaders.card(state.store(), run), title)


if __name__ == "__main__":
    main()
