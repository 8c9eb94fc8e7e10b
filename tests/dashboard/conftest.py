"""An empty store of one's own for every test of the dashboard."""

from pathlib import Path

import pytest
import streamlit as st

from fmm_core.runs import client


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`FMM_HOME`, with nothing cached and no worker that would start."""
    monkeypatch.setenv("FMM_HOME", str(tmp_path))
    monkeypatch.setattr(client, "start_worker", lambda *_: None)
    st.cache_data.clear()
    st.cache_resource.clear()
    return tmp_path
