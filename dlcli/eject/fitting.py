"""The parts of the script that fit, evaluate and predict."""

from __future__ import annotations

from typing import Any

from dlcli.config.components import PATH_ARGUMENTS, Component
from dlcli.config.epoch_schedules import complete_schedule
from dlcli.eject.context import Ejection
from dlcli.eject.network import component_call
from dlcli.eject.preprocessing import transform_of
from dlcli.eject.python_text import Call, Code, assignment, expression
from dlcli.eject.script import Part
from dlcli.preparation.targets import output_kind
from dlcli.training.batches import MIN_VALIDATION_BATCH

# Of more epochs no line each is printed.
MAX_LINES = 200
NEW_ROWS = 5

BATCHES = '''\
def batches(epoch):
    """Return the batches of an epoch, whose rows have an order of their own."""
    order = tf.random.experimental.stateless_shuffle(
        tf.range(len(x_train)), seed=tf.stack([SEED, epoch])
    )
    rows = tf.data.Dataset.from_tensor_slices(order).batch(BATCH_SIZE)
    return rows.map(lambda batch: tuple([tf.gather(array, batch) for array in arrays]))
'''
FIT_WHY = (
    "In every epoch the network sees all training rows once, shuffled, and its weights change "
    "after every batch. The order depends on the seed and the number of the epoch."
)


def write_fit(ejection: Ejection) -> None:
    """Write the part that fits the network."""
    section, split, script = ejection.config.fit, ejection.split, ejection.script
    part = script.part("Fit", FIT_WHY)
    script.need("import tensorflow as tf", "import math")
    arrays = ["x_train", "y_train"]
    if section.class_weight is not None:
        part.add(*_sample_weight(ejection))
        arrays.append("sample_weight")
    tensors = ", ".join(f"tf.constant({name})" for name in arrays)
    part.add(f"arrays = [{tensors}]", "", "", BATCHES, "")
    keywords: dict[str, Any] = {
        "steps_per_epoch": Code("math.ceil(len(x_train) / BATCH_SIZE)"),
        "epochs": Code("EPOCHS"),
    }
    if len(split.validation):
        keywords["validation_data"] = Code("(x_validation, y_validation)")
        keywords["validation_batch_size"] = max(section.batch_size, MIN_VALIDATION_BATCH)
    callbacks = _callbacks(ejection, part)
    if callbacks:
        keywords["callbacks"] = callbacks
    keywords["shuffle"] = False  # the batches are
    keywords["verbose"] = 2 if section.epochs <= MAX_LINES else 0
    batches = Code("tf.data.Dataset.range(EPOCHS).flat_map(batches)")
    part.add(assignment("history", Call("model.fit", (batches,), keywords)))
    if section.epochs > MAX_LINES:
        part.add(
            "print(f\"loss after {len(history.epoch)} epochs: {history.history['loss'][-1]:.4g}\")"
        )


def _sample_weight(ejection: Ejection) -> list[str]:
    """Return the statements that weight the training rows by their classes."""
    weighting = ejection.config.fit.class_weight
    if weighting == "balanced":
        ejection.script.need("from sklearn.utils.class_weight import compute_sample_weight")
        return [
            "# Rare classes count as much as frequent ones.",
            'sample_weight = compute_sample_weight("balanced", y[train]).astype("float32")',
        ]
    assert isinstance(weighting, dict)  # noqa: S101 (for the type checker)
    weights = [weighting.get(name, 1.0) for name in ejection.dataset.target.class_names]
    return [
        "# How much a row of each class counts in the loss.",
        f'sample_weight = np.array({expression(weights)}, "float32")[y[train]]',
    ]


def _callbacks(ejection: Ejection, part: Part) -> list[Any]:
    """Return the callbacks; those that need more than a call are defined before."""
    calls: list[Any] = []
    for component in ejection.config.callbacks:
        if component.name == "LearningRateScheduler":
            complete = complete_schedule(ejection.config, component)
            schedule = component_call(complete, "schedules")
            part.add(assignment("schedule", schedule), "")
            at = Code("lambda epoch: float(schedule(epoch))")
            calls.append(Call("keras.callbacks.LearningRateScheduler", (at,)))
            continue
        arguments = dict(component.arguments)
        if component.name in PATH_ARGUMENTS:
            arguments.setdefault(PATH_ARGUMENTS[component.name], "logs")
        calls.append(
            component_call(
                Component(component.name, arguments, component.spelled, component.path), "callbacks"
            )
        )
    return calls


def write_evaluation(ejection: Ejection) -> None:
    """Write the part that scores the network on held-out rows."""
    name = _held_out(ejection)
    why = "The test rows were not used so far: the score is what to expect of new rows."
    if name == "validation":
        why = "The score of the validation rows; fitting has used them only to decide when to stop."
    if name == "train":
        why = "There are no other rows: the score says how well the training rows were learned."
    script, target = ejection.script, ejection.dataset.target
    part = script.part("Evaluate", why)
    size = max(ejection.config.fit.batch_size, MIN_VALIDATION_BATCH)
    part.add(
        f"scores = model.evaluate(x_{name}, y_{name}, batch_size={size}, verbose=0, "
        "return_dict=True)",
        f'print("{name}:", {{key: round(value, 4) for key, value in scores.items()}})',
    )
    if target.task == "classification":
        script.need("from sklearn.metrics import classification_report")
        part.add(
            f"outputs = model.predict(x_{name}, verbose=0)",
            f"codes = {_codes(ejection)}",
            "print(",
            "    classification_report(",
            f"        y[{name}],",
            "        codes,",
            "        labels=range(len(CLASS_NAMES)),",
            "        target_names=CLASS_NAMES,",
            "        zero_division=0,",
            "    )",
            ")",
        )
    elif target.task == "regression" and ejection.config.preprocess.target:
        script.need("from sklearn.metrics import mean_absolute_error")
        part.add(
            "# The scores above are those of the preprocessed target; this one has its unit.",
            f"outputs = target_preprocessor.inverse_transform(model.predict(x_{name}, verbose=0))",
            f'print("mean absolute error:", round(mean_absolute_error(y[{name}], outputs), 4))',
        )


def write_prediction(ejection: Ejection) -> None:
    """Write the part that predicts new rows."""
    name, target = _held_out(ejection), ejection.dataset.target
    is_table = ejection.dataset.is_table
    part = ejection.script.part(
        "Predict",
        f"New rows go the same way as the training rows. Here some {name} rows take their place"
        + (
            '; rows of a file come from pd.read_csv("new.csv"), with the same columns.'
            if is_table and not ejection.dataset.is_text
            else "."
        ),
    )
    rows = f"{name}[:{NEW_ROWS}]"
    source = f"x.iloc[{rows}]" if is_table else f"x[{rows}]"
    part.add(
        f"new = {source}", f"outputs = model.predict({transform_of(ejection, 'new')}, verbose=0)"
    )
    if target.task == "classification":
        part.add(
            f"codes = {_codes(ejection)}",
            "for code, output in zip(codes, outputs):",
            "    print(CLASS_NAMES[code], output.round(3))",
        )
    elif target.task == "multilabel":
        thresholds = target.thresholds
        at = expression([round(value, 6) for value in thresholds]) if thresholds else "0.5"
        limit = _threshold(ejection) if not thresholds else at
        part.add(
            f"for has_label, output in zip(outputs > {limit}, outputs):",
            "    print([name for name, has in zip(LABELS, has_label) if has], output.round(3))",
        )
    else:
        if ejection.config.preprocess.target:
            part.add("outputs = target_preprocessor.inverse_transform(outputs)")
        unit = f" in {target.unit}" if target.unit else ""
        names = ", ".join(target.outputs)
        part.add(f"print({expression(f'{names}{unit}:')}, outputs.round(3).tolist())")


def _held_out(ejection: Ejection) -> str:
    """Return the part whose scores say most about new rows."""
    parts = ejection.split.parts()
    return next(name for name in ("test", "validation", "train") if name in parts)


def _codes(ejection: Ejection) -> str:
    if ejection.session.model.output_shape[-1] > 1:
        return "outputs.argmax(axis=1)"
    return f"(outputs[:, 0] > {_threshold(ejection)}).astype(int)"


def _threshold(ejection: Ejection) -> str:
    """Return what an output exceeds for the second class."""
    kind = output_kind(ejection.dataset.target, ejection.config.loss)
    return "0.5" if kind == "probability" else "0"
