"""Runs: list, show, try other weights, cancel, delete."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fmm_core.cli.common import StoreOption, follow, store_of, weights_of
from fmm_core.cli.figures import show_leakage, show_weights
from fmm_core.errors import FmmError
from fmm_core.runs import client
from fmm_core.runs.config import RunConfig, TrialConfig, weights_key
from fmm_core.runs.store import RunFolder

app = typer.Typer(help="Finished and unfinished runs.", no_args_is_help=True)


@app.command("list")
def list_runs(store: StoreOption = None) -> None:
    """All runs, newest first."""
    table = Table("run", "state", "recommender", "weights", "seed", box=None)
    for run in store_of(store).runs():
        config = run.made_with()
        weights = ", ".join(f"{name}={weight:g}" for name, weight in config.active_weights.items()) or "none"
        recommender = config.recommender.name if isinstance(config, RunConfig) else "audit of files"
        table.add_row(run.id, run.status().state, recommender, weights, str(config.seed))
    Console().print(table)


@app.command("show")
def show_run(run_id: str, store: StoreOption = None) -> None:
    """State, settings and headline figures of a run."""
    run = store_of(store).run(run_id)
    status = run.status()
    print(f"{run.id}: {status.state} ({status.fraction:.0%})")
    if status.error is not None:
        print(FmmError(status.error.what, status.error.where, status.error.mend))
    if run.has("audit/leakage.csv"):
        _show_figures(run)


def _show_figures(run: RunFolder) -> None:
    show_leakage(run, Console())
    accuracy = run.table("audit/accuracy.csv")
    for row in accuracy[(accuracy.metric == "recall") & (accuracy.k == 20)].itertuples():
        print(f"Recall@20 {row.model}: {row.value:.4f} ({row.ci_low:.4f} to {row.ci_high:.4f})")


@app.command("try")
def try_weights(
    run_id: str,
    weight: Annotated[list[str] | None, typer.Option(help="Fairness weight, repeatable: gender=0.5")] = None,
    store: StoreOption = None,
) -> None:
    """Other weights of a finished run: people's vectors are attacked quickly, and nothing is trained."""
    home, weights = store_of(store), weights_of(weight)
    run = home.run(run_id)
    job = home.new_run(TrialConfig(run=run.id, points=(weights,)))
    code = follow(job, home)
    home.delete_run(job.id)
    if code == 0:
        show_weights(run, weights_key(weights), Console())
    sys.exit(code)


@app.command("cancel")
def cancel_run(run_id: str, store: StoreOption = None) -> None:
    """Ask a waiting or working run to stop."""
    client.cancel(store_of(store).run(run_id))


@app.command("delete")
def delete_run(run_id: str, store: StoreOption = None) -> None:
    """Delete a run that nobody works on."""
    store_of(store).delete_run(run_id)
