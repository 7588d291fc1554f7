// How often a classifier is right: accuracy, confusion, and what a change of the network changed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace motec {

struct Predictions {
  int64_t classes = 0;
  std::vector<int64_t> labels, predicted;  // of each sample, each below `classes`

  int64_t right() const;
  double accuracy() const;  // 0 to 1; 0 without samples
  // Samples of class `label` that were taken for class `predicted`: [label][predicted].
  std::vector<std::vector<int64_t>> confusion() const;
};

// Accuracy and confusion to read: a matrix of up to 16 classes, or else the commonest mistakes.
std::string accuracy_text(const Predictions& predictions);

// What two networks take the same samples for.
struct Comparison {
  Predictions before, after;
  std::vector<std::string> names;  // of the samples, as a user knows them
};

// A sample that two networks take for different classes.
struct ChangedSample {
  int64_t sample, label, before, after;
  bool operator==(const ChangedSample&) const = default;
};

// In the order of the samples.
std::vector<ChangedSample> changed_samples(const Comparison& comparison);

// The accuracy of both, and what changed. At most `limit` samples are listed.
std::string changes_text(const Comparison& comparison, size_t limit = 20);

// Accuracy and confusion of the second, and what changed.
std::string comparison_text(const Comparison& comparison);

// "3 of 5 (60.0 %)": how many samples are of their class.
std::string right_text(const Predictions& predictions);

}  // namespace motec
