#!/usr/bin/env python3
"""Instructions per inference of models on an emulated core.

usage: tools/measure.py [--motec PATH] [--target cortex-m7] [--cflags=-O3] MODEL_FOLDER...

A model folder holds model.onnx and test sets. Each model is compiled, built with its self-checking
test, and run in the emulator, which counts the instructions of one warm inference exactly.
"""
import argparse
import json
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(arguments, folder):
    with tempfile.TemporaryDirectory() as temporary:
        report = pathlib.Path(temporary, "report.json")
        model = pathlib.Path(folder, "model.onnx")
        subprocess.run([arguments.motec, "compile", model, "-o", temporary, "--target",
                        arguments.target, "--report", report], check=True)
        facts = json.loads(report.read_text())
        out = subprocess.run([arguments.motec, "verify", model, "--data", folder, "--target",
                              arguments.target, f"--cflags={arguments.cflags}", "--count"],
                             check=True, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL).stdout
    instructions = int(re.search(r"(\d+) instructions per inference", out)[1])
    macs = facts["totals"]["macs"]
    print(f"{facts['name']:24} {macs:>12} {instructions:>12} {instructions / max(macs, 1):>8.3f} "
          f"{facts['memory']['arena_bytes']:>9} {facts['memory']['weights_bytes']:>9}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--motec", default=ROOT / "build/compiler/motec")
    parser.add_argument("--target", default="cortex-m7")
    parser.add_argument("--cflags", default="-O3")
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    print(f"{arguments.target}, {arguments.cflags}")
    print(f"{'model':24} {'MACs':>12} {'instructions':>12} {'per MAC':>8} {'arena':>9} {'weights':>9}")
    for folder in arguments.folders:
        measure(arguments, folder)


if __name__ == "__main__":
    main()
