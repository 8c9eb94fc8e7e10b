"""The check of an upload: what was understood, every problem, a preview; nothing is stored."""

from pathlib import Path

from fmm_core.data.plan import CheckReport, Plan
from fmm_core.types import Progress, silent


def check(source: Path, plan: Plan, progress: Progress = silent) -> CheckReport:
    """Look at a folder, a zip or a file the way `sniff.read` would, and say what it would make of it."""
    raise NotImplementedError
