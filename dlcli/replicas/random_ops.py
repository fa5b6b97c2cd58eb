"""Random numbers per copy: what TensorFlow's vectorisation lacks."""

from __future__ import annotations

from typing import Any

OPS = (
    "StatelessRandomGetKeyCounter",
    "StatelessRandomUniformV2",
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformFullIntV2",
    "StatelessRandomNormalV2",
    "StatelessTruncatedNormalV2",
)


def vectorise_random_ops() -> None:
    """Teach ``tf.vectorized_map`` the stateless random ops, each copy with its own seed.

    A draw becomes one op per copy, so that a copy gets the numbers that it gets alone.
    TensorFlow keeps what it has for an op, should it come to have one.
    """
    from tensorflow.python.ops.parallel_for import pfor

    known = pfor._pfor_converter_registry  # noqa: SLF001 (there is no public registry)
    for op_type in OPS:
        if op_type not in known:
            pfor.RegisterPFor(op_type)(_draw_one_by_one)


def _draw_one_by_one(pfor_input: Any) -> list[Any]:
    """Convert a random op whose seed differs between the copies."""
    import tensorflow as tf
    from tensorflow.python.ops.parallel_for import pfor

    count = tf.get_static_value(pfor_input.pfor.loop_len_vector[0])
    if count is None:
        raise ValueError("the number of copies is not known")
    inputs = [pfor_input.input(at) for at in range(pfor_input.num_inputs)]
    apart = [tf.unstack(t, num=int(count)) if stacked else None for t, stacked, _ in inputs]
    op = pfor_input.op
    dtypes = [output.dtype for output in pfor_input.outputs]
    drawn = []
    for copy in range(int(count)):
        chosen = [
            values[copy] if values is not None else whole
            for values, (whole, _, _) in zip(apart, inputs, strict=True)
        ]
        made = pfor._create_op(op.type, chosen, dtypes, attrs=op.node_def.attr)  # noqa: SLF001
        drawn.append(made.outputs)
    return [pfor.wrap(tf.stack(list(values)), True) for values in zip(*drawn, strict=True)]
