"""The dashboard's process stays light: nothing that computes is loaded by it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "sklearn", "umap", "numba", "scipy")


def test_dashboard_and_pages_load_nothing_heavy():
    code = f"""
import pkgutil, runpy, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
import dashboard
for module in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
    __import__(module.name)
for page in sorted(Path({str(ROOT / "pages")!r}).glob("*.py")):
    runpy.run_path(str(page), run_name="page")
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"
