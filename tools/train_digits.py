#!/usr/bin/env python3
"""Trains models/digits: handwritten digits of 8x8 pixels, a depthwise-separable network.

Data: the digits set that scikit-learn carries, in its own order. Neighbouring images come from the
same hand, so holding out the end tests on handwriting that was hardly trained on.
"""

import numpy as np
import torch
import torch.nn.functional as functional
from sklearn.datasets import load_digits
from torch import nn

import training

FOLDER = "digits"
SEED = 1
HELD_OUT = 360
BATCH = 32
EPOCHS = 80


def conv_bn_relu(inputs, outputs, kernel, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs), nn.ReLU()]


def separable(inputs, outputs, stride):
    """A depthwise 3x3 convolution, then a pointwise one that mixes the channels."""
    return [*conv_bn_relu(inputs, inputs, 3, stride, groups=inputs),
            *conv_bn_relu(inputs, outputs, 1)]


def build():
    return nn.Sequential(*conv_bn_relu(1, 16, 3), *separable(16, 32, 1), *separable(32, 32, 2),
                         *separable(32, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(64, 10))


def jitter(images, rng):
    """Small random rotations, slants, scalings and shifts, as another hand would write."""
    count = len(images)
    turn, slant = rng.uniform(-0.2, 0.2, (2, count))
    scale_x, scale_y = rng.uniform(0.88, 1.12, (2, count))
    shift_x, shift_y = rng.uniform(-0.15, 0.15, (2, count))
    maps = np.stack([scale_x * np.cos(turn), slant - np.sin(turn), shift_x,
                     np.sin(turn), scale_y * np.cos(turn), shift_y], axis=1)
    maps = torch.from_numpy(maps.astype(np.float32).reshape(count, 2, 3))
    grid = functional.affine_grid(maps, images.shape, align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def main():
    rng = training.seed_everything(SEED)
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    count = len(images) - HELD_OUT
    steps = count // BATCH

    def batches():
        order = rng.permutation(count)[:steps * BATCH].reshape(steps, BATCH)
        for rows in order:
            yield jitter(torch.from_numpy(images[rows]), rng), torch.from_numpy(labels[rows])

    entropy = nn.CrossEntropyLoss(label_smoothing=0.05)
    model = training.fit(build(), lambda net, batch: entropy(net(batch[0]), batch[1]), batches,
                         EPOCHS, steps, peak_rate=1e-2)
    classifier = nn.Sequential(model, nn.Softmax(dim=1)).eval()

    held_images, held_labels = images[count:], labels[count:]
    predicted = training.evaluate(classifier, held_images).argmax(axis=1)
    correct = int(np.sum(predicted == held_labels))
    result = f"{100 * correct / HELD_OUT:.1f} % accuracy ({correct} of {HELD_OUT} images)"
    print(result)

    training.write_model(FOLDER, classifier, (1, 1, 8, 8), "image", "probabilities")
    samples = [held_images[np.flatnonzero(held_labels == digit)[0]] for digit in (0, 3, 8)]
    training.write_vectors(FOLDER, classifier, samples, "image", "probabilities")
    training.write_readme(FOLDER, "Handwritten digits", result, README.format(
        figures=training.figures(FOLDER), train=count, held=HELD_OUT, total=len(images),
        confusion=training.confusion_table(held_labels, predicted, list("0123456789"))))


README = """
Tells which digit an 8x8 grey image shows.

| tensor | shape | range | meaning |
| --- | --- | --- | --- |
| `image` (input) | 1x1x8x8 float32 | 0 to 1 | ink, row by row from the top: 0 paper, 1 full |
| `probabilities` (output) | 1x10 float32 | 0 to 1, sum 1 | one for each digit 0 to 9 |

Preprocessing: the data set counts the inked points in each 4x4 block of a 32x32 bitmap, 0 to 16;
divide by 16. Nothing else.

## Architecture
A 3x3 convolution to 16 channels, three depthwise-separable blocks (3x3 depthwise, 1x1 pointwise)
to 32, 32 (stride 2) and 64 channels, each convolution followed by batch normalization and ReLU,
then global average pooling, a fully connected layer and softmax. Batch normalization is folded
into the convolutions in the exported file. ONNX opset 13, batch 1.

{figures}

## Data and training
`python3 tools/train_digits.py` trains on the first {train} of the {total} images that
scikit-learn carries (`load_digits`), with small random rotations, slants, scalings and shifts.
The last {held} images, in the set's own order, are held out. Neighbouring images come from the
same hand, so this is harder than a random split of the same size, which scores about 99 %.

{confusion}

## Test vectors
`test_data_set_0` to `_2` are the first held-out 0, 3 and 8. The expected outputs are PyTorch's,
computed in float64 and rounded to float32.

## Licence
Model: Apache-2.0, part of mote. Data: Optical Recognition of Handwritten Digits by E. Alpaydin
and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0, via scikit-learn.
"""

if __name__ == "__main__":
    main()
