#include "quant/assign.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/matmul.h"
#include "ops/recurrent.h"
#include "quant/group_scales.h"
#include "quant/weights.h"

namespace motec {
namespace {

class ConstantAssigner {
 public:
  ConstantAssigner(const Graph& graph, const Scheme& scheme, const Precisions& precisions,
                   WeightMethod method, Int4Scales int4, Parameters& parameters)
      : graph_(graph),
        scheme_(scheme),
        precisions_(precisions),
        method_(method),
        int4_(int4),
        parameters_(parameters) {}

  void assign(int i) {
    const Op& op = graph_.ops[static_cast<size_t>(i)];
    switch (scheme_.forms[static_cast<size_t>(i)]) {
      case Form::Layer:
        return assign_layer(i, op);
      case Form::Recurrent:
        set(i, RecurrentIn::W, gate_weights(op, RecurrentIn::W));
        set(i, RecurrentIn::R, gate_weights(op, RecurrentIn::R));
        return;
      case Form::Element:
        if (op.def == &ops::binary || op.def == &ops::matmul)
          for (size_t k = 0; k < 2; ++k)
            // Scalars become part of a table and stay exact.
            if (const Tensor* c = graph_.constant(op.in[k]); c && c->elements() > 1)
              set(i, k, round_tensor(*c));
        return;
      default:
        return;
    }
  }

 private:
  void set(int op, size_t operand, QuantizedConstant constant) {
    parameters_.constants[{op, operand}] = std::move(constant);
  }

  void assign_layer(int i, const Op& op) {
    const Tensor& weights = *graph_.constant(op.in[1]);
    const Tensor* bias = op.in.size() > 2 ? graph_.constant(op.in[2]) : nullptr;
    const int bits = precisions_.weight_bits[static_cast<size_t>(i)];
    const WeightMatrix matrix = weight_matrix(weights);
    const bool tries_groups = bits == 4 && int4_ == Int4Scales::Groups &&
                              method_ != WeightMethod::PerTensor && takes_weight_groups(graph_, op);
    std::vector<float> scales;
    double error = 0;
    if (method_ == WeightMethod::Mse || tries_groups) scales = mse_scales(matrix, bits, &error);
    if (method_ != WeightMethod::Mse) scales = largest_scales(matrix, bits);
    if (method_ == WeightMethod::PerTensor)
      scales.assign(scales.size(), *std::max_element(scales.begin(), scales.end()));
    const double x_scale = operand_scale(graph_, scheme_, parameters_, i);
    std::optional<GroupScales> in_groups;
    if (tries_groups) {
      in_groups = group_scales(weights, kWeightGroup);
      if (worth_factors(weights, in_groups->factors, error, in_groups->error))
        scales = in_groups->scale;
      else
        in_groups.reset();
    }
    fit_bias(scales, bias, x_scale);
    if (in_groups) std::transform(scales.begin(), scales.end(), scales.begin(), exact_in_multiples);
    if (bias) set(i, 2, round_bias(*bias, scales, x_scale));
    set(i, 1,
        in_groups ? round_in_groups(weights, scales, in_groups->factors, kWeightGroup)
                  : round_weights(weights, scales, 0, bits));
  }

  // One scale for each row of gates, which both directions share: ONNX has one axis of scales.
  QuantizedConstant gate_weights(const Op& op, size_t operand) {
    const Tensor& weights = *graph_.constant(op.in[operand]);
    const auto rows = static_cast<size_t>(weights.shape[1]);
    const WeightMatrix all{weights.shape[0] * weights.shape[1], weights.shape[2],
                           weight_matrix(weights).values};
    const std::vector<float> each = largest_scales(all, 8);
    std::vector<float> scales(rows);
    for (size_t r = 0; r < each.size(); ++r) scales[r % rows] = std::max(scales[r % rows], each[r]);
    for (float& s : scales) s = s > 0 ? s : 1e-6f;
    return round_weights(weights, scales, 1, 8);
  }

  const Graph& graph_;
  const Scheme& scheme_;
  const Precisions& precisions_;
  WeightMethod method_;
  Int4Scales int4_;
  Parameters& parameters_;
};

}  // namespace

std::vector<TensorParams> assign_tensors(const Scheme& scheme, const Precisions& precisions,
                                         const std::vector<Range>& ranges) {
  std::vector<TensorParams> params;
  for (size_t g = 0; g < scheme.groups.size(); ++g) {
    const DType dtype = precisions.groups[g] == Precision::S16 ? DType::S16 : DType::S8;
    params.push_back({dtype, affine_of(ranges[g], dtype)});
  }
  return params;
}

double operand_scale(const Graph& graph, const Scheme& scheme, const Parameters& parameters,
                     int op) {
  const int group = scheme.group(graph.ops[static_cast<size_t>(op)].in[0]);
  return parameters.groups[static_cast<size_t>(group)].affine.scale;
}

void assign_constants(const Graph& graph, const Scheme& scheme, const Placement& placement,
                      const Precisions& precisions, WeightMethod method, Int4Scales int4,
                      Parameters& parameters) {
  parameters.constants.clear();
  ConstantAssigner assigner(graph, scheme, precisions, method, int4, parameters);
  for (size_t i = 0; i < graph.ops.size(); ++i)
    if (placement.integer_op[i]) assigner.assign(static_cast<int>(i));
}

}  // namespace motec
