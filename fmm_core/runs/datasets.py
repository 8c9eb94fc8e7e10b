"""From a name or a folder to a stored data set."""

from pathlib import Path

from fmm_core.data.specs import CATALOG
from fmm_core.errors import DataError
from fmm_core.runs.files import read_json
from fmm_core.runs.store import Store
from fmm_core.types import Progress, silent


def locate(store: Store, reference: str, progress: Progress = silent) -> Path:
    """The folder of the stored data set that `reference` means, made first if need be.

    Parameters
    ----------
    reference : str
        The id of a stored data set, a catalog name, or the path of a folder, zip or file some reader understands.

    Raises
    ------
    DataError
        It is none of these, or the files cannot be used.
    """
    found = _stored(store, reference) or _catalog(store, reference, progress) or _folder(store, reference, progress)
    if found is not None:
        return found
    choices = [*CATALOG, *(card["id"] for card in store.datasets())]
    raise DataError(
        f'there is no data set or folder "{reference}"',
        mend=f"Choose one of: {', '.join(dict.fromkeys(choices))}, or name a folder.",
        code="data.unknown",
    )


def fetch(store: Store, name: str, progress: Progress = silent) -> Path:
    """Build a catalog data set anew and store it (the same content lands in the same folder)."""
    from fmm_core.data import catalog, storage

    return storage.save(catalog.build(name, store.cache_dir / "downloads", progress), store.datasets_dir)


def _stored(store: Store, reference: str) -> Path | None:
    folder = store.datasets_dir / reference
    return folder if "/" not in reference and (folder / "dataset.json").is_file() else None


def _catalog(store: Store, reference: str, progress: Progress) -> Path | None:
    if reference not in CATALOG:
        return None
    cards = store.datasets_dir.glob(f"{reference}-????????/dataset.json")
    fitting = [card.parent for card in cards if read_json(card)["slug"] == reference]
    newest = max(fitting, key=lambda folder: folder.stat().st_mtime, default=None)
    return newest or fetch(store, reference, progress)


def _folder(store: Store, reference: str, progress: Progress) -> Path | None:
    source = Path(reference)
    if not source.exists():
        return None
    from fmm_core.data import storage
    from fmm_core.data.readers import sniff
    from fmm_core.data.sources import opened

    with opened(source) as folder:
        return storage.save(sniff.read(folder, progress=progress), store.datasets_dir)
