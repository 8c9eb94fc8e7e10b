"""What several commands share: options, reading their texts, carrying out a job with a progress bar."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from fmm_core.errors import ConfigError, FmmError
from fmm_core.runs.files import read_json
from fmm_core.runs.store import RunFolder, Status, Store

StoreOption = Annotated[Path | None, typer.Option("--store", help="Folder of data sets and runs (default: FMM_HOME).")]
EXIT_CODES = {"done": 0, "failed": 1, "cancelled": 130}


def menu(specs: dict[str, Any]) -> str:
    """All choices with their sentence, for the help of an option."""
    return "  ".join(f"{name}: {spec if isinstance(spec, str) else spec.sentence}" for name, spec in specs.items())


def store_of(home: Path | None) -> Store:
    """The store named, or the usual one."""
    return Store.default() if home is None else Store(home)


def carry_out(run: RunFolder, store: Store) -> int:
    """As `follow`; then the folder of the run on stdout."""
    code = follow(run, store)
    print(run.path)
    return code


def follow(run: RunFolder, store: Store) -> int:
    """Carry out a job with a progress bar on stderr; its exit code."""
    from fmm_core.runs.worker import execute

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("prepare", total=1.0)

        def watch(status: Status) -> None:
            bar.update(task, completed=status.fraction, description=f"{status.stage} {status.detail}".strip())

        status = execute(run, store, watch)
    if status.error is not None:
        error = status.error
        print(FmmError(error.what, error.where, error.mend), file=sys.stderr)
    wrong_input = status.error is not None and not status.error.code.startswith("run.")
    return 2 if wrong_input else EXIT_CODES[status.state]


def names_of(text: str | None) -> tuple[str, ...] | None:
    """Names between commas; None where nothing was said."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def weights_of(texts: list[str] | None) -> dict[str, float]:
    """The weights of ``gender=1``, ``age=0.5``."""
    parts = [text.partition("=") for text in texts or ()]
    return {attribute: number_of(value, "--weight") for attribute, _, value in parts}


def number_of(text: str, option: str, example: str = "gender=1") -> float:
    """The number an option was given as text."""
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f'"{text}" is not a number', option, f"Write it like {example}.", code="config.number"
        ) from None


def read_config(path: Path) -> dict[str, Any]:
    """What a JSON file named by an option holds."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        raise ConfigError("this is not a readable JSON file", str(path), code="config.file") from None
