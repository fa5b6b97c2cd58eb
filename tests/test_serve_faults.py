"""What no client should send: the server refuses it, and neither fails nor grows."""

import gc
import gzip
import io
import json
import random
import struct
import tracemalloc
import zlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from dlcli import load_model
from dlcli.serving.models import served_model

pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from served_models import png, wav
from test_serve import RECORDS, ROWS, SPLIT, as_tensors, client_of

pytestmark = pytest.mark.slow

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["age", "Seoul", "yes", "FP64", "BYTES", 31, 1.7]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["age", "city", "b64", "data", "name"]) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
DOCUMENTS = [
    {"instances": RECORDS}, {"inputs": as_tensors()}, {"dataframe_split": SPLIT}, RECORDS, RECORDS[0],
    {"dataframe_records": RECORDS}, {"inputs": {"age": [3]}}, {"id": "7", "inputs": as_tensors(), "outputs": [{"name": "p_a"}]},
]  # fmt: skip
PATHS = ["/predict", "/invocations", "/v1/models/people:predict", "/v2/models/people/infer", "/models/images/predict", "/models/sounds/predict", "/models/texts/predict", "/v2/models/images/infer", "/v1/models/images:predict"]  # fmt: skip
TYPES = ["application/json", "text/csv", "text/plain", "image/png", "audio/wav", "", "application/x-ndjson", "application/vnd.apache.parquet"]  # fmt: skip


def places(value, path=()):
    """Yield the path of each value within a document."""
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from places(item, (*path, key))


@st.composite
def changed_documents(draw):
    """Draw a valid document of which one value is replaced or left out."""
    document = json.loads(json.dumps(draw(st.sampled_from(DOCUMENTS))))
    *path, last = draw(st.sampled_from([path for path in places(document) if path]))
    inner = document
    for key in path:
        inner = inner[key]
    if draw(st.booleans()):
        inner[last] = draw(VALUES)
    else:
        del inner[last]
    return json.dumps(document).encode()


@st.composite
def changed_bytes(draw):
    """Draw a valid body of which some bytes are changed, left out or repeated."""
    body = draw(
        st.sampled_from(
            [
                ROWS.encode(),
                png(9),
                wav(300),
                json.dumps(RECORDS).encode(),
                gzip.compress(ROWS.encode(), mtime=0),
            ]
        )
    )
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 40)))
    return body[:start] + draw(st.binary(max_size=6)) * draw(st.integers(0, 3)) + body[end:]


BODIES = changed_documents() | changed_bytes() | VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)  # fmt: skip


@pytest.fixture(scope="module")
def client(served_kinds, people_runs):
    people = served_model(load_model(people_runs["keras"].path))
    others = served_kinds.values()
    # The host that schemathesis names.
    client, service = client_of(people, *others, hosts=["testserver"], rows=1000, body=1 << 20)
    with client:
        yield client
    service.batching.close()


@hypothesis.settings(max_examples=600, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(
    st.sampled_from(PATHS),
    st.sampled_from(TYPES),
    st.sampled_from(["", "gzip"]),
    st.sampled_from(["", "5", "40"]),
    BODIES,
)
def test_no_body_makes_the_server_fail(client, path, kind, encoding, length, body):
    headers = {"Content-Type": kind}
    headers |= {"Content-Encoding": encoding} if encoding else {}
    headers |= {"Inference-Header-Content-Length": length} if length else {}

    answer = client.post(path, content=body, headers=headers)

    assert answer.status_code in (200, 400, 413, 415, 422), answer.text
    if answer.status_code != 200:
        document = answer.json()
        assert set(document) <= {"error", "hint"}
        assert "Traceback" not in document["error"]


def png_bomb():
    """Return an image of 30,000 x 30,000 pixels in a few kilobytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_001) * 300)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def wav_bomb(rate=100, claimed=2**31):
    """Return a recording that claims to be long, at a rate that makes it longer."""
    samples = np.zeros(400_000, np.int16).tobytes()
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", claimed) + head + b"data" + struct.pack("<I", claimed) + samples
    )


def zip_bomb():
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", "age;city;member;height\n" + "31;Seoul;yes;1.7\n" * 3_000_000)
    return file.getvalue()


def workbook_bomb():
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", "<sst>" + "<si><t>x</t></si>" * 2_000_000)
    return file.getvalue()


BOMBS = {
    "workbook": ("/predict", "", {}, workbook_bomb),
    "gzipped workbook": ("/predict", "", {}, lambda: gzip.compress(workbook_bomb(), mtime=0)),
    "gzip": ("/predict", "text/csv", {"Content-Encoding": "gzip"}, gzip.compress(bytes(1 << 28), 6)),
    "gzip in the body": ("/predict", "text/csv", {}, gzip.compress(b"age;city;member;height\n" + b"31;Seoul;yes;1.7\n" * 3_000_000, mtime=0)),
    "zip": ("/predict", "", {}, zip_bomb),
    "depth": ("/invocations", "application/json", {}, b'{"inputs":' + b"[" * 500_000),
    "depth of objects": ("/predict", "application/json", {}, b'{"a":' * 200_000),
    "many lists": ("/invocations", "application/json", {}, b'{"inputs":[' + b"[]," * 340_000 + b"[]]}"),
    "many dimensions": ("/v2/models/people/infer", "application/json", {}, b'{"inputs": [{"name": "x", "datatype": "FP64", "shape": [' + b"1000000000," * 90_000 + b'1], "data": []}]}'),
    "nested data": ("/v2/models/people/infer", "application/json", {}, b'{"inputs": [{"name": "x", "datatype": "FP64", "shape": [1], "data": ' + b"[" * 900 + b"0," * 200_000 + b"0" + b"]" * 900 + b"}]}"),
    "a long text among numbers": ("/v1/models/images:predict", "application/json", {}, b'{"instances": [' + b"1," * 4_000 + b'"' + b"x" * 900_000 + b'"]}'),
    "a long number": ("/predict", "application/json", {}, b'{"age":' + b"9" * 1_000_000 + b"}"),
    "wide": ("/predict", "text/csv", {}, b"a;" * 60_000),
    "quotes": ("/predict", "text/csv", {}, b'age;city;member;height\n"' + b'"";' * 300_000),
    "png": ("/models/images/predict", "image/png", {}, png_bomb),
    "wav": ("/models/sounds/predict", "audio/wav", {}, wav_bomb),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_without_their_memory(client, name):
    path, kind, headers, body = BOMBS[name]
    body = body() if callable(body) else body
    tracemalloc.start()
    try:
        answer = client.post(path, content=body, headers={"Content-Type": kind, **headers})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status_code in (400, 413, 422), (answer.status_code, answer.text[:300])
    assert len(answer.text) < 3_000
    assert peak < 120 << 20


def test_the_description_of_the_server_is_that_of_its_answers(client):
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as openapi_checks

    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    conform = [
        checks.not_a_server_error, openapi_checks.status_code_conformance,
        openapi_checks.content_type_conformance, openapi_checks.response_schema_conformance,
    ]  # fmt: skip
    seen = []
    for operation in schema.get_all_operations():
        method = operation.ok()

        @hypothesis.settings(max_examples=12, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=method.as_strategy())
        def answers_conform(case):
            case.call_and_validate(checks=conform)
            seen.append(case)

        answers_conform()
    assert len(seen) > 60


TENSOR = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "datatype": {"type": "string"}, "shape": {"type": "array", "items": {"type": "integer"}}, "data": {"type": "array"}},
    "required": ["name", "datatype", "shape"],
}  # fmt: skip
WITH_DATA = {**TENSOR, "required": [*TENSOR["required"], "data"]}
STRING, STRINGS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
ID_AND_PARAMETERS = {"id": STRING, "parameters": {"type": "object"}}


def tensors(schema):
    return {"type": "array", "items": schema}


def record(required, **properties):
    return {"type": "object", "properties": properties, "required": required}


# What the Open Inference Protocol says of its routes (kserve/open-inference-protocol, 2.0).
PROTOCOL = {
    "/v2/health/live": None,
    "/v2/health/ready": None,
    "/v2/models/{name}/ready": None,
    "/v2/models/{name}/versions/{version}/ready": None,
    "/v2/": record(["name", "version", "extensions"], name=STRING, version=STRING, extensions=STRINGS),
    "/v2/models/{name}": record(["name", "platform"], name=STRING, platform=STRING, versions=STRINGS, inputs=tensors(TENSOR), outputs=tensors(TENSOR)),
    "/v2/models/{name}/infer": record(["model_name", "outputs"], model_name=STRING, model_version=STRING, outputs=tensors(WITH_DATA), **ID_AND_PARAMETERS),
}  # fmt: skip
INFER = record(["inputs"], inputs=tensors(WITH_DATA), outputs=tensors(record(["name"], name=STRING)), **ID_AND_PARAMETERS)  # fmt: skip


def published(version):
    """Return the protocol as an OpenAPI document for the model `people`."""
    values = {"name": "people", "version": version}
    paths = {}
    for path, answer in PROTOCOL.items():
        parameters = [
            {"name": key, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}}
            for key, value in values.items() if "{" + key in path
        ]  # fmt: skip
        content = {"content": {"application/json": {"schema": answer}}} if answer else {}
        operation = {"parameters": parameters, "responses": {"200": {"description": "", **content}}}
        method = "post" if path.endswith("infer") else "get"
        if method == "post":
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": INFER}},
            }
        paths[path] = {method: operation}
    return {"openapi": "3.0.0", "info": {"title": "", "version": ""}, "paths": paths}


def test_the_published_protocol_is_kept(client):
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as openapi_checks
    from starlette.responses import JSONResponse

    version = client.get("/v2/models/people").json()["versions"][0]

    async def app(scope, receive, send):
        own = scope.get("path") == "/published.json"
        await (JSONResponse(published(version)) if own else client.app)(scope, receive, send)

    schema = schemathesis.openapi.from_asgi("/published.json", app)
    conform = [checks.not_a_server_error, openapi_checks.response_schema_conformance]
    seen = []
    for operation in schema.get_all_operations():
        method = operation.ok()

        @hypothesis.settings(max_examples=30, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=method.as_strategy())
        def answers_conform(case):
            answer = case.call()
            case.validate_response(answer, checks=conform)
            assert answer.status_code in (200, 400, 404, 405, 406, 415, 422)
            if case.method == "GET":
                assert answer.status_code == 200
            seen.append(answer.status_code)

        answers_conform()
    inputs = [{**tensor, "shape": [2]} for tensor in as_tensors()]
    answer = client.post(f"/v2/models/people/versions/{version}/infer", json={"inputs": inputs})
    from jsonschema import validate

    validate(answer.json(), PROTOCOL["/v2/models/{name}/infer"])
    assert len(seen) > 40


def test_memory_does_not_grow_with_requests(client):
    def ask(count):
        for number in range(count):
            row = {**RECORDS[0], "age": number, "city": f"city {random.Random(number).random()}"}
            assert client.post("/predict", json=row).status_code == 200
            client.post(f"/nowhere/{number}", content=b"x")

    def held():
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    ask(50)
    tracemalloc.start()
    ask(50)
    before = held()
    ask(150)
    after = held()
    tracemalloc.stop()

    assert after - before < 200_000


def test_the_memory_of_large_requests_is_given_back(client):
    row = "31;Seoul;yes;1.70;" + "x" * 2000 + "\n"
    body = ("age;city;member;height;note\n" + row * 450).encode()
    gc.disable()  # it would come at some time that is not known
    tracemalloc.start()
    try:
        for path in ("/predict?keep=all", "/predict"):
            assert client.post(path, content=body, headers={"Content-Type": "text/csv"}).is_success
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()

    assert held < 500_000
