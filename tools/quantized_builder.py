"""Builds small quantized ONNX graphs in the forms in which quantizers write them: float operators
between DequantizeLinear and QuantizeLinear, or operators on integers."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
INT4, UINT4 = 22, 21  # TensorProto.DataType since opset 21; python3-onnx may be older
LIMITS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767),
          "int4": (-8, 7), "uint4": (0, 15)}
ONNX_TYPES = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "int16": TensorProto.INT16,
              "int32": TensorProto.INT32, "float32": TensorProto.FLOAT,
              "int4": INT4, "uint4": UINT4}


class Value:
    """A tensor of the graph. `rms` is a guess, from which ranges are made."""

    def __init__(self, name, shape, rms=1.0, dtype="float32", scale=None, zero=0):
        self.name, self.shape, self.rms = name, tuple(shape), rms
        self.dtype, self.scale, self.zero = dtype, scale, zero


class Builder:
    """A graph under construction."""

    def __init__(self, name, opset, seed):
        self.name, self.opset = name, opset
        self.random = np.random.RandomState(seed)
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.count, self.microsoft, self.ports = 0, False, []

    def fresh(self, hint):
        self.count += 1
        return f"{hint}_{self.count}"

    def node(self, op, inputs, domain="", **attrs):
        name = self.fresh(op)
        self.microsoft |= domain == MICROSOFT
        self.nodes.append(helper.make_node(op, inputs, [name], name="node_" + name, domain=domain,
                                           **attrs))
        return name

    def constant(self, hint, values, dtype):
        """An initializer; of int4 and uint4, two to a byte, the first in the low bits."""
        name = self.fresh(hint)
        if dtype in ("int4", "uint4"):
            values = np.asarray(values)
            flat = values.reshape(-1).astype(np.int64) & 15
            flat = np.concatenate([flat, np.zeros(flat.size % 2, np.int64)])
            proto = TensorProto(name=name, data_type=ONNX_TYPES[dtype], dims=values.shape,
                                raw_data=(flat[0::2] | flat[1::2] << 4).astype(np.uint8).tobytes())
        else:
            proto = numpy_helper.from_array(np.asarray(values, dtype), name)
        self.constants.append(proto)
        return name

    def ints(self, hint, values):
        return self.constant(hint, values, "int64")

    def input(self, shape, dtype="float32", rms=1.0, scale=None, zero=0):
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape))
        value = Value(name, shape, rms, dtype, scale, zero)
        self.ports.append(value)
        return value

    def output(self, value):
        name = f"y{len(self.outputs)}"
        self.nodes.append(helper.make_node("Identity", [value.name], [name], name="node_" + name))
        self.outputs.append(helper.make_tensor_value_info(name, ONNX_TYPES[value.dtype],
                                                          value.shape))

    def example(self):
        """One random array for each input."""
        arrays = {}
        for port in self.ports:
            if port.dtype == "float32":
                arrays[port.name] = (self.random.randn(*port.shape) * port.rms).astype("float32")
            else:
                low, high = LIMITS[port.dtype]
                arrays[port.name] = self.random.randint(low, high + 1, port.shape).astype(port.dtype)
        return arrays

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid("", self.opset)]
        if self.microsoft:
            opsets.append(helper.make_opsetid(MICROSOFT, 1))
        return helper.make_model(graph, opset_imports=opsets, producer_name="mote",
                                 ir_version=10 if self.opset > 20 else 8)

    # Quantization parameters.

    def params(self, low, high, dtype):
        """Scale and zero point for a range: symmetric for int16, asymmetric otherwise."""
        least, greatest = LIMITS[dtype]
        if dtype == "int16":
            return np.float32(max(-low, high) / greatest), 0
        scale = np.float32((high - low) / (greatest - least))
        return scale, int(np.clip(round(least - low / scale), least, greatest))

    def weights(self, shape, axis=None, dtype="int8", zero=0, fan_in=None):
        """(integers, scales, zero points): normal numbers of variance 1 / fan_in."""
        fan_in = fan_in or int(np.prod(shape[1:]))
        real = self.random.randn(*shape) / np.sqrt(fan_in)
        least, greatest = LIMITS[dtype]
        room = min(zero - least, greatest - zero) if dtype != "int8" else 127
        others = tuple(d for d in range(len(shape)) if d != axis) if axis is not None else None
        scale = (np.abs(real).max(others, keepdims=True) / room).astype("float32")
        integers = np.clip(np.round(real / scale) + zero, least, greatest).astype("int64")
        count = shape[axis] if axis is not None else 1
        shape_of_params = () if axis is None else (count,)
        return (integers, scale.reshape(shape_of_params), np.full(shape_of_params, zero))


def out_size(size, kernel, stride, pads):
    return [(n + pads[i] + pads[i + len(size)] - kernel[i]) // stride[i] + 1
            for i, n in enumerate(size)]


class Qdq(Builder):
    """Float operators between DequantizeLinear and QuantizeLinear."""

    def __init__(self, name, opset, seed, dtype="uint8", domain="", weights="int8"):
        super().__init__(name, opset, seed)
        self.dtype, self.domain, self.weight_dtype = dtype, domain, weights

    def quantize(self, value, low, high):
        scale, zero = self.params(low, high, self.dtype)
        name = self.node("QuantizeLinear", [value.name, self.constant("scale", scale, "float32"),
                                            self.constant("zero", zero, self.dtype)], self.domain)
        rms = min(value.rms, max(-low, high))
        return Value(name, value.shape, rms, self.dtype, scale, zero)

    def dequantize(self, value):
        name = self.node("DequantizeLinear",
                         [value.name, self.constant("scale", value.scale, "float32"),
                          self.constant("zero", value.zero, value.dtype)], self.domain)
        return Value(name, value.shape, value.rms)

    def dequantized_weights(self, params, axis, dtype):
        integers, scale, zero = params
        attrs = {"axis": axis} if axis is not None else {}
        return self.node("DequantizeLinear",
                         [self.constant("weights", integers, dtype),
                          self.constant("scale", scale, "float32"),
                          self.constant("zero", zero, dtype)], self.domain, **attrs)

    def dequantized_bias(self, count, scale):
        real = self.random.randn(count) * 0.3
        scale = np.asarray(scale, "float32")
        attrs = {"axis": 0} if scale.shape else {}
        return self.node("DequantizeLinear",
                         [self.constant("bias", np.round(real / scale), "int32"),
                          self.constant("scale", scale, "float32"),
                          self.constant("zero", np.zeros(scale.shape), "int32")],
                         self.domain, **attrs)

    def store(self, name, shape, rms, low=None, high=None):
        low = -3 * rms if low is None else low
        high = 3 * rms if high is None else high
        return self.quantize(Value(name, shape, rms), low, high)

    def conv(self, x, channels, kernel, stride=1, pad=0, groups=1, per_channel=True, relu=False,
             bias=True, zero=0):
        rank = len(x.shape) - 2
        kernel, strides, pads = [kernel] * rank, [stride] * rank, [pad] * (2 * rank)
        axis = 0 if per_channel else None
        params = self.weights((channels, x.shape[1] // groups, *kernel), axis, self.weight_dtype,
                              zero)
        inputs = [self.dequantize(x).name,
                  self.dequantized_weights(params, axis, self.weight_dtype)]
        if bias:
            inputs.append(self.dequantized_bias(channels, x.scale * params[1]))
        name = self.node("Conv", inputs, kernel_shape=kernel, strides=strides, pads=pads,
                         group=groups)
        shape = (x.shape[0], channels, *out_size(x.shape[2:], kernel, strides, pads))
        return self.store(name, shape, x.rms, 0 if relu else None)

    def gemm(self, x, channels, per_channel=False, zero=0):
        axis = 0 if per_channel else None
        params = self.weights((channels, x.shape[1]), axis, self.weight_dtype, zero)
        name = self.node("Gemm", [self.dequantize(x).name,
                                  self.dequantized_weights(params, axis, self.weight_dtype),
                                  self.dequantized_bias(channels, x.scale * params[1])], transB=1)
        return self.store(name, (x.shape[0], channels), x.rms)

    def matmul_weights(self, x, channels, per_channel=False, zero=0, bias=False):
        axis = 1 if per_channel else None
        depth = x.shape[-1]
        params = self.weights((depth, channels), axis, self.weight_dtype, zero, fan_in=depth)
        name = self.node("MatMul", [self.dequantize(x).name,
                                    self.dequantized_weights(params, axis, self.weight_dtype)])
        if bias:  # as exporters of linear layers write it
            name = self.node("Add", [name, self.constant("bias", self.random.randn(channels) * 0.3,
                                                         "float32")])
        return self.store(name, (*x.shape[:-1], channels), x.rms)

    def matmul(self, a, b):
        name = self.node("MatMul", [self.dequantize(a).name, self.dequantize(b).name])
        rms = a.rms * b.rms * np.sqrt(a.shape[-1])
        return self.store(name, (*a.shape[:-1], b.shape[-1]), rms)

    def add(self, a, b):
        name = self.node("Add", [self.dequantize(a).name, self.dequantize(b).name])
        return self.store(name, np.broadcast_shapes(a.shape, b.shape), np.hypot(a.rms, b.rms))

    def mul(self, a, b):
        name = self.node("Mul", [self.dequantize(a).name, self.dequantize(b).name])
        return self.store(name, np.broadcast_shapes(a.shape, b.shape), a.rms * b.rms)

    def concat(self, parts, axis=1):
        name = self.node("Concat", [self.dequantize(p).name for p in parts], axis=axis)
        shape = list(parts[0].shape)
        shape[axis] = sum(p.shape[axis] for p in parts)
        return self.store(name, shape, max(p.rms for p in parts))

    def same(self, op, x, shape, inputs=(), **attrs):
        """An operator that moves or chooses: the result has the operand's scale."""
        name = self.node(op, [self.dequantize(x).name, *inputs], **attrs)
        scale = self.constant("scale", x.scale, "float32")
        zero = self.constant("zero", x.zero, x.dtype)
        name = self.node("QuantizeLinear", [name, scale, zero], self.domain)
        return Value(name, shape, x.rms, x.dtype, x.scale, x.zero)

    def pool(self, op, x, kernel, stride, pad=0, rescale=True):
        kernel, strides, pads = [kernel] * 2, [stride] * 2, [pad] * 4
        shape = (*x.shape[:2], *out_size(x.shape[2:], kernel, strides, pads))
        attrs = dict(kernel_shape=kernel, strides=strides, pads=pads)
        if op == "MaxPool":
            return self.same(op, x, shape, **attrs)
        # Means at the operand's own scale would be ties in one of four cases.
        low, high = (-2.7 * x.rms, 2.5 * x.rms) if rescale else (None, None)
        return self.store(self.node(op, [self.dequantize(x).name], **attrs), shape, x.rms, low,
                          high)

    def max_pool(self, x, kernel, stride, pad=0):
        return self.pool("MaxPool", x, kernel, stride, pad)

    def average_pool(self, x, kernel, stride, pad=0, rescale=True):
        return self.pool("AveragePool", x, kernel, stride, pad, rescale)

    def global_average_pool(self, x):
        name = self.node("GlobalAveragePool", [self.dequantize(x).name])
        return self.store(name, (*x.shape[:2], *[1] * (len(x.shape) - 2)), 0.5 * x.rms)

    def unary(self, op, x, low, high, **attrs):
        name = self.node(op, [self.dequantize(x).name], **attrs)
        return self.store(name, x.shape, max(-low, high) / 2, low, high)

    def sigmoid(self, x):
        return self.unary("Sigmoid", x, 0, 1)

    def leaky_relu(self, x):
        return self.unary("LeakyRelu", x, -0.6 * x.rms, 3 * x.rms, alpha=0.2)

    def reshape(self, x, shape):
        return self.same("Reshape", x, shape, [self.ints("shape", shape)])

    def give(self, x):
        """The graph's output, in floats."""
        self.output(self.dequantize(x))

    def take(self, shape):
        """A graph input of floats, quantized."""
        return self.quantize(self.input(shape), -3, 3)

    def take_integers(self, shape):
        scale, zero = self.params(-3, 3, self.dtype)
        return self.input(shape, self.dtype, 1.7, scale, zero)


class QOperator(Qdq):
    """Operators on integers: ONNX's own, and those of onnxruntime."""

    def of(self, x):
        """Operands: a value with scale and zero point."""
        return [x.name, *self.scale_of(x)]

    def scale_of(self, x):
        return [self.constant("scale", x.scale, "float32"), self.constant("zero", x.zero, x.dtype)]

    def result(self, shape, rms, low=None, high=None):
        scale, zero = self.params(-3 * rms if low is None else low,
                                  3 * rms if high is None else high, self.dtype)
        return Value("", shape, rms, self.dtype, scale, zero)

    def weight_operands(self, params):
        return [self.constant("weights", params[0], self.weight_dtype),
                self.constant("scale", params[1], "float32"),
                self.constant("zero", params[2], self.weight_dtype)]

    def bias(self, count, scale):
        return self.constant("bias", np.round(self.random.randn(count) * 0.3 / scale), "int32")

    def conv(self, x, channels, kernel, stride=1, pad=0, groups=1, per_channel=True, relu=False,
             bias=True, zero=0):
        rank = len(x.shape) - 2
        kernel, strides, pads = [kernel] * rank, [stride] * rank, [pad] * (2 * rank)
        params = self.weights((channels, x.shape[1] // groups, *kernel), 0 if per_channel else None,
                              self.weight_dtype, zero)
        shape = (x.shape[0], channels, *out_size(x.shape[2:], kernel, strides, pads))
        y = self.result(shape, x.rms, 0 if relu else None)
        inputs = [*self.of(x), *self.weight_operands(params), *self.scale_of(y)]
        if bias:
            inputs.append(self.bias(channels, x.scale * params[1]))
        y.name = self.node("QLinearConv", inputs, kernel_shape=kernel, strides=strides, pads=pads,
                           group=groups)
        return y

    def gemm(self, x, channels, per_channel=False, zero=0):
        params = self.weights((channels, x.shape[1]), 0 if per_channel else None,
                              self.weight_dtype, zero)
        y = self.result((x.shape[0], channels), x.rms)
        y.name = self.node("QGemm", [*self.of(x), *self.weight_operands(params),
                                     self.bias(channels, x.scale * params[1]), *self.scale_of(y)],
                           MICROSOFT, transB=1)
        return y

    def matmul_weights(self, x, channels, per_channel=False, zero=0, bias=False):
        depth = x.shape[-1]
        params = self.weights((depth, channels), 1 if per_channel else None, self.weight_dtype,
                              zero, fan_in=depth)
        y = self.result((*x.shape[:-1], channels), x.rms)
        y.name = self.node("QLinearMatMul",
                           [*self.of(x), *self.weight_operands(params), *self.scale_of(y)])
        return y

    def matmul(self, a, b):
        y = self.result((*a.shape[:-1], b.shape[-1]), a.rms * b.rms * np.sqrt(a.shape[-1]))
        y.name = self.node("QLinearMatMul", [*self.of(a), *self.of(b), *self.scale_of(y)])
        return y

    def binary(self, op, a, b, rms):
        y = self.result(np.broadcast_shapes(a.shape, b.shape), rms)
        y.name = self.node(op, [*self.of(a), *self.of(b), *self.scale_of(y)], MICROSOFT)
        return y

    def add(self, a, b):
        return self.binary("QLinearAdd", a, b, np.hypot(a.rms, b.rms))

    def mul(self, a, b):
        return self.binary("QLinearMul", a, b, a.rms * b.rms)

    def concat(self, parts, axis=1):
        shape = list(parts[0].shape)
        shape[axis] = sum(p.shape[axis] for p in parts)
        y = self.result(shape, max(p.rms for p in parts))
        operands = [operand for part in parts for operand in self.of(part)]
        y.name = self.node("QLinearConcat", [*self.scale_of(y), *operands], MICROSOFT, axis=axis)
        return y

    def same(self, op, x, shape, inputs=(), **attrs):
        return Value(self.node(op, [x.name, *inputs], **attrs), shape, x.rms, x.dtype, x.scale,
                     x.zero)

    def one_operand(self, op, x, y, **attrs):
        y.name = self.node(op, [*self.of(x), *self.scale_of(y)], MICROSOFT, **attrs)
        return y

    def average_pool(self, x, kernel, stride, pad=0, rescale=True):
        kernel, strides, pads = [kernel] * 2, [stride] * 2, [pad] * 4
        low, high = (-2.7 * x.rms, 2.5 * x.rms) if rescale else (None, None)
        y = self.result((*x.shape[:2], *out_size(x.shape[2:], kernel, strides, pads)), x.rms, low,
                        high)
        return self.one_operand("QLinearAveragePool", x, y, kernel_shape=kernel, strides=strides,
                                pads=pads)

    def global_average_pool(self, x):
        y = self.result((*x.shape[:2], 1, 1), 0.5 * x.rms)
        return self.one_operand("QLinearGlobalAveragePool", x, y)

    def sigmoid(self, x):
        return self.one_operand("QLinearSigmoid", x, self.result(x.shape, 0.5, 0, 1))

    def leaky_relu(self, x):
        y = self.result(x.shape, x.rms, -0.6 * x.rms, 3 * x.rms)
        return self.one_operand("QLinearLeakyRelu", x, y, alpha=0.2)
