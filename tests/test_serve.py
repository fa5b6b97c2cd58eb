"""Models over HTTP: every protocol gives the answers of `dlcli predict`."""

import csv
import gzip
import io
import json
import socket
import threading
import time
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dlcli import DlcliError, load_model
from dlcli.serving import server
from dlcli.serving.limits import ServerLimits
from dlcli.serving.models import ServedModels, served_model

pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from starlette.testclient import TestClient

from dlcli.serving.app import make_app
from dlcli.serving.origins import origins_for
from dlcli.serving.protocols.v2_tensors import join_bytes
from dlcli.serving.service import Service

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
HEADER = "age;city;member;height\n"
ROWS = HEADER + "31;Seoul;yes;1.70\n42;Busan;no;1.81\n"
RECORDS = [
    {"age": 31, "city": "Seoul", "member": "yes", "height": 1.70},
    {"age": 42, "city": "Busan", "member": "no", "height": 1.81},
]
COLUMNS = {name: [record[name] for record in RECORDS] for name in RECORDS[0]}
SPLIT = {"columns": [*COLUMNS], "data": [[*record.values()] for record in RECORDS]}


def client_of(*models, token="", cors=(), hosts=(), address="127.0.0.1", **limits):
    """Return a client of a server in this process, and its service."""
    service = Service(ServedModels(models), ServerLimits(**limits))
    app = make_app(service, token, origins_for(address, token, hosts, cors))
    return TestClient(app, base_url="http://127.0.0.1"), service


@pytest.fixture(scope="module")
def people_model(people_runs):
    return served_model(load_model(people_runs["keras"].path))


@pytest.fixture
def client(people_model):
    client, service = client_of(people_model)
    yield client
    service.batching.close()


@pytest.fixture
def expected(dlcli, write, people_runs):
    """The lines that `dlcli predict --format jsonl` prints for `ROWS`, as objects."""
    path = people_runs["keras"].path
    _, out, _ = dlcli("predict", path, write("rows.csv", ROWS), "--format", "jsonl")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ROWS, "text/csv"),
        (ROWS, ""),
        (ROWS, "text/plain"),
        (ROWS.encode("utf-16"), "text/csv; charset=utf-16"),
        (json.dumps(RECORDS), "application/json"),
        ("\n".join(map(json.dumps, RECORDS)), "application/x-ndjson"),
        ("\n".join(map(json.dumps, RECORDS)), "application/x-www-form-urlencoded"),
    ],
)
def test_the_plain_protocol_takes_files(client, expected, body, content_type):
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    answer = client.post("/predict", content=body, headers=headers)

    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["predictions"] == expected
    assert (document["model"], document["rows"]) == ("people", 2)
    assert document["columns"] == ["prediction", "p_a", "p_b"]


def test_kept_values_of_json_stay_what_they_are(client):
    kept = {"age": 31, "tags": [1, "b"], "gap": None, "new": True}
    answer = client.post("/predict", params={"keep": "all"}, json=[RECORDS[0] | kept])

    [row] = answer.json()["predictions"]
    assert {key: row[key] for key in kept} == kept


@pytest.mark.parametrize("options", [[], ["--keep", "city"], ["--keep", "all"]])
def test_a_csv_has_every_byte_of_predict(client, dlcli, write, people_runs, options):
    path = people_runs["keras"].path
    _, out, _ = dlcli("predict", path, write("rows.csv", ROWS), *options)

    answer = client.post("/predict", params={"keep": options[1:]}, content=ROWS, headers=CSV)

    assert answer.text == out
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_safe_csv_has_no_formulas(client, dlcli, write, people_runs):
    rows = (
        "age;city;member;height;note\n31;Seoul;yes;1.70;=cmd|' /C calc'!A0\n31;Seoul;yes;1.7;-5\n"
    )
    path = write("rows.csv", rows + "31;Seoul;yes;1.7;＝1+1\n")
    _, out, _ = dlcli("predict", people_runs["keras"].path, path, "--keep", "all", "--csv-safe")

    options = {"keep": "all", "csv_safe": "true"}
    answer = client.post("/predict", params=options, content=path.read_bytes(), headers=CSV)

    assert answer.text == out
    notes = [line["note"] for line in csv.DictReader(out.splitlines())]
    assert notes == ["'=cmd|' /C calc'!A0", "-5", "'＝1+1"]


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/invocations", {"dataframe_split": SPLIT}),
        ("/invocations", {"dataframe_records": RECORDS}),
        ("/invocations", {"inputs": COLUMNS}),
        ("/invocations", {"inputs": SPLIT["data"]}),
        ("/invocations", {"instances": RECORDS}),
        ("/v1/models/people:predict", {"instances": RECORDS}),
        ("/v1/models/people:predict", {"instances": SPLIT["data"]}),
        ("/v1/models/people:predict", {"inputs": COLUMNS}),
    ],
)
def test_mlflow_and_tensorflow_serving(client, expected, path, document):
    answer = client.post(path, json=document)

    assert answer.json() == {"predictions": expected}


def test_mlflow_takes_a_csv(client, expected):
    assert client.post("/invocations", content=ROWS, headers=CSV).json()["predictions"] == expected


TYPES = {"age": "INT64", "city": "BYTES", "member": "BYTES", "height": "FP64"}


def as_tensors(shape=(2,)):
    return [
        {"name": name, "shape": [*shape], "datatype": TYPES[name], "data": values}
        for name, values in COLUMNS.items()
    ]


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_v2_takes_columns_as_tensors(client, expected, shape):
    request = {
        "id": "7",
        "inputs": as_tensors(shape),
        "outputs": [{"name": "p_b"}, {"name": "prediction"}],
    }

    answer = client.post("/v2/models/people/infer", json=request).json()

    assert (answer["id"], answer["model_name"]) == ("7", "people")
    assert [tensor["name"] for tensor in answer["outputs"]] == ["p_b", "prediction"]
    assert answer["outputs"][0]["data"] == [row["p_b"] for row in expected]
    assert answer["outputs"][1] == {
        "name": "prediction", "datatype": "BYTES", "shape": [2], "data": [row["prediction"] for row in expected]
    }  # fmt: skip


def test_v2_takes_and_returns_bytes_behind_the_json(client, expected):
    arrays = {
        "age": np.array(COLUMNS["age"], "<i8").tobytes(),
        "city": join_bytes(COLUMNS["city"]),
        "member": join_bytes(COLUMNS["member"]),
        "height": np.array(COLUMNS["height"], "<f8").tobytes(),
    }
    inputs = [
        {"name": name, "shape": [2], "datatype": TYPES[name], "parameters": {"binary_data_size": len(data)}}
        for name, data in arrays.items()
    ]  # fmt: skip
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    length = "Inference-Header-Content-Length"

    answer = client.post(
        "/v2/models/people/infer",
        content=b"".join([head, *arrays.values()]),
        headers={length: str(len(head))},
    )

    size = int(answer.headers[length])
    outputs = json.loads(answer.content[:size])["outputs"]
    sizes = [tensor["parameters"]["binary_data_size"] for tensor in outputs]
    last = np.frombuffer(answer.content[-sizes[-1] :], "<f8")
    assert last.tolist() == [row["p_b"] for row in expected]
    assert answer.content[size : size + sizes[0]] == join_bytes(
        [row["prediction"] for row in expected]
    )


def test_metadata_and_health(client, people_model):
    assert client.get("/v2").json()["name"] == "dlcli"
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/people/ready", "/ping", "/health", "/v1/models/people", "/version"):  # fmt: skip
        assert client.get(path).status_code == 200, path
    metadata = client.get("/v2/models/people").json()
    assert {item["name"]: item["datatype"] for item in metadata["inputs"]} == {
        **TYPES,
        "age": "FP64",
    }
    assert metadata["versions"] == [people_model.version]
    assert client.get(f"/v2/models/people/versions/{people_model.version}").json() == metadata
    assert client.get("/v2/models/people/versions/1").status_code == 404
    assert client.get("/models").json() == {"models": ["people"]}


def test_a_model_describes_its_columns(client):
    described = client.get("/models/people").json()

    columns = {column["name"]: column for column in described["input"]["columns"]}
    assert {name: column["kind"] for name, column in columns.items()} == {
        "age": "number", "city": "category", "member": "boolean", "height": "number",
    }  # fmt: skip
    assert columns["city"]["values"] == ["Busan", "Daegu", "Seoul"]
    assert 20 < columns["age"]["mean"] < 60
    assert columns["age"]["std"] > 0
    assert described["classes"] == ["a", "b"]
    assert described["task"] == "classification"
    assert described["outputs"] == ["prediction", "p_a", "p_b"]


def test_new_categories_and_gaps_are_told_in_every_protocol(client):
    row = {**RECORDS[0], "city": "Oslo", "age": None}
    notes = [
        "column 'city': 1 category not seen in training",
        "column 'age': 1 missing value filled in",
    ]

    plain = client.post("/predict", json=row)
    csv = client.post("/predict", content=HEADER + ";Oslo;yes;1.7\n", headers=CSV)
    mlflow = client.post("/invocations", json={"dataframe_records": [row]})
    inputs = [{**tensor, "shape": [1], "data": [row[tensor["name"]]]} for tensor in as_tensors()]
    v2 = client.post("/v2/models/people/infer", json={"inputs": inputs})

    assert plain.json()["notes"] == notes
    assert json.loads(csv.headers["Dlcli-Notes"]) == notes
    assert mlflow.json()["notes"] == notes
    assert v2.json()["parameters"]["notes"].split("\n") == notes
    assert 'dlcli_noted_answers_total{model="people"} 4.0' in client.get("/metrics").text


BOMB = gzip.compress(bytes(1 << 25), mtime=0)
DEEP = b"[" * 100_000
PROBLEMS = [
    ("/predict", CSV, HEADER + "x;Seoul;yes;1.7\n", 422, "the body:2: 'x' in column 'age' is not a number"),
    ("/predict", CSV, "age;city\n3;Seoul\n", 422, "no column 'member', 'height'"),
    ("/predict", CSV, "", 422, "the body is empty"),
    ("/predict", JSON, '{"age": ', 422, "not valid JSON"),
    ("/predict", JSON, DEEP, 422, "not valid JSON: it is nested too deep"),
    ("/predict", JSON, '[{"age": ' + "9" * 5000 + "}]", 422, "not valid JSON: a number is too long"),
    ("/invocations", JSON, '{"inputs": [' + "9" * 5000 + "]}", 400, "not valid JSON: a number is too long"),
    ("/invocations", JSON, b'{"inputs": "\xff"}', 400, "not valid JSON: it is not UTF-8 (byte 12)"),
    ("/predict", {"Content-Type": "image/png"}, b"\x89PNG", 415, "the model takes rows of a table"),
    ("/predict", {"Content-Type": "audio/wav"}, b"RIFF", 415, "the body is a recording"),
    ("/predict", {"Content-Type": "multipart/form-data; boundary=x"}, "--x", 415, "multipart/form-data"),
    ("/predict", {**CSV, "Accept": "image/png"}, ROWS, 406, "image/png"),
    ("/predict", {**CSV, "Content-Encoding": "br"}, ROWS, 415, "Content-Encoding 'br'"),
    ("/predict", {**CSV, "Content-Encoding": "gzip"}, ROWS, 400, "not valid gzip"),
    ("/predict", {**CSV, "Content-Encoding": "gzip"}, gzip.compress(ROWS.encode(), mtime=0)[:-9], 400, "not complete"),
    ("/predict", {**CSV, "Content-Encoding": "gzip"}, gzip.compress(ROWS.encode(), mtime=0) + b"more", 400, "not valid gzip"),
    ("/predict", {**CSV, "Content-Encoding": "gzip"}, gzip.compress(b"", mtime=0) * 10_001, 400, "too many members"),
    ("/predict", {**CSV, "Content-Encoding": "deflate"}, zlib.compress(ROWS.encode()) + b"more", 400, "not valid deflate"),
    ("/predict", {**CSV, "Content-Encoding": "deflate"}, zlib.compress(ROWS.encode())[:-9], 400, "not complete"),
    ("/predict", {**CSV, "Content-Encoding": "gzip"}, BOMB, 413, "the unpacked body is larger"),
    ("/predict?keep=who", CSV, ROWS, 422, "no column 'who' to keep"),
    ("/predict?invert=true", CSV, ROWS, 400, "only images can be inverted"),
    ("/predict?format=csv", CSV, ROWS, 400, "unknown parameter 'format'"),
    ("/models/nobody/predict", CSV, ROWS, 404, "no model 'nobody'"),
    ("/nowhere", CSV, ROWS, 404, "Not Found"),
    ("/invocations", JSON, "{}", 400, "none of dataframe_split"),
    ("/invocations", JSON, '{"inputs": [1], "instances": [1]}', 400, "'inputs' and 'instances'"),
    ("/invocations", JSON, '{"inputs": 1, "inputs": 2}', 400, "the key 'inputs' appears twice"),
    ("/invocations", JSON, "[]", 400, "a JSON list; expected an object"),
    ("/invocations", JSON, DEEP, 400, "nested too deep"),
    ("/invocations", JSON, '{"dataframe_split": {"columns": ["a", "a"], "data": []}}', 400, "a column appears twice"),
    ("/invocations", JSON, '{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', 400, "row 1: expected 1 values"),
    ("/invocations", JSON, '{"dataframe_split": []}', 400, "columns and data"),
    ("/invocations", JSON, '{"dataframe_records": [1]}', 400, "expected a list of objects"),
    ("/invocations", JSON, '{"inputs": {"age": [1], "city": []}}', 400, "different lengths"),
    ("/invocations", JSON, '{"inputs": {"age": 1}}', 400, "'age' is not a list"),
    ("/invocations", JSON, '{"inputs": []}', 400, "at least one row"),
    ("/invocations", {"Content-Type": "text/html"}, "x", 415, "text/html"),
    ("/v1/models/people:predict", JSON, '{"instances": [[1, 2]]}', 422, "row 1: 2 values; the model takes 4"),
    ("/v1/models/people:predict", JSON, "{}", 400, "either 'instances' or 'inputs'"),
    ("/v1/models/nobody:predict", JSON, "{}", 404, "no model 'nobody'"),
    ("/v2/models/people/infer", JSON, "{}", 400, "at least one tensor"),
    ("/v2/models/people/infer", JSON, '{"inputs": [1]}', 400, "no object with a name"),
    ("/v2/models/people/infer", JSON, '{"inputs": [{"name": "x", "datatype": "FP128"}]}', 400, "unknown datatype 'FP128'"),
    ("/v2/models/people/infer", JSON, '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}', 400, "no list of sizes"),
    ("/v2/models/people/infer", JSON, '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [3], "data": [1]}]}', 400, "1 elements for shape [3]"),
    ("/v2/models/people/infer", JSON, '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1]}]}', 400, "has no data"),
    ("/v2/models/people/infer", JSON, '{"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1, 2], "data": ["a", "b"]}]}', 422, "shape [1, 2]"),
    ("/v2/models/people/infer", {"Inference-Header-Content-Length": "99"}, "{}", 400, "not the length of the JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "headers", "body", "status", "message"), PROBLEMS)
def test_what_is_wrong_is_said_in_json(client, path, headers, body, status, message):
    answer = client.post(path, content=body, headers=headers)

    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]
    assert "Traceback" not in answer.text


def test_a_long_value_is_not_repeated_as_a_whole(client):
    row = {**RECORDS[0], "age": "x" * 100_000}
    answers = [
        client.post("/predict", json=row),
        client.post("/predict", content="x" * 100_000, headers=CSV),
        client.post("/v1/models/people:predict", json={"instances": [row]}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert max(len(answer.content) for answer in answers) < 5000


HALF = "\ud800"  # half of a surrogate pair: JSON can hold it, UTF-8 cannot


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/predict", {**RECORDS[0], HALF: 1}),
        ("/predict?keep=city", {**RECORDS[0], "city": HALF}),
        ("/predict", {**RECORDS[0], "age": HALF}),
        ("/invocations", {"dataframe_records": [{**RECORDS[0], HALF: 1}]}),
        ("/models/people/influence", {**RECORDS[0], "city": HALF}),
        ("/v2/models/people/infer", {"id": HALF, "inputs": [
            {"name": name, "datatype": "BYTES", "shape": [1], "data": [str(value)]}
            for name, value in {**RECORDS[0], HALF: 1}.items()
        ]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_half_a_surrogate_pair_is_escaped_in_the_answer(client, path, document, accept):
    answer = client.post(path, content=json.dumps(document), headers={**JSON, "Accept": accept})

    assert answer.status_code in (200, 422), answer.text
    assert "server failed" not in answer.content.decode()


def test_outputs_have_their_types_without_rows(client):
    names = [item["name"] for item in client.get("/v2/models/people").json()["inputs"]]
    inputs = [{"name": name, "datatype": "BYTES", "shape": [0], "data": []} for name in names]

    outputs = client.post("/v2/models/people/infer", json={"inputs": inputs}).json()["outputs"]

    described = client.get("/v2/models/people").json()["outputs"]
    assert [item["datatype"] for item in outputs] == [item["datatype"] for item in described]


@pytest.mark.parametrize("path", ["/", "/ping", "/v2/health/live", "/models"])
def test_head_has_the_headers_of_get(client, path):
    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.headers) == (200, get.headers)


def test_unpacked_bodies_count_among_those_that_the_server_holds(people_model):
    client, service = client_of(people_model, body=1 << 16)
    packed = gzip.compress((ROWS + "31;Seoul;yes;1.70\n" * 2000).encode())
    service.bodies.held = 16 << 16

    refused = client.post("/predict", content=packed, headers={**CSV, "Content-Encoding": "gzip"})
    service.bodies.held -= len(packed)
    unpacked = client.post("/predict", content=packed, headers={**CSV, "Content-Encoding": "gzip"})

    assert (refused.status_code, unpacked.status_code) == (503, 503)
    assert service.bodies.held == (16 << 16) - len(packed)


def zip_of(**members):
    """Return a zip file with members whose names have a dot for each `_` and a `/` for `__`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


MANY_ROWS = (HEADER + "31;Seoul;yes;1.70\n" * 2000).encode()  # 36 kB
PACKED = {
    "zip": zip_of(rows_csv=MANY_ROWS),
    "workbook": zip_of(xl__workbook_xml=b"<workbook/>", xl__sheet_xml=MANY_ROWS),
    "gzip": gzip.compress(MANY_ROWS, mtime=0),
}
PACKED |= {f"gzipped {kind}": gzip.compress(PACKED[kind], mtime=0) for kind in ("zip", "workbook")}
PACKED["gzip that begins as a zip"] = gzip.compress(b"PK\x03\x04" + MANY_ROWS, mtime=0)


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/predict", ""), ("/predict", "text/csv"), ("/invocations", "text/csv")],
)
def test_what_a_packed_file_unpacks_to_is_limited(people_model, kind, path, content_type):
    client, _ = client_of(people_model, body=2000)

    answer = client.post(path, content=PACKED[kind], headers={"Content-Type": content_type})

    assert answer.status_code == 413, answer.text
    assert "16,000 bytes" in answer.json()["error"]


@pytest.mark.parametrize("kind", ["zip", "gzip", "gzipped zip"])
def test_packed_files_within_the_limit_are_predicted(people_model, kind):
    client, _ = client_of(people_model, body=5000)

    answers = [
        client.post("/predict", content=PACKED[kind], headers={"Accept": "application/json"}),
        client.post("/invocations", content=PACKED[kind], headers=CSV),
    ]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert [len(answer.json()["predictions"]) for answer in answers] == [2000, 2000]


def test_all_members_of_a_gzip_body_are_read(client):
    members = [HEADER + "31;Seoul;yes;1.70\n" * 3, "31;Seoul;yes;1.70\n" * 4]
    packed = b"".join(gzip.compress(text.encode(), mtime=0) for text in members)

    answer = client.post(
        "/predict",
        content=packed,
        headers={**CSV, "Content-Encoding": "gzip", "Accept": "application/json"},
    )

    assert (answer.status_code, answer.json()["rows"]) == (200, 7)


def test_bodies_and_rows_have_limits(people_model):
    client, service = client_of(people_model, body=1000, rows=3)

    many = HEADER + "31;Seoul;yes;1.70\n" * 4
    large = client.post("/predict", content=b"x" * 1001, headers=CSV)
    in_parts = client.post("/predict", content=iter([b"x" * 600] * 9), headers=CSV)

    assert client.post("/predict", content=many, headers=CSV).status_code == 413
    assert (
        "more rows; this server takes 3" in client.post("/predict", content=many, headers=CSV).text
    )
    assert (large.status_code, in_parts.status_code) == (413, 413)
    assert service.bodies.held == 0
    for encode in (gzip.compress, zlib.compress):
        headers = {**CSV, "Content-Encoding": "gzip" if encode is gzip.compress else "deflate"}
        assert (
            client.post("/predict", content=encode(ROWS.encode()), headers=headers).status_code
            == 200
        )


def test_concurrent_rows_are_computed_together_with_the_bits_of_each_alone(people_model):
    client, service = client_of(people_model, concurrent=1)
    rows = [{**RECORDS[0], "age": age} for age in range(20, 60)]
    alone = [client.post("/predict", json=row).json() for row in rows]
    sizes, gate, compute = [], threading.Event(), service.batching._compute

    def compute_slowly(batch):
        sizes.append(len(batch))
        gate.wait(5)
        compute(batch)

    service.batching._compute = compute_slowly
    with client, ThreadPoolExecutor(len(rows)) as pool:
        answers = [pool.submit(client.post, "/predict", json=rows[0])]
        while not sizes and not answers[0].done():  # until a thread has taken it
            time.sleep(0.001)
        answers += [pool.submit(client.post, "/predict", json=row) for row in rows[1:]]
        while len(service.batching) < len(rows) - 1 and not any(a.done() for a in answers):
            time.sleep(0.001)
        gate.set()
        together = [answer.result().json() for answer in answers]

    assert together == alone
    assert sizes == [1, 32, 7]
    assert people_model.sizes


def test_a_full_queue_is_said_with_the_time_to_come_back(people_model):
    client, service = client_of(people_model, concurrent=1, queue=2)
    gate, compute = threading.Event(), service.batching._compute
    service.batching._compute = lambda batch: (gate.wait(5), compute(batch))
    many = HEADER + "31;Seoul;yes;1.70\n" * 1000  # too large for a batch with others
    with client, ThreadPoolExecutor(9) as pool:
        futures = [
            pool.submit(client.post, "/predict", content=many, headers=CSV) for _ in range(9)
        ]
        while sum(future.done() for future in futures) < 6:
            time.sleep(0.001)
        gate.set()
        answers = [future.result() for future in futures]

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) in (6, 7)  # all may have come before the thread took the first
    assert refused[0].headers["retry-after"] == "1"
    assert {answer.status_code for answer in answers} == {200, 503}


def test_an_answer_has_a_time_limit(people_model):
    client, service = client_of(people_model, seconds=0.05)
    gate, compute = threading.Event(), service.batching._compute
    service.batching._compute = lambda batch: (gate.wait(5), compute(batch))

    answer = client.post("/predict", content=ROWS, headers=CSV)
    gate.set()

    assert answer.status_code == 504
    assert "took longer than 0.05 seconds" in answer.json()["error"]


def test_an_unexpected_error_is_logged_and_not_told(people_model, caplog):
    client, service = client_of(people_model)
    service.batching._compute = lambda _: 1 / 0
    answer = client.post("/predict", content=ROWS, headers=CSV)

    assert (answer.status_code, answer.json()) == (500, {"error": "the server failed"})
    assert "ZeroDivisionError" in caplog.text


def test_a_token_is_asked_of_all_but_health_checks(people_model):
    client, _ = client_of(people_model, token="secret")

    assert client.post("/predict", content=ROWS, headers=CSV).status_code == 401
    for wrong in ("secret", "Bearer secre", "Bearer secret2", "Bearer ", "Basic secret"):
        assert client.get("/models", headers={"Authorization": wrong}).status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/v2/health/live").status_code == 200
    for right in ("Bearer secret", "bearer secret"):
        headers = {**CSV, "Authorization": right}
        assert client.post("/predict", content=ROWS, headers=headers).status_code == 200


def test_other_pages_may_use_it_only_if_their_origin_is_named(people_model):
    ours, _ = client_of(people_model)
    theirs, _ = client_of(people_model, token="secret", cors=["https://example.org"])
    origin = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}

    assert "access-control-allow-origin" not in ours.options("/predict", headers=origin).headers
    assert theirs.options("/predict", headers=origin).headers["access-control-allow-origin"]
    shown = theirs.get("/ping", headers={"Origin": "https://example.org"}).headers
    assert shown["access-control-expose-headers"] == "Dlcli-Notes"
    other = {**origin, "Origin": "https://example.net"}
    assert "access-control-allow-origin" not in theirs.options("/predict", headers=other).headers


SITE = "evil.example"


@pytest.mark.parametrize(
    ("options", "host", "origin", "status"),
    [
        ({}, "127.0.0.1:9000", "", 200),
        ({}, "LOCALHOST", "http://localhost", 200),
        ({}, "[::1]:8000", "http://[::1]:8000", 200),
        ({}, "", "", 200),
        ({}, SITE, f"http://{SITE}", 421),  # its name has the address of this machine
        ({}, f"{SITE}:8000", "", 421),
        ({}, "localhost.evil.example", "", 421),
        ({}, "[", "", 421),
        ({}, "localhost:8000", f"http://{SITE}", 403),
        ({}, "localhost:8000", "http://localhost:3000", 403),
        ({}, "localhost:8000", "null", 403),
        ({"hosts": ["Models.example:443"]}, "models.example", "https://models.example", 200),
        ({"hosts": ["models.example"]}, "127.0.0.1:8000", "https://models.example", 200),
        ({"hosts": ["models.example"]}, SITE, "", 421),
        ({"cors": ["https://example.org"]}, "localhost", "https://example.org", 200),
        ({"cors": ["*"]}, "localhost", f"http://{SITE}", 200),
        ({"cors": ["https://example.org"]}, "localhost", f"http://{SITE}", 403),
        ({"token": "secret"}, SITE, f"http://{SITE}", 200),  # which does not know the token
        ({"token": "secret", "hosts": ["models.example"]}, SITE, "", 421),
        ({"address": "0.0.0.0"}, "lab.example", "http://lab.example", 200),
        ({"address": "0.0.0.0"}, "lab.example", f"http://{SITE}", 403),
    ],
)  # fmt: skip
def test_pages_of_other_sites_are_refused(people_model, options, host, origin, status):
    client, service = client_of(people_model, **options)
    headers = {**CSV, "Host": host, "Authorization": f"Bearer {options.get('token')}"}
    headers |= {"Origin": origin} if origin else {}

    answer = client.post("/predict", content=ROWS, headers=headers)
    service.batching.close()

    assert answer.status_code == status, answer.text
    assert status == 200 or (host if status == 421 else origin) in answer.json()["error"]
    if status == 403:
        assert client.get("/models", headers=headers).status_code == 200


def test_the_log_has_no_data(people_model, caplog):
    client, _ = client_of(people_model)
    with caplog.at_level("INFO", "dlcli.serving"):
        client.post("/predict", content=ROWS, headers=CSV)
        client.get("/Seoul")

    first, second = (record.entry for record in caplog.records if hasattr(record, "entry"))
    assert first == {
        "method": "POST", "path": "/predict", "status": 200, "model": "people", "rows": 2, "ms": first["ms"],
    }  # fmt: skip
    assert (second["path"], second["status"]) == ("other", 404)


def test_readiness_ends_before_the_server_does(client, people_model):
    client, service = client_of(people_model)
    service.is_draining = True

    assert client.get("/v2/health/live").status_code == 200
    assert client.get("/v2/health/ready").status_code == 503
    assert client.post("/predict", content=ROWS, headers=CSV).status_code == 200


def test_several_models_have_names(people_model, people_runs):
    other = served_model(load_model(people_runs["h5"].path), "other")
    client, _ = client_of(people_model, other)

    assert client.get("/models").json() == {"models": ["people", "other"]}
    answer = client.post("/models/other/predict", content=ROWS, headers=CSV)
    assert answer.text == client.post("/predict", content=ROWS, headers=CSV).text
    with pytest.raises(server.DlcliError, match="two models are called 'people'"):
        ServedModels([people_model, people_model])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--host", "0.0.0.0"],
            "others reach 0.0.0.0, and there is no token\nhint: set one with --token",
        ),
        (["--host", "192.0.2.1", "--token", "x"], "cannot listen on 192.0.2.1:8000"),
        (["--host", "a..b", "--token", "x"], "cannot listen on a..b: it is no name of a host"),
        (["--max-body", "much"], "'much' is not a size"),
        (["nothing=runs/none"], "no model 'runs/none'"),
        (["=runs/none"], "expected NAME=MODEL"),
    ],
)
def test_a_server_that_cannot_start_says_why(dlcli, people_runs, options, message):
    model = [] if "=" in options[0] else [people_runs["keras"].path]
    code, _, err = dlcli("serve", *model, *options)

    assert (code, message in err) == (2, True), err


def test_a_port_in_use_is_said_with_another(dlcli, people_runs):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _, _, err = dlcli("serve", people_runs["keras"].path, "--port", port)

    assert f"another program uses port {port} of 127.0.0.1\nhint: --port {port + 1}" in err


def test_two_servers_that_start_together_do_not_share_a_port(people_model):
    with server.open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with server.open_socket("127.0.0.1", port) as second:
            first.listen()
            with pytest.raises(DlcliError, match=f"another program uses port {port}"):
                server.serve(ServedModels([people_model]), second, limits=ServerLimits())


def test_a_missing_package_is_said_with_the_command(dlcli, people_runs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "starlette", None)

    _, _, err = dlcli("serve", people_runs["keras"].path)

    assert (
        'the server needs starlette, which is not installed\nhint: `pip install "dlcli[serve]"`'
        in err
    )
