#include "report/accuracy.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "driver/labels.h"
#include "driver/progress.h"
#include "eval/classes.h"
#include "eval/npy.h"
#include "ops/unary.h"
#include "support/files.h"
#include "support/golden.h"

namespace motec::test {
namespace {

TEST_CASE("the class of scores") {
  const auto of = [](const std::vector<float>& scores) {
    return predicted_class(f32_tensor({1, std::ssize(scores)}, scores));
  };
  CHECK(of({0.1f, 0.7f, 0.2f}) == 1);
  CHECK(of({2, 5, 5}) == 1);  // the first of equals
  CHECK(of({NAN, -1, -2}) == 1);
  CHECK(of({-1, NAN, 3}) == 2);
  CHECK(of({0.5f}) == 0);
  CHECK(of({0.6f}) == 1);
  CHECK(predicted_class(Tensor::of<int8_t>(DType::S8, {3}, {-128, -3, -4})) == 1);
  CHECK(class_count(1) == 2);
  CHECK(class_count(12) == 12);
}

const Predictions kBefore{.classes = 3, .labels = {0, 0, 1, 2, 2}, .predicted = {0, 1, 1, 2, 0}};
const Predictions kAfter{.classes = 3, .labels = {0, 0, 1, 2, 2}, .predicted = {0, 0, 1, 1, 1}};

TEST_CASE("accuracy and confusion") {
  CHECK(kBefore.right() == 3);
  CHECK(kBefore.accuracy() == 0.6);
  CHECK(Predictions{}.accuracy() == 0);
  CHECK(kBefore.confusion() == std::vector<std::vector<int64_t>>{{1, 1, 0}, {0, 1, 0}, {1, 0, 1}});
  CHECK(accuracy_text(kBefore) ==
        "accuracy 3 of 5 (60.0 %)\n"
        "confusion (rows: labels, columns: predictions)\n"
        "  class  0 1 2   recall\n"
        "      0  1 1 .   50.0 %\n"
        "      1  . 1 .  100.0 %\n"
        "      2  1 . 1   50.0 %\n");
  Predictions many = kBefore;
  many.classes = 1000;
  CHECK(accuracy_text(many) ==
        "accuracy 3 of 5 (60.0 %)\n"
        "commonest mistakes\n"
        "  class 0 taken for 1: 1 of 2\n"
        "  class 2 taken for 0: 1 of 2\n");
}

TEST_CASE("what a change of the network changed") {
  const Comparison comparison{kBefore, kAfter, {"x[0]", "x[1]", "x[2]", "x[3]", "x[4]"}};
  CHECK(changed_samples(comparison) ==
        std::vector<ChangedSample>{{1, 0, 1, 0}, {3, 2, 2, 1}, {4, 2, 0, 1}});
  CHECK(changed_samples({kBefore, kBefore, {}}).empty());
  CHECK(changes_text(comparison, 2) ==
        "accuracy before 3 of 5 (60.0 %), after 3 of 5 (60.0 %)\n"
        "3 of 5 (60.0 %) predictions changed: 1 now right, 1 now wrong\n"
        "  x[1]: class 0, taken for 1 before, for 0 after\n"
        "  x[3]: class 2, taken for 2 before, for 1 after\n"
        "  and 1 more\n");
}

TEST_CASE("labels as text and as arrays") {
  const ScratchDirectory scratch;
  write_file(scratch / "l.txt", "3\n 1\r\n\n0");
  CHECK(read_labels(scratch / "l.txt") == std::vector<int64_t>{3, 1, 0});
  write_file(scratch / "l.npy", serialize_npy(Tensor::of<uint8_t>(DType::U8, {3, 1}, {3, 1, 0})));
  CHECK(read_labels(scratch / "l.npy") == std::vector<int64_t>{3, 1, 0});
}

TEST_CASE("a graph's predictions") {
  const ScratchDirectory scratch;
  write_file(scratch / "x.npy", serialize_npy(f32_tensor({3, 2}, {1, 2, 2, 1, -3, -4})));
  Graph graph;
  const ValueId x = graph.add_value("x", {.shape = {1, 2}});
  graph.inputs.push_back({"x", x});
  const UnaryAttrs negated{.fn = UnaryFn::Neg};
  graph.outputs.push_back({"y", append1(graph, ops::unary, negated, {x}, {"neg", "Neg", 0})});
  Terminal terminal(Terminal::Level::Quiet);
  const Samples samples = open_samples({(scratch / "x.npy").string()}, data_ports(graph, {"x"}));
  const Predictions predictions = predict(graph, samples, {0, 0, 1}, terminal);
  CHECK(predictions.predicted == std::vector<int64_t>{0, 1, 1});
  CHECK(predictions.right() == 2);
}

TEST_CASE("progress says how much time is left") {
  CHECK(progress_text("evaluating", 0, 500, 0) == "evaluating: 0 of 500");
  CHECK(progress_text("evaluating", 10, 500, 0.5) == "evaluating: 10 of 500");
  CHECK(progress_text("evaluating", 100, 500, 3.3) == "evaluating: 100 of 500, 14 s left");
  CHECK(progress_text("evaluating", 1, 500, 1.5) == "evaluating: 1 of 500, 13 min left");
}

}  // namespace
}  // namespace motec::test
