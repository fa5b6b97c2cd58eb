"""Operations that TensorFlow's vectorisation lacks: random numbers per copy, and bits."""

from __future__ import annotations

from typing import Any

RANDOM_OPS = (
    "StatelessRandomGetKeyCounter",
    "StatelessRandomUniformV2",
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformFullIntV2",
    "StatelessRandomNormalV2",
    "StatelessTruncatedNormalV2",
)


def vectorise_more_ops() -> None:
    """Teach ``tf.vectorized_map`` the stateless random ops, each copy with its own seed.

    A draw becomes one op per copy, so that a copy gets the numbers that it gets alone. The
    other ops are those of metrics of the k best classes. TensorFlow keeps what it has for an
    op, should it come to have one.
    """
    from tensorflow.python.ops.parallel_for import pfor

    known = pfor._pfor_converter_registry  # noqa: SLF001 (there is no public registry)
    for op_type in RANDOM_OPS:
        if op_type not in known:
            pfor.RegisterPFor(op_type)(_draw_one_by_one)
    for op_type, convert in {"Bitcast": _bits, "InTopKV2": _in_top_k}.items():
        if op_type not in known:
            pfor.RegisterPFor(op_type)(convert)


def _draw_one_by_one(pfor_input: Any) -> list[Any]:
    """Convert a random op whose seed differs between the copies."""
    import tensorflow as tf
    from tensorflow.python.ops.parallel_for import pfor

    inputs = [pfor_input.input(at) for at in range(pfor_input.num_inputs)]
    apart = [tf.unstack(t) if stacked else None for t, stacked, _ in inputs]
    count = next(len(values) for values in apart if values is not None)
    op = pfor_input.op
    dtypes = [output.dtype for output in pfor_input.outputs]
    drawn = []
    for copy in range(count):
        chosen = [
            values[copy] if values is not None else whole
            for values, (whole, _, _) in zip(apart, inputs, strict=True)
        ]
        made = pfor._create_op(op.type, chosen, dtypes, attrs=op.node_def.attr)  # noqa: SLF001
        drawn.append(made.outputs)
    return [pfor.wrap(tf.stack(list(values)), True) for values in zip(*drawn, strict=True)]


def _bits(pfor_input: Any) -> Any:
    """Convert a bitcast between types of the same size, which changes no shape."""
    from tensorflow.python.ops.parallel_for import pfor

    op = pfor_input.op
    if op.inputs[0].dtype.size != op.outputs[0].dtype.size:
        raise ValueError("a bitcast that changes the shape is not vectorised")
    dtypes = [op.outputs[0].dtype]
    made = pfor._create_op(  # noqa: SLF001
        op.type, [pfor_input.stacked_input(0)], dtypes, attrs=op.node_def.attr
    )
    return pfor.wrap(made.outputs[0], True)


def _in_top_k(pfor_input: Any) -> Any:
    """Convert the question whether a row's class is among its k best: rows of all copies in one."""
    import tensorflow as tf
    from tensorflow.python.ops.parallel_for import pfor

    pfor_input.stack_inputs([0, 1])
    outputs, classes = pfor_input.stacked_input(0), pfor_input.stacked_input(1)
    shape = tf.shape(classes)
    flat = tf.raw_ops.InTopKV2(
        predictions=tf.reshape(outputs, [-1, tf.shape(outputs)[-1]]),
        targets=tf.reshape(classes, [-1]),
        k=pfor_input.unstacked_input(2),
    )
    return pfor.wrap(tf.reshape(flat, shape), True)
