"""A model that is no better than a constant prediction is said at the end, with what to try."""

import pytest

from dlcli import kfold, load_config, train
from dlcli.errors import first_line

NUMBER = "dataset: diabetes\nmodel: [Dense]\nloss: mse\n"
ROWS = "".join(f"{n * 37 % 50},{'rare' if n % 5 == 0 else 'usual'}\n" for n in range(60))
CLASSES = (
    "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
    "loss: binary_crossentropy\noptimizer: {SGD: 1e-6}\n"
)


@pytest.mark.parametrize(
    ("text", "epochs", "reason", "advice"),
    [
        (NUMBER, 1, "R² is -", "1 epoch may be too few: try more, as in `--set fit.epochs=…`"),
        (NUMBER + "optimizer: {SGD: 2e-3}\n", 6, "R² is -", "the loss is still falling"),
        (NUMBER + "optimizer: {SGD: 1e-9}\n", 5, "R² is -", "try another learning rate or more units"),
        (CLASSES + "preprocess: {numeric: {scale: 1e9}}\n", 5,
         "accuracy 0.83 for the test rows is not above the share of the largest class 'usual', 0.83",
         "`dlcli baseline` shows what others reach"),
    ],
)  # fmt: skip
def test_train_says_that_a_constant_would_be_better(write, tmp_path, text, epochs, reason, advice):
    write("data.csv", f"x,label\n{ROWS}")
    config = load_config(write("my.yaml", f"{text}fit: {{epochs: {epochs}}}\n"))

    notices = train(config, runs=tmp_path / "runs").notices

    assert any(notice.startswith(reason) and advice in notice for notice in notices), notices


def test_kfold_says_so_for_all_folds_together(write, tmp_path):
    config = load_config(write("my.yaml", f"{NUMBER}fit: {{epochs: 1}}\n"))

    notices = kfold(config, folds=2, runs=tmp_path / "runs").notices

    assert any("R² is -" in notice and "test rows of all folds" in notice for notice in notices)


def test_a_good_model_is_not_commented(write, tmp_path):
    text = "dataset: breast_cancer\nmodel: [{Dense: {activation: sigmoid}}]\nloss: mse\noptimizer: {Adam: 0.05}\n"

    notices = train(load_config(write("a.yaml", f"{text}fit: {{epochs: 3}}\n")), runs=tmp_path)

    assert not any("accuracy" in notice for notice in notices.notices)


def test_no_stack_frame_is_the_message_of_a_tensorflow_error():
    error = RuntimeError(
        "Graph execution error:\n\nDetected at node embedding/Gather defined at (most recent call "
        'last):\n  File "<string>", line 8, in <module>\n\n  File "keras/src/ops.py", line 2, in f\n'
        "\nindices[0,0] = 99 is not in [0, 20)\n\t [[{{node embedding/Gather}}]]"
    )

    assert first_line(error) == "indices[0,0] = 99 is not in [0, 20)"
