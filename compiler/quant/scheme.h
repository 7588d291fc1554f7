// Where integers can stand in a float graph: which operators have integer forms, and which tensors
// must then share one scale. Says nothing of the scales themselves.
#pragma once
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace motec {

// How an operator takes part.
enum class Form : uint8_t {
  Float,      // no integer form
  Layer,      // Conv2D or Dense with constant weights: int8 or int16 in, int8 or int16 out
  Recurrent,  // LSTM or GRU with constant weights: int8
  Element,    // any other operator that computes: int8
  Move,       // moves or chooses elements: operand and result have one scale
};

struct Range {
  double lo = 0, hi = 0;
  bool operator==(const Range&) const = default;
};

// Tensors that have one scale and zero point.
struct TensorGroup {
  std::vector<ValueId> values;
  std::vector<ValueId> sources;  // those that are no rearrangement of others
  bool allows_s16 = true;        // no operator of the group is restricted to int8
  std::optional<Range> known;    // by the function that makes it, whatever the samples
};

struct Scheme {
  std::vector<Form> forms;  // by position in graph.ops
  std::vector<TensorGroup> groups;
  std::vector<int> group_of;  // by value; -1: an integer, a constant, or fused
  // By value: it lies between two operators that compute as one, as a Relu does with the
  // convolution before it, and is never rounded.
  std::vector<bool> fused;

  int group(ValueId id) const { return group_of[static_cast<size_t>(id.index)]; }
  bool is_fused(ValueId id) const { return fused[static_cast<size_t>(id.index)]; }
};

// For a graph in float whose channels are innermost and whose activations are not yet fused.
Scheme find_scheme(const Graph& graph);

// How wide a group of tensors is.
enum class Precision : uint8_t { Float, S8, S16 };

// What is free to choose.
struct Precisions {
  std::vector<Precision> groups;  // by group
  std::vector<bool> kept_float;   // by op: stays float whatever its tensors are
  std::vector<int> weight_bits;   // by op: 8 or 4, of layers
};

// All that has an integer form in int8.
Precisions all_int8(const Graph& graph, const Scheme& scheme);

// What follows from a choice: the operators that compute with integers (Moves are no part of this),
// and the groups that any of them touches.
struct Placement {
  std::vector<bool> integer_op;  // by op
  std::vector<bool> active;      // by group
};
Placement place(const Graph& graph, const Scheme& scheme, const Precisions& precisions);

// By value: the op that makes it, as a position, or -1; and the ops that read it.
std::vector<int> producers_of(const Graph& graph);
std::vector<std::vector<int>> users_of(const Graph& graph);

}  // namespace motec
