#!/usr/bin/env python3
"""Trains models/vibration: what is wrong with a machine, from 80 ms of three-axis acceleration.

Data: generated here. A shaft with residual unbalance turns in a bearing of type 6205. A damaged
race is struck by each ball that rolls over it, and each blow rings a resonance of the housing:
  outer race   balls / 2 * (1 - d/D) blows per revolution, all alike: the damage stays in the load
  inner race   balls / 2 * (1 + d/D) blows per revolution, strong only while the damage, which turns
               with the shaft, is in the loaded zone
Balls slip, so the blows are not strictly periodic; the speed sways slowly; noise is added.
"""

import numpy as np
import torch
from torch import nn

import training

FOLDER = "vibration"
SEED = 1
CLASSES = ["normal", "unbalance", "inner race", "outer race"]
RATE, SAMPLES = 3200, 256
BALLS, BALL_TO_PITCH = 9, 0.2032  # Ball diameter 7.94 mm, pitch diameter 39.04 mm: a 6205.
NOMINAL_HZ = 25
# Speeds in revolutions per second and noise in g. The held-out speeds lie in the gaps between the
# trained ones, and the held-out noise is louder than any in training.
TRAIN = {"speeds": [(20, 24), (27, 31), (34, 38)], "noise": (0.05, 0.15)}
HELD_OUT = {"speeds": [(24.5, 26.5), (31.5, 33.5)], "noise": (0.16, 0.20)}
TRAIN_WINDOWS, HELD_WINDOWS = 6000, 2000
BATCH, EPOCHS = 64, 25


def turning(rng, speed):
    """Revolutions made since an arbitrary start, at each sample; the speed sways by up to 1 %."""
    seconds = np.arange(SAMPLES) / RATE
    depth, sway_hz, phase = rng.uniform(0, 0.01), rng.uniform(0.5, 2), rng.uniform(0, 2 * np.pi)
    sway = depth / (2 * np.pi * sway_hz) * np.sin(2 * np.pi * sway_hz * seconds + phase)
    return rng.uniform(0, 1) + speed * (seconds + sway - sway[0])


def shaft(rng, turns, speed, unbalance):
    """Unbalance (a rotating force, so one turn in both radial axes) and misalignment, in g."""
    force = (speed / NOMINAL_HZ) ** 2
    angle = 2 * np.pi * turns
    strength = force * unbalance
    motion = strength * np.stack([np.cos(angle), rng.uniform(0.7, 1) * np.sin(angle),
                                  rng.uniform(0.05, 0.2) * np.cos(angle + 1)])
    misalignment = force * rng.uniform(0.01, 0.06) * np.array([[0.6], [0.6], [1.0]])
    return motion + misalignment * np.cos(2 * angle + rng.uniform(0, 2 * np.pi))


def blows(rng, turns, speed, inner):
    """The ringing of the housing under the blows of a damaged race, in g."""
    seconds = np.arange(SAMPLES) / RATE
    per_turn = BALLS / 2 * (1 + BALL_TO_PITCH if inner else 1 - BALL_TO_PITCH)
    # Start one revolution early: a blow before the window may still ring in it.
    first, last = (turns[0] - 1) * per_turn, turns[-1] * per_turn
    numbers = np.arange(np.floor(first), np.ceil(last) + 1) + rng.uniform(0, 1)
    places = (numbers + rng.normal(0, 0.03, len(numbers))) / per_turn
    times = (places - turns[0]) / ((turns[-1] - turns[0]) / seconds[-1])
    strength = rng.uniform(0.4, 1.6) * rng.uniform(0.8, 1.2, len(numbers))
    if inner:
        zone = rng.uniform(0.7, 1)
        strength *= 1 - zone + zone * np.maximum(0, np.cos(2 * np.pi * places))
    resonance = 2 * np.pi * rng.uniform(850, 1250)
    damping = rng.uniform(0.03, 0.08)
    since = np.maximum(seconds[:, None] - times, 0)
    ringing = (np.exp(-damping * resonance * since)
               * np.sin(resonance * np.sqrt(1 - damping ** 2) * since)) @ strength
    gains = np.array([rng.uniform(0.4, 0.8), 1, rng.uniform(0.15, 0.4)])
    return gains[:, None] * ringing


def window(rng, label, condition):
    """One window of acceleration, 3 x 256 in g, without its mean (gravity and sensor offset)."""
    speed = rng.uniform(*condition["speeds"][rng.integers(len(condition["speeds"]))])
    turns = turning(rng, speed)
    unbalance = rng.uniform(0.25, 0.8) if CLASSES[label] == "unbalance" else rng.uniform(0.02, 0.1)
    motion = shaft(rng, turns, speed, unbalance)
    if CLASSES[label].endswith("race"):
        motion += blows(rng, turns, speed, inner=CLASSES[label] == "inner race")
    motion += rng.normal(0, rng.uniform(*condition["noise"]), motion.shape)
    return motion - motion.mean(axis=1, keepdims=True)


def generate(rng, count, condition):
    labels = np.arange(count) % len(CLASSES)
    return np.stack([window(rng, label, condition) for label in labels]).astype(np.float32), labels


class VibrationNet(nn.Module):
    """Strided and pooled 1-D convolutions, then the mean and the peak of each feature over time."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            *self.conv(3, 16, 9, stride=2), nn.MaxPool1d(2), *self.conv(16, 24, 7),
            *self.conv(24, 24, 7), nn.MaxPool1d(2), *self.conv(24, 32, 5),
            *self.conv(32, 32, 5, dilation=2))
        self.mean, self.peak = nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(1)
        self.classify = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, len(CLASSES)))

    @staticmethod
    def conv(inputs, outputs, kernel, stride=1, dilation=1):
        return [nn.Conv1d(inputs, outputs, kernel, stride, dilation * (kernel // 2), dilation,
                          bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]

    def forward(self, acceleration):
        features = self.features(acceleration)
        return self.classify(torch.cat([self.mean(features), self.peak(features)], dim=1))


def main():
    rng = training.seed_everything(SEED)
    inputs, labels = generate(rng, TRAIN_WINDOWS, TRAIN)
    held_inputs, held_labels = generate(rng, HELD_WINDOWS, HELD_OUT)
    steps = TRAIN_WINDOWS // BATCH

    def batches():
        for rows in rng.permutation(TRAIN_WINDOWS)[:steps * BATCH].reshape(steps, BATCH):
            yield torch.from_numpy(inputs[rows]), torch.from_numpy(labels[rows])

    entropy = nn.CrossEntropyLoss(label_smoothing=0.05)
    model = training.fit(VibrationNet(), lambda net, batch: entropy(net(batch[0]), batch[1]),
                         batches, EPOCHS, steps, peak_rate=5e-3)
    classifier = nn.Sequential(model, nn.Softmax(dim=1)).eval()

    predicted = training.evaluate(classifier, held_inputs).argmax(axis=1)
    correct = int(np.sum(predicted == held_labels))
    result = f"{100 * correct / HELD_WINDOWS:.1f} % accuracy ({correct} of {HELD_WINDOWS} windows)"
    print(result)

    shape = (1, 3, SAMPLES)
    training.write_model(FOLDER, classifier, shape, "acceleration", "probabilities")
    training.write_vectors(FOLDER, classifier, held_inputs[:len(CLASSES)], "acceleration",
                           "probabilities")
    training.write_readme(FOLDER, "Machine faults from vibration", result, README.format(
        figures=training.figures(FOLDER), train=TRAIN_WINDOWS,
        confusion=training.confusion_table(held_labels, predicted, CLASSES)))


README = """
Tells from 80 ms of acceleration whether a rotating machine is healthy, unbalanced, or has a
damaged race in its ball bearing.

| tensor | shape | range | meaning |
| --- | --- | --- | --- |
| `acceleration` (input) | 1x3x256 float32 | about ±4 g | horizontal, vertical, axial; 3200 Hz |
| `probabilities` (output) | 1x4 float32 | 0 to 1 | normal, unbalance, inner race, outer race |

Preprocessing: subtract each axis' mean over the window (gravity, sensor offset). The loaded side
of the bearing is the vertical one.

## Architecture
Five 1-D convolutions, the first with stride 2 and the last with dilation 2, each with batch
normalization (folded in the exported file) and ReLU; max pooling after the first and the third;
the mean and the maximum of each of the 32 features over time; a fully connected layer and
softmax. ONNX opset 13, batch 1.

{figures}

## Data and training
`python3 tools/train_vibration.py` generates the data; no real machine was measured, so the
figures say how well the network learned this model, not how it does in a plant. The model:

- The shaft turns at 20 to 38 revolutions per second, swaying by up to 1 %. Unbalance gives one turn
  of acceleration in both radial axes, growing with the square of the speed: 0.02 to 0.1 g at 25 Hz
  if residual, 0.25 to 0.8 g if a fault. Misalignment adds twice that frequency.
- The bearing is a 6205 (9 balls, diameter ratio 0.2032). A damaged outer race is struck 3.59 times
  per revolution, always in the loaded zone; a damaged inner race 5.41 times, and its blows fade as
  the damage turns out of the loaded zone. Slip scatters the blows by 3 % of their distance, and
  their strength by 20 %.
- Each blow rings a resonance at 850 to 1250 Hz with 3 to 8 % damping, strongest vertically.
- White noise is added to each axis.

The code of `tools/train_vibration.py` has the remaining ranges. The network is trained on
{train} windows at 20-24, 27-31 and 34-38 Hz with noise of 0.05 to 0.15 g. **Held out** are
speeds between those (24.5-26.5 and 31.5-33.5 Hz) with more noise, 0.16 to 0.20 g.

{confusion}

## Test vectors
`test_data_set_0` to `_3` are the first held-out window of each class, in the order above. The
expected outputs are PyTorch's, computed in float64 and rounded to float32.

## Licence
Model and generated data: Apache-2.0, part of mote.
"""

if __name__ == "__main__":
    main()
