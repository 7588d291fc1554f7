#!/usr/bin/python3
"""Measures what the sample models lose when motec quantizes them, on their held-out data.

Calibration takes samples that the models were trained on. The figures go to standard output and
into the READMEs of the models.

usage: quantized_accuracy.py MOTEC        with the packages that models/README.md names
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

import train_digits
import train_ecg
import train_vibration
import training

TYPES = ("float", "int8", "int4")
SAMPLES = 200  # for calibration, at most


def digits():
    data = load_digits()
    images = (data.images / 16).astype(np.float32)[:, None]
    count = len(images) - train_digits.HELD_OUT
    return images[:SAMPLES], images[count:], data.target[count:]


def ecg():
    recording = train_ecg.load_ecg()
    beats = train_ecg.find_beats(recording)
    inputs, ectopic = train_ecg.windows(recording, beats), train_ecg.label_ectopic(recording, beats)
    trained = beats < train_ecg.TRAIN_SECONDS * train_ecg.RATE
    return inputs[trained][:SAMPLES], inputs[~trained], ectopic[~trained]


def vibration():
    rng = training.seed_everything(train_vibration.SEED)
    inputs, _ = train_vibration.generate(rng, train_vibration.TRAIN_WINDOWS, train_vibration.TRAIN)
    held, labels = train_vibration.generate(rng, train_vibration.HELD_WINDOWS,
                                            train_vibration.HELD_OUT)
    return inputs[:SAMPLES], held, labels


def accuracy(scores, labels):
    right = int(np.sum(scores.reshape(len(labels), -1).argmax(axis=1) == labels))
    return f"{100 * right / len(labels):.1f} % ({right} of {len(labels)})"


def area(scores, labels):
    scores = scores.reshape(-1)
    found, false = int(np.sum(scores[labels] > 0.5)), int(np.sum(scores[~labels] > 0.5))
    return f"AUC {roc_auc_score(labels, scores):.3f}, {found} found, {false} false alarms"


MODELS = {"digits": (digits, accuracy), "ecg": (ecg, area), "vibration": (vibration, accuracy)}


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def measure(motec, name, folder):
    data, metric = MODELS[name]
    calibration, held, labels = data()
    np.save(folder / "calibration.npy", calibration)
    np.save(folder / "held.npy", held)
    figures = {}
    for kind in TYPES:
        model = training.MODELS / name / "model.onnx"
        if kind != "float":
            quantized = folder / f"{kind}.onnx"
            run(motec, "quantize", model, "-o", quantized, "--quantize", kind, "--calibration",
                folder / "calibration.npy")
            model = quantized
        run(motec, "run", model, "--data", folder / "held.npy", "-o", folder / kind)
        scores = np.load(next((folder / kind).glob("*.npy")))
        figures[kind] = metric(scores, labels)
    return len(calibration), figures


def section(samples, figures):
    return f"""## Quantized
`motec quantize` with {samples} samples of the training part, on the held-out part:

| float | int8 | int8, weights of 4 bits |
| ---: | ---: | ---: |
| {figures["float"]} | {figures["int8"]} | {figures["int4"]} |

`tools/quantized_accuracy.py` measures this again.

"""


def main():
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            samples, figures = measure(sys.argv[1], name, pathlib.Path(folder))
        print(name, figures, flush=True)
        path = training.MODELS / name / "README.md"
        text = re.sub(r"## Quantized\n.*?(?=## )", "", path.read_text(), flags=re.S)
        path.write_text(text.replace("## Test vectors\n",
                                     section(samples, figures) + "## Test vectors\n"))


if __name__ == "__main__":
    main()
