// Tables of functions that write one operator as ONNX nodes.
#pragma once
#include <span>
#include <string>

#include "export/value_names.h"
#include "ir/op_def.h"

namespace motec {

struct WriteCtx {
  const Graph& graph;
  ModelBuilder& model;
  ValueNames& names;

  const Type& type(ValueId id) const { return graph.type(id); }
  // Adds the only node that makes op.out[0].
  void write(const Op& op, const std::string& type, std::vector<std::string> in,
             Order order = Order::AsIs) const {
    names.set(op.out[0], order, model.node(type, std::move(in), names.fresh(op.out[0])));
  }
};

// Returns false for what ONNX cannot say, or what is not written.
struct OpWriter {
  const OpDef* def;
  bool (*write)(const Op&, WriteCtx&);
};

std::span<const OpWriter> layer_writers();    // with weights, and what slides windows
std::span<const OpWriter> element_writers();  // element by element, reductions, normalizations
std::span<const OpWriter> move_writers();     // without arithmetic

}  // namespace motec
