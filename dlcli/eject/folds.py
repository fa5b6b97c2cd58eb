"""The parts of a script with a cross-validation: folds, and the loop over them."""

from __future__ import annotations

import re
import textwrap

from dlcli.eject.context import Ejection
from dlcli.eject.fitting import BATCHES, write_fit
from dlcli.eject.network import write_network
from dlcli.eject.preprocessing import write_preprocessing
from dlcli.eject.splitting import split_function, stratifies, validation_line
from dlcli.training.batches import MIN_VALIDATION_BATCH

WHY = (
    "Every row is tested once, by a network that has not seen it: the data are divided into FOLDS "
    "equal parts, and each of them is the test of one training."
)
WHY_OF_SERIES = (
    "The training rows of a fold precede its test rows: a forecast must not know the future."
)
WHY_BUILD = (
    "Every fold begins with the same initial weights, so that only the rows make a difference."
)
WHY_LOOP = (
    "Everything that is measured or learned is measured and learned anew in every fold, also the "
    "preprocessing. The spread of the scores says how much of a single score is luck."
)


def write_folds(ejection: Ejection) -> None:
    """Write the part that divides the rows into folds."""
    dataset, section = ejection.dataset, ejection.config.split
    is_series = dataset.medium.kind == "series"
    part = ejection.script.part("Folds", WHY_OF_SERIES if is_series else WHY)
    ejection.script.need("import numpy as np")
    if section.validation_share:
        part.add(split_function(ejection), "", "")
    rows = "np.flatnonzero(~is_test)" if dataset.parts is not None else "np.arange(len(y))"
    part.add(f"rows = {rows}")
    seed = "SEED" if section.seed is None else "SPLIT_SEED"
    name, options, arguments = _splitter(ejection, f"shuffle=True, random_state={seed}")
    ejection.script.need(f"from sklearn.model_selection import {name}")
    part.add(
        f"splitter = {name}(n_splits=FOLDS{options})",
        "folds = [(rows[rest], rows[part]) for rest, part in splitter.split(rows"
        + arguments
        + ")]",
    )


def _splitter(ejection: Ejection, shuffled: str) -> tuple[str, str, str]:
    """Return the splitter of scikit-learn, its options, and what it gets besides the rows."""
    has_classes = stratifies(ejection)
    if ejection.dataset.medium.kind == "series":
        return "TimeSeriesSplit", "", ""
    if ejection.dataset.groups is not None:
        name = "StratifiedGroupKFold" if has_classes else "GroupKFold"
        return name, f", {shuffled}", f", {'y[rows]' if has_classes else 'None'}, groups[rows]"
    if not ejection.config.split.shuffle:
        return "KFold", "", ""
    if has_classes:
        return "StratifiedKFold", f", {shuffled}", ", y[rows]"
    return "KFold", f", {shuffled}", ""


def write_loop(ejection: Ejection) -> None:
    """Write the parts that build a network, and train one for every fold."""
    script = ejection.script
    first = len(script.parts)
    write_preprocessing(ejection)
    write_network(ejection)
    write_fit(ejection)
    preprocess, network, fit = (part.lines for part in script.parts[first:])
    del script.parts[first:]
    build = script.part("Network", WHY_BUILD)
    lines = [line for line in network if line != "model.summary()"]
    build.add(
        "def build():",
        '    """Return a new network with its initial weights."""',
        _indented(lines),
        "    return model",
    )
    part = script.part("Cross-validate", WHY_LOOP)
    part.add(BATCHES, "", "scores = []", "for number, (train, test) in enumerate(folds, 1):")
    validation = validation_line(ejection)
    fit = [line.replace("verbose=2", "verbose=0") for line in fit if line != BATCHES]
    fit = [line for line in fit if not line.startswith("print(")]
    size = max(ejection.config.fit.batch_size, MIN_VALIDATION_BATCH)
    score = f"model.evaluate(x_test, y_test, batch_size={size}, verbose=0, return_dict=True)"
    loop = [
        *([validation] if validation else []), *preprocess, "", "model = build()", *fit,
        f"scores.append({score})", *_unit_lines(ejection),
        'print(f"fold {number}:", {key: round(value, 4) for key, value in scores[-1].items()})',
    ]  # fmt: skip
    part.add(
        _indented(loop),
        "",
        "for name in scores[0]:",
        "    values = [score[name] for score in scores]",
        '    print(f"{name}: {np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}")',
    )


def _unit_lines(ejection: Ejection) -> list[str]:
    """Return the statements that measure the error in the unit of a preprocessed target."""
    if not ejection.config.preprocess.target:
        return []
    ejection.script.need("from sklearn.metrics import mean_absolute_error")
    return [
        "# The scores are those of the preprocessed target; this one has its unit.",
        "predicted = target_preprocessor.inverse_transform(model.predict(x_test, verbose=0))",
        'scores[-1]["mean absolute error"] = mean_absolute_error(y[test], predicted)',
    ]


def _indented(lines: list[str]) -> str:
    """Return statements as those of a function or a loop, with single blank lines."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n"))
    return textwrap.indent(text, "    ")
