"""The commands that ``catalogue.py`` measures."""

from __future__ import annotations

from typing import NamedTuple


class Run(NamedTuple):
    """A command, what its result must reach (an error: at most), and the seeds of its spread."""

    command: str
    config: str
    options: str = ""
    bar: float | None = None
    seeds: int = 0

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return f"dlcli {self.command} {self.config} {self.options}".strip()


RUNS = (
    Run("train", "study_hours"),
    Run("train", "study_hours_tutoring"),
    Run("train", "noisy_scores"),
    Run("train", "exam_final"),
    Run("train", "pass_fail", bar=1.0),
    Run("train", "pass_fail_tutoring", bar=1.0),
    Run("train", "perceptron", bar=1.0),
    Run("train", "xor", bar=1.0),
    Run("train", "grades", bar=1.0),
    Run("train", "bmi_softmax"),
    Run("train", "bmi_mlp", bar=0.97),
    Run("kfold", "thoracic_surgery"),
    Run("kfold", "pima", bar=0.75),
    Run("kfold", "diabetes_normalised"),
    Run("train", "iris"),
    Run("kfold", "iris", bar=0.95),
    Run("kfold", "zoo", bar=0.94),
    Run("train", "sonar"),
    Run("kfold", "sonar", bar=0.83),
    Run("kfold", "sonar", "--set preprocess.numeric=none", bar=0.77),
    Run("kfold", "sonar_wide", bar=0.86),
    Run("train", "wine_colour", bar=0.99),
    Run("train", "wine_quality", seeds=10),
    Run("kfold", "boston_housing", bar=3.8, seeds=10),
    Run("train", "breast_cancer"),
    Run("kfold", "breast_cancer", bar=0.965),
    Run("kfold", "wine"),
    Run("train", "diabetes"),
    Run("kfold", "diabetes"),
    Run("train", "digits_cnn", bar=0.98, seeds=10),
    Run("train", "mnist_mlp", bar=0.98, seeds=3),
    Run("train", "mnist_mlp_256x256", bar=0.98),
    Run("train", "mnist_mlp_512x512", bar=0.98, seeds=3),
    Run("train", "mnist_cnn", bar=0.99),
    Run("train", "fashion_mnist_cnn", bar=0.91),
    Run("train", "reuters_lstm", bar=0.68),
    Run("train", "imdb_cnn_lstm", bar=0.85),
    Run("train", "imdb_text"),
    Run("kfold", "spam_filter", bar=0.985),
    Run("train", "spam_filter"),
    Run("train", "spoken_digits", bar=0.95),
    Run("train", "tide_lstm"),
    *(
        Run("train", f"optimizers/{name}")
        for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "decay")
    ),
    *(
        Run("train", f"regularization/{name}", seeds=10)
        for name in ("none", "dropout", "weight_decay", "early_stopping")
    ),
)
# Configs of a course, whose results stand in docs/course.md.
COURSE = (
    *(
        Run("train", f"course/{name}", "--seeds 10")
        for name in (
            "thoracic_17_columns", "pima_raw", "iris_batch_1", "sonar_raw", "sonar_raw_test",
            "wine_all_rows", "wine_checkpoint", "wine_overfit", "wine_early_stopping", "boston_raw",
            "bmi_softmax_raw", "bmi_512_512",
        )
    ),
    Run("kfold", "course/sonar_raw", "--seeds 10"),
    Run("train", "course/mnist_mlp_512", "--seeds 3"),
    Run("train", "course/mnist_mlp_512_512", "--seeds 3"),
    Run("train", "course/reuters_test_watched"),
    Run("train", "course/imdb_100_words"),
)  # fmt: skip
