// What happens when rows flow through a part of a network: which row is made when, how many rows of
// each tensor stand in memory at once, and what may share memory with what. It knows nothing of
// graphs or kernels; streaming.h builds pipelines from programs.
//
// The rule is depth first: a row is passed on as soon as it has been made, and a node makes every
// row whose operands are there before anything else goes on. No row is ever made twice. Where rows
// are short, nodes make a group of them at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/kernel.h"

namespace motec {

struct Pipeline {
  struct Tensor {
    int64_t rows = 0, row_bytes = 0;
    bool outside = false;  // stands whole in memory before the pipeline starts
    bool whole = false;    // stands whole in memory when it ends
    // The newest rows are made in a place of their own, and copied to the others when they have
    // been used for the first time: rows in between may then share that place.
    bool staged = false;
    int alias = -1;  // the tensor in whose rows these rows are made, to be overwritten by its node
  };
  struct Use {
    int tensor = -1;
    RowWindow window = {};
  };
  struct Node {
    std::vector<Use> uses;
    int out = -1;
    int64_t rows = 0;   // calls: rows of the result, or of the operand where it is summed up
    bool sums = false;  // the result is complete after the last call
    // Rows that it makes at a time, if so many can be made. Results of groups are staged or whole.
    int64_t group = 1;
  };
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // in topological order
  int64_t burst = 1;        // rows of the driver that come at a time
  int driver = 0;           // the tensor from outside whose rows start it all, one after the other
};

struct PipelineRun {
  bool complete = false;  // all nodes made all their rows; nothing else here counts if not
  struct Span {
    int32_t first, last;  // events, inclusive
  };
  struct Tensor {
    int64_t rows = 0;              // that stand in memory at once, without the staged ones
    int64_t staged = 0;            // that are in their own place at once
    std::vector<Span> live = {};   // when one of them is needed
    std::vector<Span> stage = {};  // when the newest stands in its own place
  };
  struct Node {
    std::vector<Span> live =
        {};  // when it runs; of a node that sums up, from the first to the last
    std::vector<int> pushes = {};  // nodes that are called when it has made a row
    bool contiguous = true;        // the rows of operands for a group always lie side by side
    std::vector<int> keeps = {};   // staged operands whose newest row it is the first to use
  };
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  std::vector<int> driver_pushes;
  int32_t events = 0;
  int64_t copied_bytes = 0;  // of staged rows
  // distance[a][b]: tensor b may begin this many bytes below tensor a, where a is from outside and
  // b stays whole: rows of b only overwrite what has been read of a. Negative: it may begin above.
  std::vector<std::vector<int64_t>> distance;
};

PipelineRun run_pipeline(const Pipeline& pipeline);

// Whether a moment belongs to both.
bool intersect(const std::vector<PipelineRun::Span>& a, const std::vector<PipelineRun::Span>& b);

}  // namespace motec
