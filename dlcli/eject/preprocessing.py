"""The part of the script that turns rows into the arrays that the network takes."""

from __future__ import annotations

from typing import Any

from dlcli.config.heads import SPARSE_LOSSES
from dlcli.config.steps import Scale, Step, Steps
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import Call, assignment, expression
from dlcli.eject.steps import INEXPRESSIBLE, WRITERS, StepSite
from dlcli.preparation.fitting import column_groups
from dlcli.preparation.steps import FittedStep, step_name

MEASURED = "is measured in the training rows only: the other rows must stay unknown."
WHY = (
    "Networks learn best from numbers around 0. Whatever has to be measured for that, such as a "
    f"mean, {MEASURED}"
)
WHY_OF = {
    "text": f"Networks take numbers, and no words. Which words are frequent {MEASURED}",
    "audio": f"Networks take rows of one length. The longest recording {MEASURED}",
}
UNCHANGED = "The numbers are used as they are; Keras computes with 32 bits."


def write_preprocessing(ejection: Ejection) -> None:
    """Write the part that makes ``x_train``, ``y_train`` and the like."""
    part = ejection.script.part("Preprocess", _why(ejection))
    lines = _table(ejection) if ejection.dataset.is_table else _array(ejection)
    part.add(*lines, "", *_targets(ejection))


def _why(ejection: Ejection) -> str:
    dataset, section = ejection.dataset, ejection.config.preprocess
    groups = ejection.session.preprocessor.groups
    if not section.target and not any(group.steps for group in groups):
        return UNCHANGED
    types = {column.type for column in dataset.columns} if dataset.is_table else set()
    return WHY_OF.get(types.pop(), WHY) if len(types) == 1 else WHY


def _table(ejection: Ejection) -> list[str]:
    """Return the statements that preprocess a table."""
    dataset = ejection.dataset
    groups = column_groups(dataset, ejection.config.preprocess)
    fitted = ejection.session.preprocessor.groups
    parts = ejection.split.parts()
    if len(groups) == 1 and not groups[0][1]:
        return [f'x_{name} = x.iloc[{name}].to_numpy("float32")' for name in parts]
    transformers: list[tuple[str, Any, Any]] = []
    for (columns, steps), group in zip(groups, fitted, strict=True):
        kind = dataset.columns[[column.name for column in dataset.columns].index(columns[0])].type
        estimator = _pipeline(ejection, steps, group.steps, columns, kind)
        is_series = kind in ("text", "audio")
        transformers.append((kind, estimator, columns[0] if is_series else list(columns)))
    source = "x.iloc[{}]"
    if len(transformers) == 1:
        ((_, estimator, columns_of),) = transformers
        lines = [assignment("preprocessor", estimator)]
        if isinstance(columns_of, str):
            source = f"x[{expression(columns_of)}].iloc[{{}}]"
    else:
        ejection.script.need("from sklearn.compose import ColumnTransformer")
        names = _names([kind for kind, _, _ in transformers])
        triples = [(name, *rest) for name, (_, *rest) in zip(names, transformers, strict=True)]
        lines = [assignment("preprocessor", Call("ColumnTransformer", (triples,)))]
    for name in parts:
        verb = "fit_transform" if name == "train" else "transform"
        lines.append(f'x_{name} = preprocessor.{verb}({source.format(name)}).astype("float32")')
    return lines


def _names(kinds: list[str]) -> list[str]:
    """Return a name for each transformer: the type of its columns, with a number if it repeats."""
    return [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[: at + 1].count(kind)}"
        for at, kind in enumerate(kinds)
    ]


def _pipeline(
    ejection: Ejection,
    steps: Steps,
    fitted: tuple[FittedStep, ...],
    columns: tuple[str, ...],
    kind: str,
) -> Any:
    """Return the estimator of some columns."""
    x: Any = ejection.dataset.x
    has_nan = any(bool(x[name].isna().any()) for name in columns)
    is_text = kind == "categorical"
    estimators = estimators_of(ejection, steps, fitted, has_nan=has_nan, is_text=is_text)
    if not estimators:
        return "passthrough"
    if len(estimators) == 1:
        return estimators[0]
    ejection.script.need("from sklearn.pipeline import make_pipeline")
    return Call("make_pipeline", estimators)


def estimators_of(
    ejection: Ejection,
    steps: Steps,
    fitted: tuple[FittedStep, ...],
    *,
    has_nan: bool = False,
    is_text: bool = False,
) -> list[Any]:
    """Return the estimators of some steps, in order.

    Raises
    ------
    DlcliError
        If one has no counterpart, with the reason.
    """
    estimators: list[Any] = []
    for step, fitted_step in zip(steps, fitted, strict=True):
        estimators += _writer(step)(step, StepSite(ejection, fitted_step, has_nan, is_text))
    return estimators


def _writer(step: Step) -> Any:
    if (reason := INEXPRESSIBLE.get(type(step))) is not None:
        raise inexpressible(f"the step {step_name(step)}", reason)
    return WRITERS[type(step)]


def _array(ejection: Ejection) -> list[str]:
    """Return the statements that preprocess an array: a value per pixel, or per hour."""
    steps = ejection.config.preprocess.numeric or ()
    parts = ejection.split.parts()
    if not steps:
        return [f'x_{name} = x[{name}].astype("float32")' for name in parts]
    if len(steps) == 1 and isinstance(steps[0], Scale):
        divisor = _divisor(steps[0])
        return [f'x_{name} = x[{name}].astype("float32") / {divisor}' for name in parts]
    (group,) = ejection.session.preprocessor.groups
    estimators = estimators_of(ejection, steps, group.steps)
    ejection.script.need("from sklearn.pipeline import make_pipeline")
    value = estimators[0] if len(estimators) == 1 else Call("make_pipeline", estimators)
    lines = [assignment("preprocessor", value)]
    lines += [
        'preprocessor.fit(x[train].reshape(len(train), -1).astype("float32"))',
        "",
        "",
        "def transform(values):",
        '    """Preprocess some rows, with a column for each of their values meanwhile."""',
        '    columns = values.reshape(len(values), -1).astype("float32")',
        '    return preprocessor.transform(columns).reshape(values.shape).astype("float32")',
        "",
        "",
    ]
    return [*lines, *(f"x_{name} = transform(x[{name}])" for name in parts)]


def _targets(ejection: Ejection) -> list[str]:
    """Return the statements that encode the targets as the loss takes them."""
    target, config = ejection.dataset.target, ejection.config
    parts = ejection.split.parts()
    ejection.script.need("import numpy as np")
    columns = "" if target.is_several else "[:, np.newaxis]"
    if target.task == "classification":
        units = ejection.session.model.output_shape[-1]
        if config.loss.name in SPARSE_LOSSES:
            why = f"# {config.loss.spelled or config.loss.name} takes the numbers of the classes."
            return [why, *(f"y_{name} = y[{name}, np.newaxis]" for name in parts)]
        if units == 1:
            why = f"# One output: the {_word(ejection)} of the second class."
            return [why, *(f'y_{name} = y[{name}, np.newaxis].astype("float32")' for name in parts)]
        ejection.script.need("import keras")
        why = "# One output per class: 1 for the class of the row, 0 for the others."
        encoded = "keras.utils.to_categorical"
        return [why, *(f"y_{name} = {encoded}(y[{name}], {units})" for name in parts)]
    steps = config.preprocess.target or ()
    if not steps:
        return [f'y_{name} = y[{name}]{columns}.astype("float32")' for name in parts]
    estimators = estimators_of(ejection, steps, ejection.session.target_preprocessor.steps)
    estimators = [one for one in estimators if one.name != "WithoutConstants"]
    if len(estimators) > 1:
        ejection.script.need("from sklearn.pipeline import make_pipeline")
    value = estimators[0] if len(estimators) == 1 else Call("make_pipeline", estimators)
    lines = [
        "# The target is preprocessed too; predictions are converted back below.",
        assignment("target_preprocessor", value),
    ]
    lines.append(f"values = y{columns}.astype(float)")
    for name in parts:
        verb = "fit_transform" if name == "train" else "transform"
        lines.append(f'y_{name} = target_preprocessor.{verb}(values[{name}]).astype("float32")')
    return lines


def _word(ejection: Ejection) -> str:
    activation = ejection.config.model[-1].arguments.get("activation")
    return "probability" if activation == "sigmoid" else "score"


def transform_of(ejection: Ejection, rows: str) -> str:
    """Return the expression of preprocessed new rows.

    Parameters
    ----------
    ejection : Ejection
    rows : str
        The variable with the rows.
    """
    dataset, section = ejection.dataset, ejection.config.preprocess
    if not dataset.is_table:
        steps = section.numeric or ()
        if not steps:
            return f'{rows}.astype("float32")'
        if len(steps) == 1 and isinstance(steps[0], Scale):
            return f'{rows}.astype("float32") / {_divisor(steps[0])}'
        return f"transform({rows})"
    groups = column_groups(dataset, section)
    if len(groups) == 1 and not groups[0][1]:
        return f'{rows}.to_numpy("float32")'
    kind = dataset.columns[0].type
    is_series = len(dataset.columns) == 1 and kind in ("text", "audio")
    column = f"[{expression(dataset.columns[0].name)}]" if is_series else ""
    return f'preprocessor.transform({rows}{column}).astype("float32")'


def _divisor(step: Scale) -> str:
    return repr(int(step.divisor) if step.divisor.is_integer() else step.divisor)
