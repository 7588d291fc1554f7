#include "eval/window.h"

#include <algorithm>
#include <cstring>

#include "eval/evaluator.h"

namespace motec {
namespace {

// Frames `first` to `first + count` of x along an axis; those before the first one are zeros.
Tensor frames_of(const Tensor& x, size_t axis, int64_t first, int64_t count) {
  Shape shape = x.shape;
  shape[axis] = count;
  Tensor y = Tensor::zeros(x.dtype, shape);
  const int64_t inner = product(shape, axis + 1, shape.size()) * size_of(x.dtype);
  const std::byte* from = x.bytes.data();
  std::byte* to = y.bytes.data();
  for (int64_t outer = 0; outer < product(shape, 0, axis); ++outer)
    for (int64_t i = std::max<int64_t>(0, -first); i < count; ++i)
      std::memcpy(to + (outer * count + i) * inner,
                  from + (outer * x.shape[axis] + first + i) * inner, static_cast<size_t>(inner));
  return y;
}

}  // namespace

std::vector<std::vector<Tensor>> evaluate_stream(const Graph& graph,
                                                 const std::vector<Tensor>& inputs) {
  const TimePort& time = *graph.time;
  const auto axis = static_cast<size_t>(time.axis);
  const Evaluator evaluator(graph);
  size_t stream = 0;
  while (graph.inputs[stream].name != time.input) ++stream;
  const int64_t total = inputs[stream].shape[axis];
  std::vector<Tensor> operands = inputs;
  for (size_t i = inputs.size(); i < graph.inputs.size(); ++i) {
    const Type& type = graph.type(graph.inputs[i].value);
    operands.push_back(Tensor::zeros(type.dtype, type.shape));
  }
  const int64_t calls = (total + time.frames - 1) / time.frames;
  std::vector<std::vector<Tensor>> results;
  for (int64_t first = total - calls * time.frames; first < total; first += time.frames) {
    operands[stream] = frames_of(inputs[stream], axis, first, time.frames);
    results.push_back(evaluator.run(operands));
    for (const StatePair& pair : graph.states)
      operands[static_cast<size_t>(pair.input)] = results.back()[static_cast<size_t>(pair.output)];
  }
  return results;
}

std::vector<Tensor> evaluate_window(const Graph& graph, const std::vector<Tensor>& inputs) {
  return std::move(evaluate_stream(graph, inputs).back());
}

}  // namespace motec
