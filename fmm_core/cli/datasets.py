"""Data sets: list, fetch, check, import, delete."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from fmm_core.cli.common import StoreOption, follow, number_of, read_config, store_of
from fmm_core.data.plan import MEANINGS, ROLES, CheckReport, Plan, Role
from fmm_core.data.specs import CATALOG
from fmm_core.errors import ConfigError, DataError, FmmError
from fmm_core.runs import client
from fmm_core.runs.config import CheckConfig, ImportConfig
from fmm_core.runs.files import read_json

app = typer.Typer(help="Data sets: list, fetch, check, import.", no_args_is_help=True)

PlanOption = Annotated[Path | None, typer.Option("--plan", help="A reading plan as a JSON file.")]
FileOption = Annotated[
    list[str] | None, typer.Option("--file", help="Which file is which table, repeatable: interactions=clicks.csv")
]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", help="Which column is what, repeatable: interactions.user_id=uid")
]
AttributeOption = Annotated[
    list[str] | None,
    typer.Option(help="Audit only the attributes named so, repeatable; with the edges of bands: income=10000,20000"),
]
MinRatingOption = Annotated[float | None, typer.Option(help="Leave out interactions rated lower.")]
SampleOption = Annotated[int | None, typer.Option(help="At most so many people, drawn with a fixed seed.", min=100)]
LeaveOutOption = Annotated[bool, typer.Option("--leave-out-bad-rows", help="Leave out rows that cannot be used.")]
EncoderOption = Annotated[
    str | None,
    typer.Option(help="Titles and texts by their words, or as sentences by MiniLM (requirements-encoders.txt)."),
]
NameOption = Annotated[str | None, typer.Option(help="What the data set is called; default: the folder's name.")]


@app.command("list")
def list_datasets(store: StoreOption = None) -> None:
    """Data sets that can be had by name, and those that are stored."""
    stored = store_of(store).datasets()
    table = Table("name", "people", "items", "interactions", "what it is", box=None)
    for name, entry in CATALOG.items():
        if not any(card["slug"] == name for card in stored):
            table.add_row(name, "", "", "", f"{entry.title}. {entry.sentence}")
    for card in stored:
        table.add_row(card["id"], *(f"{card[key]:,}" for key in ("n_users", "n_items", "n_pairs")), card["title"])
    Console().print(table)


@app.command("fetch")
def fetch_dataset(name: str, store: StoreOption = None) -> None:
    """Get a data set by name and store it."""
    from fmm_core.runs.datasets import fetch

    print(fetch(store_of(store), name).name)


@app.command("check")
def check_dataset(
    reference: Annotated[str, typer.Argument(help="A data set's name, or the path of a folder, a zip or a file.")],
    plan: PlanOption = None,
    file: FileOption = None,
    columns: MapOption = None,
    attribute: AttributeOption = None,
    min_rating: MinRatingOption = None,
    sample_users: SampleOption = None,
    leave_out_bad_rows: LeaveOutOption = False,
    text_encoder: EncoderOption = None,
    name: NameOption = None,
    store: StoreOption = None,
) -> None:
    """Say what was understood of a data set or of files: counts, groups, modalities, notes, every problem."""
    home = store_of(store)
    if reference in CATALOG or (home.datasets_dir / reference / "dataset.json").is_file():
        from fmm_core.runs.datasets import locate

        _show_card(read_json(locate(home, reference) / "dataset.json"))
        return
    single = {"min_rating": min_rating, "sample_users": sample_users, "text_encoder": text_encoder, "name": name}
    reading = _reading(plan, file, columns, attribute, leave_out_bad_rows, single)
    run = home.new_run(CheckConfig(source=_source(reference), plan=reading))
    code = follow(run, home)
    if code == 0:
        report = client.check_report(run)
        home.delete_run(run.id)
        _show_report(report)
        code = 2 if report.problems else 0
    sys.exit(code)


@app.command("import")
def import_dataset(
    path: Annotated[str, typer.Argument(help="A folder, a zip or a file.")],
    plan: PlanOption = None,
    file: FileOption = None,
    columns: MapOption = None,
    attribute: AttributeOption = None,
    min_rating: MinRatingOption = None,
    sample_users: SampleOption = None,
    leave_out_bad_rows: LeaveOutOption = False,
    text_encoder: EncoderOption = None,
    name: NameOption = None,
    store: StoreOption = None,
) -> None:
    """Read files and store them as a data set; its name on stdout."""
    home = store_of(store)
    single = {"min_rating": min_rating, "sample_users": sample_users, "text_encoder": text_encoder, "name": name}
    reading = _reading(plan, file, columns, attribute, leave_out_bad_rows, single)
    run = home.new_run(ImportConfig(source=_source(path), plan=reading))
    code = follow(run, home)
    if code == 0:
        print(client.imported(run))
        home.delete_run(run.id)
    sys.exit(code)


def _source(text: str) -> str:
    path = Path(text).expanduser()
    if not path.exists():
        mend = "`datasets list` names the data sets."
        raise DataError(f'there is no data set, folder or file "{text}"', mend=mend, code="data.unknown")
    return str(path.resolve())


def _reading(
    plan: Path | None,
    files: list[str] | None,
    columns: list[str] | None,
    attributes: list[str] | None,
    leave_out_bad_rows: bool,
    single: Mapping[str, object],
) -> Plan:
    """The plan of a file, and over it what single options say, which are None where they are not given."""
    raw = {} if plan is None else read_config(plan)
    for text in files or ():
        role, _, file = text.partition("=")
        raw.setdefault("files", {})[role] = file
    for text in columns or ():
        role, meaning, column = _mapped(text)
        raw.setdefault("columns", {}).setdefault(role, {})[meaning] = column
    if attributes:
        raw["attributes"] = dict(_banded(text) for text in attributes)
    raw |= {key: value for key, value in single.items() if value is not None}
    raw |= {"leave_out_bad_rows": True} if leave_out_bad_rows else {}
    try:
        return Plan.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise ConfigError(f"{place}: {first['msg']}", "reading plan", code="config.plan") from None


def _mapped(text: str) -> tuple[Role, str, str]:
    place, _, column = text.partition("=")
    for role in ROLES:
        for meaning in MEANINGS[role]:
            if place == f"{role}.{meaning}":
                return role, meaning, column
    choices = ", ".join(f"{role}.{meaning}" for role in ROLES for meaning in MEANINGS[role])
    raise ConfigError(f'"{place}" is no column that is read', "--map", f"Choose one of: {choices}.", code="config.map")


def _banded(text: str) -> tuple[str, tuple[float, ...]]:
    name, _, edges = text.partition("=")
    return name, tuple(
        number_of(edge, "--attribute", "income=10000,20000") for edge in edges.split(",") if edge.strip()
    )


def _show_report(report: CheckReport) -> None:
    if report.reader:
        print(f"read as {report.reader}")
    for file in report.files:
        print(f"{file.name}: {file.role or 'not used'}")
        for guess in file.guesses:
            print(f"  {guess.meaning} = {guess.column}: {guess.reason}")
    if not report.complete:
        print("only the first rows were looked at")
    if report.card is not None:
        _show_card(report.card)
    for problem in report.problems:
        print(f"problem: {FmmError(**problem)}")


def _show_card(card: dict[str, Any]) -> None:
    print(f"{card['title']}: {card['n_users']:,} people, {card['n_items']:,} items, {card['n_pairs']:,} interactions")
    for name, attribute in card["attributes"].items():
        groups = ", ".join(f"{group['name']} {group['count']:,}" for group in attribute["groups"])
        print(
            f"attribute {name}: {groups}" + ("" if attribute["offered"] else f" (not offered: {attribute['reason']})")
        )
    for name, modality in card["modalities"].items():
        covered = f"{modality['present']:,} of {card['n_items']:,} items"
        print(f"modality {name}: {modality['dim']} numbers, {covered}, {modality['source']}")
    for note in card["notes"]:
        print(f"note: {note['sentence']}")


@app.command("delete")
def delete_dataset(dataset_id: str, store: StoreOption = None) -> None:
    """Delete a stored data set with every run and everything cached that was made from it."""
    home = store_of(store)
    runs_gone, megabytes = client.what_goes(home, dataset_id)
    client.delete_dataset(home, dataset_id)
    made = "run" if runs_gone == 1 else "runs"
    print(f"{dataset_id} is deleted, and {runs_gone:,} {made} made from it: {megabytes:,.1f} MB.")
