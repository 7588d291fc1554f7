// The quantizer on real networks: accuracy on samples that it has not seen. Needs MOTE_SHARED_DATA.
#include <catch2/catch.hpp>

#include "passes/pipeline.h"
#include "quant/networks.h"

namespace motec::test {
namespace {

struct Case {
  const char *model, *samples, *labels;
  size_t calibration;  // samples; the rest is held out
  int64_t loss;        // most samples that may be lost
};

TEST_CASE("int8 networks are as accurate as float ones on held-out samples", "[networks]") {
  if (!has_shared_data()) return;
  const Case c = GENERATE(
      Case{"mlperf_tiny/kws_float", "calib/kws_calib.npy", "calib/kws_calib_labels.npy", 100, 1},
      Case{"mlperf_tiny/ic_float", "calib/ic_calib.npy", "calib/ic_calib_labels.npy", 50, 1});
  const Network network = load_network(c.model, c.samples, c.labels);
  const size_t n = network.samples.size();
  const std::vector<Sample> held_out = part(network.samples, c.calibration, n);
  const std::vector<int64_t> labels(network.labels.begin() + static_cast<ptrdiff_t>(c.calibration),
                                    network.labels.end());
  const auto real = outputs_of(network.graph, held_out);
  Graph integers = quantize(network.graph, part(network.samples, 0, c.calibration), {}).graph;
  run_passes(integers, {});
  const auto rounded = outputs_of(integers, held_out);
  const int64_t before = count_right(real, labels), after = count_right(rounded, labels);
  fmt::print("{}: {} of {} right in float, {} in int8, SQNR {:.1f} dB\n", c.model, before,
             labels.size(), after, sqnr(real, rounded));
  CHECK(after >= before - c.loss);
}

// What each part of the quantizer adds, in dB at the outputs for samples that it has not seen.
struct Setting {
  const char* name;
  QuantizerOptions options;
};

QuantizerOptions plain(std::optional<RangeMethod> ranges) {
  return {.ranges = ranges,
          .weights = WeightMethod::Largest,
          .equalize = false,
          .correct_bias = false,
          .round_weights = false};
}

std::vector<Setting> settings(int bits) {
  std::vector<Setting> list;
  for (const RangeMethod method : range_methods())
    list.push_back({name_of(method).data(), plain(method)});
  QuantizerOptions options = plain({});
  list.push_back({"auto", options});
  options.weights = WeightMethod::Mse;
  list.push_back({"+weights", options});
  options.correct_bias = true;
  list.push_back({"+bias", options});
  options.equalize = true;
  list.push_back({"+equalize", options});
  options.round_weights = true;
  list.push_back({"+rounding", options});
  for (Setting& setting : list) setting.options.weight_bits = bits;
  return list;
}

TEST_CASE("table of methods", "[.table]") {
  if (!has_shared_data()) return;
  for (const int bits : {8, 4}) {
    for (const auto& [model, samples] :
         std::vector<std::pair<std::string, std::string>>{{"mlperf_tiny/kws_float", "kws"},
                                                          {"mlperf_tiny/ic_float", "ic"},
                                                          {"mlperf_tiny/ad_float", "ad"},
                                                          {"mlperf_tiny/sww_float", "sww"},
                                                          {"mlperf_tiny/vww_float", "vww"}}) {
      const Network network = load_network(model, "calib/" + samples + "_calib.npy");
      std::vector<Sample> seen, unseen;
      for (size_t i = 0; i < network.samples.size(); ++i)
        (i % 2 ? unseen : seen).push_back(network.samples[i]);
      const auto want = outputs_of(network.graph, unseen);
      fmt::print("{:22} int{}", model, bits);
      for (const Setting& setting : settings(bits)) {
        const Quantization q = quantize(network.graph, seen, setting.options);
        fmt::print(" {} {:.1f}", setting.name, sqnr(want, outputs_of(q.graph, unseen)));
        std::fflush(stdout);
      }
      fmt::print("\n");
    }
  }
}

}  // namespace
}  // namespace motec::test
