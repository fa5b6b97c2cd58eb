"""Inspect the objects of an HDF5 file before Keras follows its names.

Keras stores every weight contiguously and unfiltered. Chunks, filters, links to other places and
lengths without stored values are refused, so that only bytes of this file are read.
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
from dlcli.models.inspection.hdf5_heaps import has_repeated_texts, read_heaps
from dlcli.models.limits import Limits

NUMBER_KINDS = "biuf"
BFLOAT16 = np.dtype("V2")  # HDF5 has no such type
MAX_DEPTH = 64
BLOCK_BYTES = 8 << 20
MAX_TEXTS = 20_000  # In one attribute.
TRUNCATED = re.compile(r"eof = (\d+),.*stored_eof = (\d+)")


@dataclass(frozen=True)
class StoredWeights:
    """The data sets of an HDF5 file.

    Parameters
    ----------
    shapes : mapping
        Shape of each data set by its path.
    size : int
        Bytes of all data sets.
    """

    shapes: Mapping[str, tuple[int, ...]]
    size: int

    @property
    def largest(self) -> int:
        """The largest dimension."""
        return max((max(shape, default=1) for shape in self.shapes.values()), default=1)


def inspect_hdf5(
    path: Path, file: FileSection, limits: Limits, *, check_values: bool = True
) -> StoredWeights:
    """Inspect every object of an HDF5 file.

    Parameters
    ----------
    path : Path
        For messages.
    file : FileSection
        The HDF5 file, which may be a member of a zip file.
    limits : Limits
    check_values : bool
        Whether to search the values for NaN and infinity, which reads all of them.

    Raises
    ------
    ModelFileError
        If the file is damaged, has values that are not finite, or has objects that Keras never
        writes.
    """
    import h5py

    heaps = read_heaps(path, file, limits)
    try:
        with h5py.File(file, "r") as root:
            return _Inspection(path, file, limits, heaps, check_values=check_values).run(root)
    except (ModelFileError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (h5py raises many types for damaged files)
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> ModelFileError:
    sizes = TRUNCATED.search(str(error))
    if sizes:
        size, expected = map(int, sizes.groups())
        reason = f" (expected {expected:,} bytes, found {size:,})"
    else:
        reason = f": {first_line(error)}"
    return ModelFileError(f"{path} is damaged or incomplete{reason}")


@dataclass
class _Inspection:
    path: Path
    file: FileSection
    limits: Limits
    heaps: list[tuple[int, int]]
    check_values: bool
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stored_bytes: int = 0

    def run(self, root: Any) -> StoredWeights:
        """Visit every object once."""
        import h5py

        pending, addresses = [(root.id, "")], set()
        while pending:
            item, name = pending.pop()
            is_dataset = isinstance(item, h5py.h5d.DatasetID)
            address = h5py.h5o.get_info(item).addr
            # Keras walks groups recursively and would not leave a cycle. A data set may have two
            # names; its values are checked once.
            if address in addresses:
                if is_dataset:
                    continue
                raise self._refused(f"{name} is a second link to a group")
            addresses.add(address)
            self._check_count(len(addresses))
            if name.count("/") > MAX_DEPTH:
                raise self._refused(f"its groups are nested more than {MAX_DEPTH} deep")
            self._check_attributes(item, name)
            if is_dataset:
                self._check_dataset(item, name)
            elif isinstance(item, h5py.h5g.GroupID | h5py.h5f.FileID):
                pending += self._children(item, name, len(pending) + len(addresses))
            else:
                raise self._refused(f"{name} is neither a group nor a data set")
        return StoredWeights(self.shapes, self.stored_bytes)

    def _refused(self, reason: str) -> ModelFileError:
        return ModelFileError(f"{self.path} is refused: {reason[:200]}")

    def _check_count(self, count: int) -> None:
        if count > self.limits.objects:
            raise self._refused(f"more than {self.limits.objects:,} groups and data sets")

    def _children(self, group: Any, name: str, count: int) -> Iterator[tuple[Any, str]]:
        import h5py

        group = h5py.h5g.open(group, b"/") if isinstance(group, h5py.h5f.FileID) else group
        # Before the names are read, which takes memory.
        self._check_count(count + group.get_num_objs())
        for key in group:
            child = f"{name}/{key.decode(errors='replace')}"
            # An external link opens any file that the user may read.
            if group.links.get_info(key).type != h5py.h5l.TYPE_HARD:
                raise self._refused(f"{child} is a soft or external link")
            yield h5py.h5o.open(group, key), child

    def _check_attributes(self, item: Any, name: str) -> None:
        import h5py

        types = (h5py.h5t.STRING, h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)
        for index in range(h5py.h5a.get_num_attrs(item)):
            attribute = h5py.h5a.open(item, index=index)
            label = f"the attribute {attribute.name.decode(errors='replace')} of {name or '/'}"
            attribute_type = attribute.get_type()
            # Keras writes no references or nested sequences, whose size is hard to bound.
            if attribute_type.get_class() not in types:
                raise self._refused(f"{label} is neither text nor a number")
            count = attribute.get_space().get_simple_extent_npoints()
            if count and attribute.get_storage_size() > min(self.file.size, self.limits.text):
                raise self._refused(f"{label} is too large")
            is_text = attribute_type.get_class() == h5py.h5t.STRING
            if is_text and attribute_type.is_variable_str() and count > 1:
                self._check_texts(label, count)

    def _check_texts(self, label: str, count: int) -> None:
        """Refuse a list that needs unbounded memory because it repeats a long text."""
        if count > MAX_TEXTS or self._has_repeated_texts:
            raise self._refused(f"{label} has too many texts")

    @cached_property
    def _has_repeated_texts(self) -> bool:
        return has_repeated_texts(self.file, self.heaps)

    def _check_dataset(self, item: Any, name: str) -> None:
        import h5py

        properties = item.get_create_plist()
        # Chunks that were never written have no bytes, whatever the shape.
        if properties.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS):
            raise self._refused(f"{name} is stored in chunks, which Keras never does")
        # External storage returns the bytes of any file as weights. A filter expands data, and HDF5
        # loads unknown filters as plugins.
        if properties.get_external_count() or properties.get_nfilters():
            raise self._refused(f"{name} is stored in another file or through a filter")
        dtype = item.dtype
        if dtype.kind not in NUMBER_KINDS and dtype != BFLOAT16:
            raise self._refused(f"{name} holds {dtype}, not numbers")
        shape = tuple(item.shape)
        size = math.prod(shape) * dtype.itemsize
        # Without storage, HDF5 fills any shape with zeros: a kilobyte could become terabytes.
        if item.get_storage_size() != size:
            raise ModelFileError(f"{self.path} is damaged or incomplete: {name} is cut off")
        self.stored_bytes += size
        offset = item.get_offset()
        if self.stored_bytes > self.file.size or (offset or 0) + size > self.file.size:
            raise self._refused(f"{name} has more values than the file stores")
        self.shapes[name] = shape
        if self.check_values and dtype.kind in "fV" and size:
            blocks = self._blocks(dtype, offset, size) if offset else _compact_values(item)
            if not all(map(_is_finite, blocks)):
                raise self._refused(f"{name} holds values that are not finite")

    def _blocks(self, dtype: Any, offset: int, size: int) -> Iterator[Any]:
        position, end = offset, offset + size
        while position < end:
            self.file.seek(position)
            block = self.file.read(min(BLOCK_BYTES, end - position))
            if not block:
                raise ModelFileError(f"{self.path} is damaged or incomplete: it ends too early")
            yield np.frombuffer(block, dtype)
            position += len(block)


def _compact_values(item: Any) -> Iterator[Any]:
    """Yield the values of a data set that is stored in its own header."""
    import h5py

    values = np.empty(item.shape, item.dtype)
    item.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    yield values


def _is_finite(values: Any) -> bool:
    if values.dtype == BFLOAT16:
        return bool(((values.view("<u2") & 0x7F80) != 0x7F80).all())
    return bool(np.isfinite(values).all())
