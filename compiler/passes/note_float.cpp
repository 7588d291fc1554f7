// Says of each operator of a quantized network that is still computed in float why that is so.
#include <algorithm>
#include <map>

#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"
#include "ops/unary.h"
#include "passes/passes.h"
#include "passes/quantized.h"

namespace motec {
namespace {

class Notes {
 public:
  explicit Notes(Graph& graph) : graph_(graph) {
    for (const Op& op : graph.ops) {
      for (const ValueId id : op.out) producer_[id] = &op;
      for (const ValueId id : op.in) users_[id].push_back(&op);
    }
  }

  void add() {
    for (const Op& op : graph_.ops)
      if (is_float(op) && touches_integers(op))
        graph_.notes.push_back({op.origin, fmt::format("computed in float: {}", reason(op))});
  }

 private:
  bool is_float(const Op& op) const {
    return graph_.type(op.out[0]).dtype == DType::F32 && op.def != &ops::dequantize &&
           !op.def->moved_axis;
  }
  bool made_by(ValueId id, const OpDef& def) const {
    const auto it = producer_.find(id);
    return it != producer_.end() && it->second->def == &def;
  }
  // The op that alone reads `id`.
  const Op* only_user(ValueId id) const {
    const auto it = users_.find(id);
    return it != users_.end() && it->second.size() == 1 ? it->second[0] : nullptr;
  }
  bool touches_integers(const Op& op) const {
    for (const ValueId id : op.in)
      if (made_by(id, ops::dequantize)) return true;
    const auto it = users_.find(op.out[0]);
    if (it == users_.end()) return false;
    for (const Op* user : it->second)
      if (user->def == &ops::quantize) return true;
    return false;
  }

  bool reads_int16(const Op& op) const {
    return std::any_of(op.in.begin(), op.in.end(), [&](ValueId id) {
      return made_by(id, ops::dequantize) &&
             graph_.type(producer_.at(id)->in[0]).dtype == DType::S16;
    });
  }
  bool reads_offset_int16(const Op& op) const {
    return std::any_of(op.in.begin(), op.in.end(), [&](ValueId id) {
      if (!made_by(id, ops::dequantize)) return false;
      const Op& source = *producer_.at(id);
      return graph_.type(source.in[0]).dtype == DType::S16 &&
             source.as<DequantizeAttrs>().zero_point[0] != 0;
    });
  }

  std::string reason(const Op& op) const {
    if (op.def == &ops::recurrent) return why_recurrent_stays_float(graph_, op);
    if (op.def == &ops::matmul && reads_offset_int16(op))
      return reason_of_result(op, "its int16 operands have zero points other than 0");
    if (op.def == &ops::unary && reads_int16(op))
      return reason_of_result(op, "a table of it would have more than 4096 entries");
    if (op.def != &ops::conv2d && op.def != &ops::dense)
      return reason_of_result(op, fmt::format("there is no integer form of {}", op.def->name));
    if (!made_by(op.in[0], ops::dequantize)) return "its operand is not quantized";
    const auto& weights = graph_[op.in[1]].quantized;
    if (!weights) return "its weights are not quantized";
    if (weights->quant.axis > 0)
      return "its weights have scales along another dimension than the output channels";
    return reason_of_result(op, "its sums may exceed 32 bits, or its types have no integer form");
  }

  std::string reason_of_result(const Op& op, const std::string& otherwise) const {
    const Op* user = only_user(op.out[0]);
    if (user && user->def == &ops::quantize) return otherwise;
    if (user && user->def == &ops::unary) {
      const Op* next = only_user(user->out[0]);
      const UnaryFn fn = user->as<UnaryAttrs>().fn;
      if (next && next->def == &ops::quantize && fn != UnaryFn::Relu && fn != UnaryFn::Clip)
        return fmt::format("{} stands between it and the quantization of its result", name_of(fn));
    }
    return user || !users_.count(op.out[0]) ? "its result is not quantized" : otherwise;
  }

  Graph& graph_;
  std::map<ValueId, const Op*> producer_;
  std::map<ValueId, std::vector<const Op*>> users_;
};

}  // namespace

bool note_float(Graph& graph, PassCtx&) {
  Notes(graph).add();
  return false;
}

}  // namespace motec
