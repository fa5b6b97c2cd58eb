"""Images that the publishers offer as archives."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.config.known.facts import DIGITS, KERAS, Facts, Known, RemoteFile, local

MNIST_IDX = "https://storage.googleapis.com/cvdf-datasets/mnist"
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def _idx(folder: str, base: str, files: Mapping[str, tuple[str, int]]) -> tuple[RemoteFile, ...]:
    return tuple(
        RemoteFile(name, f"{base}/{name}", sha256, size, aliases=(f"{folder}/{name}",))
        for name, (sha256, size) in files.items()
    )


IMAGES: dict[str, Known] = {
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
        (
            (
                local(
                    "mnist.npz",
                    "26b54b2e41c496300463e102eefa98b82156c291242058230eb946c04a050dcc",
                    11_490_434,
                ),
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
}
