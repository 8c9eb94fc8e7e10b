"""The command line (contract C8). Exit 0: well; 1: the run failed; 2: wrong input or settings; 130: cancelled."""

import sys

import typer

from fmm_core.cli import audit, datasets, runs, train, work
from fmm_core.errors import FmmError

app = typer.Typer(
    help="Assess and mitigate what multimodal recommenders give away about people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(datasets.app, name="datasets")
app.command()(train.train)
app.command()(audit.audit)
app.add_typer(runs.app, name="runs")
app.command()(work.work)
app.command(hidden=True)(work.ingest)


def main() -> None:
    """Run the command line; an error is one line on stderr."""
    try:
        app(standalone_mode=False)
    except FmmError as error:
        fail(str(error))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the command line itself
            fail(error.format_message())
        raise


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)
