"""A data set and everything made from it, removed: the folder, runs, jobs that name it, cached steps. No torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmm_core.errors import StoreError
from fmm_core.runs.files import read_json, remove_folder
from fmm_core.runs.steps import made_from
from fmm_core.runs.store import RUNS, RunFolder, Store

RESULT = "result.json"
"""What an import job leaves beside its configuration: the id of the data set it stored."""


@dataclass(frozen=True)
class Belongings:
    """All that is deleted with a data set; `jobs` fetched, checked or imported it."""

    folder: Path
    runs: list[RunFolder]
    jobs: list[RunFolder]
    steps: list[Path]

    @property
    def folders(self) -> list[Path]:
        """Everything, the data set last: it stays named until all else is gone."""
        return [*(run.path for run in (*self.runs, *self.jobs)), *self.steps, self.folder]


def what_goes(store: Store, dataset_id: str) -> tuple[int, float]:
    """How many runs go with a data set, and how many megabytes in all.

    Raises
    ------
    StoreError
        There is no such data set.
    """
    found = _belongings(store, dataset_id)
    files = (file for folder in found.folders for file in folder.rglob("*") if file.is_file())
    return len(found.runs), sum(file.stat().st_size for file in files) / 1e6


def delete_dataset(store: Store, dataset_id: str) -> None:
    """Delete a data set with its runs, jobs and cached steps.

    Raises
    ------
    StoreError
        There is no such data set, or a run or job of it waits or works; nothing is deleted then.
    """
    found = _belongings(store, dataset_id)
    busy = [run.id for run in (*found.runs, *found.jobs) if run.status().state in ("queued", "running")]
    if busy:
        what = f"{len(busy)} of its runs and jobs {'is' if len(busy) == 1 else 'are'} waiting or running ({busy[0]})"
        raise StoreError(what, f"data set {dataset_id}", "Cancel them first.", code="store.busy")
    for folder in found.folders:
        remove_folder(folder)


def _belongings(store: Store, dataset_id: str) -> Belongings:
    card = next((card for card in store.datasets() if card["id"] == dataset_id), None)
    if card is None:
        mend = "`datasets list` names them all."
        raise StoreError(f'there is no stored data set "{dataset_id}"', mend=mend, code="store.no_dataset")
    configs = [(job, job.raw_config()) for job in store.jobs()]
    sources = {config.get("source") for job, config in configs if _result(job) == dataset_id} - {None}
    runs = [job for job, config in configs if config.get("kind") in RUNS and _made_from(config, card)]
    others = [(job, config) for job, config in configs if config.get("kind") not in RUNS]
    tried = {run.id for run in runs}
    return Belongings(
        folder=store.datasets_dir / dataset_id,
        runs=runs,
        jobs=[job for job, config in others if _brought(config, card, sources) or config.get("run") in tried],
        steps=made_from(store.cache_dir, card["fingerprint"]),
    )


def _made_from(config: dict[str, Any], card: dict[str, Any]) -> bool:
    """Whether a run used the data; one that never began says so by name only."""
    if config.get("fingerprint"):
        return config["fingerprint"] == card["fingerprint"]
    return config.get("dataset") in (card["id"], card["slug"])


def _brought(config: dict[str, Any], card: dict[str, Any], sources: set[Any]) -> bool:
    """Whether a job fetched the data, or checked or imported the files they came from."""
    return config.get("dataset") == card["slug"] or config.get("source") in sources


def _result(job: RunFolder) -> str:
    """The id of the data set an import job stored, or ""."""
    try:
        return str(read_json(job.path / RESULT)["dataset"])
    except (OSError, ValueError, KeyError):
        return ""
