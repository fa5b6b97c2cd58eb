"""Model files that would do harm, made from good ones; what they would run leaves a marker file.

Every function below yields names and paths. ``KINDS`` has them all.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import marshal
import os
import shutil
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from onnx import TensorProto, helper

MARKER = "HARM_WAS_DONE"


@dataclass(frozen=True)
class Base:
    """Good files to start from: of plain Keras, and of dlcli with metadata and a graph."""

    folder: Path
    keras: Path
    h5: Path
    trained: Path
    trained_h5: Path

    @property
    def marker(self):
        return self.folder / MARKER

    def new(self, name):
        return self.folder / "hostile" / name


KINDS = []


def kind(function):
    KINDS.append(function)
    return function


def write_all(base):
    """Write the corpus, and return the paths by name."""
    found = {}
    for function in KINDS:
        for name, path in function(base):
            assert name not in found, name
            found[name] = path
    return found


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def changed(base, name, edit, source=None, member="config.json"):
    """Copy a .keras file with one JSON document in it edited."""
    content = members(source or base.keras)
    document = json.loads(content[member])
    document = edit(document) or document
    content[member] = document if isinstance(document, str) else json.dumps(document)
    return write_zip(base.new(f"{name}.keras"), content)


def changed_h5(base, name, edit, source=None):
    """Copy an .h5 file, and edit it in place."""
    path = base.new(f"{name}.h5")
    shutil.copyfile(source or base.h5, path)
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def layer(name, module="keras.layers", registered=None, /, **config):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def inserted(added):
    def edit(document):
        document["config"]["layers"].insert(1, added)

    return edit


def last(document):
    return document["config"]["layers"][-1]["config"]


def payload(base):
    """Return code of a lambda that writes the marker, as Keras stores it."""
    source = f"lambda x: (__import__('pathlib').Path({str(base.marker)!r}).write_text('x'), x)[1]"
    code = compile(source, "x", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


@kind
def code(base):
    code = payload(base)
    functions = {
        "lambda": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}},
        "lambda legacy list": [code, None, None],
        "lambda value": {"class_name": "__lambda__", "config": {"value": code}},
        "lambda os.system": {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"},
        "lambda get_file": {"class_name": "function", "module": "keras.utils", "config": "get_file", "registered_name": "get_file"},
        "lambda unsafe": {"class_name": "function", "module": "keras.config", "config": "enable_unsafe_deserialization", "registered_name": "enable_unsafe_deserialization"},
        "lambda eval": {"class_name": "function", "module": "builtins", "config": "eval", "registered_name": "eval"},
    }  # fmt: skip
    for name, function in functions.items():
        yield name, changed(base, name, inserted(layer("Lambda", function=function, name="l")))
    hidden = layer("Lambda", function=functions["lambda"], name="l")
    for name, holder in {
        "in bidirectional": layer("Bidirectional", layer=hidden, name="b"),
        "in time distributed": layer("TimeDistributed", layer=hidden, name="b"),
        "in backward layer": layer("Bidirectional", layer=layer("LSTM", units=2), backward_layer=hidden, name="b"),
        "in rnn cell": layer("RNN", cell=hidden, name="b"),
        "in pipeline": layer("Pipeline", layers=[hidden], name="b"),
        "in nested model": layer("Sequential", "keras", layers=[hidden], name="b"),
    }.items():  # fmt: skip
        yield f"lambda {name}", changed(base, f"lambda {name}", inserted(holder))
    for key in ("kernel_initializer", "kernel_constraint", "activation", "kernel_regularizer"):
        name = f"lambda as {key}"
        yield (
            name,
            changed(base, name, lambda d, key=key: last(d).update({key: functions["lambda"]})),
        )
        name = f"function as {key}"
        yield (
            name,
            changed(
                base, name, lambda d, key=key: last(d).update({key: functions["lambda get_file"]})
            ),
        )
    for key, value in {
        "build_config": {"input_shape": functions["lambda"]},
        "compile_config": {"loss": functions["lambda"]},
        "inbound_nodes": [{"args": [functions["lambda"]], "kwargs": {}}],
    }.items():  # fmt: skip
        name = f"lambda in {key}"
        yield (
            name,
            changed(base, name, lambda d, k=key, v=value: d["config"]["layers"][-1].update({k: v})),
        )
    yield "lambda h5", changed_h5(base, "lambda h5", lambda f: _h5_layer(f, hidden))
    yield "typespec", changed(base, "typespec", lambda d: last(d).update(
        name={"class_name": "__typespec__", "spec_name": "TypeSpec", "module": "os", "registered_name": "x", "config": []}))  # fmt: skip


def _h5_layer(file, added):
    document = json.loads(file.attrs["model_config"])
    document["config"]["layers"].insert(1, added)
    file.attrs["model_config"] = json.dumps(document)


@kind
def foreign(base):
    cases = {
        "module os": layer("system", "os", command="touch x"),
        "module builtins": layer("exec", "builtins", name="x"),
        "module subprocess": layer("Popen", "subprocess", args=["touch", "x"]),
        "own module": layer("MyLayer", "my_package.layers", "my_package>MyLayer", name="x"),
        "registered name": layer("Dense", "keras.layers", "my_package>Evil", units=2, name="x"),
        "registered lambda": layer("Dense", "keras.layers", "Lambda", units=2, name="x"),
        "no such layer": layer("Dence", units=2, name="x"),
        "function of keras": layer("get_file", "keras.utils", origin="http://127.0.0.1/x"),
        "unsafe switch": layer("enable_unsafe_deserialization", "keras.config"),
        "load_model": layer("load_model", "keras.saving", filepath="x"),
        "callback": layer("CSVLogger", "keras.callbacks", filename="x"),
        "private module": layer("Dense", "keras.src.layers.core.dense", units=2, name="x"),
        "torch": layer("TorchModuleWrapper", module_="x", name="x"),
        "jax": layer("JaxLayer", call_fn="x", name="x"),
        "flax": layer("FlaxLayer", module_="x", name="x"),
        "saved model": layer("TFSMLayer", filepath=str(base.folder), name="x"),
        "vocabulary file": layer("StringLookup", vocabulary="/etc/passwd", name="x"),
        "vocabulary of text": layer("TextVectorization", vocabulary="/etc/passwd", name="x"),
        "vocabulary of numbers": layer("IntegerLookup", vocabulary="/etc/passwd", name="x"),
        "class name is a list": layer(["Dense"], units=2, name="x"),
        "module is a list": layer("Dense", ["keras.layers"], units=2, name="x"),
        "config is text": {**layer("Dense"), "config": "units"},
        "unknown argument": layer("Dense", units=2, name="x", filepath="/etc/passwd"),
        "wrong kind": layer("Adam", "keras.layers", name="x"),
        "optimizer as layer": layer("Adam", "keras.optimizers", name="x"),
    }  # fmt: skip
    for name, added in cases.items():
        yield name, changed(base, name, inserted(added))
    for name, key, value in (
        ("initializer of os", "kernel_initializer", layer("system", "os")),
        ("initializer by name", "kernel_initializer", "os.system"),
        ("activation by name", "activation", "keras.utils.get_file"),
        ("dtype by name", "dtype", "object"),
        ("dtype is a list", "dtype", [[]]),
        ("dtype of an array is a list", "name", {"class_name": "__numpy__", "config": {"value": [1], "dtype": []}}),
        ("array of objects", "name", {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}),
    ):  # fmt: skip
        yield name, changed(base, name, lambda d, k=key, v=value: last(d).update({k: v}))
    yield (
        "model of another class",
        changed(
            base,
            "model of another class",
            lambda d: d.update(class_name="MyModel", module="my_package"),
        ),
    )
    yield (
        "legacy module h5",
        changed_h5(base, "legacy module h5", lambda f: _h5_layer(f, layer("backend", None))),
    )


def groups(file):
    return file["model_weights"]


def first_layer(file):
    return groups(file)[next(iter(groups(file)))]


def soft(file):
    groups(file)["other"] = h5py.SoftLink("/model_weights")


def external(file):
    groups(file)["other"] = h5py.ExternalLink("/etc/passwd", "/")


def cycle(file):
    groups(file)["again"] = groups(file)
    soft(file)


def hard_cycle(file):
    first_layer(file)["again"] = groups(file)


def shared_group(file):
    groups(file)["again"] = first_layer(file)


def elsewhere(file):
    file.create_dataset("w", (16,), "f4", external=[("/etc/passwd", 0, 64)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("w", layout)


def pieces(file):
    file.create_dataset("w", (10**12,), "f4", chunks=(1024,))


def squeezed(file):
    file.create_dataset("w", data=np.zeros(1 << 22, "f4"), compression="gzip")


def late(file):
    file.create_dataset("w", (10**9,), "f4")


def objects(file):
    file.create_dataset("w", data=["x"] * 3, dtype=h5py.string_dtype())


def compound(file):
    file.create_dataset("w", data=np.zeros(2, "i4,f4"))


def reference(file):
    file.attrs["r"] = file.ref


def nan(file):
    for item in _datasets(file):
        item[...] = np.nan


def many(file):
    for number in range(60_000):
        file.create_group(f"g/{number}", track_order=False)


def repeated(file):
    # One long text that a list names again and again.
    long = "x" * (1 << 20)
    file.attrs.create("names", ["y"] * 2000, dtype=h5py.string_dtype())
    file.attrs["long"] = long


def commit(file):
    file["t"] = np.dtype("i4,f4")


@kind
def links(base):
    for name, edit in {
        "soft link": soft, "external link": external, "cycle": cycle, "hard link cycle": hard_cycle,
        "shared group": shared_group, "external storage": elsewhere,
        "virtual storage": virtual, "chunks": pieces, "filter": squeezed, "nothing stored": late,
        "texts as weights": objects, "compound weights": compound, "reference": reference,
        "nan weights": nan, "many groups": many, "committed type": commit,
    }.items():  # fmt: skip
        yield name, changed_h5(base, name, edit)
        if name in ("external link", "external storage", "chunks", "nan weights"):
            yield f"{name} inside", _weights(base, f"{name} inside", edit)
    path = changed_h5(base, "one text many times", repeated)
    data = bytearray(path.read_bytes())
    yield "one text many times", _repeat_text(path, data)
    yield "user block", _user_block(base)


def _datasets(file):
    found = []
    file.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return [item for item in found if item.dtype.kind == "f"]


def _weights(base, name, edit):
    """Copy a .keras file with its weights edited."""
    content = members(base.keras)
    memory = io.BytesIO(content["model.weights.h5"])
    with h5py.File(memory, "r+") as file:
        file.require_group("model_weights")
        edit(file)
    content["model.weights.h5"] = memory.getvalue()
    return write_zip(base.new(f"{name}.keras"), content)


def _repeat_text(path, data):
    """Point every text of a list to the longest text of the file."""
    heaps = []
    at = data.find(b"GCOL")
    while at >= 0:
        heaps.append((int.from_bytes(data[at + 8 : at + 16], "little"), at))
        at = data.find(b"GCOL", at + 4)
    _, longest = max(heaps)
    for _, heap in heaps:
        short = struct.pack("<IQ", 1, heap)
        at = data.find(short)
        while at >= 0:
            data[at : at + 16] = struct.pack("<IQI", 1 << 20, longest, 1)
            at = data.find(short, at + 16)
    path.write_bytes(data)
    return path


def _user_block(base):
    path = base.new("user block.h5")
    with h5py.File(base.h5) as old, h5py.File(path, "w", userblock_size=512) as new:
        for name in old:
            old.copy(name, new)
        new.attrs["model_config"] = old.attrs["model_config"]
    with path.open("r+b") as file:
        file.write(b"#!/bin/sh\ntouch x\n")
    return path


@kind
def zips(base):
    good = members(base.keras)
    for name, member in {
        "zip ..": "../evil", "zip absolute": "/tmp/evil", "zip backslash": "assets\\..\\evil",
        "zip asset ..": "assets/../../evil", "zip stranger": "evil.py", "zip drive": "C:evil",
        "zip npz": "model.weights.npz",
    }.items():  # fmt: skip
        yield name, write_zip(base.new(f"{name.replace('..', 'up')}.keras"), {**good, member: b"x"})
    yield (
        "zip bomb",
        write_zip(
            base.new("zip bomb.keras"),
            {**good, "assets/zero": bytes(50 << 20)},
            zipfile.ZIP_DEFLATED,
        ),
    )
    deflated = {**good, "model.weights.h5": bytes(50 << 20)}
    yield (
        "zip bomb of weights",
        write_zip(base.new("zip bomb of weights.keras"), deflated, zipfile.ZIP_DEFLATED),
    )
    for name, method in (("zip bzip2", zipfile.ZIP_BZIP2), ("zip lzma", zipfile.ZIP_LZMA)):
        yield name, write_zip(base.new(f"{name}.keras"), good, method)
    twice = base.new("zip twice.keras")
    write_zip(twice, good)
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(twice, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("config.json", good["config.json"])
    yield "zip twice", twice
    link = base.new("zip link.keras")
    write_zip(link, good)
    with zipfile.ZipFile(link, "a") as archive:
        info = zipfile.ZipInfo("assets/link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    yield "zip link", link
    many = {**good, **{f"assets/{n}": b"" for n in range(2000)}}
    yield "zip many", write_zip(base.new("zip many.keras"), many)
    yield (
        "zip prepended",
        _written(base, "zip prepended.keras", b"PK\3\4" + bytes(400) + base.keras.read_bytes()),
    )
    yield from _patched(base)
    yield "zip without config", write_zip(base.new("no config.keras"), {"a": b"x" * 200})
    yield (
        "zip without weights",
        write_zip(base.new("no weights.keras"), {"config.json": good["config.json"]}),
    )
    yield (
        "zip weights are text",
        write_zip(base.new("text weights.keras"), {**good, "model.weights.h5": b"x" * 500}),
    )


def _written(base, name, data):
    path = base.new(name)
    path.write_bytes(data)
    return path


def _patched(base):
    """Change fields of the central directory."""
    data = base.keras.read_bytes()
    at = data.rfind(b"PK\1\2")
    first = data.find(b"PK\1\2")

    def patch(name, offset, form, value, start=at):
        changed = bytearray(data)
        struct.pack_into(form, changed, start + offset, value)
        return name, _written(base, f"{name}.keras", bytes(changed))

    yield patch("zip encrypted", 8, "<H", 1)
    yield patch("zip too long", 24, "<I", 1 << 30)
    yield patch("zip both too long", 20, "<Q", (1 << 30) | (1 << 62))
    yield patch("zip overlap", 42, "<I", 0)
    yield patch("zip version", 6, "<H", 99)
    yield patch("zip method", 10, "<H", 77)
    yield patch("zip offset", 42, "<I", 0xFFFFFFF0, first)
    wrong = bytearray(data)
    where = data.find(b'"class_name": "Dense"')
    wrong[where + 16 : where + 17] = b"T"
    yield "zip checksum", _written(base, "zip checksum.keras", bytes(wrong))


@kind
def bombs(base):
    def dense(**config):
        return layer("Dense", units=2, name="x", **config)

    up = [layer("UpSampling1D", size=1000, name=f"u{n}") for n in range(8)]
    cases = {
        "units": layer("Dense", units=10**9, name="x"),
        "units as float": layer("Dense", units=1e9, name="x"),
        "repeat": layer("RepeatVector", n=10**9, name="x"),
        "padding": layer("Sequential", "keras", name="s", layers=[
            layer("Reshape", target_shape=[1, 1, -1], name="r"),
            layer("ZeroPadding2D", padding=99_999, name="p")]),
        "upsampling": layer("Sequential", "keras", name="s", layers=[
            layer("RepeatVector", n=2, name="r"), *up]),
        "resizing": layer("Sequential", "keras", name="s", layers=[
            layer("Reshape", target_shape=[1, 1, -1], name="r"),
            layer("Resizing", height=90_000, width=90_000, name="p")]),
        "transposed": layer("Sequential", "keras", name="s", layers=[
            layer("RepeatVector", n=50, name="r"),
            layer("Conv1DTranspose", filters=50, kernel_size=3, strides=90_000, name="c")]),
        "embedding": layer("Embedding", input_dim=90_000, output_dim=90_000, name="x"),
        "lstm for ever": layer("Sequential", "keras", name="s", layers=[
            layer("RepeatVector", n=90_000, name="r"), layer("LSTM", units=2000, name="l")]),
        "einsum": layer("EinsumDense", equation="ab,bcdefgh->acdefgh", output_shape=[99] * 6, name="x"),
        "category": layer("CategoryEncoding", num_tokens=10**8, name="x"),
        "huge number": layer("Dense", units=10**4000, name="x"),
        "negative number": layer("Dense", units=-(10**30), name="x"),
        "unrolled": layer("Sequential", "keras", name="s", layers=[
            layer("RepeatVector", n=5000, name="r"), layer("LSTM", units=2, unroll=True, name="l")]),
        "attention": layer("Sequential", "keras", name="s", layers=[
            layer("RepeatVector", n=90_000, name="r"), layer("Attention", name="a")]),
        "wrapped up": _wrapped(),
    }  # fmt: skip
    for name, added in cases.items():
        yield f"bomb {name}", changed(base, f"bomb {name}", inserted(added))
    build = {**dense(), "build_config": {"input_shape": [None, 99_999]}}
    build["config"]["units"] = 99_999
    yield "bomb build", changed(base, "bomb build", inserted(build))
    yield (
        "bomb many layers",
        changed(
            base,
            "bomb many layers",
            lambda d: d["config"]["layers"].extend(
                layer("Dropout", rate=0.1, name=f"d{n}") for n in range(100_000)
            ),
        ),
    )
    deep = '{"a":' * 3000 + "1" + "}" * 3000
    yield "bomb deep", changed(base, "bomb deep", lambda _: deep)
    yield "bomb deep list", changed(base, "bomb deep list", lambda _: "[" * 100_000)
    yield "bomb lists", changed(base, "bomb lists", lambda _: "[" + "[]," * 4_000_000 + "1]")
    yield "bomb digits", changed(base, "bomb digits", lambda _: "1" * 5_000_000)
    yield "bomb large", changed(base, "bomb large", lambda d: json.dumps(d) + " " * (20 << 20))
    yield "bomb doubling", changed(base, "bomb doubling", _doubling)
    yield (
        "bomb infinity",
        changed(
            base,
            "bomb infinity",
            lambda d: json.dumps(d).replace('"trainable": true', '"trainable": Infinity', 1),
        ),
    )
    yield "circle", changed(base, "circle", _circle)


def _wrapped():
    """Return layers inside of layers, 100 deep."""
    inner = layer("Dense", units=2, name="x")
    for number in range(100):
        inner = layer("TimeDistributed", layer=inner, name=f"t{number}")
    return inner


def _tensor(name):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [name, 0, 0]}}  # fmt: skip


def _node(layer, name, *sources):
    nodes = [{"args": [[_tensor(s) for s in sources]], "kwargs": {}}] if sources else []
    return {**layer, "name": name, "inbound_nodes": nodes}


def _graph(document, *nodes):
    first = {**copy.deepcopy(document["config"]["layers"][0])}
    name = first["config"]["name"]
    layers = [{**first, "name": name, "inbound_nodes": []}, *nodes]
    return {
        "module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
        "config": {"name": "f", "trainable": True, "layers": layers, "input_layers": [[name, 0, 0]],
                   "output_layers": [[layers[-1]["name"], 0, 0]]},
    }  # fmt: skip


def _doubling(document):
    """Concatenate with itself again and again."""
    name = document["config"]["layers"][0]["config"]["name"]
    nodes, before = [], name
    for number in range(60):
        added = layer("Concatenate", axis=-1, name=f"c{number}")
        nodes.append(_node(added, f"c{number}", before, before))
        before = f"c{number}"
    return _graph(document, *nodes)


def _circle(document):
    add = layer("Add", name="a"), layer("Add", name="b")
    return _graph(document, _node(add[0], "a", "b"), _node(add[1], "b", "a"))


@kind
def damage(base):
    for source in (base.keras, base.h5, base.trained):
        data, ending = source.read_bytes(), source.suffix
        name = source.stem + ending
        for part in (1, 50, 200, len(data) // 2, len(data) - 10):
            yield (
                f"cut {name} {part}",
                _written(base, f"cut {source.stem} {part}{ending}", data[:part]),
            )
    yield "empty", _written(base, "empty.keras", b"")
    yield "random", _written(base, "random.keras", np.random.default_rng(0).bytes(5000))
    yield (
        "random behind magic",
        _written(base, "magic.h5", b"\x89HDF\r\n\x1a\n" + np.random.default_rng(0).bytes(5000)),
    )
    yield "zip named h5", _written(base, "wrong.h5", base.keras.read_bytes())
    yield "h5 named keras", _written(base, "wrong.keras", base.h5.read_bytes())
    yield "no ending", _written(base, "wrong", base.keras.read_bytes())
    only = base.new("only.weights.h5")
    only.write_bytes(members(base.keras)["model.weights.h5"])
    yield "weights only", only
    yield "text", _written(base, "text.keras", b"layers:\n" * 100)
    flipped = bytearray(base.h5.read_bytes())
    flipped[8:80] = bytes(255 - byte for byte in flipped[8:80])
    yield "flipped", _written(base, "flipped.h5", bytes(flipped))
    if hasattr(os, "mkfifo"):
        pipe = base.new("pipe.keras")
        os.mkfifo(pipe)
        yield "pipe", pipe
    folder = base.new("folder.keras")
    folder.mkdir()
    yield "folder", folder


@kind
def metadata(base):
    def edited(name, edit):
        return name, changed(base, name, edit, base.trained, "dlcli.json")

    yield edited("metadata newer", lambda m: m.update(schema_version=3))
    yield edited("metadata unknown key", lambda m: m.update(extra=1))
    yield edited("metadata classes", lambda m: m["target"].update(class_names=["a", "b", "c"]))
    yield edited("metadata no classes", lambda m: m["target"].update(class_names="ab"))
    yield edited("metadata many classes", lambda m: m["target"].update(class_names=["a"] * 200_000))
    yield edited(
        "metadata long name", lambda m: m["target"].update(class_names=["a" * 100_000, "b"])
    )
    yield edited("metadata same classes", lambda m: m["target"].update(class_names=["a", "a"]))
    yield edited("metadata position", lambda m: m["columns"][0].update(position=-5))
    yield edited("metadata far position", lambda m: m["columns"][0].update(position=10**15))
    yield edited("metadata regular expression", lambda m: m["dialect"].update(delimiter="(a+)+$"))
    yield edited("metadata codec", lambda m: m["dialect"].update(encoding="zlib"))
    yield edited("metadata decimal", lambda m: m["dialect"].update(decimal="(a+)+$"))
    yield edited(
        "metadata steps",
        lambda m: m["preprocess"]["groups"][0].update(steps=[{"name": "os.system"}]),
    )
    yield edited("metadata shape", lambda m: m["preprocess"].update(shape=[10**9, 10**9]))
    yield edited("metadata short step", _shorten)
    yield edited(
        "metadata infinite step",
        lambda m: json.dumps(m).replace('"mean": [', '"mean": [Infinity, ', 1),
    )
    yield edited("metadata deep", lambda _: '{"a":' * 3000 + "1" + "}" * 3000)
    yield edited("metadata brackets", lambda _: "[" + "[]," * 4_000_000 + "1]")
    yield edited("metadata no JSON", lambda _: "x" * 500)
    yield edited("metadata block", lambda m: m["graph"].update(block=10**9))
    yield edited("metadata escape", lambda m: m.update({"\x1b[31mred": 1}))


def _shorten(metadata):
    for group in metadata["preprocess"]["groups"]:
        for step in group["steps"]:
            if "mean" in step:
                step["mean"].append(1.0)


@kind
def graphs(base):
    def nodes(*nodes, initializers=(), **more):
        return _onnx(*nodes, initializers=initializers, **more)

    long = helper.make_tensor("n", TensorProto.INT64, [2], [100_000, 100_000])
    add = helper.make_node("Add", ["x", "x"], ["y"])
    body = helper.make_graph([], "b", [], [])
    doubled = [helper.make_node("Concat", [f"d{n}"] * 2, [f"d{n + 1}"], axis=1) for n in range(60)]
    lengthened = [
        helper.make_node("Concat", [f"s{n}"] * 2, [f"s{n + 1}"], axis=0) for n in range(60)
    ]
    wide = helper.make_tensor("w", TensorProto.FLOAT, [1, 4], [1.0] * 4)
    cases = {
        "constant of shape": nodes(helper.make_node("ConstantOfShape", ["n"], ["y"]), initializers=[long]),
        "expand": nodes(helper.make_node("Expand", ["w", "n"], ["y"]), initializers=[wide, helper.make_tensor("n", TensorProto.INT64, [3], [90_000, 90_000, 4])]),
        "tile": nodes(helper.make_node("Tile", ["x", "n"], ["y"]), initializers=[long]),
        "loop": nodes(helper.make_node("Loop", ["", ""], ["y"], body=body)),
        "scan": nodes(helper.make_node("Scan", ["x"], ["y"], body=body, num_scan_inputs=1)),
        "if": nodes(helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)),
        "concat": nodes(helper.make_node("Identity", ["x"], ["d0"]), *doubled, helper.make_node("Identity", ["d60"], ["y"])),
        "long shape": nodes(helper.make_node("Shape", ["x"], ["s0"]), *lengthened, helper.make_node("Reshape", ["x", "s60"], ["y"])),
        "outer": nodes(helper.make_node("Reshape", ["x", "s"], ["c"]), *[
            helper.make_node("Mul", [a, b], [c]) for a, b, c in (("c", "c", "m"), ("m", "m", "y"))],
            helper.make_node("Tile", ["y", "n"], ["z"]), initializers=[long, helper.make_tensor("s", TensorProto.INT64, [2], [-1, 1])]),
        "unknown size": nodes(helper.make_node("Cast", ["x"], ["i"], to=7), helper.make_node("ConstantOfShape", ["i"], ["y"])),
        "unknown operator": nodes(helper.make_node("RandomNormal", [], ["y"], shape=[10**9])),
        "range": nodes(helper.make_node("Range", ["a", "a", "a"], ["y"])),
        "resize": nodes(helper.make_node("Resize", ["x", "", "r"], ["y"]), initializers=[helper.make_tensor("r", TensorProto.FLOAT, [2], [1e6, 1e6])]),
        "constant work": nodes(helper.make_node("MatMul", ["a", "b"], ["m"]), helper.make_node("MatMul", ["m", "b"], ["y"]), initializers=_expanded(), before=_expanding()),
        "pad": nodes(helper.make_node("Pad", ["x", "p"], ["y"]), initializers=[helper.make_tensor("p", TensorProto.INT64, [4], [0, 0, 10**6, 10**6])]),
        "domain": nodes(helper.make_node("Run", ["x"], ["y"], domain="evil"), domain="evil"),
        "external data": nodes(add, initializers=[_external()]),
        "giant": nodes(*[helper.make_node("Relu", ["x"], [f"r{n}"]) for n in range(30_000)]),
        "short tensor": _short_tensor(add),
        "depth": _nested_ifs(),
        "not onnx": b"\x08\x08" + b"x" * 300,
    }  # fmt: skip
    for name, content in cases.items():
        yield f"graph {name}", with_graph(base, f"graph {name}", content)
    yield "graph bomb h5", _with_graph_h5(base, cases["constant of shape"])


def _expanded():
    sizes = {"s": [9000, 9000], "t": [9000, 9000]}
    made = [helper.make_tensor(name, TensorProto.INT64, [2], size) for name, size in sizes.items()]
    return [*made, helper.make_tensor("c", TensorProto.FLOAT, [1], [1.0])]


def _expanding():
    return [
        helper.make_node("Expand", ["c", size], [name]) for size, name in (("s", "a"), ("t", "b"))
    ]


def _onnx(*nodes, initializers=(), domain="", before=()):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 4]) for name in "xy"]
    graph = helper.make_graph(
        [*before, *nodes], "g", ends[:1], ends[1:], initializer=list(initializers)
    )
    sets = [helper.make_opsetid("", 15), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=sets, ir_version=8).SerializeToString()


def _external():
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return tensor


def _short_tensor(add):
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    tensor.dims[0] = 10**12
    return _onnx(add, initializers=[tensor])


def _nested_ifs():
    node = helper.make_node("Add", ["x", "x"], ["y"])
    for _ in range(30):
        inner = helper.make_graph([node], "b", [], [])
        node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
        if len(node.SerializeToString()) > 1 << 20:
            break
    return _onnx(node)


def with_graph(base, name, content):
    """Put a graph into a file, with digests that say it belongs there."""
    import hashlib

    def tie(document):
        facts = document["graph"]
        facts.update(sha256=hashlib.sha256(content).hexdigest(), block=8192)

    path = changed(base, name, tie, base.trained, "dlcli.json")
    kept = members(path)
    kept["dlcli.onnx"] = content
    return write_zip(path, kept)


def _patch_heap(base, size):
    """Change the length of what is free in the last heap of texts."""
    data = bytearray(base.h5.read_bytes())
    at = data.rfind(b"GCOL\x01") + 16
    while index := int.from_bytes(data[at : at + 2], "little"):
        assert index
        at += 16 + -(-int.from_bytes(data[at + 8 : at + 16], "little") // 8) * 8
    struct.pack_into("<Q", data, at + 8, size)
    return _written(base, f"heap {size}.h5", bytes(data))


@kind
def oddities(base):
    for size in (0, 8, 1 << 40):
        yield f"heap {size}", _patch_heap(base, size)

    def group(file):
        del file["dlcli_onnx"]
        file.create_group("dlcli_onnx")

    def deep(file):
        inner = file
        for _ in range(3000):
            inner = inner.create_group("g")

    yield "graph is a group", changed_h5(base, "graph is a group", group, base.trained_h5)
    yield "groups in groups", changed_h5(base, "groups in groups", deep)


def _with_graph_h5(base, content):
    import hashlib

    def edit(file):
        document = json.loads(file.attrs["dlcli"])
        document["graph"].update(sha256=hashlib.sha256(content).hexdigest(), block=8192)
        file.attrs["dlcli"] = json.dumps(document)
        del file["dlcli_onnx"]
        file["dlcli_onnx"] = np.frombuffer(content, np.uint8)

    return changed_h5(base, "graph bomb", edit, base.trained_h5)


def write_npz(base):
    """Yield names and paths of archives of arrays that are none."""

    class Harm:
        def __reduce__(self):
            return Path.touch, (base.marker,)

    path = base.new("objects.npz")
    np.savez(path, a=np.array([Harm()], object))
    yield "objects", path
    path = base.new("compressed.npz")
    np.savez_compressed(path, a=np.zeros(1 << 22))
    yield "compressed", path

    def member(name, data):
        return name, write_zip(base.new(f"{name}.npz"), {f"{name}.npy": data})

    memory = io.BytesIO()
    np.save(memory, np.zeros(4, np.float32))
    good = memory.getvalue()
    yield member("longer", good.replace(b"(4,)", b"(9,)"))
    yield member("shape", good.replace(b"(4,), }  ", b"(10**9,)}"))
    yield member("negative", good.replace(b"(4,), ", b"(-4,),"))
    yield member("code", good.replace(b"'<f4'", b"print"))
    yield member("datetime", good.replace(b"'<f4'", b"'<M8'"))
    yield member("void", good.replace(b"'<f4'", b"'|V4'"))
    yield member("no array", b"\x80\x04cos\nsystem\n" + bytes(100))
    yield member("version", good.replace(b"NUMPY\x01", b"NUMPY\x09"))
    yield "stranger", write_zip(base.new("stranger.npz"), {"a.npy": good, "b.py": b"x"})
    yield "no zip", _written(base, "no zip.npz", good + bytes(100))
    yield "cut", _written(base, "cut.npz", base.new("longer.npz").read_bytes()[:150])
