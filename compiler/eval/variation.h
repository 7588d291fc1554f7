// Whether samples exercise a network: values that are the same in every sample give no range to
// quantize by, and too few samples give a poor one.
#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"

namespace motec {

// A number that, in all likelihood, differs for tensors that differ.
uint64_t fingerprint(const Tensor& tensor);

// Collects fingerprints of values over samples.
//
//   Variation variation(graph);
//   for each sample: { Variation::Prints prints = variation.prints();
//                      evaluator.run(operands, [&](ValueId id, const Tensor& t) {
//                        prints[id] = fingerprint(t); });
//                      variation.add(prints); }
//   for (const std::string& text : variation.warnings()) terminal.warn(text);
class Variation {
 public:
  // One number per value of the graph; 0 where nothing was seen.
  class Prints {
   public:
    uint64_t& operator[](ValueId id) { return by_value_[static_cast<size_t>(id.index)]; }

   private:
    friend class Variation;
    std::vector<uint64_t> by_value_;
  };

  explicit Variation(const Graph& graph);
  Prints prints() const;
  void add(const Prints& sample);

  int64_t samples() const { return samples_; }
  // The values that were seen and are the same in all samples, of which there are at least two; in
  // the order of the graph.
  std::vector<ValueId> unvarying() const;
  // What a user should know of the samples; each a line of text. Values that follow from others
  // that do not vary are left out.
  std::vector<std::string> warnings() const;

 private:
  const Graph& graph_;
  int64_t samples_ = 0;
  std::vector<uint64_t> first_;  // of the first sample
  std::vector<bool> varies_;
};

}  // namespace motec
