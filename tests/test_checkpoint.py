"""The state on disk: what comes back, what damage does, and in which order it is written."""

import json
import os
import string
from pathlib import Path

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcli import DlcliError
from dlcli.files import atomic
from dlcli.training.checkpoint import (
    DOCUMENT,
    LATEST,
    PREVIOUS,
    State,
    read_state,
    write_state,
)

names = st.text(string.ascii_letters + ".0123456789 한", min_size=1, max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
arrays = npst.arrays(
    st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint32, np.bool_]),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def bits(state):
    values = json.dumps(state.values)  # NaN is equal to itself here
    return values, {
        name: [(a.dtype.str, a.shape, a.tobytes()) for a in found]
        for name, found in state.arrays.items()
    }


@given(st.dictionaries(names, plain, max_size=4), st.dictionaries(names, st.lists(arrays, max_size=3), max_size=3))  # fmt: skip
@settings(max_examples=60)
def test_what_is_kept_comes_back_bit_by_bit(tmp_path_factory, values, kept):
    folder = tmp_path_factory.mktemp("state")

    write_state(folder, State(values, kept))
    found, notices = read_state(folder)

    assert notices == []
    assert bits(found) == bits(State(values, kept))


@given(data=st.data())
@settings(max_examples=200)
def test_no_damage_gives_other_values(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("state")
    before, now = (State({"epoch": n, "best": 0.1}, {"w": [np.full(5, n)]}) for n in (1, 2))
    write_state(folder, before)
    write_state(folder, now)
    content = bytearray((folder / LATEST).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    (folder / LATEST).write_bytes(content)

    found, notices = read_state(folder)

    assert bits(found) == bits(before if notices else now)


@pytest.mark.parametrize("offset", [0, 1, 1 << 20, (1 << 32) - 2])
def test_a_directory_that_claims_another_place_is_damage(tmp_path, offset):
    """zipfile shifts the places of all members then, to negative ones for example."""
    before, now = (State({"epoch": n}, {"w": [np.full(5, n)]}) for n in (1, 2))
    write_state(tmp_path, before)
    write_state(tmp_path, now)
    content = bytearray((tmp_path / LATEST).read_bytes())
    content[-6:-2] = offset.to_bytes(4, "little")
    (tmp_path / LATEST).write_bytes(content)

    found, notices = read_state(tmp_path)

    assert bits(found) == bits(before)
    assert len(notices) == 1


def test_equal_arrays_are_written_once(tmp_path):
    best = np.arange(1000.0)
    write_state(tmp_path, State({}, {"a": [best], "b": [best.copy(), best[:5]]}))

    assert (tmp_path / LATEST).stat().st_size < 2 * best.nbytes


def test_a_scalar_is_not_an_array_of_one_value(tmp_path):
    write_state(tmp_path, State({}, {"a": [np.float32(0), np.zeros(1, np.float32)]}))

    found, _ = read_state(tmp_path)

    assert [array.shape for array in found.arrays["a"]] == [(), (1,)]


def test_without_any_whole_state_there_is_none(tmp_path):
    assert read_state(tmp_path) == (None, [])
    for name in (LATEST, PREVIOUS):
        (tmp_path / name).write_bytes(b"PK\x03\x04 nothing")

    found, notices = read_state(tmp_path)

    assert found is None
    assert len(notices) == 2


@pytest.mark.parametrize("content", ["[]", '{"schema": 1, "values": {}, "arrays": []}', "{}"])
def test_a_document_of_another_form_is_reported_as_damage(tmp_path, content):
    np.savez(tmp_path / LATEST, **{DOCUMENT: np.frombuffer(content.encode(), np.uint8)})

    state, damages = read_state(tmp_path)

    assert state is None
    assert len(damages) == 1


def test_a_state_of_a_newer_dlcli_is_refused(tmp_path):
    text = json.dumps({"schema": 9, "values": {}, "arrays": {}}).encode()
    np.savez(tmp_path / LATEST, **{DOCUMENT: np.frombuffer(text, np.uint8)})

    with pytest.raises(DlcliError, match="written by a newer dlcli: schema 9, not 1"):
        read_state(tmp_path)


def test_objects_are_not_unpickled(tmp_path):
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {marker}",)

    np.savez(tmp_path / LATEST, **{DOCUMENT: np.array([Hostile()], object)})

    found, notices = read_state(tmp_path)

    assert found is None
    assert notices
    assert not marker.exists()


def test_a_file_reaches_the_disk_before_its_name(tmp_path, monkeypatch):
    """Power may fail between any two: the content first, then the name, then the folder."""
    calls = []
    fsync, replace = os.fsync, type(tmp_path).replace

    def synced(descriptor):
        calls.append(Path(f"/proc/self/fd/{descriptor}").readlink().name[:5])
        fsync(descriptor)

    def renamed(path, target):
        calls.append(f"-> {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(type(tmp_path), "replace", renamed)
    with atomic(tmp_path / "kept.txt") as temporary:
        temporary.write_text("a")

    assert calls == [".tmp-", "-> kept.txt", tmp_path.name[:5]]
