"""Writes a MobileNetV2 with random weights as a quantized (QDQ) ONNX model: int8, weights per channel.

Layers and strides are those of the paper (Sandler et al., 2018, table 2), channels times a width
that rounds to multiples of 8. Scales are chosen so that activations use their range on random
images, so plans and generated code meet what a trained network would give them.

usage: make_mobilenet_v2.py OUT.onnx [--size 144] [--width 0.35] [--classes 2] [--seed 1]
"""
import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Expansion, channels, repetitions, stride of the first.
BLOCKS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
          (6, 320, 1, 1)]


def divisible(channels):
    """To a multiple of 8, but not more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class Network:
    """Nodes of a QDQ graph. A tensor is the name of its int8 values with their scale."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def quantized(self, x, name, scale, zero_point):
        """Floats `x` through QuantizeLinear and DequantizeLinear."""
        parts = [self.constant(name + "_scale", np.float32(scale)),
                 self.constant(name + "_zero", np.int8(zero_point))]
        q = self.node("QuantizeLinear", [x, *parts], name + "_q")
        return self.node("DequantizeLinear", [q, *parts], name + "_dq")

    def weights(self, name, shape):
        """About normal, each output channel with its own scale, for results of unit variance."""
        values = self.random.normal(size=shape).astype(np.float32)
        values *= (2 / np.prod(shape[1:])) ** 0.5
        scale = np.abs(values).reshape(shape[0], -1).max(axis=1) / 127
        q = np.clip(np.round(values / scale.reshape(-1, *[1] * (len(shape) - 1))), -127, 127)
        parts = [self.constant(name + "_scale", scale.astype(np.float32)),
                 self.constant(name + "_zero", np.zeros(shape[0], np.int8))]
        q = self.constant(name + "_q", q.astype(np.int8))
        return self.node("DequantizeLinear", [q, *parts], name, axis=0), scale

    def bias(self, name, scale):
        """int32 at the scale of the products, within a tenth of a unit."""
        values = self.random.uniform(-0.1, 0.1, len(scale)) / scale
        parts = [self.constant(name + "_scale", scale.astype(np.float32)),
                 self.constant(name + "_zero", np.zeros(len(scale), np.int32))]
        q = self.constant(name + "_q", np.round(values).astype(np.int32))
        return self.node("DequantizeLinear", [q, *parts], name, axis=0)

    def conv(self, x, x_scale, name, channels, outputs, kernel=1, stride=1, depthwise=False,
             relu=True):
        shape = (outputs, 1 if depthwise else channels, kernel, kernel)
        weights, scale = self.weights(name + "_w", shape)
        bias = self.bias(name + "_b", scale * x_scale)
        pad = (kernel - 1) // 2
        # As TensorFlow pads maps of even size: at the end only, where the stride is 2.
        begin = 0 if stride == 2 and kernel == 3 else pad
        y = self.node("Conv", [x, weights, bias], name, kernel_shape=[kernel, kernel],
                      strides=[stride, stride], pads=[begin, begin, pad, pad],
                      group=channels if depthwise else 1)
        if relu:
            low, high = (self.constant(f"{name}_{end}", np.float32(value))
                         for end, value in (("low", 0), ("high", 6)))
            y = self.node("Clip", [y, low, high], name + "_relu6")
        # Values after ReLU6 lie in [0, 6], most of them below 4; others in about [-5, 5].
        out_scale, zero_point = (4 / 255, -128) if relu else (10 / 255, 0)
        return self.quantized(y, name + "_out", out_scale, zero_point), out_scale


def build(size, width, classes, seed):
    net = Network(seed)
    x_scale = 2 / 255
    x = net.quantized("image", "image", x_scale, 0)  # in [-1, 1]
    channels = divisible(32 * width)
    x, x_scale = net.conv(x, x_scale, "stem", 3, channels, 3, 2)
    index = 0
    for expansion, outputs, repetitions, first_stride in BLOCKS:
        outputs = divisible(outputs * width)
        for repetition in range(repetitions):
            stride = first_stride if repetition == 0 else 1
            name, y, scale, hidden = f"block{index}", x, x_scale, channels * expansion
            if expansion > 1:
                y, scale = net.conv(y, scale, name + "_expand", channels, hidden)
            y, scale = net.conv(y, scale, name + "_depthwise", hidden, hidden, 3, stride, True)
            y, scale = net.conv(y, scale, name + "_project", hidden, outputs, relu=False)
            if stride == 1 and channels == outputs:
                x_scale = 12 / 255
                total = net.node("Add", [x, y], name + "_add")
                x = net.quantized(total, name + "_add_out", x_scale, 0)
            else:
                x, x_scale = y, scale
            channels = outputs
            index += 1
    head = max(1280, divisible(1280 * width))
    x, x_scale = net.conv(x, x_scale, "head", channels, head)
    x = net.quantized(net.node("GlobalAveragePool", [x], "pool"), "pool_out", x_scale, -128)
    x = net.node("Flatten", [x], "flatten")
    weights, scale = net.weights("logits_w", (classes, head))
    y = net.node("Gemm", [x, weights, net.bias("logits_b", scale * x_scale)], "logits", transB=1)
    net.quantized(y, "logits_out", 8 / 255, 0)
    graph = helper.make_graph(
        net.nodes, "mobilenet_v2",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("logits_out_dq", TensorProto.FLOAT, [1, classes])],
        net.constants)
    model = helper.make_model(graph, producer_name="make_mobilenet_v2",
                              opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--size", type=int, default=144)
    parser.add_argument("--width", type=float, default=0.35)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    onnx.save(build(arguments.size, arguments.width, arguments.classes, arguments.seed),
              arguments.out)


if __name__ == "__main__":
    main()
