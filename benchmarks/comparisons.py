"""What is compared: each function measures one row group of the table."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import Bench, Comparison, Line, peaks_of, printed, seconds_of, trainings
from measure import ROOT, BenchmarkError, Run, alternate, dlcli, median, plain, run

ROWS = ROOT / "benchmarks" / "rows.py"
MISTAKE = "dataset: iris\nmodel:\n  - Dence: 16\nloss: mse\nfit: {epochs: 1}\n"


def _accuracies(found: Run, script: Run) -> str:
    result = json.loads(found.output)
    if "summary" in result:
        value = result["summary"]["accuracy"]["mean"]
    else:
        value = result["scores"]["test"]["metrics"]["accuracy"]
    match = re.search(r"accuracy (\S+)", script.output)
    return f"accuracy: dlcli {value:.4f}, script {match[1] if match else '?'}"


def kfold(bench: Bench, config: str, options: Sequence[str], *, whole: bool) -> Comparison:
    """Compare a cross-validation; without `whole` the script trains one of its ten folds.

    One fold's training times ten stands for ten trainings then, and the title says so.
    """
    ours = dlcli("kfold", config, *options, "--out", bench.folder / "runs", "--json", "--quiet")
    script = f"{config}_kfold.py"
    commands = {"dlcli": ours, "single": plain(script, bench.data, "--first", 1)}
    if whole:
        commands["script"] = plain(script, bench.data)
    runs = bench.by_turns(**commands)
    single = runs["single"]
    if whole:
        seconds, fits = seconds_of(runs["script"]), printed(runs["script"])
    else:
        fits = [10 * one for one in printed(single)]
        seconds = [r.seconds + 9 * one for r, one in zip(single, printed(single), strict=True)]
    title = " ".join(["kfold", config, *options])
    results = _accuracies(runs["dlcli"][0], runs["script"][0]) if whole else ""
    return Comparison(
        title if whole else f"{title} (script scaled from one fold)",
        [
            Line("the trainings alone", "s", trainings(runs["dlcli"]), fits, least=20),
            Line("whole process", "s", seconds_of(runs["dlcli"]), seconds, least=7),
            Line(
                "beside a single fold", "s", seconds_of(runs["dlcli"]), seconds_of(single), least=1
            ),
            Line(
                "peak memory", "MB", peaks_of(runs["dlcli"]), peaks_of(runs.get("script", single))
            ),
        ],
        results,
    )


def kfold_sonar(bench: Bench) -> Comparison:
    """Ten folds, 100 epochs, batches of 5."""
    return kfold(bench, "sonar", (), whole=True)


def kfold_pima(bench: Bench) -> Comparison:
    """Ten folds, 200 epochs, batches of 10."""
    return kfold(bench, "pima", ("--set", "kfold.epochs=200"), whole=bench.full)


def kfold_iris(bench: Bench) -> Comparison:
    """Ten folds, 50 epochs, batches of 1."""
    return kfold(bench, "iris", ("--set", "fit.batch_size=1"), whole=bench.full)


def kfold_engines(bench: Bench) -> Comparison:
    """Compare the two engines of dlcli: all folds in one program, and fold by fold."""
    ours = ("kfold", "sonar", "--out", bench.folder / "runs", "--json", "--quiet", "--engine")
    runs = bench.by_turns(stacked=dlcli(*ours, "stacked"), serial=dlcli(*ours, "serial"))
    stacked, serial = runs["stacked"], runs["serial"]
    values = [
        f"{name} {json.loads(each[0].output)['summary']['accuracy']['mean']:.4f}"
        for name, each in runs.items()
    ]
    return Comparison(
        "kfold sonar --engine stacked (dlcli) and --engine serial (script)",
        [
            Line("the trainings alone", "s", trainings(stacked), trainings(serial)),
            Line("whole process", "s", seconds_of(stacked), seconds_of(serial)),
        ],
        f"accuracy: {', '.join(values)}",
    )


def train(
    bench: Bench, config: str, options: Sequence[str], *, fit: float | None, whole: float
) -> Comparison:
    """Compare a training; `fit` and `whole` are the least ratios."""
    runs = bench.by_turns(
        dlcli=dlcli("train", config, *options, "--out", bench.folder / "runs", "--json", "--quiet"),
        script=plain(f"{config.partition('_')[0]}_train.py", bench.data),
    )
    ours, script = runs["dlcli"], runs["script"]
    fits = [json.loads(each.output)["fit_seconds"] for each in ours]
    memory = None if fit else 1
    return Comparison(
        " ".join(["train", config, *options]),
        [
            Line("the fit alone", "s", fits, printed(script), least=fit),
            Line("whole process", "s", seconds_of(ours), seconds_of(script), least=whole),
            Line("processor", "s", [r.cpu for r in ours], [r.cpu for r in script]),
            Line("peak memory", "MB", peaks_of(ours), peaks_of(script), least=memory),
        ],
        _accuracies(ours[0], script[0]),
    )


def train_sonar(bench: Bench) -> Comparison:
    """130 epochs, batches of 5."""
    return train(bench, "sonar", (), fit=4, whole=1.5)


def train_mnist(bench: Bench) -> Comparison:
    """One epoch of a convolutional network."""
    return train(bench, "mnist_cnn", ("--set", "fit.epochs=1"), fit=None, whole=1)


def train_reuters(bench: Bench) -> Comparison:
    """One epoch of an LSTM."""
    return train(bench, "reuters_lstm", ("--set", "fit.epochs=1"), fit=None, whole=1)


def train_imdb(bench: Bench) -> Comparison:
    """One epoch of a convolution over words and an LSTM."""
    return train(bench, "imdb_cnn_lstm", ("--set", "fit.epochs=1"), fit=None, whole=1)


def sonar_model(bench: Bench) -> tuple[Path, Path]:
    """Train sonar once; return the model and its scaler, which joblib saved as a script does."""
    found = run(
        dlcli("train", "sonar", "--out", bench.folder / "runs", "--json", "--quiet"), bench.folder
    )
    model = Path(bench.folder, json.loads(found.output)["model"])
    return model, save_scaler(bench, model)


def save_scaler(bench: Bench, model: Path) -> Path:
    """Write the scaler of a model file of dlcli as joblib keeps it."""
    scaler = bench.folder / "scaler.joblib"
    run([sys.executable, str(ROWS), "scaler", str(model), str(scaler)], bench.folder)
    return scaler


def make_rows(bench: Bench, rows: int, source: str = "sonar.csv", columns: int = 60) -> Path:
    """Generate a CSV file of features."""
    path = bench.folder / f"rows_{columns}_{rows}.csv"
    if not path.exists():
        arguments = (bench.data / source, columns, rows, path)
        run([sys.executable, str(ROWS), "features", *map(str, arguments)], bench.folder)
    return path


def predict_one(bench: Bench) -> Comparison:
    """One row, from process start to the label."""
    model, scaler = sonar_model(bench)
    row = make_rows(bench, 1)
    runs = bench.by_turns(
        dlcli=dlcli("predict", model, row), script=plain("predict.py", model, scaler, row)
    )
    label = runs["dlcli"][0].output.splitlines()[1].split(",")[0]
    theirs = "MR"[int(runs["script"][0].output)]
    if label != theirs:
        raise BenchmarkError(f"dlcli predicts {label}, the script {theirs}")
    ours, script = runs["dlcli"], runs["script"]
    return Comparison(
        "predict one row of 60 columns",
        [
            Line("whole process", "s", seconds_of(ours), seconds_of(script), least=8, most=1.2),
            Line("peak memory", "MB", peaks_of(ours), peaks_of(script), most=200),
        ],
        f"the same label, {label}",
    )


def predict_many(bench: Bench) -> Comparison:
    """Predict a million rows, and see how the memory of a tenth of them compares."""
    model, scaler = sonar_model(bench)
    few, many = make_rows(bench, 100_000), make_rows(bench, 1_000_000)
    # Courses leave the batch size at 32; who knows better raises it.
    script = plain("predict.py", model, scaler, many, "--output", "theirs.csv")
    runs = bench.by_turns(
        few=dlcli("predict", model, few, "--output", "few.csv"),
        dlcli=dlcli("predict", model, many, "--output", "ours.csv"),
        script=script,
        tuned=[*script, "--batch-size", "1024"],
    )
    compared = run([sys.executable, str(ROWS), "compare", "ours.csv", "theirs.csv"], bench.folder)
    ours, theirs, tuned = (runs[name] for name in ("dlcli", "script", "tuned"))
    peak = median(peaks_of(runs["few"]))
    return Comparison(
        "predict 1,000,000 rows of 60 columns",
        [
            Line("whole process", "s", seconds_of(ours), seconds_of(theirs), least=2),
            Line("… with batch_size=1024", "s", seconds_of(ours), seconds_of(tuned)),
            Line("peak memory", "MB", peaks_of(ours), peaks_of(theirs), most=400),
            Line("peak memory of 100,000 rows", "MB", peaks_of(runs["few"])),
            Line("memory, 1,000,000 / 100,000", "×", [p / peak for p in peaks_of(ours)], most=1.1),
        ],
        compared.output.strip(),
    )


def start(bench: Bench) -> Comparison:
    """Commands that need no TensorFlow."""
    wrong = bench.folder / "wrong.yaml"
    wrong.write_text(MISTAKE, encoding="utf-8")
    lines = []
    for what, arguments, code in (("--help", ["--help"], 0), ("check", ["check", wrong], 2)):
        traced = [sys.executable, "-X", "importtime", *dlcli(*arguments)[1:]]
        imported = run(traced, bench.folder, exit_code=code).errors
        if re.search(r"\|\s+(tensorflow|keras)\b", imported):
            raise BenchmarkError(f"dlcli {what} imports TensorFlow or Keras")
        runs = alternate({what: dlcli(*arguments)}, bench.folder, bench.repeats, exit_code=code)
        lines.append(Line(f"`{what}`, whole process", "s", seconds_of(runs[what]), most=0.5))
    return Comparison("--help, and check of a config with a mistake", lines, "no TensorFlow")


COMPARISONS: dict[str, Callable[[Bench], Comparison]] = {
    function.__name__: function
    for function in (
        start, predict_one, predict_many, train_sonar, train_reuters, train_imdb, train_mnist,
        kfold_sonar, kfold_engines, kfold_iris, kfold_pima,
    )
}  # fmt: skip
