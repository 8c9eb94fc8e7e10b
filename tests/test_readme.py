"""The README says what is true: its Python example runs and prints what stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_prints_what_the_readme_says() -> None:
    code = re.search(r"```python\n(.*?)```\s+```\n(.*?)```", README, re.DOTALL)
    assert code is not None
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    printed, promised = (_numbers(text) for text in (done.stdout, code[2]))
    assert [name for name, _ in printed] == [name for name, _ in promised]
    for (name, value), (_, said) in zip(printed, promised, strict=True):
        assert abs(value - said) <= 0.02, name  # another processor rounds otherwise


def _numbers(text: str) -> list[tuple[str, float]]:
    found = re.findall(r"(Recall@20|'\w+':) (\d\.\d+)", text)
    return [(name, float(value)) for name, value in found]


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
