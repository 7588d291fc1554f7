#include "report/accuracy.h"

#include <algorithm>
#include <cmath>

#include "support/diag.h"

namespace motec {
namespace {

constexpr int64_t kLargestMatrix = 16;
constexpr size_t kMistakes = 10;

std::string share(int64_t part, int64_t whole) {
  const double percent =
      whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  return fmt::format("{} of {} ({:.1f} %)", part, whole, percent);
}

int64_t sum(const std::vector<int64_t>& row) {
  int64_t total = 0;
  for (const int64_t n : row) total += n;
  return total;
}

// One row per class; zeros are dots, so that mistakes stand out.
std::string matrix_text(const std::vector<std::vector<int64_t>>& confusion) {
  size_t width = fmt::format("{}", confusion.size() - 1).size();
  for (const auto& row : confusion)
    for (const int64_t n : row) width = std::max(width, fmt::format("{}", n).size());
  std::string text = "confusion (rows: labels, columns: predictions)\n  class ";
  for (size_t i = 0; i < confusion.size(); ++i) text += fmt::format(" {:>{}}", i, width);
  text += "   recall\n";
  for (size_t i = 0; i < confusion.size(); ++i) {
    const std::vector<int64_t>& row = confusion[i];
    text += fmt::format("  {:>5} ", i);
    for (const int64_t n : row)
      text += n ? fmt::format(" {:>{}}", n, width) : fmt::format(" {:>{}}", ".", width);
    const int64_t total = sum(row);
    if (total)
      text += fmt::format("  {:5.1f} %",
                          100.0 * static_cast<double>(row[i]) / static_cast<double>(total));
    text += '\n';
  }
  return text;
}

// With hundreds of classes a matrix shows nothing.
std::string mistakes_text(const std::vector<std::vector<int64_t>>& confusion) {
  struct Mistake {
    int64_t count;
    size_t label, predicted;
  };
  std::vector<Mistake> mistakes;
  for (size_t i = 0; i < confusion.size(); ++i)
    for (size_t j = 0; j < confusion.size(); ++j)
      if (i != j && confusion[i][j]) mistakes.push_back({confusion[i][j], i, j});
  if (mistakes.empty()) return {};
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.count > b.count; });
  std::string text = "commonest mistakes\n";
  for (size_t i = 0; i < std::min(kMistakes, mistakes.size()); ++i)
    text +=
        fmt::format("  class {} taken for {}: {} of {}\n", mistakes[i].label, mistakes[i].predicted,
                    mistakes[i].count, sum(confusion[mistakes[i].label]));
  return text;
}

}  // namespace

int64_t Predictions::right() const {
  int64_t n = 0;
  for (size_t i = 0; i < labels.size(); ++i) n += labels[i] == predicted[i];
  return n;
}

double Predictions::accuracy() const {
  return labels.empty() ? 0.0 : static_cast<double>(right()) / static_cast<double>(labels.size());
}

std::vector<std::vector<int64_t>> Predictions::confusion() const {
  const auto n = static_cast<size_t>(classes);
  std::vector<std::vector<int64_t>> counts(n, std::vector<int64_t>(n));
  for (size_t i = 0; i < labels.size(); ++i)
    ++counts.at(static_cast<size_t>(labels[i])).at(static_cast<size_t>(predicted[i]));
  return counts;
}

std::string accuracy_text(const Predictions& predictions) {
  const auto confusion = predictions.confusion();
  return fmt::format("accuracy {}\n", right_text(predictions)) +
         (predictions.classes <= kLargestMatrix ? matrix_text(confusion)
                                                : mistakes_text(confusion));
}

std::string right_text(const Predictions& predictions) {
  return share(predictions.right(), std::ssize(predictions.labels));
}

std::vector<ChangedSample> changed_samples(const Comparison& comparison) {
  const auto& [before, after, names] = comparison;
  internal_check(before.labels == after.labels, "predictions of other samples");
  std::vector<ChangedSample> changed;
  for (size_t i = 0; i < before.labels.size(); ++i)
    if (before.predicted[i] != after.predicted[i])
      changed.push_back(
          {static_cast<int64_t>(i), before.labels[i], before.predicted[i], after.predicted[i]});
  return changed;
}

std::string changes_text(const Comparison& comparison, size_t limit) {
  const std::vector<ChangedSample> changed = changed_samples(comparison);
  int64_t better = 0, worse = 0;
  for (const ChangedSample& change : changed) {
    better += change.after == change.label;
    worse += change.before == change.label;
  }
  std::string text = fmt::format(
      "accuracy before {}, after {}\n{} predictions changed: {} now right, {} now wrong\n",
      right_text(comparison.before), right_text(comparison.after),
      share(std::ssize(changed), std::ssize(comparison.names)), better, worse);
  for (size_t i = 0; i < std::min(limit, changed.size()); ++i) {
    const ChangedSample& c = changed[i];
    text +=
        fmt::format("  {}: class {}, taken for {} before, for {} after\n",
                    comparison.names[static_cast<size_t>(c.sample)], c.label, c.before, c.after);
  }
  if (changed.size() > limit) text += fmt::format("  and {} more\n", changed.size() - limit);
  return text;
}

std::string comparison_text(const Comparison& comparison) {
  return accuracy_text(comparison.after) + changes_text(comparison);
}

}  // namespace motec
