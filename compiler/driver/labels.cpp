#include "driver/labels.h"

#include <algorithm>
#include <charconv>

#include "driver/progress.h"
#include "eval/classes.h"
#include "eval/evaluator.h"
#include "eval/npy.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/parallel.h"
#include "support/text.h"

namespace motec {
namespace {

[[noreturn]] void fail_no_labels(const std::filesystem::path& path, std::string why) {
  fail({.code = "E5040",
        .message = fmt::format("{} holds no labels", path.string()),
        .why = {std::move(why)},
        .hint = "write one integer per sample: an .npy file, or a text file with one a line"});
}

std::vector<int64_t> labels_of_text(const std::filesystem::path& path) {
  std::vector<int64_t> labels;
  int64_t number = 0;
  for (const std::string& line : split(read_file(path), '\n')) {
    ++number;
    const std::string text = trim(line);
    if (text.empty()) continue;
    int64_t label = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, label);
    if (error != std::errc() || end != last)
      fail_no_labels(path, fmt::format("line {} is '{}'", number, text.substr(0, 40)));
    labels.push_back(label);
  }
  return labels;
}

}  // namespace

std::vector<int64_t> read_labels(const std::filesystem::path& path) {
  if (path.extension() != ".npy") return labels_of_text(path);
  const Tensor tensor = read_npy(path);
  const int64_t longest = tensor.shape.empty() ? 1 : tensor.shape[0];
  if (is_integer(tensor.dtype) && tensor.elements() == longest) return to_int64s(tensor);
  fail_no_labels(path, fmt::format("it is {}", to_string(tensor.type())));
}

void check_labels(const std::vector<int64_t>& labels, const Graph& graph, int64_t samples) {
  if (std::ssize(labels) != samples) {
    fail({.code = "E5041",
          .message = fmt::format("there are {} labels for {} samples", labels.size(), samples),
          .hint = "give one label for each sample, in their order"});
  }
  const auto type_text = [&](const Port& port) {
    return fmt::format("'{}' is {}", port.name, to_string(graph.type(port.value)));
  };
  const Type* scores = graph.outputs.size() == 1 ? &graph.type(graph.outputs[0].value) : nullptr;
  const bool one_axis = scores && scores->elements() > 0 &&
                        std::count_if(scores->shape.begin(), scores->shape.end(),
                                      [](int64_t d) { return d > 1; }) < 2;
  if (!one_axis) {
    Diag diag{.code = "E5042",
              .message = "labels need a model whose only output is one score for each class"};
    for (const Port& port : graph.outputs) diag.why.push_back(type_text(port));
    fail(std::move(diag));
  }
  const int64_t classes = class_count(scores->elements());
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    fail({.code = "E5043",
          .message = fmt::format("label {} of sample {} is no class", labels[i], i),
          .why = {fmt::format("{}: classes are 0 to {}", type_text(graph.outputs[0]), classes - 1)},
          .hint = "labels count from 0"});
  }
}

Predictions predict(const Graph& graph, const Samples& samples, std::vector<int64_t> labels,
                    Terminal& terminal) {
  check_labels(labels, graph, samples.count());
  Predictions predictions{.classes = class_count(graph.type(graph.outputs[0].value).elements()),
                          .labels = std::move(labels),
                          .predicted = {}};
  const Evaluator evaluator(graph);
  Progress progress(terminal, "evaluating", samples.count());
  parallel_in_order(
      samples.count(),
      [&](int64_t i) { return predicted_class(evaluator.run(samples.operands(i))[0]); },
      [&](int64_t, int64_t predicted) { predictions.predicted.push_back(predicted); },
      {.progress = [&](int64_t done) { progress.show(done); }});
  return predictions;
}

}  // namespace motec
