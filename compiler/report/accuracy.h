// How often a classifier is right: accuracy, confusion, and what a change of the network changed.
#pragma once
#include <cstdint>
#include <functional>
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

// A sample that two networks take for different classes.
struct ChangedSample {
  int64_t sample, label, before, after;
  bool operator==(const ChangedSample&) const = default;
};

// In the order of the samples. Both must be of the same samples.
std::vector<ChangedSample> changed_samples(const Predictions& before, const Predictions& after);

// The accuracy of both, and what changed; `name` tells how a user knows a sample. At most `limit`
// samples are listed.
std::string changes_text(const Predictions& before, const Predictions& after,
                         const std::function<std::string(int64_t)>& name, size_t limit = 20);

}  // namespace motec
