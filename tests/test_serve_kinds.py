"""Models of every kind over HTTP give the answers of `dlcli predict`, to the clients people have."""

import base64
import http.client
import json
import os
import re
import shlex
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from dlcli import load_config, load_model, predict, train
from dlcli.serving import server
from dlcli.serving.limits import ServerLimits
from dlcli.serving.models import ServedModels, served_model

pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from served_models import png, wav
from test_serve import CSV, RECORDS, client_of

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def client(served_kinds):
    client, service = client_of(*served_kinds.values())
    yield client
    service.batching.close()


def expected(model, source):
    """Return the columns of `dlcli predict`, with the digits that it writes."""
    predictions = predict(model.loaded, source)
    frame = predictions.to_frame()[predictions.outputs]
    return {
        name: [value if isinstance(value, str) else float(f"{value:.7g}") for value in frame[name]]
        for name in frame
    }


def plain_answer(client, model, body, content_type):
    answer = client.post(
        f"/models/{model.name}/predict",
        content=body,
        headers={"Content-Type": content_type, "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def columns_of(rows):
    return {name: [row[name] for row in rows] for name in rows[0] if name not in ("row", "file")}


@pytest.mark.parametrize(
    ("name", "data", "ending", "content_type"),
    [("images", png(200), ".png", "image/png"), ("sounds", wav(800), ".wav", "audio/wav")],
)
def test_pictures_and_recordings_in_every_protocol(
    client, served_kinds, tmp_path, name, data, ending, content_type
):
    model = served_kinds[name]
    (tmp_path / f"x{ending}").write_bytes(data)
    columns = expected(model, tmp_path / f"x{ending}")
    text = base64.b64encode(data).decode()
    tensor = {"name": model.signature.medium.kind, "datatype": "BYTES", "shape": [1]}

    for kind in (content_type, "", "application/octet-stream"):
        assert columns_of(plain_answer(client, model, data, kind)["predictions"]) == columns
    for instance in (text, {"b64": text}, {"image_bytes": {"b64": text}}):
        answer = client.post(f"/v1/models/{name}:predict", json={"instances": [instance]})
        assert columns_of(answer.json()["predictions"]) == columns
    v2 = client.post(
        f"/v2/models/{name}/infer", json={"inputs": [{**tensor, "data": [text]}]}
    ).json()
    assert {item["name"]: item["data"] for item in v2["outputs"]} == columns
    behind = struct.pack("<I", len(data)) + data
    head = {"inputs": [{**tensor, "parameters": {"binary_data_size": len(behind)}}]}
    head = json.dumps(head).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    binary = client.post(f"/v2/models/{name}/infer", content=head + behind, headers=headers).json()
    assert binary["outputs"] == v2["outputs"]
    wrong = client.post(
        f"/models/{name}/predict", content=b"x", headers={"Content-Type": content_type}
    )
    assert wrong.status_code == 422
    assert "the body is not a readable" in wrong.json()["error"]


def test_pixels_as_numbers_are_those_of_predict(client, served_kinds):
    model = served_kinds["images"]
    x = np.arange(288, dtype=np.float32).reshape(2, 6, 8, 3) % 256
    columns = expected(model, x)
    rows = "\n".join(",".join(map(str, row)) for row in x.reshape(2, -1).tolist())
    tensor = {"name": "x", "datatype": "FP32", "shape": [2, 6, 8, 3], "data": x.tolist()}

    v2 = client.post("/v2/models/images/infer", json={"inputs": [tensor]}).json()
    tensorflow = client.post("/v1/models/images:predict", json={"instances": x.tolist()}).json()
    plain = plain_answer(client, model, rows, "text/csv")

    assert {item["name"]: item["data"] for item in v2["outputs"]} == columns
    assert columns_of(tensorflow["predictions"]) == columns
    assert columns_of(plain["predictions"]) == columns
    ragged = client.post("/v1/models/images:predict", json={"instances": [[1, 2], [3]]})
    assert (ragged.status_code, "rows of the same size" in ragged.text) == (422, True)
    assert (
        client.post("/v1/models/images:predict", json={"instances": [[["x"]]]}).status_code == 422
    )


def test_texts(client, served_kinds, write):
    model = served_kinds["texts"]
    columns = expected(model, [{"text": "win a prize, now"}])
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["win a prize, now"]}

    for body, kind in (
        ("win a prize, now", "text/plain"),
        ('{"text": "win a prize, now"}', "application/json"),
        ('text\n"win a prize, now"\n', "text/csv"),
    ):
        assert columns_of(plain_answer(client, model, body, kind)["predictions"]) == columns
    v2 = client.post("/v2/models/texts/infer", json={"inputs": [tensor]}).json()
    assert {item["name"]: item["data"] for item in v2["outputs"]} == columns
    mlflow = client.post("/v1/models/texts:predict", json={"instances": ["win a prize, now"]})
    assert columns_of(mlflow.json()["predictions"]) == columns
    # Escaped, it would be longer than a line may be.
    long = plain_answer(client, model, "한글 " * 1_300_000, "text/plain")
    assert columns_of(long["predictions"]) == expected(model, [{"text": "한글 " * 1_300_000}])
    notes = plain_answer(client, model, "zzz", "text/plain")["notes"]
    assert notes == ["column 'text': 1 text without a word known from training"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("tide", "level\n" + "0.5\n" * 12),
        ("several", "a,b\n1,2\n3,4\n"),
        ("labels", "a,b\n1,2\n13,4\n"),
    ],
)
def test_series_and_several_targets(client, served_kinds, write, dlcli, name, rows):
    model = served_kinds[name]
    _, out, _ = dlcli("predict", model.loaded.path, write("rows.csv", rows))
    _, lines, _ = dlcli("predict", model.loaded.path, write("rows.csv", rows), "--format", "jsonl")

    csv = client.post(f"/models/{name}/predict", content=rows, headers=CSV)

    assert csv.text == out
    answer = plain_answer(client, model, rows, "text/csv")
    assert answer["predictions"] == [json.loads(line) for line in lines.splitlines()]
    metadata = client.get(f"/v2/models/{name}").json()
    assert [item["name"] for item in metadata["outputs"]] == predict(
        model.loaded, write("r.csv", rows)
    ).outputs


def test_an_overflow_is_an_error_and_no_infinite_number(client, served_kinds, write, dlcli):
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    rows = "a,b\n" + "".join(f"{a * 1.9e39},{b * 6.5e38}\n" for a, b in signs)

    code, out, err = dlcli("predict", served_kinds["several"].loaded.path, write("r.csv", rows))
    answer = client.post("/models/several/predict", content=rows, headers=CSV)

    assert code == 2, out
    assert "the prediction overflows: the values of the row are too large" in err
    assert (answer.status_code, "the prediction overflows" in answer.text) == (422, True)


def test_hints_of_the_server_name_no_options_of_the_command_line(client):
    headers = {"Content-Type": "image/png"}
    answer = client.post("/models/images/predict", content=b"no image", headers=headers)
    series = client.post("/models/tide/predict", content="level\n1\n", headers=CSV)

    assert answer.json()["hint"] == "correct it or remove it"
    assert series.json()["error"] == "the body: 1 row; the model needs at least 8"


def test_descriptions_of_all_kinds(client, served_kinds):
    kinds = {name: client.get(f"/models/{name}").json()["input"] for name in served_kinds}

    assert kinds["images"] == {
        "kind": "image",
        "shape": [6, 8, 3],
        "white": 255.0,
        "mean": kinds["images"]["mean"],
    }
    assert kinds["sounds"]["sampling_rate"] == 8000
    assert kinds["texts"]["columns"] == [{"name": "text", "kind": "text"}]
    assert kinds["tide"] == {"kind": "series", "shape": [8, 1]}


@contextmanager
def running(models, token="", **limits):
    """Run a server in a thread, and yield its port."""
    started = threading.Event()
    with server.open_socket("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        servers = []
        thread = threading.Thread(
            target=server.serve,
            args=(ServedModels(models), bound),
            kwargs={
                "limits": ServerLimits(**limits), "token": token, "log": False,
                "on_start": lambda server: (servers.append(server), started.set()),
            },
        )  # fmt: skip
        thread.start()
        assert started.wait(10)
        try:
            yield port
        finally:
            servers[0].should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def port(served_kinds, people_runs):
    people = served_model(load_model(people_runs["keras"].path))
    with running([people, *served_kinds.values()]) as number:
        yield number


@pytest.fixture(scope="module")
def people_columns(people_runs):
    return expected(served_model(load_model(people_runs["keras"].path)), RECORDS)


@pytest.mark.filterwarnings("ignore")
def test_tritonclient(port, served_kinds, people_columns):
    triton = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http]")
    client = triton.InferenceServerClient(f"127.0.0.1:{port}")
    texts = {name: np.array([row[name] for row in RECORDS], object) for name in ("city", "member")}
    numbers = {
        name: np.array([row[name] for row in RECORDS], np.float64) for name in ("age", "height")
    }
    inputs = [
        triton.InferInput(name, [2], "BYTES" if name in texts else "FP64")
        for name in [*texts, *numbers]
    ]
    for tensor in inputs:
        tensor.set_data_from_numpy({**texts, **numbers}[tensor.name()])

    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("people")
    assert client.get_model_metadata("people")["name"] == "people"
    result = client.infer("people", inputs, request_id="7")
    assert [text.decode() for text in result.as_numpy("prediction")] == people_columns["prediction"]
    assert result.as_numpy("p_b").tolist() == people_columns["p_b"]
    for tensor in inputs:
        tensor.set_data_from_numpy({**texts, **numbers}[tensor.name()], binary_data=False)
    output = triton.InferRequestedOutput("p_a", binary_data=False)
    assert (
        client.infer("people", inputs, outputs=[output]).as_numpy("p_a").tolist()
        == people_columns["p_a"]
    )
    picture = triton.InferInput("image", [1], "BYTES")
    picture.set_data_from_numpy(np.array([png(200)], object))
    assert client.infer("images", [picture]).as_numpy("prediction").shape == (1,)
    with pytest.raises(Exception, match="no model 'nobody'"):
        client.infer("nobody", inputs)
    client.close()


@pytest.mark.filterwarnings("ignore")
def test_mlflows_client(port, people_columns):
    scoring = pytest.importorskip(
        "mlflow.pyfunc.scoring_server.client", reason="needs mlflow-skinny"
    )
    import pandas as pd

    client = scoring.ScoringServerClient("127.0.0.1", port)
    client.wait_server_ready(timeout=10)
    predictions = client.invoke(pd.DataFrame(RECORDS)).get_predictions()

    assert predictions["p_b"].tolist() == people_columns["p_b"]
    assert predictions["prediction"].tolist() == people_columns["prediction"]


KSERVE = """
import asyncio, json, sys
from kserve import InferInput, InferRequest, InferenceRESTClient, RESTConfig

async def main(url):
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=20))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, "people")
    columns = {"age": ("FP64", [31.0, 42.0]), "city": ("BYTES", ["Seoul", "Busan"]),
               "member": ("BYTES", ["yes", "no"]), "height": ("FP64", [1.7, 1.81])}
    inputs = [InferInput(name, [2], kind, data) for name, (kind, data) in columns.items()]
    answer = await client.infer(url, InferRequest("people", inputs), model_name="people")
    older = InferenceRESTClient(RESTConfig(protocol="v1", timeout=20))
    instances = [dict(zip(columns, row)) for row in zip(*(data for _, data in columns.values()))]
    first = await older.infer(url, {"instances": instances}, model_name="people")
    print(json.dumps([{item.name: item.data for item in answer.outputs}, first["predictions"]]))

asyncio.run(main(sys.argv[1]))
"""


def test_kserves_client(port, people_columns):
    python = os.environ.get("DLCLI_KSERVE_PYTHON", "")
    if not python:
        pytest.skip("needs KServe's client: set DLCLI_KSERVE_PYTHON to a Python that has it")
    command = [python, "-c", KSERVE, f"http://127.0.0.1:{port}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stderr[-2000:]
    columns, records = json.loads(ended.stdout.splitlines()[-1])
    assert columns == people_columns
    assert columns_of(records) == people_columns


@pytest.mark.parametrize(
    "lost",
    [
        b"",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Le",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nage",
    ],
)
def test_clients_that_hang_are_let_go(served_kinds, lost):
    with running([served_kinds["several"]], seconds=0.3) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(lost)
            connection.settimeout(5)
            answer = connection.recv(1000)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408")


def test_endless_headers_are_not_kept(served_kinds):
    with (
        running([served_kinds["several"]]) as port,
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        connection.sendall(b"GET /models HTTP/1.1\r\n")
        with pytest.raises(OSError):  # noqa: PT011 (reset or broken, as the system calls it)
            for _ in range(1000):
                connection.sendall(b"X-Header: " + b"x" * 10_000 + b"\r\n")
                time.sleep(0.001)


def test_a_signal_ends_the_server_when_its_requests_are_answered(people_runs, start, tmp_path):
    process = start("serve", people_runs["keras"].path, "--port", "0")
    lines = []
    while "Ctrl-C" not in "".join(lines):
        lines.append(process.stderr.readline())
    port = int("".join(lines).partition("http://127.0.0.1:")[2].partition(";")[0])
    body = b"age;city;member;height\n" + b"31;Seoul;yes;1.70\n" * 50_000
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head % len(body) + body[:-10])
        time.sleep(0.3)
        process.terminate()
        time.sleep(0.3)
        connection.sendall(body[-10:])
        parts = list(iter(lambda: connection.recv(1 << 20), b""))
    _, err = process.communicate(timeout=30)

    answer = b"".join(parts)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"\n") > 50_000
    assert process.returncode == 0
    assert "dlcli: stopped; all requests are answered" in err
    assert "Traceback" not in err
    entry = json.loads(next(line for line in err.splitlines() if line.startswith("{")))
    assert (entry["path"], entry["rows"]) == ("/predict", 50_000)
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_no_request_is_lost_when_a_signal_comes(people_runs, start):
    process = start("serve", people_runs["keras"].path, "--port", "0", "--quiet")
    lines = []
    while "Ctrl-C" not in "".join(lines):
        lines.append(process.stderr.readline())
    port = int("".join(lines).partition("http://127.0.0.1:")[2].partition(";")[0])
    body = json.dumps(RECORDS[0])
    answers, lost = [], []

    def ask_until_it_closes():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        is_closed = False
        while not is_closed:
            try:
                connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except OSError as error:
                lost.append(error)
                return
            answers.append(answer.status)
            is_closed = answer.getheader("connection") == "close"

    threads = [threading.Thread(target=ask_until_it_closes) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    process.terminate()
    for thread in threads:
        thread.join(30)
    process.communicate(timeout=30)

    assert lost == []
    assert set(answers) == {200}
    assert process.returncode == 0


def test_a_model_without_a_graph_is_converted_or_refused(tmp_path, dlcli, monkeypatch):
    import keras

    from dlcli.models import onnx_conversion

    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "plain.keras")
    engines = []
    monkeypatch.setattr(
        server,
        "serve",
        lambda models, *_, **__: engines.append(models.default.loaded.network.engine),
    )
    convert = onnx_conversion.convert_in_child
    monkeypatch.setattr(onnx_conversion, "convert_in_child", lambda *_: None)

    refused = dlcli("serve", "plain.keras", "--port", "0")
    monkeypatch.setattr(onnx_conversion, "convert_in_child", convert)
    converted = dlcli("serve", "plain.keras", "--port", "0")

    assert refused[0] == 2
    assert "plain.keras has no usable ONNX graph" in refused[2]
    assert "hint: `dlcli predict plain.keras INPUT` computes it with Keras" in refused[2]
    assert converted[0] == 0, converted[2]
    assert "converting the network of plain.keras" in converted[2]
    assert engines == ["onnx"]


def test_the_server_does_not_import_tensorflow(people_runs, python):
    code = """
import sys
from dlcli.cli import main
from dlcli.serving import server
def end(models, bound, **_):
    from dlcli.serving.app import make_app
    from dlcli.serving.limits import ServerLimits
    from dlcli.serving.service import Service
    make_app(Service(models, ServerLimits()))
    print([name for name in ("tensorflow", "keras", "pandas", "sklearn", "scipy") if name in sys.modules])
server.serve = end
main(sys.argv[1:])
"""
    ended = python(code, "serve", people_runs["keras"].path, "--port", "0")

    assert ended.stdout.strip() == "[]", ended.stderr


def curl(client, line):
    """Send the request of a command of curl to a client."""
    _, address, *options = shlex.split(line)
    headers, body = {"Content-Type": "application/x-www-form-urlencoded"}, None
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option == "-H":
            name, _, text = value.partition(": ")
            headers[name] = text
        else:
            body = Path(value[1:]).read_bytes() if value.startswith("@") else value.encode()
    path = address.removeprefix("http://127.0.0.1:8000")
    return client.get(path) if body is None else client.post(path, content=body, headers=headers)


def test_the_requests_of_the_docs(tmp_path):
    flowers = (DOCS / "predict.md").read_text(encoding="utf-8").partition("```csv\n")[2]
    flowers = flowers.partition("```")[0]
    Path("flowers.csv").write_text(flowers)
    header, *rows = [line.split(",") for line in flowers.splitlines()]
    records = [dict(zip(header[:-1], map(float, row[:-1]), strict=True)) for row in rows]
    Path("flowers.json").write_text(json.dumps(records))
    run = train(load_config("iris", ["fit.epochs=2"]), runs=tmp_path / "runs")
    client, service = client_of(served_model(load_model(run.path)))
    text = (DOCS / "serve.md").read_text(encoding="utf-8")

    blocks = re.findall(r"<!-- (requests|refused) -->\n```sh\n(.*?)```", text, re.DOTALL)
    statuses = [(mark, curl(client, line)) for mark, lines in blocks for line in lines.splitlines()]
    service.batching.close()

    assert len(statuses) == 10
    for mark, answer in statuses:
        assert (answer.status_code == 200) == (mark == "requests"), answer.text
    said = re.search(r"```json\n(.*?)```", text, re.DOTALL)[1]
    assert statuses[-1][1].json() == json.loads(said)
