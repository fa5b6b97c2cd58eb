"""Every config that comes along trains, on the data that are here or on a sample."""

import re
from pathlib import Path

import pytest

from dlcli import load_config, train
from dlcli.config.load import bundled, config_names
from dlcli.known import KNOWN

CONFIGS = sorted(Path(bundled("configs")).glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_trains_an_epoch(path, tmp_path):
    config = load_config(path, ["fit.epochs=1"])
    needs_download = config.dataset.known and KNOWN[config.dataset.name].files

    result = train(config, runs=tmp_path / "runs", sample=bool(needs_download))

    assert result.status == "finished"
    assert not config.warnings


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_says_what_it_is_how_to_run_it_and_what_it_measured(path):
    header = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    ]

    assert len(header[0]) > 20
    measured = re.compile(rf"# dlcli (train|kfold) {path.stem}\b.*→.*\d")
    assert any(measured.match(line) for line in header)


def test_bare_names_find_the_bundled_configs():
    assert {path.stem for path in CONFIGS} == set(config_names())


@pytest.mark.data
def test_mnist_trains_on_a_slice_of_the_real_images(tmp_path):
    config = load_config("mnist_cnn", ["dataset.mnist.limit=2000", "fit.epochs=1"])

    result = train(config, runs=tmp_path / "runs")

    assert result.scores["test"].metrics["accuracy"] > 0.5
