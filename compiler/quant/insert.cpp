#include "quant/insert.h"

#include <algorithm>

#include "ops/quantize.h"

namespace motec {
namespace {

class Inserter {
 public:
  Inserter(const Graph& graph, const Scheme& scheme, const Placement& placement,
           const Parameters& parameters)
      : source_(graph), scheme_(scheme), placement_(placement), parameters_(parameters) {}

  Graph run() {
    graph_ = source_;
    graph_.ops.clear();
    rounded_.resize(source_.values.size());
    from_float_.resize(source_.values.size());
    find_uses();
    for (const Port& port : source_.inputs) {
      from_float_[index(port.value)] = true;
      round(port.value, {port.name, {}, -1});
    }
    for (size_t i = 0; i < source_.ops.size(); ++i) copy(static_cast<int>(i));
    for (Port& port : graph_.outputs)
      if (!from_float_[index(port.value)]) port.value = rounded(port.value);
    return std::move(graph_);
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }

  bool is_active(ValueId id) const {
    const int group = id ? scheme_.group(id) : -1;
    return group >= 0 && placement_.active[static_cast<size_t>(group)];
  }
  ValueId rounded(ValueId id) const { return rounded_[index(id)] ? rounded_[index(id)] : id; }

  // Values that an integer operator reads, directly or moved.
  void find_uses() {
    read_as_integer_.resize(source_.values.size());
    for (size_t i = source_.ops.size(); i-- > 0;) {
      const Op& op = source_.ops[i];
      const bool moves = scheme_.forms[i] == Form::Move &&
                         std::any_of(op.out.begin(), op.out.end(),
                                     [&](ValueId id) { return read_as_integer_[index(id)]; });
      if (!placement_.integer_op[i] && !moves) continue;
      for (const ValueId id : op.in)
        if (id) read_as_integer_[index(id)] = true;
    }
  }

  void round(ValueId id, const Origin& origin) {
    if (!is_active(id)) return;
    if (from_float_[index(id)] && !read_as_integer_[index(id)]) return;
    const TensorParams& p = parameters_.groups[static_cast<size_t>(scheme_.group(id))];
    const std::vector<float> scale = {static_cast<float>(p.affine.scale)};
    const std::string name = graph_[id].name;
    const ValueId q = append1(graph_, ops::quantize,
                              QuantizeAttrs{scale, {p.affine.zp}, -1, p.dtype}, {id}, origin);
    const ValueId real =
        append1(graph_, ops::dequantize, DequantizeAttrs{scale, {p.affine.zp}, -1}, {q}, origin);
    graph_[q].name = name + "_quantized";
    graph_[real].name = name + "_dequantized";
    rounded_[index(id)] = real;
  }

  void copy(int i) {
    Op op = source_.ops[static_cast<size_t>(i)];
    const auto at = static_cast<size_t>(i);
    // Whether what it makes consists of integers.
    bool integers = placement_.integer_op[at];
    if (scheme_.forms[at] == Form::Move && is_active(op.out[0]))
      for (const ValueId id : op.in) integers |= id && !source_.constant(id) && rounded_[index(id)];
    for (size_t k = 0; k < op.in.size(); ++k) {
      ValueId& id = op.in[k];
      if (!id) continue;
      const auto constant = parameters_.constants.find({i, k});
      if (placement_.integer_op[at] && constant != parameters_.constants.end()) {
        id = add_constant(id, constant->second);
      } else if (integers || !from_float_[index(id)]) {
        id = rounded(id);
      }
    }
    graph_.ops.push_back(op);
    for (const ValueId id : op.out) {
      from_float_[index(id)] = !integers;
      round(id, op.origin);
    }
  }

  ValueId add_constant(ValueId like, const QuantizedConstant& constant) {
    const ValueId id = graph_.add_constant(graph_[like].name, dequantized(constant));
    graph_[id].quantized = std::make_shared<const QuantizedConstant>(constant);
    return id;
  }

  const Graph& source_;
  const Scheme& scheme_;
  const Placement& placement_;
  const Parameters& parameters_;
  Graph graph_;
  std::vector<ValueId> rounded_;       // by value of the source: its Dequantize, if there is one
  std::vector<bool> from_float_;       // by value: no integer operator makes it
  std::vector<bool> read_as_integer_;  // by value
};

}  // namespace

Graph insert_quantization(const Graph& graph, const Scheme& scheme, const Placement& placement,
                          const Parameters& parameters) {
  return Inserter(graph, scheme, placement, parameters).run();
}

}  // namespace motec
