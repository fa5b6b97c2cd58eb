"""The arguments of the loaders of files and arrays; `dlcli.datasets.loading` implements them."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from dlcli.config import table_loaders  # noqa: F401 (registers csv and text)
from dlcli.config.base import Targets, Texts, as_tuple
from dlcli.config.loader_base import LOADERS, LabelledLoader, Loader, OnBadFile

Pixels = Annotated[int, Field(gt=0, le=4096)]
ImageSize = Annotated[tuple[Pixels, Pixels], BeforeValidator(as_tuple)]


class FilesLoader(LabelledLoader):
    """Arguments of the loaders of folders of files."""

    path: str = Field(
        description="Folder of class folders, an archive of one, or a table with a column of file "
        "names and the target; relative to the config."
    )
    target: Targets | None = Field(
        default=None,
        description="Column to predict, if the path is a table; default: class, label or target, "
        "or the only other column; or a list of columns of 0 and 1, or of numbers.",
    )
    target_separator: str = Field(
        default="",
        max_length=10,
        description="Text between the labels of a file, if the column of a table has several.",
    )
    classes: Texts | None = Field(default=None, description="Classes to use; default: all.")
    pattern: str | None = Field(
        default=None,
        description="Pattern of file names that contain the class, as in {class}_{speaker}, or of "
        "paths, as in {year}/{class}/{number}.",
    )
    test: dict[str, Texts] = Field(
        default_factory=dict,
        description="Values of fields of the pattern that mark the official test set.",
    )
    class_names: Texts | None = Field(
        default=None,
        description="Display names of the classes, in the order of their sorted names.",
    )
    on_bad_file: OnBadFile = "error"

    @property
    def lists_files(self) -> bool:
        """Whether the path is that of a table of files, by its ending."""
        return self.path.lower().endswith((".csv", ".tsv", ".txt", ".xlsx"))

    @model_validator(mode="after")
    def _one_class_per_file(self) -> FilesLoader:
        if self.target_separator and self.task not in ("auto", "multilabel"):
            raise ValueError(f"'target_separator' is for several labels, not for {self.task}")
        several = isinstance(self.target, tuple) or self.target_separator
        if self.classes is not None and (several or self.task == "multilabel"):
            raise ValueError("'classes' is for one class per file; remove it")
        return self

    @model_validator(mode="after")
    def _fields_exist(self) -> FilesLoader:
        fields = re.findall(r"\{(\w+)\}", self.pattern or "")
        if self.pattern is not None and "class" not in fields:
            raise ValueError("'pattern' needs {class}")
        if len(set(fields)) < len(fields) or "}{" in (self.pattern or ""):
            raise ValueError("'pattern' repeats a field, or has no text between two fields")
        for name in self.test:
            if name not in fields:
                raise ValueError(f"'test' names {name!r}, which 'pattern' does not have")
        return self


@LOADERS.register("images")
class ImagesLoader(FilesLoader):
    """PNG, JPEG, BMP, GIF, WebP and TIFF images in class folders, or listed in a table."""

    image_size: ImageSize | None = Field(
        default=None,
        description="Height and width to resize to; default: all images must have the same size.",
    )
    color_mode: Literal["rgb", "grayscale"] = Field(
        default="rgb", description="Three channels (rgb) or one (grayscale)."
    )


@LOADERS.register("audio")
class AudioLoader(FilesLoader):
    """WAV recordings of any length in class folders, or listed in a table."""

    sampling_rate: int | None = Field(
        default=None,
        ge=100,
        le=768_000,
        description="Hz to resample to; default: all recordings must have the same rate.",
    )


@LOADERS.register("sklearn")
class SklearnLoader(Loader):
    """A data set that is installed with scikit-learn."""

    name: Literal["breast_cancer", "diabetes", "digits", "iris", "wine"] = Field(
        description="Its name in scikit-learn."
    )


@LOADERS.register("npz")
class NpzLoader(LabelledLoader):
    """A NumPy archive with ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

    path: str = Field(description="Path of the .npz file, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


@LOADERS.register("idx")
class IdxLoader(LabelledLoader):
    """Images and labels in IDX files, the format of MNIST."""

    path: str = Field(description="Folder with the four files, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


@LOADERS.register("indexed_text")
class IndexedTextLoader(Loader):
    """Texts as word indices with a word index, the format of Reuters and IMDB in Keras."""

    # The archives contain pickled objects and are opened only after their checksum is verified.
    named_only: ClassVar[bool] = True

    path: str = Field(description="Set by dlcli.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


def user_loaders() -> list[str]:
    """Return the names of the loaders that a config can use."""
    return [name for name in LOADERS if not LOADERS[name].named_only]
