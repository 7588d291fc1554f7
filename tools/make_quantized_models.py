#!/usr/bin/python3
"""Writes the quantized ONNX models of tests/quantized, and vectors that onnxruntime computes.

The models are small and deterministic: random weights, scales from estimated ranges. They have the
forms in which quantizers write models; see tests/quantized/README.md.

usage: make_quantized_models.py [NAME...]      with Debian's python3-onnx, and onnxruntime-node in
                                               a folder that NODE_PATH names
"""
import base64
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from quantized_builder import LIMITS, MICROSOFT, Qdq, QOperator, Value

ROOT = pathlib.Path(__file__).resolve().parent.parent


def residual_network(b, x):
    """Convolutions of every kind, a residual addition, a concatenation, pools, a classifier."""
    x = b.conv(x, 8, 3, stride=2, pad=1, relu=True)
    y = b.conv(x, 8, 3, pad=1, groups=8, relu=True)
    y = b.conv(y, 8, 1, per_channel=False)
    y = b.add(x, y)
    z = b.conv(b.max_pool(y, 3, 2, pad=1), 6, 3, pad=1, groups=2, bias=False)
    w = b.average_pool(y, 2, 2)
    y = b.concat([b.leaky_relu(z), w])
    y = b.mul(y, b.sigmoid(b.conv(b.global_average_pool(y), y.shape[1], 1)))
    y = b.average_pool(y, 2, 1, pad=1)
    y = b.reshape(y, (1, y.shape[1] * y.shape[2] * y.shape[3]))
    return b.gemm(y, 10)


def qdq_u8(b):
    b.give(residual_network(b, b.take((1, 3, 12, 12))))


def integers_u8(b):
    b.output(residual_network(b, b.take_integers((1, 3, 12, 12))))


def pools(b):
    """Maxima and means at the operand's scale, with and without a border."""
    x = b.take_integers((1, 3, 9, 8))
    b.output(b.max_pool(x, 3, 2, pad=1))
    same = Value(x.name, x.shape, 1, x.dtype, x.scale, x.zero)  # a range of -3 .. 3 again
    b.output(b.average_pool(same, 2, 2, rescale=False))
    b.output(b.average_pool(same, 3, 1, pad=1, rescale=False))
    b.output(b.global_average_pool(x))


def qoperator_matmul(b):
    x = b.take_integers((1, 6, 16))
    y = b.matmul_weights(x, 12, per_channel=True)
    z = b.same("Transpose", b.matmul_weights(x, 12), (1, 12, 6), perm=[0, 2, 1])
    b.output(b.matmul(y, z))


def qdq_moves(b):
    """Operators that move elements, activations, products of two activations."""
    x = b.take_integers((1, 4, 6, 6))
    y = b.same("Resize", x, (1, 4, 12, 12), ["", b.constant("scales", [1, 1, 2, 2], "float32")],
               mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    y = b.same("Pad", y, (1, 4, 14, 13), [b.ints("pads", [0, 0, 1, 1, 0, 0, 1, 0])])
    y = b.conv(y, 6, 3)
    y = b.unary("HardSwish", y, -0.4, 3 * y.rms)
    b.output(y)
    y = b.reshape(y, (1, 6, 12 * 11))
    keys = b.same("Transpose", y, (1, 132, 6), perm=[0, 2, 1])
    scores = b.matmul(keys, b.same("Slice", y, (1, 6, 20), [b.ints("starts", [3]),
                                                            b.ints("ends", [23]),
                                                            b.ints("axes", [2])]))
    y = b.unary("Softmax", scores, 0, 1, axis=-1)
    b.output(y)
    y = b.mul(b.leaky_relu(scores), b.sigmoid(scores))
    y = b.unary("Tanh", y, -1, 1)
    mean = b.node("ReduceMean", [b.dequantize(y).name], axes=[1])
    b.output(b.store(mean, (1, 1, 20), 0.3))


def qdq_conv1d(b):
    x = b.take((1, 4, 40))
    y = b.conv(x, 8, 5, stride=2, pad=2, relu=True)
    y = b.conv(y, 8, 3, pad=1, groups=8)
    y = b.global_average_pool(y)
    b.give(b.gemm(b.reshape(y, (1, 8)), 4, per_channel=True))


def qdq_s8(b):
    """int8 activations with zero points, Relu between the layer and QuantizeLinear."""
    x = b.take((1, 3, 9, 9))
    axis_params = b.weights((6, 3, 3, 3), 0)
    name = b.node("Conv", [b.dequantize(x).name, b.dequantized_weights(axis_params, 0, "int8"),
                           b.dequantized_bias(6, x.scale * axis_params[1])], kernel_shape=[3, 3])
    y = b.store(b.node("Relu", [name]), (1, 6, 7, 7), x.rms, 0)
    y = b.conv(y, 6, 3, pad=1, groups=6, per_channel=False)
    y = b.matmul_weights(b.reshape(y, (6, 49)), 5, bias=True)
    b.give(y)


def qdq_partial(b):
    """Quantized matrix products with float Softmax and layer normalization between them."""
    x = b.take((1, 8, 16))
    q, k = b.matmul_weights(x, 16, bias=True), b.matmul_weights(x, 16, per_channel=True)
    v = b.matmul_weights(x, 16, bias=True)
    scores = b.node("MatMul", [b.dequantize(q).name,
                               b.node("Transpose", [b.dequantize(k).name], perm=[0, 2, 1])])
    scores = b.node("Mul", [scores, b.constant("root", 0.25, "float32")])
    weights = b.store(b.node("Softmax", [scores], axis=-1), (1, 8, 8), 0.5, 0, 1)
    y = b.node("MatMul", [b.dequantize(weights).name, b.dequantize(v).name])
    y = b.node("Add", [y, b.dequantize(x).name])
    y = b.node("LayerNormalization", [y, b.constant("gamma", 1 + 0.1 * b.random.randn(16),
                                                    "float32"),
                                      b.constant("beta", 0.1 * b.random.randn(16), "float32")],
               axis=-1)
    y = b.matmul_weights(b.store(y, (1, 8, 16), 1), 12, bias=True)
    real = b.dequantize(y)
    mean = b.node("ReduceMean", [real.name], axes=[-1])
    centred = b.node("Sub", [real.name, mean])
    square = b.node("Pow", [centred, b.constant("two", 2, "float32")])
    deviation = b.node("Sqrt", [b.node("Add", [b.node("ReduceMean", [square], axes=[-1]),
                                               b.constant("epsilon", 1e-5, "float32")])])
    y = b.store(b.node("Div", [centred, deviation]), (1, 8, 12), 1)
    b.output(Value(b.node("Softmax", [b.dequantize(b.matmul_weights(y, 4)).name], axis=-1),
                   (1, 8, 4)))


def dynamically_quantized(b, x):
    """Integers, scale and zero point of a float tensor."""
    names = [b.fresh("dynamic") for _ in range(3)]
    b.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], names))
    return names


def dynamic(b):
    """Integers whose scale is known at run time only."""
    def scaled(sums, x_scale, w_scale):
        real = b.node("Cast", [sums], to=TensorProto.FLOAT)
        scale = b.node("Mul", [x_scale, b.constant("scale", w_scale, "float32")])
        return b.node("Mul", [real, scale])

    x = b.input((1, 3, 8, 8))
    q, scale, zero = dynamically_quantized(b, x.name)
    w, w_scale, w_zero = b.weights((6, 3, 3, 3), None, "uint8", 121)
    y = b.node("ConvInteger", [q, b.constant("weights", w, "uint8"), zero,
                               b.constant("zero", w_zero, "uint8")], pads=[1] * 4,
               kernel_shape=[3, 3])
    y = b.node("Relu", [scaled(y, scale, w_scale)])
    y = b.node("Reshape", [y, b.ints("shape", [6, 64])])
    q, scale, zero = dynamically_quantized(b, y)
    w, w_scale, w_zero = b.weights((64, 10), 1, "int8", 0, fan_in=64)
    y = b.node("MatMulInteger", [q, b.constant("weights", w, "int8"), zero,
                                 b.constant("zero", w_zero, "int8")])
    y = b.node("Add", [scaled(y, scale, w_scale), b.constant("bias", b.random.randn(10),
                                                             "float32")])
    b.output(Value(y, (6, 10)))


def dynamic_products(b):
    """Exact sums: products of two activations, with zero points known or not; a depthwise layer."""
    x, y = b.input((2, 5, 6)), b.input((2, 6, 4))
    q, _, q_zero = dynamically_quantized(b, x.name)
    r, _, r_zero = dynamically_quantized(b, y.name)
    b.output(Value(b.node("MatMulInteger", [q, r, q_zero, r_zero]), (2, 5, 4), dtype="int32"))
    zeros = [b.constant("zero", 101, "uint8"), b.constant("zero", 140, "uint8")]
    b.output(Value(b.node("MatMulInteger", [q, r, *zeros]), (2, 5, 4), dtype="int32"))
    b.output(Value(b.node("MatMulInteger", [q, r]), (2, 5, 4), dtype="int32"))
    maps = b.node("Reshape", [q, b.ints("shape", [1, 2, 5, 6])])
    w, _, zero = b.weights((4, 1, 3, 3), None, "uint8", 130)
    y = b.node("ConvInteger", [maps, b.constant("weights", w, "uint8"), q_zero,
                               b.constant("zero", zero, "uint8")], group=2, kernel_shape=[3, 3])
    b.output(Value(y, (1, 4, 3, 4), dtype="int32"))


def asymmetric_weights(b):
    """Zero points of weights away from the middle, and int8 weights of -128."""
    x = b.take_integers((1, 4, 7, 7))
    y = b.conv(x, 6, 3, pad=1, per_channel=False, zero=97)
    y = b.conv(y, 6, 3, pad=1, groups=6, per_channel=True, zero=140)
    y = b.conv(y, 4, 1, per_channel=False, zero=128)
    b.weight_dtype = "int8"
    integers, scale, zero = b.weights((4, 4, 1, 1), 0)
    integers[:, 0] = -128
    name = b.node("Conv", [b.dequantize(y).name, b.dequantized_weights((integers, scale, zero), 0,
                                                                       "int8")],
                  kernel_shape=[1, 1])
    y = b.store(name, y.shape, 2 * y.rms)
    b.weight_dtype = "uint8"
    b.output(b.gemm(b.reshape(y, (1, 4 * 49)), 5, zero=100))


def qdq_s16(b):
    """int16 activations, int8 weights."""
    x = b.take((1, 3, 8, 8))
    y = b.conv(x, 6, 3, stride=2, pad=1, relu=True)
    y = b.conv(y, 6, 3, pad=1, groups=6)
    y = b.conv(y, 5, 1, per_channel=False)
    b.give(b.gemm(b.reshape(y, (1, 5 * 16)), 4))


def int4_weights(b):
    """Weights of four bits: per tensor, per channel, and in blocks."""
    x = b.take_integers((1, 4, 6, 6))
    y = b.conv(x, 7, 3, pad=1, relu=True)
    b.weight_dtype = "uint4"
    y = b.conv(y, 5, 1, per_channel=False, zero=8)
    y = b.reshape(y, (5, 36))
    depth, block = 36, 12
    scale = (0.04 + 0.02 * b.random.rand(depth // block, 3)).astype("float32")
    w = b.node("DequantizeLinear",
               [b.constant("weights", b.random.randint(-8, 8, (depth, 3)), "int4"),
                b.constant("scale", scale, "float32"),
                b.constant("zero", b.random.randint(-2, 3, scale.shape), "int4")],
               axis=0, block_size=block)
    name = b.node("MatMul", [b.dequantize(y).name, w])
    b.output(b.store(name, (5, 3), 2 * y.rms))


def blocked_weights(b, shape, block, channel_axis=0):
    """int4 in blocks along the input channels, whose scales are multiples of one per channel."""
    axis, channels = 1 - channel_axis, shape[channel_axis]
    counts = [-(-n // block) if d == axis else n for d, n in enumerate(shape)]
    fan_in = np.prod(shape) / channels
    unit = (0.7 + 0.6 * b.random.rand(channels)) / (42 * np.sqrt(fan_in))
    unit = unit.reshape([channels if d == channel_axis else 1 for d in range(len(shape))])
    scale = (unit * b.random.randint(1, 17, counts)).astype("float32")
    return b.node("DequantizeLinear",
                  [b.constant("weights", b.random.randint(-7, 8, shape), "int4"),
                   b.constant("scale", scale, "float32"),
                   b.constant("zero", np.zeros(counts, int), "int4")], axis=axis, block_size=block)


def int4_blocks(b):
    """Weights of four bits in blocks that have integer products: of 16, 32 and 64 channels."""
    x = b.take((1, 16, 6, 6))
    name = b.node("Conv", [b.dequantize(x).name, blocked_weights(b, (48, 16, 3, 3), 16)],
                  kernel_shape=[3, 3], pads=[1] * 4)
    y = b.store(name, (1, 48, 6, 6), x.rms, 0)
    name = b.node("Conv", [b.dequantize(y).name, blocked_weights(b, (5, 48, 1, 1), 32)],
                  kernel_shape=[1, 1])
    y = b.reshape(b.store(name, (1, 5, 6, 6), y.rms), (1, 180))
    name = b.node("MatMul", [b.dequantize(y).name, blocked_weights(b, (180, 6), 64, 1)])
    b.give(b.store(name, (1, 6), y.rms))


def recurrent(b, op, x, hidden, directions=1, per_channel=True, results=(True,), **attrs):
    """LSTM or GRU between DequantizeLinear and QuantizeLinear; `results` says which are wanted."""
    gates = {"LSTM": 4, "GRU": 3}[op]
    rows, inputs, axis = gates * hidden, x.shape[-1], 1 if per_channel else None
    steps, batch = x.shape[:2]
    w = b.weights((directions, rows, inputs), axis, fan_in=inputs / 4)
    r = b.weights((directions, rows, hidden), axis, fan_in=hidden)
    bias = b.constant("bias", b.random.randn(directions, 2 * rows) * 0.2, "float32")
    names = [b.fresh(op) if wanted else "" for wanted in results]
    b.nodes.append(helper.make_node(
        op, [b.dequantize(x).name, b.dequantized_weights(w, axis, "int8"),
             b.dequantized_weights(r, axis, "int8"), bias],
        names, name="node_" + b.fresh(op), hidden_size=hidden, **attrs))
    shapes = [(steps, directions, batch, hidden), *[(directions, batch, hidden)] * 2]
    ranges = [(-1, 1), (-0.9, 1), (-2, 2)]
    return [b.store(name, shape, 0.5, *limits)
            for name, shape, limits in zip(names, shapes, ranges) if name]


def qdq_lstm(b):
    """Both directions with all results, a second layer of which the last state is read."""
    x = b.take_integers((7, 2, 9))
    y, y_h, y_c = recurrent(b, "LSTM", x, 10, 2, results=(True,) * 3, direction="bidirectional")
    b.output(y_h)
    b.output(y_c)
    y = b.reshape(b.same("Transpose", y, (7, 2, 2, 10), perm=[0, 2, 1, 3]), (7, 2, 20))
    (last,) = recurrent(b, "LSTM", y, 6, per_channel=False, results=(False, True))
    b.output(b.gemm(b.reshape(last, (2, 6)), 5))


def qdq_gru(b):
    """The reset gate before and after the product, backwards and forwards."""
    x = b.take_integers((6, 1, 11))
    (y,) = recurrent(b, "GRU", x, 8, direction="reverse")
    y = b.reshape(y, (6, 1, 8))
    y, last = recurrent(b, "GRU", y, 13, per_channel=False, results=(True, True),
                        linear_before_reset=1)
    b.output(y)
    b.output(b.gemm(b.reshape(last, (1, 13)), 4))


MODELS = [
    # name                  builder    opset dtype    domain     weights  body
    ("qdq_u8",              Qdq,       13, "uint8", "",        "int8",  qdq_u8),
    ("qdq_u8_integers",     Qdq,       13, "uint8", "",        "int8",  integers_u8),
    ("qdq_s8",              Qdq,       13, "int8",  "",        "int8",  qdq_s8),
    ("qdq_moves",           Qdq,       14, "uint8", "",        "int8",  qdq_moves),
    ("qdq_conv1d",          Qdq,       13, "uint8", "",        "int8",  qdq_conv1d),
    ("qdq_partial",         Qdq,       17, "int8",  "",        "int8",  qdq_partial),
    ("qdq_partial_u8",      Qdq,       17, "uint8", "",        "int8",  qdq_partial),
    ("qoperator_u8",        QOperator, 13, "uint8", "",        "int8",  qdq_u8),
    ("qoperator_integers",  QOperator, 13, "uint8", "",        "int8",  integers_u8),
    ("qoperator_s8",        QOperator, 13, "int8",  "",        "int8",  integers_u8),
    ("qdq_pools",           Qdq,       13, "uint8", "",        "int8",  pools),
    ("qoperator_pools",     QOperator, 13, "uint8", "",        "int8",  pools),
    ("qoperator_matmul",    QOperator, 13, "uint8", "",        "int8",  qoperator_matmul),
    ("dynamic",             Qdq,       13, "uint8", "",        "uint8", dynamic),
    ("asymmetric_weights",  Qdq,       13, "uint8", "",        "uint8", asymmetric_weights),
    ("qdq_s16",             Qdq,       21, "int16", "",        "int8",  qdq_s16),
    ("qdq_s16_microsoft",   Qdq,       17, "int16", MICROSOFT, "int8",  qdq_s16),
    ("qdq_s16_residual",    Qdq,       21, "int16", "",        "int8",  qdq_u8),
    ("qdq_s16_moves",       Qdq,       17, "int16", MICROSOFT, "int8",  qdq_moves),
    ("qdq_s16_lstm",        Qdq,       17, "int16", MICROSOFT, "int8",  qdq_lstm),
    ("int4_weights",        Qdq,       21, "uint8", "",        "int4",  int4_weights),
    ("qdq_lstm",            Qdq,       14, "uint8", "",        "int8",  qdq_lstm),
    ("qdq_gru",             Qdq,       14, "int8",  "",        "int8",  qdq_gru),
    ("dynamic_products",    Qdq,       13, "uint8", "",        "uint8", dynamic_products),
    ("int4_blocks",         Qdq,       21, "int8",  "",        "int4",  int4_blocks),
]

SETS = 2


def reference(model, sets):
    """Outputs of each set of inputs, by name, from onnxruntime without graph optimizations."""
    request = {"model": base64.b64encode(model).decode(), "sets": [
        {name: {"type": str(a.dtype), "dims": a.shape,
                "data": base64.b64encode(a.tobytes()).decode()} for name, a in arrays.items()}
        for arrays in sets]}
    script = ROOT / "tools" / "onnxruntime_reference.js"
    done = subprocess.run(["node", script], input=json.dumps(request), text=True, check=True,
                          stdout=subprocess.PIPE)
    return [{name: np.frombuffer(base64.b64decode(t["data"]), t["type"]).reshape(t["dims"])
             for name, t in outputs.items()} for outputs in json.loads(done.stdout)]


def save(folder, direction, ports, arrays):
    for i, port in enumerate(ports):
        proto = numpy_helper.from_array(arrays[port.name], port.name)
        (folder / f"{direction}_{i}.pb").write_bytes(proto.SerializeToString())


def main():
    chosen = sys.argv[1:]
    for seed, (name, builder, opset, dtype, domain, weights, body) in enumerate(MODELS, 1):
        if chosen and name not in chosen:
            continue
        b = builder(name, opset, seed, dtype, domain, weights)
        body(b)
        model = b.model().SerializeToString()
        sets = [b.example() for _ in range(SETS)]
        outputs = reference(model, sets)
        folder = ROOT / "tests" / "quantized" / name
        shutil.rmtree(folder, ignore_errors=True)
        for k, (given, expected) in enumerate(zip(sets, outputs)):
            data = folder / f"test_data_set_{k}"
            data.mkdir(parents=True)
            save(data, "input", b.inputs, given)
            save(data, "output", b.outputs, expected)
        (folder / "model.onnx").write_bytes(model)
        # Results that are all alike, or all saturated, would test nothing.
        spread = [len(np.unique(a)) / a.size for a in outputs[0].values()]
        extremes = [np.isin(a, [LIMITS[str(a.dtype)]]).mean() if str(a.dtype) in LIMITS else 0
                    for a in outputs[0].values()]
        print(f"{name}: distinct {np.round(spread, 2)}, saturated {np.round(extremes, 2)}")


if __name__ == "__main__":
    main()
