"""One training in memory: data split and preprocessed, a model compiled, and their scores."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.config.checks import check_monitors
from dlcli.network.backend import seed_everything
from dlcli.network.building import build_model, compile_model
from dlcli.network.cost import choose_steps_per_execution
from dlcli.network.hardware import scope
from dlcli.network.memory import check_batch
from dlcli.network.outputs import Predictor
from dlcli.network.scores import Scored, score
from dlcli.preparation import Preprocessor, fit_preprocessor
from dlcli.preparation.prepare import Prepared, row_notices, scale_notice
from dlcli.preparation.split import Split, split_rows
from dlcli.preparation.targets import class_weights, encode_target
from dlcli.training.batches import FitData, steps_per_epoch
from dlcli.types import Array

ALIGNMENT = 64  # bytes, as TensorFlow's kernels want it
# Training rows are scored to be compared with the others, which takes no more of them.
SCORED_TRAINING_ROWS = 1_000


@dataclass
class Session:
    """What the steps of one training hand on.

    Parameters
    ----------
    prepared : Prepared
    split : Split
    preprocessor : Preprocessor
        Fitted on the training rows.
    rows : dict
        Numbers of the rows of ``train``, ``validation`` and ``test``, as far as they have some.
    x : dict
        The same rows preprocessed; float32.
    model : keras.Sequential
        Compiled.
    notices : list of str
    """

    prepared: Prepared
    split: Split
    preprocessor: Preprocessor
    rows: dict[str, Array]
    x: dict[str, Array]
    model: Any
    notices: list[str] = field(default_factory=list)

    def fit_data(self) -> FitData:
        """Return the training and validation rows, encoded; memory holds them once."""
        config, dataset = self.prepared.config, self.prepared.dataset
        units = self.model.output_shape[-1]
        encoded = {
            name: encode_target(dataset.y[rows], dataset.target, config.loss, units)
            for name, rows in self.rows.items()
        }
        weights = class_weights(
            dataset.y[self.split.train], dataset.target, config.fit.class_weight
        )
        watch = (self.x["validation"], encoded["validation"]) if "validation" in encoded else None
        x = _as_tensor(self.x["train"])
        self.x["train"] = np.asarray(memoryview(x))
        return FitData(x, encoded["train"], weights, watch)

    def subsample_training_rows(self) -> None:
        """Keep no more training rows than are scored, chosen by the seed."""
        rows, seed = self.rows["train"], self.prepared.config.seed
        if len(rows) <= SCORED_TRAINING_ROWS:
            return
        generator = np.random.default_rng(seed)
        kept = np.sort(generator.choice(len(rows), SCORED_TRAINING_ROWS, replace=False))
        self.rows["train"], self.x["train"] = rows[kept], self.x["train"][kept]
        self.notices.append(f"train is scored on {len(kept)} of its {len(rows)} rows")
        gc.collect()  # the pipeline of the fit, which holds all of them, is part of a cycle

    def score(self) -> dict[str, Scored]:
        """Score the rows of each part."""
        dataset, config = self.prepared.dataset, self.prepared.config
        predictor = Predictor(self.model)
        return {
            name: score(
                self.model, predictor, self.x[name], dataset.y[rows], dataset.target, config.loss
            )
            for name, rows in self.rows.items()
        }


def _as_tensor(x: Array) -> Any:
    """Return an array as a tensor, copied once; ``tf.constant`` copies it twice."""
    import tensorflow as tf

    room = np.empty(x.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    aligned = room[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
    aligned[...] = x
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())


def assemble(prepared: Prepared, devices: Sequence[str] = ()) -> Session:
    """Split, fit the preprocessing on the training rows, build and compile.

    Parameters
    ----------
    prepared : Prepared
    devices : sequence of str
        Those that share the work, from `dlcli.network.hardware.ready_devices`.
    """
    config, dataset = prepared.config, prepared.dataset
    split = split_rows(dataset, config.split, config.seed)
    check_monitors(config, validation=len(split.validation) > 0)
    preprocessor = fit_preprocessor(dataset, split.train, config.preprocess)
    rows = split.parts()
    x = {name: preprocessor.transform(dataset.take(part).x) for name, part in rows.items()}
    notices = [*prepared.notices, *row_notices(prepared, [split])]
    if notice := scale_notice(x["train"], preprocessor):
        notices.append(notice)
    seed_everything(config.seed)
    with scope(devices):
        model = build_model(config, preprocessor.input_shape, dataset.facts)
        check_batch(model, config, len(split.train))
        steps = steps_per_epoch(len(split.train), config.fit.batch_size)
        per_call = choose_steps_per_execution(model, steps, config.fit.batch_size)
        compile_model(model, config, steps_per_execution=per_call)
    return Session(prepared, split, preprocessor, dict(rows), x, model, notices)
