"""The named data sets: where they come from, what is in them, how they are read.

Facts only; nothing here opens a file. `dlcli.datasets` finds, downloads and loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Task = Literal["classification", "regression"]

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
MNIST_IDX = "https://storage.googleapis.com/cvdf-datasets/mnist"
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        Its name in the cache and in every folder that is searched.
    url : str
        Canonical address.
    sha256 : str
        Checksum; a file with another one is never opened.
    size : int
        Bytes.
    aliases : tuple of str
        Other names, perhaps with a folder, that people keep the file under.
    """

    name: str
    url: str
    sha256: str
    size: int
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a config can be checked against before the data is read.

    Parameters
    ----------
    task : {"classification", "regression"}
    num_classes : int
        0 for regression.
    shape : tuple of int
        Of one sample, for arrays; ``()`` for tables, whose width depends on preprocessing.
    class_names : tuple of str
    columns : tuple of str
        Feature names of a table.
    low, high : float
        Range of the values, for generated samples.
    rows : int
        Training and test rows together.
    official_test : bool
        Whether the publishers set test rows apart.
    """

    task: Task
    num_classes: int = 0
    shape: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    rows: int = 0
    official_test: bool = False


@dataclass(frozen=True)
class Known:
    """A named data set.

    Parameters
    ----------
    title : str
        One line for lists.
    loader : str
        Name of the loader that reads it.
    arguments : mapping
        The loader's arguments; ``path`` is filled in when the files are found.
    facts : Facts
    files : tuple of RemoteFile
        Empty for what is installed with scikit-learn or dlcli.
    licence, source : str
        As the publishers state them.
    """

    title: str
    loader: str
    arguments: Mapping[str, Any]
    facts: Facts
    files: tuple[RemoteFile, ...] = ()
    licence: str = "not stated"
    source: str = ""
    notes: str = field(default="")


DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
IRIS_COLUMNS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
SONAR_COLUMNS = tuple(f"band_{number}" for number in range(1, 61))


def _idx(folder: str, base: str, files: Mapping[str, tuple[str, int]]) -> tuple[RemoteFile, ...]:
    return tuple(
        RemoteFile(name, f"{base}/{name}", sha256, size, aliases=(f"{folder}/{name}",))
        for name, (sha256, size) in files.items()
    )


KNOWN: dict[str, Known] = {
    "sonar": Known(
        "Metal cylinder (M) or rock (R) from sonar energy in 60 frequency bands",
        "csv",
        {
            "target": "object",
            "header": False,
            "names": (*SONAR_COLUMNS, "object"),
            "delimiter": ",",
        },
        Facts("classification", 2, (), ("M", "R"), SONAR_COLUMNS, 0.0, 1.0, 208),
        (
            RemoteFile(
                "sonar.all-data",
                f"{UCI}/undocumented/connectionist-bench/sonar/sonar.all-data",
                "e90434cdbf00fcf93ffa911fe447ae25606979658e60f1d32e155c3b5240234d",
                87776,
                aliases=("sonar.csv",),
            ),
        ),
        licence="UCI: CC BY 4.0",
        source="Gorman and Sejnowski (1988), doi:10.1016/0893-6080(88)90023-8; UCI",
        notes="The file is sorted by class.",
    ),
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
    "mnist": Known(
        "Handwritten digits, 28×28 pixels of 0 to 255",
        "idx",
        {"class_names": DIGITS},
        Facts(
            "classification", 10, (28, 28, 1), DIGITS, (), 0.0, 255.0, 70_000, official_test=True
        ),
        _idx(
            "mnist-idx",
            MNIST_IDX,
            {
                "train-images-idx3-ubyte.gz": (
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4_542,
                ),
            },
        ),
        source="LeCun, Bottou, Bengio and Haffner (1998), doi:10.1109/5.726791",
    ),
    "mnist_npz": Known(
        "The same digits as mnist, as the archive that Keras downloads",
        "npz",
        {"class_names": DIGITS},
        Facts(
            "classification", 10, (28, 28, 1), DIGITS, (), 0.0, 255.0, 70_000, official_test=True
        ),
        (
            RemoteFile(
                "mnist.npz",
                f"{KERAS}/mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                11_490_434,
            ),
        ),
        source="LeCun, Bottou, Bengio and Haffner (1998), doi:10.1109/5.726791",
    ),
    "fashion_mnist": Known(
        "Ten kinds of clothing, 28×28 pixels of 0 to 255",
        "idx",
        {"class_names": FASHION},
        Facts(
            "classification", 10, (28, 28, 1), FASHION, (), 0.0, 255.0, 70_000, official_test=True
        ),
        _idx(
            "fashion-mnist",
            KERAS,
            {
                "train-images-idx3-ubyte.gz": (
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    29_515,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    5_148,
                ),
            },
        ),
        licence="MIT",
        source="Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747",
    ),
    "study_hours": Known(
        "Exam score from hours of study: four students",
        "csv",
        {"path": "study_hours.csv", "target": "score", "task": "regression", "unit": "points"},
        Facts("regression", 0, (), (), ("hours",), 0.0, 10.0, 4),
        licence="Apache-2.0",
        source="a classroom example; bundled with dlcli",
    ),
    "pass_fail": Known(
        "Passed or failed, from hours of study: seven students",
        "csv",
        {"path": "pass_fail.csv", "target": "result"},
        Facts("classification", 2, (), ("fail", "pass"), ("hours",), 0.0, 15.0, 7),
        licence="Apache-2.0",
        source="a classroom example; bundled with dlcli",
    ),
}
