"""An audit of files, without training."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fmm_core.cli.common import StoreOption, carry_out, menu, names_of, store_of
from fmm_core.cli.figures import show_leakage
from fmm_core.runs.config import PANELS, parse_audit
from fmm_core.runs.files import read_json
from fmm_core.runs.store import CARD, create_run


def audit(
    users: Annotated[str, typer.Option(help="Table of the people: a user_id and a column per attribute.")],
    attributes: Annotated[str, typer.Option(help="Columns of it to audit, comma-separated.")],
    vectors: Annotated[str, typer.Option(help="Numbers per person: npz, npy, csv, tsv or parquet.")] = "",
    after: Annotated[str, typer.Option(help="The same after mitigation.")] = "",
    items: Annotated[str, typer.Option(help="Numbers per item, where the vectors' file holds none.")] = "",
    interactions: Annotated[str, typer.Option(help="Table with user_id and item_id: who chose what.")] = "",
    lists: Annotated[str, typer.Option(help="Recommendations: user_id, item_id, rank (or rows in order).")] = "",
    row_order: Annotated[
        bool, typer.Option("--row-order", help="Files without ids stand in the order of the users' table.")
    ] = False,
    title: Annotated[str, typer.Option(help="What the audit is called; default: the first file's name.")] = "",
    panel: Annotated[str, typer.Option(help=menu(PANELS))] = "fast",
    extra: Annotated[str, typer.Option(help="Further attackers, comma-separated: svm,boosting,knn.")] = "",
    seed: Annotated[int, typer.Option(help="Everything random but the held-out people.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the run here instead of into the store.")] = None,
    store: StoreOption = None,
) -> None:
    """Audit vectors, lists or histories from files, without training.

    Figures and what did not match are said on stderr, the folder of the run on stdout.
    """
    named = {"vectors": vectors, "after": after, "items": items, "interactions": interactions, "lists": lists}
    paths = {role: str(Path(path).expanduser().resolve()) for role, path in (named | {"users": users}).items() if path}
    how = {"attributes": names_of(attributes), "row_order": row_order, "title": title, "panel": panel, "seed": seed}
    config = parse_audit(paths | how | {"extra": names_of(extra)})
    home = store_of(store)
    run = home.new_run(config) if out is None else create_run(out, config)
    code = carry_out(run, home)
    if code == 0:
        for note in read_json(run.path / CARD)["notes"]:
            print(note["sentence"], file=sys.stderr)
        show_leakage(run, Console(stderr=True))
    sys.exit(code)
