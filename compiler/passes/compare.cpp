#include "passes/compare.h"

#include <algorithm>
#include <cmath>

#include "eval/evaluator.h"
#include "ops/quantize.h"
#include "support/diag.h"

namespace motec {
namespace {

// Passes reorder float arithmetic (folding a scale into weights, say): rounding may differ by this
// much of the largest magnitude.
constexpr double kTolerance = 1e-4;

// The same where the pass replaces arithmetic between Dequantize and Quantize, so that steps of
// integers reach outputs through float operators.
constexpr double kIntegerTolerance = 0.05;

int64_t count_dequantize(const Graph& graph) {
  return std::count_if(graph.ops.begin(), graph.ops.end(),
                       [](const Op& op) { return op.def == &ops::dequantize; });
}

// One rounding instead of several may move integers, or what becomes of them, by one step.
double step_of(const Graph& graph, ValueId output) {
  for (const Op& op : graph.ops) {
    if (op.out[0] == output && op.def == &ops::dequantize)
      return *std::max_element(op.as<DequantizeAttrs>().scale.begin(),
                               op.as<DequantizeAttrs>().scale.end());
  }
  const DType dtype = graph.type(output).dtype;
  return is_integer(dtype) && size_of(dtype) <= 2 ? 1 : 0;
}

}  // namespace

std::vector<Tensor> random_inputs(const Graph& graph, uint32_t seed) {
  uint32_t state = seed;
  const auto next = [&state] {
    state = state * 1664525u + 1013904223u;  // Numerical Recipes
    return state >> 8;
  };
  std::vector<Tensor> inputs;
  for (const Port& port : graph.inputs) {
    const Type& type = graph.type(port.value);
    Tensor tensor = Tensor::zeros(type.dtype, type.shape);
    dispatch(type.dtype, [&]<class T>() {
      for (int64_t i = 0; i < tensor.elements(); ++i) {
        const uint32_t bits = next();
        if (std::is_floating_point_v<T>) {
          tensor.data<T>()[i] = static_cast<T>(bits / 4194304.0 - 2.0);
        } else if (type.dtype == DType::F16 || type.dtype == DType::BF16) {
          tensor.data<T>()[i] = static_cast<T>(0x3c00 + bits % 512);
        } else {
          // Small integers are quantized values; greater ones are indices.
          const bool small = is_integer(type.dtype) && size_of(type.dtype) <= 2;
          tensor.data<T>()[i] = static_cast<T>(small ? bits >> 4 : bits % 2);
        }
      }
    });
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

void expect_same_results(const Graph& before, const Graph& after, std::string_view pass) {
  const std::vector<Tensor> inputs = random_inputs(before, 1);
  const std::vector<Tensor> want = evaluate(before, inputs), have = evaluate(after, inputs);
  const bool rounds_anew = count_dequantize(before) != count_dequantize(after);
  const double tolerance = rounds_anew ? kIntegerTolerance : kTolerance;
  internal_check(want.size() == have.size(), "pass {} changed the number of outputs", pass);
  for (size_t i = 0; i < want.size(); ++i) {
    internal_check(want[i].type() == have[i].type(), "pass {} changed the type of output {}", pass,
                   i);
    const std::vector<double> a = to_doubles(want[i]), b = to_doubles(have[i]);
    const double step = 1.001 * step_of(after, after.outputs[i].value);
    double largest = 1e-3;
    for (const double x : a)
      if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    for (size_t k = 0; k < a.size(); ++k) {
      const bool same = a[k] == b[k] || (std::isnan(a[k]) && std::isnan(b[k])) ||
                        std::abs(a[k] - b[k]) <= std::max(step, tolerance * largest);
      internal_check(same, "pass {} changed element {} of output '{}' from {} to {}", pass, k,
                     before.outputs[i].name, a[k], b[k]);
    }
  }
}

}  // namespace motec
