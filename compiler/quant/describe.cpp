#include "quant/describe.h"

#include <algorithm>
#include <cmath>

#include "ir/op_def.h"

namespace motec {
namespace {

constexpr size_t kSensitivitySamples = 16;  // evenly spread; each layer is one evaluation of them

std::vector<Sample> spread(const std::vector<Sample>& samples, size_t most) {
  std::vector<Sample> result;
  const size_t count = std::min(samples.size(), most);
  for (size_t i = 0; i < count; ++i) result.push_back(samples[i * samples.size() / count]);
  return result;
}

TensorReport tensor_report(const Quantization& q, size_t g) {
  const Histogram& h = q.histograms[g];
  const TensorParams& p = q.parameters.groups[g];
  TensorReport t;
  t.name = q.source[q.scheme.groups[g].values[0]].name;
  t.dtype = p.dtype;
  t.seen = h.limits();
  t.range = covered(p.affine, p.dtype);
  t.scale = p.affine.scale;
  t.zero_point = p.affine.zp;
  t.method = q.scheme.groups[g].known ? "known" : std::string(name_of(q.ranges[g].method));
  const RangeError error = error_of(h, t.range, p.dtype == DType::S16 ? 65536 : 256);
  t.clipped = error.clipped;
  double power = 0;
  for (int i = 0; i < Histogram::kBins && h.total() > 0; ++i)
    power +=
        static_cast<double>(h.bins()[static_cast<size_t>(i)]) * h.bin_center(i) * h.bin_center(i);
  power /= static_cast<double>(std::max<int64_t>(h.total(), 1));
  t.sqnr = OutputError{power, error.mse, 0}.sqnr();
  t.histogram.resize(TensorReport::kBars);
  for (size_t i = 0; i < h.bins().size(); ++i)
    t.histogram[i * TensorReport::kBars / Histogram::kBins] += h.bins()[i];
  return t;
}

std::string precision_of(const Quantization& q, size_t op) {
  if (!q.placement.integer_op[op]) return "float";
  const int group = q.scheme.group(q.source.ops[op].in[0]);
  const bool wide = group >= 0 && q.precisions.groups[static_cast<size_t>(group)] == Precision::S16;
  const bool layer = q.scheme.forms[op] == Form::Layer;
  if (layer && q.precisions.weight_bits[op] == 4) {
    const auto& groups = q.parameters.constants.at({static_cast<int>(op), 1}).groups;
    return fmt::format("{} with int4 weights{}", wide ? "int16" : "int8",
                       groups ? fmt::format(" in groups of {}", groups->size) : "");
  }
  return wide ? "int16 with int8 weights" : "int8";
}

bool computes(const Quantization& q, size_t op) {
  const Form form = q.scheme.forms[op];
  const Graph& graph = q.source;
  return form != Form::Move && graph.type(graph.ops[op].out[0]).dtype == DType::F32;
}

// SQNR of each op's first result.
std::vector<double> results_sqnr(const Quantization& q, const std::vector<Sample>& samples) {
  std::vector<ValueId> wanted;
  for (const Op& op : q.source.ops) wanted.push_back(op.out[0]);
  ResultSets real;
  evaluate_samples(q.source, samples, wanted,
                   [&](size_t, std::vector<Tensor> v) { real.push_back(std::move(v)); });
  std::vector<OutputError> errors(wanted.size());
  evaluate_samples(q.graph, samples, wanted, [&](size_t s, std::vector<Tensor> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].dtype != DType::F32) continue;
      const OutputError e = output_error({{std::move(real[s][i])}}, {{std::move(values[i])}});
      errors[i].signal += e.signal;
      errors[i].noise += e.noise;
    }
  });
  std::vector<double> result;
  for (const OutputError& error : errors) result.push_back(error.sqnr());
  return result;
}

}  // namespace

double sensitivity(const Quantization& q, int op, const ResultSets& want,
                   const std::vector<Sample>& samples) {
  Precisions precisions = q.precisions;
  for (size_t i = 0; i < q.source.ops.size(); ++i)
    precisions.kept_float[i] = precisions.kept_float[i] || static_cast<int>(i) != op;
  // What is fused to it goes with it.
  const auto users = users_of(q.source);
  ValueId id = q.source.ops[static_cast<size_t>(op)].out[0];
  while (q.scheme.is_fused(id)) {
    const int next = users[static_cast<size_t>(id.index)][0];
    precisions.kept_float[static_cast<size_t>(next)] = false;
    id = q.source.ops[static_cast<size_t>(next)].out[0];
  }
  const Placement placement = place(q.source, q.scheme, precisions);
  const Graph graph = insert_quantization(q.source, q.scheme, placement, q.parameters);
  return output_error(want, judged_of(graph, samples)).sqnr();
}

QuantReport describe(const Quantization& q, const std::vector<Sample>& samples,
                     const std::vector<Sample>& held_out) {
  QuantReport report{std::ssize(samples), std::ssize(held_out), {}, {}, {}, {}};
  report.calibration = output_error(outputs_of(q.source, samples), outputs_of(q.graph, samples));
  if (!held_out.empty())
    report.held_out = output_error(outputs_of(q.source, held_out), outputs_of(q.graph, held_out));
  for (size_t g = 0; g < q.scheme.groups.size(); ++g)
    if (q.placement.active[g]) report.tensors.push_back(tensor_report(q, g));
  const std::vector<Sample> some = spread(samples, kSensitivitySamples);
  const ResultSets want = judged_of(q.source, some);
  const std::vector<double> results = results_sqnr(q, some);
  for (size_t i = 0; i < q.source.ops.size(); ++i) {
    const Op& op = q.source.ops[i];
    if (!computes(q, i)) continue;
    LayerReport layer;
    layer.node = op.origin.node;
    layer.op = std::string(op.def->name);
    layer.precision = precision_of(q, i);
    if (q.scheme.forms[i] == Form::Layer) layer.weights = q.source.type(op.in[1]).elements();
    layer.sqnr = results[i];
    // A fused activation is counted with the operator before it.
    const bool fused = q.scheme.is_fused(op.in[0]);
    layer.sensitivity =
        q.placement.integer_op[i] && !fused ? sensitivity(q, static_cast<int>(i), want, some) : 200;
    report.layers.push_back(std::move(layer));
  }
  return report;
}

}  // namespace motec
