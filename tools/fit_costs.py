#!/usr/bin/env python3
"""Fits the costs of integer kernels to measurements on an emulated core.

usage: tools/fit_costs.py --bench BENCH --target T [--motec PATH] MLPERF_TINY_FOLDER [NETWORK...]

Runs every layer of the networks alone and fits, for each kind of kernel,
    cost = mac * multiply-adds + output * results + call
by least squares of the relative error. The result is what compiler/kernels/costs.inc holds.
"""
import argparse
import collections
import json
import pathlib
import re
import sys
import tempfile

import numpy

import measure_int8

ADAPTER = """
#include "net.h"
alignas(16) static unsigned char arena[NET_ARENA_BYTES];
extern "C" int bench_setup(void) {
  unsigned x = 1;
  for (auto& byte : arena) byte = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
  return 0;
}
extern "C" int bench_run(void) { net_invoke(arena); return 0; }
extern "C" int bench_check(void) { return 0; }
"""


def kind_of(kernel):
    return re.sub(r"_s8.*", "", kernel)


def measure(arguments, network, samples):
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary)
        measure_int8.run([arguments.motec, "compile",
                          pathlib.Path(arguments.folder, f"{network}_int8", "model.onnx"), "-o", out,
                          "--name", "net", "--target", arguments.target, "--io", "quantized",
                          "--io-layout", "nhwc", "--report", out / "report.json"])
        layers = json.loads((out / "report.json").read_text())["layers"]
        source = (out / "net.cpp").read_text()
        head, body = source.split("void net_invoke(void *arena) {")
        calls = re.findall(r"^  mote::.*;$", body, re.M)
        assert len(calls) == len(layers)
        (out / "adapter.cpp").write_text(ADAPTER)
        for layer, call in zip(layers, calls):
            if layer["macs"] == 0:
                continue
            (out / "net.cpp").write_text(f"{head}void net_invoke(void *arena) {{\n{call}\n}}\n")
            figures = measure_int8.bench(arguments, arguments.target, out,
                                         [out / "net.cpp", out / "net_weights.cpp"])
            cost = figures["est_cycles"] or figures["instructions"]
            shape = [int(n) for n in re.findall(r"\d+", layer["output"].split("[")[1])]
            samples[kind_of(layer["kernel"])].append((layer["macs"], int(numpy.prod(shape)), cost))
            print(f"{network:4} {layer['name']:12} {layer['kernel']:18} {layer['macs']:>9} "
                  f"{int(numpy.prod(shape)):>7} {cost:>9}", flush=True)


def fit(samples):
    """Non-negative least squares of the relative error, by leaving out what comes out negative."""
    rows = numpy.array([[macs / cost, outputs / cost, 1 / cost] for macs, outputs, cost in samples])
    used = [0, 1, 2]
    while True:
        solution, *_ = numpy.linalg.lstsq(rows[:, used], numpy.ones(len(rows)), rcond=None)
        if min(solution) >= 0 or len(used) == 1:
            break
        used.pop(int(numpy.argmin(solution)))
    result = [0.0, 0.0, 0.0]
    for i, value in zip(used, solution):
        result[i] = value
    errors = rows @ result - 1
    return result, float(numpy.abs(errors).max())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--motec", default=measure_int8.ROOT / "build/compiler/motec")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--cflags", default="-O3")
    parser.add_argument("--vlen", default=128, type=int)
    parser.add_argument("folder")
    parser.add_argument("networks", nargs="*")
    arguments = parser.parse_args()
    samples = collections.defaultdict(list)
    for network in arguments.networks or measure_int8.NETWORKS:
        measure(arguments, network, samples)
    for kind, values in sorted(samples.items()):
        (mac, output, call), error = fit(values)
        print(f'{{"{kind}", {mac:.3f}, {output:.1f}, {call:.0f}}},  '
              f"// {len(values)} layers, error at most {100 * error:.0f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
