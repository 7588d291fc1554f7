"""What inputs that are handed over row by row save: the arena keeps within bounds, is smaller than
with the whole input, and no layer does more work.

usage: stream_input.py MOTEC MODELS_DIR [SHARED_DATA_DIR]
"""
import json
import pathlib
import subprocess
import sys
import tempfile

# Input, and the most bytes of the arena on cortex-m4 with int8 rows and --optimize ram.
NETWORKS = {"vww_int8": ("image", 16 * 1024), "ic_int8": ("image", 13 * 1024),
            "kws_int8": ("mfcc", 5000)}


def report_of(motec, model, *options):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        subprocess.run([motec, "compile", model, "-o", folder, "--target", "cortex-m4", "--io-layout",
                        "nhwc", "--optimize", "ram", "--report", report, *options], check=True,
                       stdin=subprocess.DEVNULL)
        return json.loads(report.read_text())


def check(motec, model, name, limit, *options):
    whole = report_of(motec, model, *options)
    fed = report_of(motec, model, "--stream-input", name, *options)
    arenas = [report["memory"]["arena_bytes"] for report in (whole, fed)]
    print(f"{model.parent.name}: arena {arenas[1]} bytes in rows, {arenas[0]} with the whole input")
    stream, tensor = fed["stream_input"], fed["inputs"][0]
    assert whole["stream_input"] is None and stream["name"] == name, stream
    assert tensor["arena_offset"] is None and stream["rows"] == tensor["shape"][1], tensor
    assert stream["rows"] * stream["row_elements"] == tensor["elements"], stream
    assert fed["totals"]["macs"] == whole["totals"]["macs"], "other work"
    assert arenas[1] <= limit, f"more than {limit} bytes"
    return arenas[0] - arenas[1]


def main(motec, models, shared=""):
    # Its 256 bytes of input are no more than the counters.
    check(motec, pathlib.Path(models, "digits", "model.onnx"), "image", 7400)
    for network, (name, limit) in NETWORKS.items():
        model = pathlib.Path(shared, "mlperf_tiny", network, "model.onnx")
        if shared and model.exists():
            saved = check(motec, model, name, limit, "--io", "quantized")
            assert saved > 0, "no smaller than with the whole input"
        else:
            print(f"SKIPPED {network}: MOTE_SHARED_DATA is not set")


if __name__ == "__main__":
    main(*sys.argv[1:])
