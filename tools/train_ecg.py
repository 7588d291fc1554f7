#!/usr/bin/env python3
"""Trains models/ecg: an anomaly score for single heart beats, an autoencoder of normal ones.

Data: the five minutes of electrocardiogram that SciPy carries (MIT-BIH record 208, 360 Hz). The
model sees 128 samples around the R peak. The labels come from the 100 ms that follow, which it does
not see: after a ventricular ectopic beat the T wave is inverted. So a score that agrees with the
labels has found the shape of the QRS complex, not the labelling rule.
"""

import warnings

import numpy as np
import torch
from scipy import signal
from scipy.misc import electrocardiogram
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

import training

FOLDER = "ecg"
SEED = 1
RATE = 360
BEFORE, AFTER = 72, 56  # Samples of the model's window before and from the R peak.
T_WAVE = (56, 92)       # Samples after the R peak whose mean decides the label.
INVERTED_MV = -0.2
TRAIN_SECONDS = 180
BATCH, STEPS, EPOCHS = 16, 24, 80


class BeatAutoencoder(nn.Module):
    """Squeezes a beat into 8 numbers and measures how much of it they cannot give back.

    forward() gives error / (error + alarm): 0 for a beat reproduced exactly, 0.5 at the alarm
    level.
    """

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            *self.down(1, 8, 9), *self.down(8, 16, 5), *self.down(16, 16, 5),
            *self.down(16, 16, 5), nn.Conv1d(16, 1, 1), nn.Sigmoid())
        self.decoder = nn.Sequential(
            *self.up(1, 16), *self.up(16, 16), *self.up(16, 8), nn.ConvTranspose1d(8, 1, 4, 2, 1))
        self.register_buffer("alarm", torch.ones(1))

    @staticmethod
    def down(inputs, outputs, kernel):
        return [nn.Conv1d(inputs, outputs, kernel, 2, kernel // 2, bias=False),
                nn.BatchNorm1d(outputs), nn.LeakyReLU(0.1)]

    @staticmethod
    def up(inputs, outputs):
        return [nn.ConvTranspose1d(inputs, outputs, 4, 2, 1, bias=False),
                nn.BatchNorm1d(outputs), nn.LeakyReLU(0.1)]

    def error(self, beat):
        """Mean squared reconstruction error in mV², after removing the window's mean."""
        centred = beat - beat.mean(dim=2, keepdim=True)
        difference = self.decoder(self.encoder(centred)) - centred
        return (difference * difference).mean(dim=2)

    def forward(self, beat):
        error = self.error(beat)
        return error / (error + self.alarm)


def load_ecg():
    """The recording in millivolt."""
    with warnings.catch_warnings():
        # SciPy 1.10 prefers scipy.datasets, which would download what scipy.misc has at hand.
        warnings.simplefilter("ignore", DeprecationWarning)
        return electrocardiogram()


def band_pass(ecg, low, high):
    """Zero-phase band pass, for finding and labelling beats; the model gets the raw signal."""
    return signal.filtfilt(*signal.butter(2, [low, high], "band", fs=RATE), ecg)


def find_beats(ecg):
    """Indices of the R peaks: local maxima of QRS energy, at least 0.3 s apart."""
    energy = np.convolve(band_pass(ecg, 5, 15) ** 2, np.ones(54) / 54, "same")
    # Relative to the loud tenth of the ten seconds around, so that artefacts do not mask beats.
    centres = np.arange(0, len(ecg), RATE)
    level = [np.percentile(energy[max(0, c - 5 * RATE):c + 5 * RATE], 90) for c in centres]
    energy /= np.interp(np.arange(len(ecg)), centres, level)
    peaks, _ = signal.find_peaks(energy, distance=int(0.3 * RATE), height=0.25)
    peaks = peaks[(peaks > 200) & (peaks < len(ecg) - 200)]
    return np.array([peak - 18 + np.argmax(ecg[peak - 18:peak + 22]) for peak in peaks])


def label_ectopic(ecg, beats):
    """True where the T wave after the beat is inverted."""
    smooth = band_pass(ecg, 0.5, 40)
    return np.array([smooth[r + T_WAVE[0]:r + T_WAVE[1]].mean() < INVERTED_MV for r in beats])


def windows(ecg, beats):
    return np.stack([ecg[r - BEFORE:r + AFTER] for r in beats]).astype(np.float32)[:, None]


def main():
    rng = training.seed_everything(SEED)
    ecg = load_ecg()
    beats = find_beats(ecg)
    ectopic = label_ectopic(ecg, beats)
    inputs = windows(ecg, beats)
    training_part = beats < TRAIN_SECONDS * RATE
    normal = beats[training_part & ~ectopic]

    def batches():
        for _ in range(STEPS):
            # Peaks found a little early or late, and other electrode contact.
            chosen = rng.choice(normal, BATCH) + rng.integers(-2, 3, BATCH)
            gain = rng.uniform(0.85, 1.2, (BATCH, 1, 1)).astype(np.float32)
            yield torch.from_numpy(windows(ecg, chosen) * gain)

    model = training.fit(BeatAutoencoder(), lambda net, batch: net.error(batch).mean(), batches,
                         EPOCHS, STEPS, peak_rate=5e-3)
    # The alarm level is the one that best tells the training part's beats apart (Youden's J).
    with torch.no_grad():
        errors = model.error(torch.from_numpy(inputs[training_part])).numpy()[:, 0]
        false_rate, true_rate, levels = roc_curve(ectopic[training_part], errors)
        model.alarm.fill_(float(levels[np.argmax(true_rate - false_rate)]))

    held_inputs, held_ectopic = inputs[~training_part], ectopic[~training_part]
    scores = training.evaluate(model, held_inputs)[:, 0]
    auc = roc_auc_score(held_ectopic, scores)
    found = int(np.sum(scores[held_ectopic] > 0.5))
    false_alarms = int(np.sum(scores[~held_ectopic] > 0.5))
    counts = {"ectopic": int(held_ectopic.sum()), "normal": int((~held_ectopic).sum())}
    result = f"AUC {auc:.3f} ({counts['ectopic']} ectopic and {counts['normal']} normal beats)"
    print(result, f"found {found}, false alarms {false_alarms}")

    training.write_model(FOLDER, model, (1, 1, BEFORE + AFTER), "beat", "score")
    # An easy beat of each kind (the median score) and the normal one with the highest score.
    normal_rows = np.flatnonzero(~held_ectopic)[np.argsort(scores[~held_ectopic])]
    ectopic_rows = np.flatnonzero(held_ectopic)[np.argsort(scores[held_ectopic])]
    rows = [normal_rows[len(normal_rows) // 2], ectopic_rows[len(ectopic_rows) // 2],
            normal_rows[-1]]
    training.write_vectors(FOLDER, model, held_inputs[rows], "beat", "score")
    training.write_readme(FOLDER, "Ectopic heart beats (wearable ECG)", result, README.format(
        figures=training.figures(FOLDER), alarm=float(model.alarm), found=found,
        false_alarms=false_alarms, train_normal=len(normal),
        train_ectopic=int(np.sum(training_part & ectopic)), **counts))


README = """
Scores how unlike a normal heart beat the beat in a window is. For a wearable that should wake up
or transmit only for unusual beats. A sample for a compiler, not a medical device: it has seen
one person for three minutes.

| tensor | shape | range | meaning |
| --- | --- | --- | --- |
| `beat` (input) | 1x1x128 float32 | about ±3 mV | lead MLII at 360 Hz, R peak at index 72 |
| `score` (output) | 1x1 float32 | 0 to 1 | 0: reproduced exactly; 0.5: the alarm level |

Preprocessing: find the R peak, cut 72 samples before it and 56 from it on, in millivolt. No
filter; the graph removes the window's mean itself.

## Architecture
A convolutional autoencoder. The encoder has four strided 1-D convolutions (to 8, 16, 16 and 16
channels, LeakyReLU) and a 1x1 convolution with sigmoid to a code of 8 numbers; the decoder has
four transposed convolutions of stride 2. The mean squared difference `e` to the input is
computed within the graph, and the score is `e / (e + {alarm:.5f})`, the constant being the error
in mV² that best tells the normal and the ectopic beats of the training part apart. Batch
normalization is folded into the convolutions in the exported file and stands as a node after the
transposed ones. ONNX opset 13, batch 1.

{figures}

## Data and training
`python3 tools/train_ecg.py` uses `scipy.misc.electrocardiogram`, five minutes of MIT-BIH record
208. Beats are found by their energy from 5 to 15 Hz. The autoencoder is trained on the
{train_normal} normal beats of the first three minutes, with shifts of up to 2 samples and gains
from 0.85 to 1.2; the {train_ectopic} ectopic ones there are left out.

**Labels.** SciPy carries the signal without the cardiologists' annotations, so beats are
labelled by a rule: *ectopic* if the mean of the signal (0.5 to 40 Hz) from 156 to 256 ms after
the R peak is below -0.2 mV, that is, if the T wave is inverted, as it is after a ventricular
ectopic beat. These samples follow the model's window, so the model cannot see them and has to
judge by the shape of the QRS complex. The rule is not a diagnosis: a few beats are mislabelled
near artefacts.

**Held out** are the last two minutes: {ectopic} ectopic and {normal} normal beats. Above a score
of 0.5 are {found} of the {ectopic} ectopic and {false_alarms} of the {normal} normal beats.

## Test vectors
All are held-out beats: `test_data_set_0` the normal beat and `_1` the ectopic beat with the
median score of their kind, `_2` the normal beat with the highest score. The expected outputs are
PyTorch's, computed in float64 and rounded to float32.

## Licence
Model: Apache-2.0, part of mote. Data: MIT-BIH Arrhythmia Database (Moody and Mark, IEEE Eng. in
Med. and Biol. 20(3):45-50, 2001; doi:10.13026/C2F305), record 208, 19:35 to 24:35, which
PhysioNet distributes under the Open Data Commons Attribution License 1.0 (ODC-By), via SciPy.
"""

if __name__ == "__main__":
    main()
