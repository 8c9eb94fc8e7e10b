"""The frame of the dashboard: `streamlit run dashboard/app.py`. Pages live in `pages/`, logic beside this file."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` puts only this folder on the path
    sys.path.insert(0, str(ROOT))


def main() -> None:
    """Draw what every page shares, then the page itself."""
    import streamlit as st

    from dashboard import state

    assets = ROOT / "dashboard" / "assets"
    st.set_page_config(page_title="Fairness audit", page_icon=str(assets / "icon.svg"), layout="wide")
    st.logo(str(assets / "logo.svg"), size="large")
    st.html(assets / "style.css")
    page = st.navigation(
        [
            st.Page(path, title=title, url_path=name, default=name == state.DEFAULT_PAGE)
            for name, title, path in state.NAVIGATION
        ]
        + [st.Page(path, title=title, url_path=name, visibility="hidden") for name, title, path in state.HIDDEN],
        position="top",
    )
    state.read_address()
    page.run()


if __name__ == "__main__":
    main()
