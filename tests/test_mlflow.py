"""`--mlflow`: what MLflow has of a training, and what happens without it."""

import pandas as pd
import pytest

from dlcli import predict
from dlcli.exports.mlflow_tracking import MlflowTracker

# Of MLflow and its libraries.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def uri(tmp_path):
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def client(monkeypatch, uri):
    mlflow = pytest.importorskip("mlflow", reason="needs dlcli[mlflow]")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow.set_tracking_uri(uri)
    return lambda: mlflow.MlflowClient(tracking_uri=uri)


def only_run(client):
    (experiment,) = client.search_experiments(filter_string="name = 'people'")
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def test_without_mlflow_the_extra_is_named(dlcli, people, uri, monkeypatch):
    monkeypatch.setattr("dlcli.exports.mlflow_tracking.find_spec", lambda _: None)

    code, _, err = dlcli("train", people, "--mlflow", uri)

    assert code == 2
    assert "--mlflow needs MLflow, which is not installed" in err
    assert "dlcli[mlflow]" in err
    assert not (people.parent / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://127.0.0.1:9", "Max retries exceeded"),
        ("http://me:secret@127.0.0.1:9", "the address has a password"),
        ("nonsense://x", "nonsense"),
    ],
)
def test_a_store_that_cannot_be_opened_is_reported_before_the_training(
    dlcli, people, client, monkeypatch, address, problem
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    code, _, err = dlcli("train", people, "--mlflow", address)

    assert code == 2
    assert problem in err
    assert "secret" not in err
    assert not (people.parent / "runs").exists()


@pytest.mark.slow
def test_parameters_are_read_as_configs_are(uri, client, tmp_path):
    (tmp_path / "config.yaml").write_text("classes: [no, 12:30, 0x1F, 2024-13-45]\n")

    assert MlflowTracker(uri, "net").finish(tmp_path, None, "FINISHED") == []

    (experiment,) = client().search_experiments(filter_string="name = 'net'")
    (run,) = client().search_runs([experiment.experiment_id])
    values = [run.data.params[f"classes.{at}"] for at in range(4)]
    assert values == ["no", "12:30", "0x1F", "2024-13-45"]


@pytest.mark.slow
def test_a_training_is_logged_with_its_model(dlcli, people, uri, client, with_pictures):
    import mlflow.pyfunc

    code, _, err = dlcli("train", people, "--mlflow", uri, "--set", "fit.epochs=4")

    assert code == 0, err
    run = only_run(client())
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "people/1"
    assert run.data.params["fit.epochs"] == "4"
    assert run.data.params["model.0.Dense.units"] == "4"
    history = pd.read_csv("runs/people/1/history.csv")
    logged = client().get_metric_history(run.info.run_id, "loss")
    assert [metric.step for metric in logged] == [1, 2, 3, 4]
    assert [metric.value for metric in logged] == pytest.approx(history["loss"].tolist())
    assert "test/accuracy" in run.data.metrics
    names = {item.path for item in client().list_artifacts(run.info.run_id)}
    assert {"config.yaml", "history.csv", "results.png", "model"} <= names
    model = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model", suppress_warnings=True)
    table = pd.read_csv("people.csv", sep=";").astype({"city": object, "member": object})
    table = table.where(table.notna(), None).astype({"age": float, "height": float})
    expected = predict("runs/people/1", table).to_frame()
    pd.testing.assert_frame_equal(model.predict(table), expected)


@pytest.mark.slow
def test_a_resumed_training_has_all_its_epochs_and_a_failed_one_its_status(
    dlcli, people, uri, client
):
    assert dlcli("train", people, "--epochs", "2")[0] == 0
    assert dlcli("train", "--resume", "runs/people/1", "--epochs", "4", "--mlflow", uri)[0] == 0

    run = only_run(client())
    steps = [metric.step for metric in client().get_metric_history(run.info.run_id, "loss")]
    assert sorted(steps) == [1, 2, 3, 4]

    assert dlcli("train", "--resume", "runs/people/1", "--mlflow", uri)[0] == 0  # nothing to do
    lost = dlcli("train", people, "--mlflow", uri, "--set", "optimizer.learning_rate=1e30")
    assert lost[0] == 1
    experiment = run.info.experiment_id
    assert {item.info.status for item in client().search_runs([experiment])} == {
        "FINISHED", "FAILED",
    }  # fmt: skip


@pytest.mark.slow
def test_folds_are_logged(dlcli, people, uri, client):
    code, _, err = dlcli("kfold", people, "--folds", "2", "--epochs", "2", "--mlflow", uri)

    assert code == 0, err
    metrics = only_run(client()).data.metrics
    assert {"accuracy_mean", "accuracy_std", "fold_1/loss", "fold_2/loss"} <= set(metrics)
