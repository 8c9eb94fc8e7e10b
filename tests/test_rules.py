"""The house's rules, read from the source: who may import whom, and what must stay out of the dashboard."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "fmm_core"

BELOW = {"errors", "threads", "types"}
MAY_IMPORT = {
    "data": BELOW,
    "metrics": BELOW,
    "recommenders": BELOW | {"data"},
    "fairness": BELOW | {"data", "metrics", "recommenders"},
    "audit": BELOW | {"data", "metrics"},
    "runs": BELOW | {"data", "metrics", "recommenders", "fairness", "audit"},
}
DASHBOARD_MAY_IMPORT = {
    "fmm_core.errors",
    "fmm_core.runs.store",
    "fmm_core.runs.config",
    "fmm_core.runs.client",
    "fmm_core.runs.uploads",
    "fmm_core.runs.sweep",
    "fmm_core.runs.tables",
    "fmm_core.audit.shapley",
    "fmm_core.audit.verdict",
    "fmm_core.data.plan",
    "fmm_core.data.specs",
    "fmm_core.recommenders.specs",
    "fmm_core.fairness.specs",
}
HEAVY = ("torch", "sklearn", "umap", "numba", "concept_erasure", "transformers", "sentence_transformers")


def imported(path: Path) -> set[str]:
    """Full names of all modules a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in inside if (ROOT / (name.replace(".", "/") + ".py")).exists()}
            found |= modules or {node.module}
    return found


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    for path in sources(f"fmm_core/{room}"):
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("fmm_core.")}
        assert rooms <= MAY_IMPORT[room] | {room}, path


def test_the_library_knows_no_dashboard() -> None:
    for path in sources("fmm_core"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"streamlit", "plotly", "dashboard", "pages"}, path


def test_the_dashboard_imports_only_what_pages_may_know() -> None:
    for path in sources("dashboard", "pages"):
        core = {name for name in imported(path) if name.startswith("fmm_core")}
        assert core <= DASHBOARD_MAY_IMPORT, path


def test_no_page_imports_a_page() -> None:
    for path in sources("pages"):
        assert not any(name.split(".")[0] == "pages" for name in imported(path)), path


def test_charts_and_wording_know_no_streamlit() -> None:
    for path in [*sources("dashboard/charts"), *sources("dashboard/wording")]:
        assert "streamlit" not in {name.split(".")[0] for name in imported(path)}, path


def test_only_loaders_cache() -> None:
    for path in sources("dashboard", "pages"):
        if path.name != "loaders.py":
            assert "st.cache" not in path.read_text(encoding="utf-8"), path


def test_nothing_heavy_is_loaded_with_the_dashboard() -> None:
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources("dashboard", "pages")]
    code = f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_importing_a_room_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(f'fmm_core.{room}' for room in MAY_IMPORT)}\n"
    code += f"print([name for name in (*{HEAVY!r}, 'pandas', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_streamlit_finds_no_pages_folder_beside_its_entry() -> None:
    assert not (ROOT / "dashboard" / "pages").exists()


def test_threads_of_torch_do_not_spin_while_they_wait() -> None:
    """Beside another busy process, two that spin take ten times as long as one; who has chosen otherwise may."""
    for chosen, expected in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        env = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"} | chosen
        code = "import fmm_core, os; print(os.environ['OMP_WAIT_POLICY'])"
        said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
        assert said.stdout.strip() == expected
