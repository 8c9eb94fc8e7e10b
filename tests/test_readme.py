"""The README says what is true: its Python example runs and prints what stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```\s+```\n(.*?)```", README, re.DOTALL)
FIGURE = re.compile(r"\d+\.\d+")


@pytest.mark.parametrize(("code", "promised"), EXAMPLES)
def test_a_python_example_prints_what_the_readme_says(code: str, promised: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert _words(done.stdout) == _words(promised)
    for printed, said in zip(FIGURE.findall(done.stdout), FIGURE.findall(promised), strict=True):
        assert abs(float(printed) - float(said)) <= 0.02  # another processor rounds otherwise


def _words(text: str) -> list[str]:
    """All that is no figure."""
    return FIGURE.sub("#", text).split()


def test_the_first_example_is_an_audit_in_ten_lines() -> None:
    assert len(EXAMPLES) == 2
    assert len([line for line in EXAMPLES[0][0].splitlines() if line]) <= 10


def test_every_command_line_of_the_readme_is_understood() -> None:
    lines = re.findall(r"^python -m fmm_core (\w+(?: \w+)?)", README, re.MULTILINE)
    assert len(lines) > 5
    environment = os.environ | {"COLUMNS": "200"}
    for words in {tuple(line.split()[: 1 if line.startswith("train") else 2]) for line in lines}:
        command = [sys.executable, "-m", "fmm_core", *words, "--help"]
        assert subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0


def test_every_file_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
