"""`dlcli eject`: plain scripts that train as dlcli does."""

import numpy as np
import pandas as pd
import pytest

from dlcli.config.loader_base import LOADERS
from dlcli.config.steps import STEPS
from dlcli.eject import eject, proof, reading, steps
from dlcli.eject.child import run_script

ROWS = 40


@pytest.fixture
def in_this_process(monkeypatch, tmp_path):
    """Run scripts here: TensorFlow is imported already."""

    def run(script, folder, epochs):
        path, arrays = tmp_path / "run.py", tmp_path / "arrays.npz"
        path.write_text(script, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            run_script(str(path), str(arrays), epochs or 0)
        with np.load(arrays) as loaded:
            return dict(loaded)

    monkeypatch.setattr(proof, "_run", run)


@pytest.fixture
def table(tmp_path):
    """Write a table with columns of all types, gaps, and a class that is text."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": random.normal(5, 2, ROWS).round(3),
            "price": [f"{n:,}" for n in random.integers(900, 5000, ROWS)],
            "colour": random.choice(["red", " green", "blue"], ROWS),
            "new": random.choice(["yes", "no"], ROWS),
            "day": pd.date_range("2024-01-30", periods=ROWS, freq="36h").strftime("%d.%m.%Y %H:%M"),
            "code": [f"0{n}" for n in random.integers(1, 4, ROWS)],
            "kind": ["cat", "dog"] * (ROWS // 2),
        }
    )
    frame.loc[[3, 7], "size"] = np.nan
    frame.loc[[5], "colour"] = "NA"
    frame.to_csv(tmp_path / "pets.csv", index=False)
    return tmp_path / "pets.csv"


def config_of(table, **changes):
    return {
        "dataset": {
            "csv": {
                "path": str(table), "target": "kind", "thousands": ",",
                "types": {"code": "categorical"}, "dates": {"day": "%d.%m.%Y %H:%M"},
            }
        },
        "split": {"test": 0.25, "validation": 0.2},
        "model": [{"Dense": {"units": 4, "activation": "relu"}}, {"Dropout": 0.5}, {"Dense": {"activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
        "fit": {"epochs": 2, "batch_size": 8, "class_weight": "balanced"},
        **changes,
    }  # fmt: skip


def assert_proven(result):
    assert result.is_proven, [str(item) for item in result.comparisons]


def test_every_step_and_loader_has_a_writer_or_a_reason():
    for name in STEPS:
        assert (STEPS[name] in steps.WRITERS) != (STEPS[name] in steps.INEXPRESSIBLE), name
    for name in LOADERS:
        reasons = [
            r for kind, r in reading.INEXPRESSIBLE.items() if issubclass(LOADERS[name], kind)
        ]
        assert (LOADERS[name] in reading.READERS) != bool(reasons), name


def test_script_trains_as_dlcli_and_does_not_need_it(table, in_this_process):
    result = eject(config_of(table), table.with_name("train.py"))

    assert_proven(result)
    assert [item.difference for item in result.comparisons] == [0] * len(result.comparisons)
    text = table.with_name("train.py").read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if "dlcli" in line]
    assert code == ["Written by `dlcli eject config`; it does not need dlcli."]
    assert 'Path("pets.csv")' in text
