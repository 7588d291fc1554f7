// The parts of the quantizer alone, on distributions and layers whose best answers are known.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "ops/quantize.h"
#include "passes/pipeline.h"
#include "quant/equalize.h"
#include "quant/networks.h"
#include "quant/ranges.h"
#include "quant/tune_layers.h"
#include "quant/weights.h"
#include "support/graph_builder.h"

namespace motec::test {
namespace {

// Values of one sample at equal steps of probability: `quantile` of 1/2n, 3/2n, ...
std::vector<float> distribution(int n, double (*quantile)(double)) {
  std::vector<float> values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<float>(quantile((i + 0.5) / n)));
  return values;
}

double uniform(double p) { return 4 * p - 1; }  // of [-1, 3]

// Exponential tails to both sides, of mean magnitude 1.
double laplace(double p) { return p < 0.5 ? std::log(2 * p) : -std::log(2 - 2 * p); }

// Of standard deviation 1, by bisection.
double gauss(double p) {
  double lo = -10, hi = 10;
  for (int i = 0; i < 60; ++i) {
    const double x = (lo + hi) / 2;
    (0.5 * std::erfc(-x / std::sqrt(2.0)) < p ? lo : hi) = x;
  }
  return lo;
}

Histogram histogram_of(const std::vector<std::vector<float>>& samples) {
  Histogram h;
  for (const auto& values : samples) {
    h.see_limits(values);
    h.end_sample();
  }
  for (const auto& values : samples) h.count(values);
  return h;
}

Range find(const std::vector<float>& values, RangeMethod method, int levels = 256) {
  return find_range(histogram_of({values}), method, levels);
}

double rounding_mse(const std::vector<float>& values, const Range& range, int levels) {
  const double step = (range.hi - range.lo) / (levels - 1);
  double sum = 0;
  for (const float v : values) {
    const double q = std::clamp(std::nearbyint((v - range.lo) / step), 0.0, levels - 1.0);
    sum += std::pow(v - (range.lo + q * step), 2);
  }
  return sum / static_cast<double>(values.size());
}

TEST_CASE("a range of all that was seen spans zero", "[parts]") {
  const Histogram h = histogram_of({{2, 5}, {3, 4}});
  CHECK(h.limits() == Range{2, 5});
  CHECK(find_range(h, RangeMethod::MinMax, 256) == Range{0, 5});
  CHECK(find({-3, -1}, RangeMethod::MinMax) == Range{-3, 0});
}

TEST_CASE("an average range is the mean of the samples' limits", "[parts]") {
  const Histogram h = histogram_of({{-1, 1}, {-2, 2}, {-6, 9}});
  CHECK(find_range(h, RangeMethod::Average, 256) == Range{-3, 4});
}

TEST_CASE("a percentile leaves out the outermost values", "[parts]") {
  std::vector<float> values = distribution(100'000, uniform);
  values.push_back(50);
  values.push_back(-30);
  const Range r = find(values, RangeMethod::Percentile);
  // Bins are 80 / 2048 wide.
  CHECK(r.lo == Approx(-1).margin(0.05));
  CHECK(r.hi == Approx(3).margin(0.05));
}

TEST_CASE("no method narrows the range of evenly spread values", "[parts]") {
  const std::vector<float> values = distribution(100'000, uniform);
  for (const RangeMethod method : range_methods()) {
    const Range r = find(values, method);
    INFO(name_of(method));
    CHECK(r.lo <= -0.97);
    CHECK(r.hi >= 2.95);
  }
}

TEST_CASE("entropy and squared error give up outliers for the bulk", "[parts]") {
  std::vector<float> values = distribution(100'000, gauss);
  values.push_back(40);
  for (const RangeMethod method : {RangeMethod::Entropy, RangeMethod::Mse}) {
    const Range r = find(values, method, method == RangeMethod::Mse ? 16 : 256);
    INFO(name_of(method));
    CHECK(r.hi < 20);
    CHECK(r.hi > 2);
  }
}

TEST_CASE("squared error finds the known best clipping", "[parts]") {
  // Banner et al. 2019, table 1: with 4 bits 2.55 deviations of a Gaussian, and 5.03 mean
  // magnitudes of a Laplace distribution.
  const auto [quantile, best] = GENERATE(std::pair(&gauss, 2.55), std::pair(&laplace, 5.03));
  const std::vector<float> values = distribution(100'000, quantile);
  const Range r = find(values, RangeMethod::Mse, 16);
  CHECK(r.hi == Approx(best).epsilon(0.12));
  CHECK(r.lo == Approx(-best).epsilon(0.12));
  const double mse = rounding_mse(values, r, 16);
  for (double hi = 1; hi < 8; hi += 0.25) CHECK(mse <= 1.03 * rounding_mse(values, {-hi, hi}, 16));
}

TEST_CASE("the error of a range is what rounding to it costs", "[parts]") {
  const std::vector<float> values = distribution(50'000, laplace);
  const Histogram h = histogram_of({values});
  for (const double hi : {2.0, 4.0, 8.0}) {
    const RangeError error = error_of(h, {-hi, hi}, 256);
    CHECK(error.mse == Approx(rounding_mse(values, {-hi, hi}, 256)).epsilon(0.1));
    CHECK(error.clipped == Approx(std::exp(-hi)).epsilon(0.1));
  }
}

TEST_CASE("scales and zero points", "[parts]") {
  const Affine a = affine_of({-1, 3}, DType::S8);
  CHECK(a.scale == Approx(4.0 / 255));
  CHECK(a.zp == -64);
  const Range r = covered(a, DType::S8);
  CHECK(r.lo == Approx(-1).margin(a.scale / 2));
  CHECK(r.hi == Approx(3).margin(a.scale / 2));
  CHECK(affine_of({0, 2}, DType::S8).zp == -128);
  CHECK(affine_of({-2, 0}, DType::S8).zp == 127);
  CHECK(affine_of({-4, 2}, DType::S16).scale == Approx(4.0 / 32767));
  CHECK(affine_of({-4, 2}, DType::S16).zp == 0);
  CHECK(affine_of({0, 0}, DType::S8).scale == 1);
}

TEST_CASE("weights are symmetric and round to nearest", "[parts]") {
  const Tensor w = f32_tensor({2, 3}, {-1.27f, 0.004f, 0.006f, 7, -3.4f, 3.6f});
  const WeightMatrix m = weight_matrix(w);
  CHECK(largest_scales(m, 8) == std::vector<float>{1.27f / 127, 7.0f / 127});
  const QuantizedConstant q8 = round_weights(w, {0.01f, 1}, 0, 8);
  CHECK(to_int64s(q8.q) == std::vector<int64_t>{-127, 0, 1, 7, -3, 4});
  // Beyond the range of 4 bits they are clipped.
  const QuantizedConstant q4 = round_weights(w, {0.01f, 1}, 0, 4);
  CHECK(to_int64s(q4.q) == std::vector<int64_t>{-7, 0, 1, 7, -3, 4});
  CHECK(q4.bits == 4);
}

TEST_CASE("scales of least squared error are no worse than the largest", "[parts]") {
  std::vector<float> values = distribution(999, laplace);
  values.push_back(12);
  const Tensor w = f32_tensor({1, 1000}, values);
  const WeightMatrix m = weight_matrix(w);
  for (const int bits : {8, 4}) {
    const auto mse = [&](const std::vector<float>& scales) {
      const Tensor real = dequantized(round_weights(w, scales, 0, bits));
      double sum = 0;
      for (int64_t i = 0; i < 1000; ++i)
        sum += std::pow(real.data<float>()[i] - w.data<float>()[i], 2);
      return sum;
    };
    const double best = mse(mse_scales(m, bits)), largest = mse(largest_scales(m, bits));
    CHECK(best <= largest);
    if (bits == 4) CHECK(best < 0.7 * largest);
  }
}

TEST_CASE("biases fit int32", "[parts]") {
  std::vector<float> scales = {0, 1e-12f, 0.5f};
  const Tensor bias = f32_tensor({3}, {0, 1000, 1});
  fit_bias(scales, &bias, 0.01);
  for (const int64_t b : to_int64s(round_bias(bias, scales, 0.01).q))
    CHECK(std::abs(b) <= int64_t{1} << 30);
  CHECK(scales[2] == 0.5f);
}

// Two layers and a depthwise one, with channels of very different ranges between them.
Graph uneven_network() {
  GraphBuilder b(3);
  const ValueId x = b.input("x", {1, 6, 6, 4});
  std::vector<float> spread;
  for (int c = 0; c < 8; ++c)
    for (int i = 0; i < 36; ++i)
      spread.push_back(static_cast<float>(b.random_in(-16, 17)) / 16 * std::pow(0.5f, c % 5));
  const ValueId y = b.op(ops::conv2d, Conv2dAttrs{.pad = {1, 1, 1, 1}},
                         {x, b.floats({8, 3, 3, 4}, spread), b.random({8})});
  const ValueId z = b.unary(UnaryFn::Relu, b.depthwise(b.unary(UnaryFn::Relu, y), 3));
  b.output("y", b.dense(b.reshape(z, {1, 128}), 5));
  Graph graph = b.graph();
  prepare_for_quantizer(graph);
  return graph;
}

double largest_difference(const ResultSets& a, const ResultSets& b) {
  return output_error(a, b).largest;
}

TEST_CASE("equalization keeps the float function", "[parts]") {
  const Graph graph = uneven_network();
  const std::vector<Sample> samples = random_samples(graph, 8);
  Graph scaled = graph;
  CHECK(equalize(scaled, samples) == 1);
  const auto before = outputs_of(graph, samples), after = outputs_of(scaled, samples);
  double magnitude = 0;
  for (const auto& set : before)
    for (const float v : set[0].values<float>())
      magnitude = std::max<double>(magnitude, std::abs(v));
  CHECK(largest_difference(before, after) <= 1e-5 * magnitude);
  // With plain rounding, the scaled network is the more exact one.
  const QuantizerOptions plain = {.ranges = RangeMethod::MinMax,
                                  .weights = WeightMethod::Largest,
                                  .equalize = false,
                                  .correct_bias = false,
                                  .round_weights = false};
  const auto noise = [&](const Graph& g) { return quantize(g, samples, plain).error.noise; };
  CHECK(noise(scaled) < noise(graph));
}

TEST_CASE("fitted rounding and biases lessen the error, by one step at most", "[parts]") {
  const Graph graph = uneven_network();
  const std::vector<Sample> samples = random_samples(graph, 16);
  const int bits = GENERATE(8, 4);
  const QuantizerOptions nearest = {
      .weight_bits = bits, .equalize = false, .correct_bias = false, .round_weights = false};
  const Quantization before = quantize(graph, samples, nearest);
  Parameters after = before.parameters;
  tune_layers(before.source, before.scheme, before.placement, samples, {}, after);
  const Graph fitted = insert_quantization(before.source, before.scheme, before.placement, after);
  const OutputError error = output_error(judged_of(graph, samples), judged_of(fitted, samples));
  CHECK(error.noise < before.error.noise);
  const int64_t highest = bits == 4 ? 7 : 127;
  for (const auto& [place, constant] : after.constants) {
    if (place.second != 1) continue;
    const auto a = to_int64s(before.parameters.constants.at(place).q), b = to_int64s(constant.q);
    for (size_t i = 0; i < a.size(); ++i) {
      if (bits == 8) CHECK(std::abs(a[i] - b[i]) <= 1);  // with 4, scales are fitted, too
      CHECK(std::abs(b[i]) <= highest);
    }
  }
}

TEST_CASE("a corrected bias leaves no mean error", "[parts]") {
  GraphBuilder b(5);
  b.output("y", b.dense(b.input("x", {1, 32}), 4));
  Graph graph = b.graph();
  prepare_for_quantizer(graph);
  // All operands are positive: errors of weights add up to a bias.
  std::vector<Sample> samples = random_samples(graph, 64);
  for (Sample& sample : samples)
    for (float& v : std::span(sample[0].data<float>(), 32)) v = std::abs(v);
  const auto mean_error = [&](const Graph& quantized) {
    const auto want = outputs_of(graph, samples), got = outputs_of(quantized, samples);
    double worst = 0;
    for (int64_t o = 0; o < 4; ++o) {
      double sum = 0;
      for (size_t s = 0; s < want.size(); ++s)
        sum += got[s][0].data<float>()[o] - want[s][0].data<float>()[o];
      worst = std::max(worst, std::abs(sum / 64));
    }
    return worst;
  };
  const Quantization before = quantize(
      graph, samples,
      {.weight_bits = 4, .equalize = false, .correct_bias = false, .round_weights = false});
  Parameters after = before.parameters;
  tune_layers(before.source, before.scheme, before.placement, samples, {true, false}, after);
  const Graph corrected =
      insert_quantization(before.source, before.scheme, before.placement, after);
  CHECK(mean_error(corrected) < 0.25 * mean_error(before.graph));
}

}  // namespace
}  // namespace motec::test
