// The graph: SSA values and operators, where everything semantic happens. It is a copyable value;
// ids index its vectors. `ops` is always in an order in which it can be executed.
#pragma once
#include <any>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace motec {

struct OpDef;

struct ValueId {
  int32_t index = -1;  // -1: an optional operand that is absent
  explicit operator bool() const { return index >= 0; }
  auto operator<=>(const ValueId&) const = default;
};

// The ONNX node that an op came from. Survives every rewrite, so that a late error or a report
// still names it.
struct Origin {
  std::string node, op_type;
  int index = -1;  // position in the model's graph; -1: none
  bool operator==(const Origin&) const = default;
};

// The integers that a constant is made of: real = scale * (q - zero_point).
struct QuantizedConstant {
  // Of integers of four bits: each group of `size` along `axis` has a factor of its own.
  struct Groups {
    int64_t size = 0;
    int axis = -1;
    Tensor factors;  // int8, shape of the integers but for `axis`
  };
  Tensor q;
  Quant quant;
  int bits = 8;  // 4: the integers, int8 here, are those of int4, times the groups' factors
  std::optional<Groups> groups = {};
};

struct Value {
  std::string name;  // not unique; for people
  Type type;
  TensorPtr constant;  // null unless the value is known at compile time
  // Where a float32 constant comes from, if the model holds it in integers. It moves along when the
  // constant is only rearranged, and is lost when arithmetic folds into it.
  std::shared_ptr<const QuantizedConstant> quantized = {};
};

struct Op {
  const OpDef* def = nullptr;
  std::any attrs;
  std::vector<ValueId> in, out;
  Origin origin;

  template <class A>
  const A& as() const {
    return *std::any_cast<A>(&attrs);
  }
  template <class A>
  A& as() {
    return *std::any_cast<A>(&attrs);
  }
};

// A graph input or output under its ONNX name.
struct Port {
  std::string name;
  ValueId value;
  std::optional<Quant> quant = {};  // of integers that the caller hands over or gets
};

// "x, state": their names.
std::string names_of(const std::vector<Port>& ports);
// The index of the port of that name, which `option` gives. Fails with `code` if there is none;
// `kind` is "input" or "output".
size_t find_port(const std::vector<Port>& ports, const std::string& name, std::string_view option,
                 std::string_view kind, std::string_view code);

// An output that is fed back: the next call's `input` is this call's `output` (port indices).
struct StatePair {
  int input, output;
};

// An input that moves on along a stream from call to call: it is the newest frames alone.
struct TimePort {
  std::string input;
  int axis = 0;                    // of the input
  int64_t frames = 0, window = 0;  // new ones in a call; those that the model had as its input
  // Counted from 1, after a reset: the call whose outputs are the first of a whole window.
  int64_t first_call() const { return (window + frames - 1) / frames; }
};

// What pruning took out of the integer layers.
struct Pruned {
  int64_t channels = 0, macs = 0, weight_bytes = 0;
};

// Something that the user should know of a node: why it is computed in float, for instance.
struct Note {
  Origin origin;
  std::string text;
};

struct Graph {
  std::string name;
  std::deque<Value> values;  // references to types and names stay valid while ops are added
  std::vector<Op> ops;
  std::vector<Port> inputs, outputs;
  std::vector<StatePair> states;
  std::optional<TimePort> time;
  std::vector<Note> notes;
  Pruned pruned;

  Value& operator[](ValueId id) { return values[static_cast<size_t>(id.index)]; }
  const Value& operator[](ValueId id) const { return values[static_cast<size_t>(id.index)]; }
  const Type& type(ValueId id) const { return (*this)[id].type; }
  const Tensor* constant(ValueId id) const { return id ? (*this)[id].constant.get() : nullptr; }

  ValueId add_value(std::string name, Type type, TensorPtr constant = nullptr);
  ValueId add_constant(std::string name, Tensor tensor);
};

// Appends an op to the graph: infers its result types, makes its results, and returns them.
// An op whose operands are all constants is evaluated at once and leaves constants instead, as long
// as they are not much larger than the operands.
std::vector<ValueId> append(Graph& graph, const OpDef& def, std::any attrs, std::vector<ValueId> in,
                            const Origin& origin);
// The same for ops with one result.
ValueId append1(Graph& graph, const OpDef& def, std::any attrs, std::vector<ValueId> in,
                const Origin& origin);

// Whether append() would evaluate an op with these operands and result types: all operands are
// constants, and the results are not much larger.
bool folds(const Graph& graph, const std::vector<ValueId>& in, const std::vector<Type>& results);

// "node '/conv1' (Conv, node 3)"
std::string describe(const Origin& origin);

}  // namespace motec
