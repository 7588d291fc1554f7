#include "ir/print.h"

#include <map>

#include "ir/op_def.h"

namespace motec {
namespace {

// Values are numbered in the order in which the text meets them, so that the text does not depend
// on how many values were made and dropped.
class Numbering {
 public:
  int of(ValueId id) {
    return numbers_.try_emplace(id, static_cast<int>(numbers_.size())).first->second;
  }

 private:
  std::map<ValueId, int> numbers_;
};

// Small constants are shown with their values.
std::string print_constant(const Tensor& tensor) {
  constexpr int64_t kShown = 8;
  if (tensor.elements() > kShown) return fmt::format("{} const", to_string(tensor.type()));
  return fmt::format("{}{{{}}}", to_string(tensor.type()), fmt::join(to_doubles(tensor), ","));
}

}  // namespace

std::string print(const Graph& graph) {
  Numbering number;
  std::string text = fmt::format("graph {} (", graph.name);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const Port& port = graph.inputs[i];
    text += fmt::format("{}%{} {}: {}", i ? ", " : "", number.of(port.value), port.name,
                        to_string(graph.type(port.value)));
  }
  text += ") {\n";
  auto operand = [&](ValueId id) {
    if (!id) return std::string("_");
    if (const Tensor* tensor = graph.constant(id)) return print_constant(*tensor);
    return fmt::format("%{}", number.of(id));
  };
  for (const Op& op : graph.ops) {
    std::string in, out, types;
    for (const ValueId id : op.in) in += (in.empty() ? "" : ", ") + operand(id);
    for (const ValueId id : op.out) {
      out += fmt::format("{}%{}", out.empty() ? "" : ", ", number.of(id));
      types += (types.empty() ? "" : ", ") + to_string(graph.type(id));
    }
    const std::string attrs = op.def->print(op);
    text += fmt::format("  {} = {}({}){}{} : {}\n", out, op.def->name, in, attrs.empty() ? "" : " ",
                        attrs, types);
  }
  text += "  return";
  for (const Port& port : graph.outputs)
    text += fmt::format(" {}={}", port.name, operand(port.value));
  return text + "\n}\n";
}

}  // namespace motec
