"""What an HDF5 file stores, walked object by object before anybody follows its names.

Keras writes every weight in one piece and as it is. Where pieces, filters, links to other places
and lengths that nothing backs are refused, no byte is read that does not stand in the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.models.inspection.file_section import FileSection
from dlcli.models.inspection.hdf5_heaps import is_repeated, read_heaps
from dlcli.models.limits import Limits

PLAIN = "biuf"
BFLOAT16 = np.dtype("V2")  # HDF5 has no word for it
DEEPEST = 64
BLOCK = 8 << 20
MANY = 20_000  # Texts in one attribute.
TRUNCATED = re.compile(r"eof = (\d+),.*stored_eof = (\d+)")


@dataclass(frozen=True)
class Stored:
    """The data sets of an HDF5 file.

    Parameters
    ----------
    shapes : mapping
        From the path of a data set to its shape.
    size : int
        Bytes of all.
    """

    shapes: Mapping[str, tuple[int, ...]]
    size: int

    @property
    def largest(self) -> int:
        """The largest dimension."""
        return max((max(shape, default=1) for shape in self.shapes.values()), default=1)


def inspect_hdf5(path: Path, file: FileSection, limits: Limits, *, read: bool = True) -> Stored:
    """Walk through an HDF5 file.

    Parameters
    ----------
    path : Path
        For messages.
    file : FileSection
        The HDF5 file alone, which may be a part of another.
    limits : Limits
    read : bool
        Whether to look for NaN and infinity among the values too.

    Raises
    ------
    ModelFileError
        If the file is damaged, has values that are not finite, or is not how Keras writes one.
    """
    import h5py

    heaps = read_heaps(path, file, limits)
    try:
        with h5py.File(file, "r") as opened:
            return _Walk(path, file, limits, heaps, read=read).through(opened)
    except (ModelFileError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever h5py raises for broken trees)
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ModelFileError:
    sizes = TRUNCATED.search(str(error))
    if sizes:
        found, expected = map(int, sizes.groups())
        reason = f" (expected {expected:,} bytes, found {found:,})"
    else:
        reason = f": {first_line(error)}"
    return ModelFileError(f"{path} is damaged or incomplete{reason}")


@dataclass
class _Walk:
    path: Path
    file: FileSection
    limits: Limits
    heaps: list[tuple[int, int]]
    read: bool
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stored: int = 0

    def through(self, opened: Any) -> Stored:
        """Visit every object once, whatever the links between them."""
        import h5py

        waiting, seen = [(opened.id, "")], set()
        while waiting:
            item, name = waiting.pop()
            address = h5py.h5o.get_info(item).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > self.limits.objects:
                raise self._refused(f"more than {self.limits.objects:,} groups and data sets")
            if name.count("/") > DEEPEST:
                raise self._refused(f"its groups are nested more than {DEEPEST} deep")
            self._check_attributes(item, name)
            if isinstance(item, h5py.h5d.DatasetID):
                self._check_values(item, name)
            elif isinstance(item, h5py.h5g.GroupID | h5py.h5f.FileID):
                waiting += self._children(item, name, len(waiting) + len(seen))
            else:
                raise self._refused(f"{name} is neither group nor data set")
        return Stored(self.shapes, self.stored)

    def _refused(self, what: str) -> ModelFileError:
        return ModelFileError(f"{self.path} is refused: {what[:200]}")

    def _children(self, group: Any, name: str, known: int) -> Iterator[tuple[Any, str]]:
        import h5py

        group = h5py.h5g.open(group, b"/") if isinstance(group, h5py.h5f.FileID) else group
        if known + group.get_num_objs() > self.limits.objects:
            raise self._refused(f"more than {self.limits.objects:,} groups and data sets")
        for key in group:
            where = f"{name}/{key.decode(errors='replace')}"
            if group.links.get_info(key).type != h5py.h5l.TYPE_HARD:
                raise self._refused(f"{where} is a link to another place")
            yield h5py.h5o.open(group, key), where

    def _check_attributes(self, item: Any, name: str) -> None:
        import h5py

        kinds = (h5py.h5t.STRING, h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)
        for number in range(h5py.h5a.get_num_attrs(item)):
            attribute = h5py.h5a.open(item, index=number)
            where = f"the attribute {attribute.name.decode(errors='replace')} of {name or '/'}"
            kind = attribute.get_type()
            if kind.get_class() not in kinds:
                raise self._refused(f"{where} is neither text nor number")
            count = attribute.get_space().get_simple_extent_npoints()
            if count and attribute.get_storage_size() > min(self.file.size, self.limits.text):
                raise self._refused(f"{where} is too large")
            if kind.get_class() == h5py.h5t.STRING and kind.is_variable_str() and count > 1:
                self._check_texts(where, count)

    def _check_texts(self, where: str, count: int) -> None:
        """Refuse a list that names one long text again and again, and takes no end of memory."""
        if count > MANY or self._repeated:
            raise self._refused(f"{where} has too many texts")

    @cached_property
    def _repeated(self) -> bool:
        return is_repeated(self.file, self.heaps)

    def _check_values(self, item: Any, name: str) -> None:
        import h5py

        plan = item.get_create_plist()
        if plan.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS):
            raise self._refused(f"{name} is stored in pieces, which Keras never does")
        if plan.get_external_count() or plan.get_nfilters():
            raise self._refused(f"{name} is stored elsewhere or by a filter")
        dtype = item.dtype
        if dtype.kind not in PLAIN and dtype != BFLOAT16:
            raise self._refused(f"{name} holds {dtype}, not numbers")
        shape = tuple(item.shape)
        held = math.prod(shape) * dtype.itemsize
        if item.get_storage_size() != held:
            raise ModelFileError(f"{self.path} is damaged or incomplete: {name} is cut off")
        self.stored += held
        offset = item.get_offset()
        if self.stored > self.file.size or (offset or 0) + held > self.file.size:
            raise self._refused(f"{name} has more values than stand in the file")
        self.shapes[name] = shape
        if self.read and dtype.kind in "fV" and held:
            self._check_finite(item, name, offset, held)

    def _check_finite(self, item: Any, name: str, offset: int | None, held: int) -> None:
        if offset is None:  # it stands in the header of the data set
            values = np.empty(item.shape, item.dtype)
            item.read(_all(), _all(), values)
            blocks: Iterator[Any] = iter([values])
        else:
            blocks = self._blocks(item.dtype, offset, held)
        if not all(_is_finite(block) for block in blocks):
            raise self._refused(f"{name} holds values that are not finite")

    def _blocks(self, dtype: Any, offset: int, held: int) -> Iterator[Any]:
        at, end = offset, offset + held
        while at < end:
            self.file.seek(at)
            block = self.file.read(min(BLOCK, end - at))
            if not block:
                raise ModelFileError(f"{self.path} is damaged or incomplete: it ends too early")
            yield np.frombuffer(block, dtype)
            at += len(block)


def _is_finite(values: Any) -> bool:
    if values.dtype == BFLOAT16:
        return bool(((values.view("<u2") & 0x7F80) != 0x7F80).all())
    return bool(np.isfinite(values).all())


def _all() -> Any:
    import h5py

    return h5py.h5s.ALL
