"""The command line (contract C8). Exit 0: well; 1: the run failed; 2: wrong input or settings; 130: cancelled."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from fmm_core.data.plan import MEANINGS, ROLES, CheckReport, Plan, Role
from fmm_core.data.specs import CATALOG
from fmm_core.errors import ConfigError, DataError, FmmError
from fmm_core.fairness.specs import DEFAULT_MITIGATION, MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs import client
from fmm_core.runs.config import (
    PANELS,
    PRESETS,
    CheckConfig,
    ImportConfig,
    RunConfig,
    make_config,
    parse_audit,
    parse_config,
)  # fmt: skip
from fmm_core.runs.files import read_json
from fmm_core.runs.store import CARD, RunFolder, Status, Store, create_run

app = typer.Typer(
    help="Assess and mitigate what multimodal recommenders give away about people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
datasets = typer.Typer(help="Data sets: list, fetch, check, import.", no_args_is_help=True)
runs = typer.Typer(help="Finished and unfinished runs.", no_args_is_help=True)
app.add_typer(datasets, name="datasets")
app.add_typer(runs, name="runs")

StoreOption = Annotated[Path | None, typer.Option("--store", help="Folder of data sets and runs (default: FMM_HOME).")]
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
EXIT_CODES = {"done": 0, "failed": 1, "cancelled": 130}


def main() -> None:
    """Run the command line; an error is one line on stderr."""
    try:
        app(standalone_mode=False)
    except FmmError as error:
        _fail(str(error))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error of the command line itself
            _fail(error.format_message())
        raise


def _fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def _menu(specs: dict[str, Any]) -> str:
    return "  ".join(f"{name}: {spec if isinstance(spec, str) else spec.sentence}" for name, spec in specs.items())


# datasets --------------------------------------------------------------------------------------------------------


@datasets.command("list")
def list_datasets(store: StoreOption = None) -> None:
    """Data sets that can be had by name, and those that are stored."""
    stored = _store(store).datasets()
    table = Table("name", "people", "items", "interactions", "what it is", box=None)
    for name, entry in CATALOG.items():
        if not any(card["slug"] == name for card in stored):
            table.add_row(name, "", "", "", f"{entry.title}. {entry.sentence}")
    for card in stored:
        table.add_row(card["id"], *(f"{card[key]:,}" for key in ("n_users", "n_items", "n_pairs")), card["title"])
    Console().print(table)


@datasets.command("fetch")
def fetch_dataset(name: str, store: StoreOption = None) -> None:
    """Get a data set by name and store it."""
    from fmm_core.runs.datasets import fetch

    print(fetch(_store(store), name).name)


@datasets.command("check")
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
    home = _store(store)
    if reference in CATALOG or (home.datasets_dir / reference / "dataset.json").is_file():
        from fmm_core.runs.datasets import locate

        _show_card(read_json(locate(home, reference) / "dataset.json"))
        return
    single = {"min_rating": min_rating, "sample_users": sample_users, "text_encoder": text_encoder, "name": name}
    reading = _reading(plan, file, columns, attribute, leave_out_bad_rows, single)
    run = home.new_run(CheckConfig(source=_source(reference), plan=reading))
    code = _follow(run, home)
    if code == 0:
        report = client.check_report(run)
        home.delete_run(run.id)
        _show_report(report)
        code = 2 if report.problems else 0
    sys.exit(code)


@datasets.command("import")
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
    home = _store(store)
    single = {"min_rating": min_rating, "sample_users": sample_users, "text_encoder": text_encoder, "name": name}
    reading = _reading(plan, file, columns, attribute, leave_out_bad_rows, single)
    run = home.new_run(ImportConfig(source=_source(path), plan=reading))
    code = _follow(run, home)
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
    raw = {} if plan is None else _read_config(plan)
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
    return name, tuple(_number(edge, "--attribute", "income=10000,20000") for edge in edges.split(",") if edge.strip())


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


@datasets.command("delete")
def delete_dataset(dataset_id: str, store: StoreOption = None) -> None:
    """Delete a stored data set with every run and everything cached that was made from it."""
    home = _store(store)
    runs_gone, megabytes = client.what_goes(home, dataset_id)
    client.delete_dataset(home, dataset_id)
    made = "run" if runs_gone == 1 else "runs"
    print(f"{dataset_id} is deleted, and {runs_gone:,} {made} made from it: {megabytes:,.1f} MB.")


# train -----------------------------------------------------------------------------------------------------------


@app.command()
def train(
    dataset: Annotated[str | None, typer.Option(help="Catalog name, stored data set or folder.")] = None,
    modalities: Annotated[str | None, typer.Option(help="Comma-separated; default: all.")] = None,
    attributes: Annotated[str | None, typer.Option(help="Comma-separated; default: all that can be audited.")] = None,
    recommender: Annotated[str, typer.Option(help=_menu(RECOMMENDERS))] = "lattice",
    method: Annotated[str, typer.Option(help=_menu(MITIGATIONS))] = DEFAULT_MITIGATION,
    weight: Annotated[list[str] | None, typer.Option(help="Fairness weight, repeatable: gender=1")] = None,
    preset: Annotated[str, typer.Option(help=_menu(PRESETS))] = "standard",
    panel: Annotated[str, typer.Option(help=_menu(PANELS))] = "fast",
    seed: Annotated[int, typer.Option(help="Everything random but the splits.")] = 0,
    split_seed: Annotated[int, typer.Option(help="Who trains and tests on what.")] = 42,
    disclosed: Annotated[float, typer.Option(help="Share of the people whose labels the mitigation sees.")] = 1.0,
    curve: Annotated[str | None, typer.Option(help="One run per weight: gender=0,0.25,0.5,0.75,1")] = None,
    seeds: Annotated[int, typer.Option(help="With --curve: how many seeds per weight.", min=1)] = 1,
    modality_subsets: Annotated[
        bool, typer.Option("--modality-subsets", help="One quick run without mitigation per mix of the modalities.")
    ] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Any setting: recommender.epochs=50")] = None,
    config: Annotated[Path | None, typer.Option(help="A whole configuration (config.json of a run).")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the run here instead of into the store.")] = None,
    store: StoreOption = None,
) -> None:
    """Train, mitigate and audit; progress on stderr, the folder of each finished run on stdout."""
    from fmm_core.runs.datasets import locate

    home = _store(store)
    if config is not None:
        base = parse_config(_read_config(config))
    elif dataset is None:
        raise ConfigError("no data set is named", "--dataset", "`datasets list` names them.", code="config.no_dataset")
    else:
        base = make_config(
            dataset,
            recommender=recommender,
            method=method,
            preset=preset,
            settings=dict(_setting(text) for text in settings or ()),
            modalities=_names(modalities),
            attributes=_names(attributes),
            weights=dict(_weight(text) for text in weight or ()),
            panel=panel,
            seed=seed,
            split_seed=split_seed,
            disclosed=disclosed,
        )
    folder = locate(home, base.dataset)  # a name mistyped ends here, not in a failed run
    planned = _subsets(base, folder) if modality_subsets else _planned(base, curve, seeds)
    if out is not None and len(planned) > 1:
        raise ConfigError("one folder cannot hold several runs", "--out", "Leave it out: the store keeps every run.")
    codes = [_execute(home.new_run(item) if out is None else create_run(out, item), home) for item in planned]
    sys.exit(max(codes))


def _subsets(base: RunConfig, folder: Path) -> list[RunConfig]:
    """Every mix of the modalities named, or of all that the data set in `folder` has."""
    from fmm_core.runs.sweep import modality_subsets

    every = tuple(read_json(folder / "dataset.json")["modalities"])
    return modality_subsets(base.model_copy(update={"modalities": base.modalities or every}))


def _planned(base: RunConfig, curve: str | None, seeds: int) -> list[RunConfig]:
    if curve is None:
        return [base]
    from fmm_core.runs.sweep import curve as curve_configs

    attribute, _, values = curve.partition("=")
    weights = [_number(value, "--curve") for value in values.split(",")]
    return curve_configs(base, attribute.split(","), weights, seeds)


@app.command()
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
    panel: Annotated[str, typer.Option(help=_menu(PANELS))] = "fast",
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
    how = {"attributes": _names(attributes), "row_order": row_order, "title": title, "panel": panel, "seed": seed}
    config = parse_audit(paths | how | {"extra": _names(extra)})
    home = _store(store)
    run = home.new_run(config) if out is None else create_run(out, config)
    code = _execute(run, home)
    if code == 0:
        for note in read_json(run.path / CARD)["notes"]:
            print(note["sentence"], file=sys.stderr)
        _show_leakage(run, Console(stderr=True))
    sys.exit(code)


def _execute(run: RunFolder, store: Store) -> int:
    code = _follow(run, store)
    print(run.path)
    return code


def _follow(run: RunFolder, store: Store) -> int:
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


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _weight(text: str) -> tuple[str, float]:
    attribute, _, value = text.partition("=")
    return attribute, _number(value, "--weight")


def _number(text: str, option: str, example: str = "gender=1") -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f'"{text}" is not a number', option, f"Write it like {example}.", code="config.number"
        ) from None


def _setting(text: str) -> tuple[str, Any]:
    path, sign, value = text.partition("=")
    if not sign:
        raise ConfigError(f'"{text}" has no value', "--set", "Write it like recommender.epochs=50.", code="config.set")
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except (OSError, ValueError):
        raise ConfigError("this is not a readable JSON file", str(path), code="config.file") from None


# runs ------------------------------------------------------------------------------------------------------------


@runs.command("list")
def list_runs(store: StoreOption = None) -> None:
    """All runs, newest first."""
    table = Table("run", "state", "recommender", "weights", "seed", box=None)
    for run in _store(store).runs():
        config = run.made_with()
        weights = ", ".join(f"{name}={weight:g}" for name, weight in config.active_weights.items()) or "none"
        recommender = config.recommender.name if isinstance(config, RunConfig) else "audit of files"
        table.add_row(run.id, run.status().state, recommender, weights, str(config.seed))
    Console().print(table)


@runs.command("show")
def show_run(run_id: str, store: StoreOption = None) -> None:
    """State, settings and headline figures of a run."""
    run = _store(store).run(run_id)
    status = run.status()
    print(f"{run.id}: {status.state} ({status.fraction:.0%})")
    if status.error is not None:
        print(FmmError(status.error.what, status.error.where, status.error.mend))
    if run.has("audit/leakage.csv"):
        _show_figures(run)


def _show_figures(run: RunFolder) -> None:
    _show_leakage(run, Console())
    accuracy = run.table("audit/accuracy.csv")
    for row in accuracy[(accuracy.metric == "recall") & (accuracy.k == 20)].itertuples():
        print(f"Recall@20 {row.model}: {row.value:.4f} ({row.ci_low:.4f} to {row.ci_high:.4f})")


def _show_leakage(run: RunFolder, console: Console) -> None:
    """The strongest attacker on what a model stores or shows, or else on the data."""
    leakage = run.table("audit/leakage.csv")
    rows = leakage[(leakage.attacker == "strongest") & (leakage.metric == "auc")]
    stored = rows[rows.phase != "data"]
    columns = ("read from", "attribute", "phase", "people", "AUC", "95 % interval", "p, adjusted", "verdict")
    figures = Table(*columns, box=None)
    for row in (rows if stored.empty else stored).itertuples():
        place = f"{row.representation} {row.modality}".strip().replace("_", " ")
        interval = f"{row.ci_low:.3f} to {row.ci_high:.3f}"
        p = _p(row.p_adjusted if row.p_max_t != row.p_max_t else row.p_max_t)
        figures.add_row(place, row.attribute, row.phase, row.users, f"{row.value:.3f}", interval, p, row.verdict)
    console.print(figures)


def _p(value: float) -> str:
    """A p-value; nothing where there is none, as for people who are part of everyone."""
    if value != value:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


@runs.command("cancel")
def cancel_run(run_id: str, store: StoreOption = None) -> None:
    """Ask a waiting or working run to stop."""
    client.cancel(_store(store).run(run_id))


@runs.command("delete")
def delete_run(run_id: str, store: StoreOption = None) -> None:
    """Delete a run that nobody works on."""
    _store(store).delete_run(run_id)


@app.command()
def work(
    store: StoreOption = None,
    lane: Annotated[
        client.Lane, typer.Option(help="Training and audits; fetches, checks and imports; other weights of runs.")
    ] = "runs",
    idle_exit: Annotated[float, typer.Option(help="Leave after so many seconds without a run.")] = 900.0,
) -> None:
    """Carry out queued jobs of one lane; the dashboard starts this by itself."""
    from fmm_core.runs.worker import work as serve

    serve(_store(store), lane, idle_exit)


@app.command(hidden=True)
def ingest(job: Path, store: StoreOption = None) -> None:
    """Check or import files in this process, under limits; the worker starts this by itself."""
    from fmm_core.runs.ingest import serve

    sys.exit(serve(RunFolder(job), _store(store)))


def _store(home: Path | None) -> Store:
    return Store.default() if home is None else Store(home)
