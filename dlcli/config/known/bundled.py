"""What needs no download: scikit-learn's own data sets, and the small tables of dlcli."""

from __future__ import annotations

from dlcli.config.known.facts import DIGITS, Facts, Known, classes

IRIS_COLUMNS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
LICENCE = "Apache-2.0"
SOURCE = "a classroom example; bundled with dlcli"


def _numbers(title: str, target: str, columns: tuple[str, ...], rows: int, unit: str) -> Known:
    """Describe a small table of ours with numbers to learn."""
    arguments = {"target": target, "task": "regression", "unit": unit}
    facts = Facts("regression", columns=columns, rows=rows)
    return Known(title, "csv", arguments, facts, licence=LICENCE, source=SOURCE)


def _classes(title: str, target: str, facts: Facts) -> Known:
    """Describe a small table of ours with classes to learn."""
    arguments = {"target": target, "task": "classification"}
    return Known(title, "csv", arguments, facts, licence=LICENCE, source=SOURCE)


BUNDLED: dict[str, Known] = {
    "iris": Known(
        "Three species of iris from four lengths in centimetres",
        "sklearn",
        {"name": "iris"},
        Facts(
            "classification",
            3,
            (),
            ("setosa", "versicolor", "virginica"),
            IRIS_COLUMNS,
            0.1,
            8.0,
            150,
        ),
        licence="UCI: CC BY 4.0",
        source="Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x; bundled with scikit-learn",
        notes="scikit-learn's copy; UCI's differs in two rows.",
    ),
    "wine": Known(
        "Three cultivars of wine from 13 chemical measurements",
        "sklearn",
        {"name": "wine"},
        Facts("classification", 3, (), ("class_0", "class_1", "class_2"), (), 0.1, 1700.0, 178),
        licence="UCI: CC BY 4.0",
        source="Aeberhard, Coomans and de Vel (1991); UCI; bundled with scikit-learn",
    ),
    "breast_cancer": Known(
        "Malignant or benign tumour from 30 measurements of cell nuclei",
        "sklearn",
        {"name": "breast_cancer"},
        Facts("classification", 2, (), ("malignant", "benign"), (), 0.0, 4300.0, 569),
        licence="UCI: CC BY 4.0",
        source="Street, Wolberg and Mangasarian (1993), doi:10.1117/12.148698; "
        "bundled with scikit-learn",
    ),
    "diabetes": Known(
        "Progression of diabetes after a year from ten baseline values",
        "sklearn",
        {"name": "diabetes"},
        Facts("regression", 0, (), (), (), -0.2, 0.2, 442),
        source="Efron, Hastie, Johnstone and Tibshirani (2004), doi:10.1214/009053604000000067; "
        "bundled with scikit-learn",
    ),
    "digits": Known(
        "Handwritten digits, 8×8 pixels of 0 to 16",
        "sklearn",
        {"name": "digits"},
        Facts("classification", 10, (8, 8, 1), DIGITS, (), 0.0, 16.0, 1797),
        licence="UCI: CC BY 4.0",
        source="Alpaydin and Kaynak (1998), UCI; bundled with scikit-learn",
    ),
    "study_hours": _numbers(
        "Exam score from hours of study: four students", "score", ("hours",), 4, "points"
    ),
    "study_hours_tutoring": _numbers(
        "Exam score from hours of study and private lessons: four students",
        "score", ("hours", "lessons"), 4, "points",
    ),
    "noisy_scores": _numbers(
        "Total score from hours of study, not quite on a line: ten students",
        "score", ("hours",), 10, "points",
    ),
    "exam_final": _numbers(
        "Final exam from three exams before it: five students",
        "final", ("exam_1", "exam_2", "exam_3"), 5, "points",
    ),
    "pass_fail": _classes(
        "Passed or failed, from hours of study: seven students",
        "result", classes("fail", "pass", columns=("hours",), rows=7),
    ),
    "pass_fail_tutoring": _classes(
        "Passed or failed, from hours of study and private lessons: seven students",
        "result", classes("fail", "pass", columns=("hours", "lessons"), rows=7),
    ),
    "perceptron": _classes(
        "Two groups of three points that a straight line parts",
        "label", classes("0", "1", columns=("x1", "x2"), rows=6),
    ),
    "xor": _classes(
        "Exclusive or: four points that no straight line parts",
        "xor", classes("0", "1", columns=("a", "b"), rows=4),
    ),
    "grades": _classes(
        "Grade A, B or C from hours of study and attendance: five students",
        "grade", classes("A", "B", "C", columns=("hours", "attendance"), rows=5),
    ),
    "bmi": Known(
        "Thin, normal or fat from height and weight: 20,000 people by the formula",
        "csv",
        {"target": "label"},
        classes("fat", "normal", "thin", columns=("height", "weight"), rows=20_000),
        licence=LICENCE,
        source="made by data/make.py: BMI below 18.5 is thin, below 25 normal; bundled with dlcli",
        notes="Height in centimetres, weight in kilograms.",
    ),
    "tide": Known(
        "Hourly height of a tide for 83 days, forecast from the day before",
        "csv",
        {"target": "height", "unit": "m", "window": 24},
        Facts("regression", shape=(24, 1), rows=1976),
        licence=LICENCE,
        source="made by data/make.py: four tidal constituents and a surge; bundled with dlcli",
    ),
}  # fmt: skip
