// What the quantizer, and the writer of quantized models, refuse.
#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "export/onnx_writer.h"
#include "ops/cumsum.h"
#include "ops/quantize.h"
#include "passes/compare.h"
#include "quant/quantizer.h"
#include "support/error_case.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

void check(const char* name, const std::function<void()>& body) {
  INFO(name);
  CHECK(problem_of_error(name, body) == "");
}

TEST_CASE("models that are quantized already") {
  GraphBuilder b;
  const ValueId x = b.input("x", {4});
  b.output("y", b.op(ops::quantize, QuantizeAttrs{{0.5f}, {0}, -1, DType::S8}, {x}));
  b.graph().ops[0].origin = {"/quantize", "QuantizeLinear", 0};
  check("quantized_already", [&] { quantize(b.graph(), {random_inputs(b.graph(), 1)}, {}); });
}

TEST_CASE("values that are not finite") {
  GraphBuilder b;
  b.output("y", b.unary(UnaryFn::Log, b.input("x", {2})));
  const Sample sample = {f32_tensor({2}, {1, -1})};
  check("calibration_not_finite", [&] { quantize(b.graph(), {sample}, {}); });
}

TEST_CASE("budgets that memory does not allow") {
  GraphBuilder b;
  b.output("y", b.dense(b.input("x", {1, 8}), 4));
  QuantizerOptions options;
  options.budget = 0;
  // Nothing but the first form fits.
  options.fits = [](const Graph& graph) {
    return std::any_of(graph.ops.begin(), graph.ops.end(),
                       [](const Op& op) { return op.def == &ops::quantize; });
  };
  check("accuracy_budget", [&] {
    quantize(b.graph(), {random_inputs(b.graph(), 1), random_inputs(b.graph(), 2)}, options);
  });
}

TEST_CASE("operators that are not written as ONNX") {
  GraphBuilder b;
  b.output("y", b.op(ops::cumsum, CumSumAttrs{}, {b.input("x", {2, 3})}));
  b.graph().ops[0].origin = {"/sum", "CumSum", 0};
  check("no_onnx_form", [&] { write_onnx(b.graph()); });
}

}  // namespace
}  // namespace motec::test
