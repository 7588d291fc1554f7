// LSTM, GRU and RNN, from the versions of opset 7 on. Each is one core op; a layout with the batch
// first (opset 14) becomes Transposes around it.
#include <algorithm>

#include "import/importers.h"
#include "ops/recurrent.h"
#include "support/diag.h"

namespace motec {
namespace {

using In = RecurrentIn;

std::vector<CellFn> default_fns(CellKind kind) {
  switch (kind) {
    case CellKind::Rnn:
      return {CellFn::Tanh};
    case CellKind::Gru:
      return {CellFn::Sigmoid, CellFn::Tanh};
    case CellKind::Lstm:
      break;
  }
  return {CellFn::Sigmoid, CellFn::Tanh, CellFn::Tanh};
}

// Functions that have a parameter take the lists' values in order, and defaults when they run out.
std::vector<CellActivation> read_activations(const Node& n, CellKind kind, size_t directions) {
  std::vector<CellFn> fns;
  if (n.has_attr("activations")) {
    for (const std::string& name : n.attr_strings("activations")) {
      const std::optional<CellFn> fn = find_cell_fn(name);
      if (!fn) n.unsupported(fmt::format("activation '{}'", name));
      fns.push_back(*fn);
    }
  } else {
    for (size_t d = 0; d < directions; ++d) {
      const std::vector<CellFn> one = default_fns(kind);
      fns.insert(fns.end(), one.begin(), one.end());
    }
  }
  const size_t count = directions * activation_count(kind);
  n.require(fns.size() == count,
            fmt::format("{}: {} activations where {} are needed", n.op_type(), fns.size(), count));
  const std::vector<float> alphas = n.attr_floats("activation_alpha");
  const std::vector<float> betas = n.attr_floats("activation_beta");
  std::vector<CellActivation> result;
  size_t alpha = 0, beta = 0;
  for (const CellFn fn : fns) {
    result.push_back(cell_activation(fn));
    if (takes_alpha(fn) && alpha < alphas.size()) result.back().alpha = alphas[alpha++];
    if (takes_beta(fn) && beta < betas.size()) result.back().beta = betas[beta++];
  }
  return result;
}

bool all_zero(const Tensor& tensor) {
  const std::vector<double> values = to_doubles(tensor);
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

// An operand whose absence means zeros: left out where it is zeros, as exporters like to write
// them.
ValueId unless_zero(const Node& n, size_t i) {
  if (!n.has(i)) return {};
  const Tensor* tensor = n.constant(n.in(i));
  return tensor && all_zero(*tensor) ? ValueId{} : n.in(i);
}

// The lengths of the sequences, unless it is known that all are full.
ValueId read_lengths(const Node& n, int64_t steps) {
  if (!n.has(In::Lengths)) return {};
  const Tensor* tensor = n.constant(n.in(In::Lengths));
  if (!tensor) return n.in(In::Lengths);
  const std::vector<int64_t> lengths = to_int64s(*tensor);
  for (const int64_t length : lengths)
    n.require(length >= 0 && length <= steps,
              fmt::format("{}: sequence_lens has {} for sequences of {} steps", n.op_type(), length,
                          steps));
  const bool full =
      std::all_of(lengths.begin(), lengths.end(), [&](int64_t length) { return length == steps; });
  return full ? ValueId{} : n.in(In::Lengths);
}

RecurrentAttrs read_attrs(const Node& n, CellKind kind) {
  const std::string direction = n.attr_string("direction", "forward");
  n.require(direction == "forward" || direction == "reverse" || direction == "bidirectional",
            fmt::format("{}: direction is '{}'", n.op_type(), direction));
  const size_t directions = direction == "bidirectional" ? 2 : 1;
  n.require(n.rank(In::R) == 3 && n.shape(In::R)[0] == static_cast<int64_t>(directions),
            fmt::format("{}: R {} is not for direction '{}'", n.op_type(),
                        to_string(n.shape(In::R)), direction));
  const int64_t hidden = n.shape(In::R)[2];
  n.require(n.attr_int("hidden_size", hidden) == hidden,
            fmt::format("{}: hidden_size is not that of R", n.op_type()));
  RecurrentAttrs a;
  a.kind = kind;
  a.backward = direction == "reverse";
  a.activations = read_activations(n, kind, directions);
  a.clip = n.attr_float("clip", 0.0f);
  n.require(a.clip >= 0, fmt::format("{}: clip is negative", n.op_type()));
  a.linear_before_reset = kind == CellKind::Gru && n.attr_int("linear_before_reset", 0) != 0;
  a.input_forget = kind == CellKind::Lstm && n.attr_int("input_forget", 0) != 0;
  a.y = n.wants(0);
  a.y_h = n.wants(1);
  a.y_c = kind == CellKind::Lstm && n.wants(2);
  if (!a.y && !a.y_h && !a.y_c) a.y_h = true;  // an op has a result; nothing will read it
  return a;
}

void import_recurrent(Node& n, CellKind kind) {
  n.require(n.rank(In::X) == 3, fmt::format("{}: X is not of rank 3", n.op_type()));
  n.constant_in(In::W, "the weights");
  n.constant_in(In::R, "the recurrence weights");
  if (n.has(In::B)) n.constant_in(In::B, "the bias");
  const bool lstm = kind == CellKind::Lstm;
  if (lstm && n.has(In::P)) n.constant_in(In::P, "the peephole weights");

  const bool batch_first = n.attr_int("layout", 0) != 0;
  const auto swapped = [&](ValueId id) {
    return id && batch_first ? n.transpose(id, {1, 0, 2}) : id;
  };
  const RecurrentAttrs a = read_attrs(n, kind);
  const ValueId x = swapped(n.in(In::X));
  std::vector<ValueId> in = {x,
                             n.in(In::W),
                             n.in(In::R),
                             unless_zero(n, In::B),
                             read_lengths(n, n.shape(x)[0]),
                             swapped(unless_zero(n, In::H0))};
  if (lstm) {
    in.push_back(swapped(unless_zero(n, In::C0)));
    in.push_back(unless_zero(n, In::P));
  }
  const std::vector<ValueId> out = n.add_all(ops::recurrent, a, in);
  size_t next = 0;
  if (a.y) {
    const ValueId y = out[next++];
    n.set(0, batch_first ? n.transpose(y, {2, 0, 1, 3}) : y);
  }
  if (a.y_h) n.set(1, swapped(out[next++]));
  if (a.y_c) n.set(2, swapped(out[next++]));
}
void import_gru(Node& n) { import_recurrent(n, CellKind::Gru); }
void import_lstm(Node& n) { import_recurrent(n, CellKind::Lstm); }
void import_rnn(Node& n) { import_recurrent(n, CellKind::Rnn); }

constexpr Importer kImporters[] = {
    {"GRU", import_gru},
    {"LSTM", import_lstm},
    {"RNN", import_rnn},
};

}  // namespace

std::span<const Importer> recurrent_importers() { return kImporters; }

}  // namespace motec
