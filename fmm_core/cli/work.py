"""What other processes start: workers, and readers of files under limits."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fmm_core.cli.common import StoreOption, store_of
from fmm_core.runs import client
from fmm_core.runs.store import RunFolder


def work(
    store: StoreOption = None,
    lane: Annotated[
        client.Lane, typer.Option(help="Training and audits; fetches, checks and imports; other weights of runs.")
    ] = "runs",
    idle_exit: Annotated[float, typer.Option(help="Leave after so many seconds without a run.")] = 900.0,
) -> None:
    """Carry out queued jobs of one lane; the dashboard starts this by itself."""
    from fmm_core.runs.worker import work as serve

    serve(store_of(store), lane, idle_exit)


def ingest(job: Path, store: StoreOption = None) -> None:
    """Check or import files in this process, under limits; the worker starts this by itself."""
    from fmm_core.runs.ingest import serve

    sys.exit(serve(RunFolder(job), store_of(store)))
