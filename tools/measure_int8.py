#!/usr/bin/env python3
"""The int8 networks of MLPerf Tiny on emulated cores, beside what others need.

usage: tools/measure_int8.py --bench BENCH [--motec PATH] [--target T]... [--cflags=-O3]
                             [--optimize GOAL] [--profile N] [--portable] [--clang]
                             MLPERF_TINY_FOLDER [NETWORK...]

BENCH is a harness that runs C++ with an adapter (bench_setup, bench_run, bench_check) on an emulated
core and prints one line of JSON: instructions, est_cycles, text, rodata, check. Inputs and outputs
are int8, channels last, as in the networks' TensorFlow Lite form. Every run checks its outputs
against motec's own evaluation, byte for byte. `code` is code and constants without weights, of the
C library, too. --profile prints the N functions that take most instructions. --portable runs the
portable kernels on the same core as well and prints how many times as many instructions they take.
--clang compiles with clang 19 where the harness would call GCC.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORKS = ["ic", "kws", "vww", "ad", "sww"]
NOMINAL_MACS = {"ic": 12501632, "kws": 2656768, "vww": 7489664, "ad": 264192, "sww": 826368}

# TensorFlow Lite Micro with CMSIS-NN (on RISC-V: muRISCV-NN; on AArch64: XNNPACK), measured alike:
# millions of estimated cycles on Cortex-M4, millions of instructions on M55, and instructions per
# multiply-add elsewhere.
RIVALS = {
    "cortex-m4": [35.622, 9.348, 29.866, 0.7297, 2.684],
    "cortex-m55": [4.422, 1.697, 6.035, 0.0634, 0.388],
    "cortex-m3": [3.34, 3.97, 4.28, 3.62, 5.16],
    "cortex-m0": [7.8, 10.9, 11.6, 6.7, 11.3],
    "rv32imc": [4.37, 5.62, 5.97, 5.08, 6.75],
    "rv32gcv": [1.21, 1.57, 1.77, 1.07, 1.37],
    "rv64gcv": [0.32, 0.38, 0.43, 0.58, 0.34],
    "aarch64-dotprod": [0.119, 0.264, 0.257, 0.157, 0.174],
    "aarch64": [0.345, 0.726, 0.482, 0.344, 0.367],
}
LIMITS = {
    "cortex-m4": [17.0, 4.3, 7.0, 0.42, 1.2],
    "cortex-m55": [2.6, 0.80, 1.6, 0.055, 0.20],
    "cortex-m3": [2.6, 3.0, 1.7, 2.4, 3.0],
    "cortex-m0": [5.5, 6.5, 3.5, 5.0, 6.0],
    "rv32imc": [3.5, 4.0, 2.2, 3.0, 4.0],
    "rv32gcv": [0.25, 0.30, 0.20, 0.40, 0.28],
    "rv64gcv": [0.25, 0.30, 0.20, 0.40, 0.28],
    "aarch64-dotprod": [0.115, 0.20, 0.13, 0.14, 0.15],
    "aarch64": [0.32, 0.45, 0.24, 0.32, 0.34],
}
# Code of TensorFlow Lite Micro with CMSIS-NN for these networks' int8 operators only.
RIVAL_CODE = {
    ("cortex-m4", "-O3"): [54856, 55612, 55612, 27284, 52980],
    ("cortex-m4", "-Os"): [43176, 46044, 46044, 21876, 43988],
}
# What the harness calls a target, and what it needs beside that.
BENCH_TARGETS = {"cortex-m0": ("cortex-m0", ""), "aarch64-dotprod": ("aarch64", "-march=armv8.2-a+dotprod")}

# What clang needs in place of each GCC.
CLANG = {"arm-none-eabi-g++": "--target=arm-none-eabi -isystem /usr/include/newlib",
         "aarch64-linux-gnu-g++": "--target=aarch64-linux-gnu",
         "arm-linux-gnueabihf-g++": "--target=arm-linux-gnueabihf",
         "riscv64-unknown-elf-g++":
             "--target=riscv32-unknown-elf -isystem /usr/lib/picolibc/riscv64-unknown-elf/include"}

# It copies the input without the C library, whose size would count.
ADAPTER = """
#include <string.h>
#include "{name}.h"
alignas(16) static unsigned char arena[{upper}_ARENA_BYTES];
alignas(16) static const signed char input[] = {{{input}}};
static const signed char expected[] = {{{expected}}};
extern "C" int bench_setup(void) {{ return 0; }}
extern "C" int bench_run(void) {{
  struct Words {{ uint32_t w[4]; }};
  signed char* to = {name}_input_{input_name}(arena);
  unsigned i = 0;
  for (; i + 16 <= sizeof input; i += 16) {{
    *(Words*)(to + i) = *(const Words*)(input + i);
    __asm__ volatile("" : : : "memory");
  }}
  for (; i < sizeof input; ++i) {{
    to[i] = input[i];
    __asm__ volatile("" : : : "memory");
  }}
  {name}_invoke(arena);
  return 0;
}}
extern "C" int bench_check(void) {{
  return memcmp({name}_output_{output_name}(arena), expected, sizeof expected) != 0;
}}
"""


def run(argv):
    result = subprocess.run([str(a) for a in argv], capture_output=True, text=True,
                            stdin=subprocess.DEVNULL)
    if result.returncode not in (0, 1):
        sys.exit(f"{' '.join(str(a) for a in argv)}\n{result.stderr}")
    return result


def put_clang_first(folder):
    """Programs in `folder` with the names of GCC: clang compiles, GCC links."""
    for name, flags in CLANG.items():
        gcc = shutil.which(name)
        if gcc is None:
            continue
        program = pathlib.Path(folder, name)
        program.write_text(f'#!/bin/sh\ncase " $* " in *" -c "*) exec clang++-19 {flags} "$@";; esac\n'
                           f'exec {gcc} "$@"\n')
        program.chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def test_arrays(source):
    """Input and expected output of data set 0, from the test program that motec writes."""
    arrays = dict(re.findall(r"const int8_t (set0_\w+)\[\] = \{([^}]*)\}", source))
    [(input_name, given)] = [(k, v) for k, v in arrays.items() if "_input_" in k]
    [(output_name, expected)] = [(k, v) for k, v in arrays.items() if "_output_" in k]
    return (input_name.split("_input_")[1], given, output_name.split("_output_")[1], expected)


def bench(arguments, target, folder, sources):
    """The harness' figures for adapter.cpp and `sources` in `folder`."""
    bench_target, flags = BENCH_TARGETS.get(target, (target, ""))
    result = run([arguments.bench, "run", "--target", bench_target, "--adapter",
                  folder / "adapter.cpp", "--src", *sources, "--inc", folder, "--cflags",
                  f"{arguments.cflags} {flags}", "--cxxflags",
                  "-std=c++17 -fno-exceptions -fno-rtti", "--profile", folder / "profile.tsv"] +
                 (["--vlen", str(arguments.vlen)] if "gcv" in target else []))
    if not result.stdout.strip():
        sys.exit(result.stderr)
    return json.loads(result.stdout)


def measure(arguments, target, network, kernels):
    """Figures on `target` of code for the target `kernels`."""
    folder = pathlib.Path(arguments.folder, f"{network}_int8")
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary)
        run([arguments.motec, "compile", folder / "model.onnx", "-o", out, "--name", network,
             "--target", kernels, "--optimize", arguments.optimize, "--io", "quantized",
             "--io-layout", "nhwc", "--report", out / "report.json", "--emit-test", folder])
        facts = json.loads((out / "report.json").read_text())
        names = test_arrays((out / f"{network}_test.cpp").read_text())
        (out / "adapter.cpp").write_text(ADAPTER.format(
            name=network, upper=network.upper(), input_name=names[0], input=names[1],
            output_name=names[2], expected=names[3]))
        figures = bench(arguments, target, out,
                        [out / f"{network}.cpp", out / f"{network}_weights.cpp"])
        profile = ""
        if arguments.profile:
            profile = run([arguments.bench, "profile", out / "profile.tsv"]).stdout
            profile = "\n".join(line[:160] for line in profile.splitlines()[:arguments.profile + 1])
    return facts, figures, profile


def report(arguments, target, network):
    facts, figures, profile = measure(arguments, target, network, target)
    instructions, at = figures["instructions"], NETWORKS.index(network)
    if target == "cortex-m4":
        value = figures["est_cycles"] / 1e6
    elif target == "cortex-m55":
        value = instructions / 1e6
    else:
        value = instructions / NOMINAL_MACS[network]
    others_code = RIVAL_CODE.get((target, arguments.cflags), ["-"] * 5)[at]
    rival, limit = RIVALS.get(target, [None] * 5)[at], LIMITS.get(target, [None] * 5)[at]
    weights = facts["memory"]["weights_bytes"]
    code = figures["text"] + figures["rodata"] + figures["data"] - weights
    met = "" if limit is None else "  ok" if value <= limit else "  OVER"
    print(f"{target:16} {network:4} {instructions:>11} {figures['est_cycles'] or '-':>11} "
          f"{value:>8.3f} {rival or '-':>8} {limit or '-':>7}{met:6} {code:>7} {others_code:>7} "
          f"{weights:>8} {facts['memory']['arena_bytes']:>7} {figures['stack']:>6} "
          f"{figures['check']}", flush=True)
    if profile:
        print(profile)
    ok = figures["check"] == "ok"
    if arguments.portable:
        _, portable, _ = measure(arguments, target, network, "generic")
        ratio = portable["instructions"] / instructions
        print(f"{'  portable':16} {network:4} {portable['instructions']:>11} "
              f"{portable['est_cycles'] or '-':>11} {ratio:>7.2f}x {portable['check']}", flush=True)
        ok &= portable["check"] == "ok" and ratio >= 1
    return ok


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--motec", default=ROOT / "build/compiler/motec")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--target", action="append")
    parser.add_argument("--cflags", default="-O3")
    parser.add_argument("--optimize", default="balanced")
    parser.add_argument("--vlen", default=128, type=int)
    parser.add_argument("--profile", default=0, type=int)
    parser.add_argument("--portable", action="store_true")
    parser.add_argument("--clang", action="store_true")
    parser.add_argument("folder")
    parser.add_argument("networks", nargs="*")
    arguments = parser.parse_args()
    compilers = tempfile.TemporaryDirectory()
    if arguments.clang:
        put_clang_first(compilers.name)
    print(f"{'target':16} {'net':4} {'instr':>11} {'est_cycles':>11} {'figure':>8} {'others':>8} "
          f"{'limit':>7}       {'code':>7} {'others':>7} {'weights':>8} {'arena':>7} {'stack':>6}")
    ok = True
    for target in arguments.target or list(LIMITS):
        for network in arguments.networks or NETWORKS:
            ok &= report(arguments, target, network)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
