"""MobileNetV2-0.35 on an image of 144 x 144, with random weights: its rows handed over one by one, it
needs at most 28 kB of arena at no more multiply-adds, and gives the evaluator's bytes.

usage: mobilenet_v2.py MOTEC MAKE_MOBILENET_V2
"""
import json
import pathlib
import subprocess
import sys
import tempfile

LIMIT = 28 * 1024
IMAGES = """import numpy, sys
images = numpy.random.default_rng(7).uniform(-1, 1, (2, 3, 144, 144))
numpy.save(sys.argv[1], images.astype(numpy.float32))"""
OPTIONS = ["--io", "quantized", "--io-layout", "nhwc", "--optimize", "ram"]


def python_with_onnx():
    """Debian's, where the one that runs this has no packages."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import numpy, onnx"], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


def report_of(motec, model, *options):
    report = model.with_name("report.json")
    subprocess.run([motec, "compile", model, "-o", model.with_name("out"), "--target", "cortex-m4",
                    "--report", report, *OPTIONS, *options], check=True, stdin=subprocess.DEVNULL)
    return json.loads(report.read_text())


def main(motec, maker):
    python = python_with_onnx()
    if not python:
        return print("SKIPPED: no Python here has onnx and numpy")
    with tempfile.TemporaryDirectory() as folder:
        model, images = pathlib.Path(folder, "mobilenet_v2.onnx"), pathlib.Path(folder, "images.npy")
        subprocess.run([python, maker, model], check=True)
        subprocess.run([python, "-c", IMAGES, images], check=True)
        whole = report_of(motec, model)
        fed = report_of(motec, model, "--stream-input", "image")
        arenas = [report["memory"]["arena_bytes"] for report in (whole, fed)]
        print(f"arena: {arenas[1]} bytes in rows, {arenas[0]} with the whole image")
        assert arenas[1] <= LIMIT, f"more than {LIMIT} bytes"
        assert fed["totals"]["macs"] == whole["totals"]["macs"], "other work"
        # How far the integers of a random network are from its floats says nothing.
        subprocess.run([motec, "verify", model, "--data", images, "--drift", "1", "--stream-input",
                        "image", *OPTIONS], check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
