"""Where data sets and runs live on disk, and how they are found, read and deleted (contracts C4, C5)."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fmm_core.errors import StoreError
from fmm_core.runs.config import Audited, Job, RunConfig, parse_audit, parse_config
from fmm_core.runs.files import read_json, remove_folder, write_json, write_whole
from fmm_core.runs.locks import is_held
from fmm_core.runs.tables import END_OF_ROW, TABLES, check_table, escaped, unescaped

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
ENDED = ("done", "failed", "cancelled", "interrupted")
CARD = "dataset.json"
"""The card of a data set; in the folder of an audit of files, of those."""

RUNS = ("experiment", "audit")
"""Kinds of jobs that end in figures; the others bring data."""

SINCE: Mapping[str, Mapping[str, Any]] = {"flow": {"start": 0.0}, "ridge": {"start": 0.0}}
"""What runs from before a setting existed were made with, by mitigation; else they would claim today's default."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def now() -> str:
    """The present moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Problem(BaseModel):
    """Why a run did not end well; the parts of a `FmmError`."""

    what: str
    where: str = ""
    mend: str = ""
    code: str = ""


class StageTime(BaseModel):
    """One pipeline stage of a run: how long it took, or that its result was already there."""

    name: str
    seconds: float = 0.0
    reused: bool = False


class Status(BaseModel):
    """`status.json`: where a run stands."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    state: State = "queued"
    stage: str = ""
    fraction: float = 0.0
    eta_s: float | None = None
    started: str = ""
    updated: str = Field(default_factory=now)
    error: Problem | None = None
    stages: tuple[StageTime, ...] = ()
    """Stages that have ended, in order."""
    detail: str = ""
    """What the running stage is at, in words: "epoch 12 of 40"."""


class RunFolder:
    """One job on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def lock(self) -> Path:
        """Held by the process that works on this run."""
        return self.path / "lock"

    @property
    def queued(self) -> Path:
        """Exists while the run waits; whoever renames it first has claimed the run."""
        return self.path / "queued"

    @property
    def cancel_request(self) -> Path:
        """Exists once somebody asked for this run to stop."""
        return self.path / "cancel"

    @property
    def log(self) -> Path:
        """What an engineer reads when a run failed."""
        return self.path / "log.txt"

    def raw_config(self) -> dict[str, Any]:
        """`config.json` as it stands."""
        return self._json("config.json")

    def config(self) -> RunConfig:
        """The validated configuration of an experiment."""
        return parse_config(_completed(self.raw_config()))

    def made_with(self) -> Audited:
        """The validated configuration of an experiment or an audit."""
        raw = self.raw_config()
        return parse_audit(raw) if raw.get("kind") == "audit" else parse_config(_completed(raw))

    def card(self) -> dict[str, Any]:
        """The card of the files an audit read; data sets that are stored have their own."""
        return self._json(CARD)

    def write_config(self, config: Job) -> None:
        """Store the configuration."""
        write_json(self.path / "config.json", config.model_dump(mode="json"))

    def status(self) -> Status:
        """Where the run stands; a run that claims to run while nobody holds its lock was interrupted."""
        status = Status.model_validate(self._json("status.json"))
        if status.state == "running" and not is_held(self.lock):
            again = Status.model_validate(self._json("status.json"))  # it may have ended between the two looks
            if again.state != "running":
                return again
            reached = f" at step {status.stage}" if status.stage else ""
            problem = Problem(
                what=f"the worker stopped{reached}", mend="Resume it: finished steps are kept.", code="run.interrupted"
            )
            return status.model_copy(update={"state": "interrupted", "error": problem, "eta_s": None})
        return status

    def write_status(self, status: Status) -> None:
        """Store where the run stands."""
        write_json(self.path / "status.json", status.model_copy(update={"updated": now()}).model_dump(mode="json"))

    def has(self, name: str) -> bool:
        """Whether the run holds the file `name`."""
        return (self.path / name).is_file()

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables of contract C4, checked.

        Raises
        ------
        StoreError
            The run has no such table, or the file breaks the contract.
        """
        texts = dict.fromkeys(TABLES[name].text, str)
        try:
            frame = pd.read_csv(
                self.path / name, dtype=texts, keep_default_na=False, na_values={key: [""] for key in _numbers(name)}
            )
        except FileNotFoundError:
            raise StoreError(f"this run has no {name}", f"run {self.id}", code="store.no_table") from None
        checked = check_table(name, frame)
        return checked.assign(**{column: unescaped(checked[column]) for column in texts})

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Store a table of contract C4 after checking it; no text in it runs as a formula where it is opened."""
        checked = check_table(name, frame)
        checked = checked.assign(**{column: escaped(checked[column]) for column in TABLES[name].text})
        write_whole(
            self.path / name,
            lambda draft: checked.to_csv(draft, index=False, float_format="%.6g", lineterminator=END_OF_ROW),
        )

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of an npz file of this run."""
        try:
            with np.load(self.path / name, allow_pickle=False) as archive:
                return {key: archive[key] for key in archive.files}
        except FileNotFoundError:
            raise StoreError(f"this run has no {name}", f"run {self.id}", code="store.no_table") from None

    def per_user(self) -> pd.DataFrame:
        """Metrics of every user before and after, one row a user."""
        try:
            return pd.read_parquet(self.path / "per_user.parquet")
        except FileNotFoundError:
            raise StoreError("this run has no per_user.parquet", f"run {self.id}", code="store.no_table") from None

    def _json(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except FileNotFoundError:
            raise StoreError("this is not a run folder", str(self.path), code="store.no_run") from None
        except ValueError:
            raise StoreError(f"{name} is damaged", f"run {self.id}", "Delete the run.", code="store.damaged") from None


def _numbers(name: str) -> list[str]:
    table = TABLES[name]
    return [column for column in table.columns if column not in table.text]


def _completed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with what has become a setting since."""
    mitigation = raw.get("mitigation")
    if not isinstance(mitigation, Mapping):
        return dict(raw)
    return {**raw, "mitigation": {**SINCE.get(str(mitigation.get("name")), {}), **mitigation}}


class Store:
    """The folder that holds `datasets/`, `runs/`, `cache/` and, until they are imported, `uploads/`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.datasets_dir, self.runs_dir, self.cache_dir = home / "datasets", home / "runs", home / "cache"
        self.uploads_dir = home / "uploads"

    @classmethod
    def default(cls) -> "Store":
        """`FMM_HOME`, or `workspace/` at the project's root."""
        root = Path(__file__).resolve().parents[2]
        return cls(Path(os.environ.get("FMM_HOME") or root / "workspace"))

    def worker_lock(self, lane: str) -> Path:
        """Held by the one worker of a lane of this store."""
        return self.home / f"worker-{lane}.lock"

    def new_run(self, config: Job) -> RunFolder:
        """Create the folder of a run that waits; it is not in the queue yet."""
        method = config.mitigation.name if isinstance(config, RunConfig) else config.kind
        slug = re.sub(r"[^a-z0-9]+", "-", Path(config.dataset).name.lower())[:60].strip("-") or "data"
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        return create_run(self.runs_dir / f"{stamp}-{slug}-{method}-{uuid4().hex[:4]}", config)

    def run(self, run_id: str) -> RunFolder:
        """The run with this id.

        Raises
        ------
        StoreError
            There is none.
        """
        folder = self.runs_dir / run_id
        if not _ID.fullmatch(run_id) or not (folder / "config.json").is_file():
            raise StoreError(f'there is no run "{run_id}"', mend="`runs list` names them all.", code="store.no_run")
        return RunFolder(folder)

    def jobs(self) -> list[RunFolder]:
        """Every job, those that end in figures and those that bring data, newest first."""
        if not self.runs_dir.is_dir():
            return []
        folders = (path for path in self.runs_dir.iterdir() if _ID.fullmatch(path.name))
        found = [RunFolder(path) for path in folders if (path / "config.json").is_file()]
        return sorted(found, key=lambda run: run.id, reverse=True)

    def runs(self) -> list[RunFolder]:
        """Experiments and audits, newest first."""
        return [job for job in self.jobs() if job.raw_config().get("kind") in RUNS]

    def datasets(self) -> list[dict[str, Any]]:
        """The cards (`dataset.json`) of all stored data sets, with their folder's name as `id`."""
        cards = sorted(self.datasets_dir.glob("*/dataset.json")) if self.datasets_dir.is_dir() else []
        return [{"id": card.parent.name, **read_json(card)} for card in cards if _ID.fullmatch(card.parent.name)]

    def delete_run(self, run_id: str) -> None:
        """Delete a run that nobody works on.

        Raises
        ------
        StoreError
            There is no such run, or it is running.
        """
        run = self.run(run_id)
        if is_held(run.lock):
            raise StoreError("this run is running", f"run {run_id}", "Cancel it first.", code="store.running")
        remove_folder(run.path)


def create_run(path: Path, config: Job) -> RunFolder:
    """Make `path` the folder of a new run.

    Raises
    ------
    StoreError
        The folder holds something already; nothing is touched then.
    """
    if path.exists() and any(path.iterdir()):
        raise StoreError(
            "this folder is not empty", str(path), "Name a new or an empty folder.", code="store.not_empty"
        )
    path.mkdir(parents=True, exist_ok=True)
    run = RunFolder(path)
    run.write_status(Status())
    run.write_config(config)  # last: a folder without it is not a run yet
    return run
