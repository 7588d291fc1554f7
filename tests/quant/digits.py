"""Recurrent and attention networks in int8 on handwritten digits that they have not seen: at most 1 %
of them may be lost.

usage: digits.py MOTEC MODEL_DIR...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HELD_OUT, SAMPLES = 360, 200


def right(motec, model, folder):
    text = subprocess.run([motec, "run", model, "--data", folder / "held.npy", "--labels",
                           folder / "labels.npy"], check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout
    return int(re.match(r"accuracy (\d+) of", text)[1])


def main():
    motec, models = sys.argv[1], [pathlib.Path(path) for path in sys.argv[2:]]
    try:
        import numpy as np
        from sklearn.datasets import load_digits
    except ImportError as error:
        print(f"SKIPPED: {error}")
        return 0
    if not all((model / "model.onnx").exists() for model in models):
        print("SKIPPED: MOTE_SHARED_DATA is not set")
        return 0
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    count = len(images) - HELD_OUT
    faults = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "calibration.npy", images[:SAMPLES])
        np.save(folder / "held.npy", images[count:])
        np.save(folder / "labels.npy", digits.target[count:])
        for model in models:
            quantized = folder / "quantized.onnx"
            subprocess.run([motec, "quantize", model / "model.onnx", "-o", quantized,
                            "--calibration", folder / "calibration.npy"], check=True,
                           stdin=subprocess.DEVNULL)
            before = right(motec, model / "model.onnx", folder)
            after = right(motec, quantized, folder)
            print(f"{model.name}: {before} of {HELD_OUT} right in float, {after} in int8")
            faults += before - after > HELD_OUT // 100
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
