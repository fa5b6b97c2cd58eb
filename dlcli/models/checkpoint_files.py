"""Give the model files of Keras's callbacks the metadata with which they can predict."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from dlcli.files import atomic
from dlcli.models.container import ATTRIBUTE, MEMBER
from dlcli.models.file import embed
from dlcli.models.metadata import Metadata


def _has_metadata(path: Path) -> bool:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return MEMBER in archive.namelist()
    import h5py

    with h5py.File(path, "r") as file:
        return ATTRIBUTE in file.attrs


def embed_checkpoints(folder: Path, metadata: Metadata) -> None:
    """Write metadata into the model files of Keras's callbacks, so that they can predict.

    Files that have metadata, which are from before a run was resumed, are left as they are.
    """
    # The digest is that of the final weights; these files have those of other epochs.
    metadata = metadata.model_copy(update={"weights_sha256": ""})
    for path in sorted((*folder.rglob("*.keras"), *folder.rglob("*.h5"))):
        if path.name.endswith(".weights.h5") or _has_metadata(path):
            continue
        with atomic(path) as temporary:
            shutil.copyfile(path, temporary)
            embed(temporary, metadata)
