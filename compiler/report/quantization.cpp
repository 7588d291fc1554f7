#include "report/quantization.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/memory_map.h"

namespace motec {
namespace {

using Json = nlohmann::ordered_json;

Json error_json(const OutputError& error, int64_t samples) {
  if (samples == 0) return nullptr;
  return {{"samples", samples},
          {"sqnr_db", error.sqnr()},
          {"relative_rms", error.relative()},
          {"largest", error.largest}};
}

Json tensor_json(const TensorReport& t) {
  return {{"name", t.name},
          {"dtype", std::string(name_of(t.dtype))},
          {"seen", {t.seen.lo, t.seen.hi}},
          {"range", {t.range.lo, t.range.hi}},
          {"scale", t.scale},
          {"zero_point", t.zero_point},
          {"method", t.method},
          {"clipped", t.clipped},
          {"sqnr_db", t.sqnr},
          {"histogram", t.histogram}};
}

Json layer_json(const LayerReport& layer) {
  return {{"node", layer.node},
          {"op", layer.op},
          {"precision", layer.precision},
          {"weights", layer.weights},
          {"sqnr_db", layer.sqnr},
          {"sensitivity_db", layer.sensitivity >= 200 ? Json(nullptr) : Json(layer.sensitivity)}};
}

Json predictions_json(const Predictions& predictions) {
  return {{"right", predictions.right()},
          {"accuracy", predictions.accuracy()},
          {"confusion", predictions.confusion()}};
}

Json classes_json(const std::optional<Comparison>& classes) {
  if (!classes) return nullptr;
  Json changed = Json::array();
  for (const ChangedSample& c : changed_samples(*classes))
    changed.push_back({{"sample", classes->names[static_cast<size_t>(c.sample)]},
                       {"label", c.label},
                       {"before", c.before},
                       {"after", c.after}});
  return {{"samples", std::ssize(classes->names)},
          {"before", predictions_json(classes->before)},
          {"after", predictions_json(classes->after)},
          {"changed", changed}};
}

// Rows are labels, columns what they are taken for; of many classes only the changes are told.
std::string confusion_html(const Predictions& predictions) {
  constexpr int64_t kMostClasses = 32;
  if (predictions.classes > kMostClasses) return "";
  std::string html = "<table><tr><th>label</th>";
  for (int64_t c = 0; c < predictions.classes; ++c) html += fmt::format("<th>taken for {}</th>", c);
  html += "</tr>";
  const auto confusion = predictions.confusion();
  for (size_t label = 0; label < confusion.size(); ++label) {
    html += fmt::format("<tr><th>{}</th>", label);
    for (const int64_t count : confusion[label])
      html += count > 0 ? fmt::format("<td>{}</td>", count) : "<td></td>";
    html += "</tr>";
  }
  return html + "</table>";
}

std::string classes_html(const Comparison& classes) {
  std::string html = fmt::format("<p>Right in float: {}, in integers: {}.</p>",
                                 right_text(classes.before), right_text(classes.after)) +
                     confusion_html(classes.after);
  const std::vector<ChangedSample> changed = changed_samples(classes);
  if (changed.empty()) return html + "<p>No sample is taken for another class than in float.</p>";
  html += "<table><tr><th>sample</th><th>label</th><th>in float</th><th>in integers</th></tr>";
  for (const ChangedSample& c : changed)
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                        escaped(classes.names[static_cast<size_t>(c.sample)]), c.label, c.before,
                        c.after);
  return html + "</table>";
}

std::string decibels(double value) { return value >= 200 ? "exact" : fmt::format("{:.1f}", value); }

std::string error_text(const OutputError& error) {
  return fmt::format("SQNR {} dB, error {:.2g} % of the outputs, largest {:.3g}",
                     decibels(error.sqnr()), 100 * error.relative(), error.largest);
}

TextTable layer_table(const QuantReport& report) {
  TextTable table({"layer", "operator", "precision", "weights", "SQNR dB", "alone dB"});
  for (const LayerReport& l : report.layers)
    table.add({l.node, l.op, l.precision, l.weights ? fmt::format("{}", l.weights) : "-",
               decibels(l.sqnr),
               l.sensitivity >= 200 ? "-" : fmt::format("{:.1f}", l.sensitivity)});
  return table;
}

TextTable tensor_table(const QuantReport& report) {
  TextTable table(
      {"tensor", "type", "seen", "range", "scale", "zero", "by", "clipped %", "SQNR dB"});
  for (const TensorReport& t : report.tensors)
    table.add({t.name, std::string(name_of(t.dtype)),
               fmt::format("{:.4g}..{:.4g}", t.seen.lo, t.seen.hi),
               fmt::format("{:.4g}..{:.4g}", t.range.lo, t.range.hi),
               fmt::format("{:.4g}", t.scale), fmt::format("{}", t.zero_point), t.method,
               fmt::format("{:.3f}", 100 * t.clipped), decibels(t.sqnr)});
  return table;
}

// Bars for counts on a scale of roots, so that tails stay visible; the range is shaded.
std::string histogram_svg(const TensorReport& t) {
  constexpr int kBar = 4, kHeight = 48;
  const int width = TensorReport::kBars * kBar;
  int64_t most = 1;
  for (const int64_t n : t.histogram) most = std::max(most, n);
  const double span = std::max(t.seen.hi - t.seen.lo, 1e-30);
  const auto x_of = [&](double v) { return std::clamp((v - t.seen.lo) / span, 0.0, 1.0) * width; };
  std::string svg = fmt::format("<svg width=\"{}\" height=\"{}\">", width, kHeight);
  svg += fmt::format("<rect x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"{}\" fill=\"#8884\"/>",
                     x_of(t.range.lo), x_of(t.range.hi) - x_of(t.range.lo), kHeight);
  for (int i = 0; i < TensorReport::kBars; ++i) {
    const auto n = static_cast<double>(t.histogram[static_cast<size_t>(i)]);
    if (n == 0) continue;
    const double h = std::max(1.0, kHeight * std::sqrt(n / static_cast<double>(most)));
    svg += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"#47a\"/>",
                       i * kBar, kHeight - h, kBar - 1, h);
  }
  return svg + "</svg>";
}

}  // namespace

std::string quantization_json(const QuantReport& report, const std::optional<Comparison>& classes) {
  Json tensors = Json::array(), layers = Json::array();
  for (const TensorReport& t : report.tensors) tensors.push_back(tensor_json(t));
  for (const LayerReport& layer : report.layers) layers.push_back(layer_json(layer));
  const Json json = {{"calibration", error_json(report.calibration, report.samples)},
                     {"held_out", error_json(report.held_out, report.held_out_samples)},
                     {"classes", classes_json(classes)},
                     {"layers", layers},
                     {"tensors", tensors}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string quantization_text(const QuantReport& report, const Palette& palette, bool all) {
  std::string text = fmt::format("  outputs  {} on {} samples of the calibration\n",
                                 error_text(report.calibration), report.samples);
  if (report.held_out_samples > 0)
    text += fmt::format("           {} on {} samples held out\n", error_text(report.held_out),
                        report.held_out_samples);
  if (all)
    text += "\n" + layer_table(report).text(palette) + "\n" + tensor_table(report).text(palette);
  return text;
}

std::string quantization_html(const QuantReport& report, const std::optional<Comparison>& classes) {
  std::string html =
      "<h2>Quantization</h2><p>On the calibration: " + escaped(error_text(report.calibration)) +
      ".</p>";
  if (report.held_out_samples > 0)
    html += "<p>On samples held out: " + escaped(error_text(report.held_out)) + ".</p>";
  if (classes) html += classes_html(*classes);
  html +=
      "<table><tr><th>layer</th><th>operator</th><th>precision</th><th>SQNR dB</th>"
      "<th>outputs if it alone is quantized, dB</th></tr>";
  for (const LayerReport& l : report.layers)
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                        escaped(l.node), escaped(l.op), l.precision, decibels(l.sqnr),
                        l.sensitivity >= 200 ? "–" : fmt::format("{:.1f}", l.sensitivity));
  html +=
      "</table><table><tr><th>tensor</th><th>values seen; the range of its integers is shaded"
      "</th><th>range</th><th>scale</th><th>by</th><th>clipped</th><th>SQNR dB</th></tr>";
  for (const TensorReport& t : report.tensors)
    html += fmt::format(
        "<tr><td>{} ({})</td><td>{}</td><td>{:.4g} … {:.4g}</td><td>{:.4g}</td><td>{}</td>"
        "<td>{:.3f} %</td><td>{}</td></tr>",
        escaped(t.name), name_of(t.dtype), histogram_svg(t), t.range.lo, t.range.hi, t.scale,
        t.method, 100 * t.clipped, decibels(t.sqnr));
  return html + "</table>";
}

std::string quantization_page(const QuantReport& report, const std::optional<Comparison>& classes,
                              const std::string& model) {
  return "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>" + escaped(model) +
         "</title><style>body{font:14px system-ui,sans-serif;margin:2em}"
         "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:left;"
         "border-bottom:1px solid #8886}</style></head><body><h1>" +
         escaped(model) + "</h1>" + quantization_html(report, classes) + "</body></html>\n";
}

}  // namespace motec
