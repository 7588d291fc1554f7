// The matrix kernels with every type of operands and every way of storing sums but the usual one:
// int16 inputs, weights with a zero point of their own (int16, -255 .. 255), and results that are
// int16, wide, or the sums themselves. Where an ISA is not faster, the portable primitives serve.
#pragma once
#include "int8_test.h"
#include "mote/depthwise_s8.h"

namespace mote_test {

// What a kernel is given: inputs X, weights W, and sums stored by Rq.
template <class Rq, class X, class W>
struct Types {
  static constexpr int32_t kLowX = sizeof(X) == 1 ? -128 : -32767;
  static constexpr int32_t kHighX = sizeof(X) == 1 ? 127 : 32767;
  static constexpr int32_t kHighW = sizeof(W) == 1 ? 127 : 255;
  using Out = typename Rq::Out;

  static std::vector<X> inputs(int64_t n, Fill fill) {
    return random_ints<X>(n, fill, static_cast<X>(kLowX), static_cast<X>(kHighX));
  }
  static std::vector<W> weights(int64_t n, Fill fill) {
    return random_ints<W>(n, fill, static_cast<W>(-kHighW), static_cast<W>(kHighW));
  }
  // Multipliers of n channels, filled up as the host does, that spread sums over the results.
  static Words multipliers(int32_t n) {
    Words mult;
    for (int32_t i = 0; i < n; ++i) {
      const bool wide_sums = sizeof(X) > sizeof(Out), wide_results = sizeof(Out) > sizeof(X);
      if (Rq::kParams == 1) {
        const int32_t low = wide_sums ? 12 : wide_results ? 26 : 18;
        mult.push_back((1 << (low + random_below(4))) + 2 * random_below(1000));
      } else if (Rq::kParams == 2) {
        const int32_t kind = random_below(8);
        mult.push_back(kind == 0 ? 0 : (1 << 30) + 2 * random_below(1 << 23));
        mult.push_back(kind == 1 ? 1 + random_below(62)
                                 : (wide_sums      ? 47
                                    : wide_results ? 34
                                                   : 42) +
                                       random_below(6));
      }
    }
    mult.resize(pack::round_up(static_cast<int64_t>(mult.size()), Isa::kParamsAlign * 2), 0);
    return mult;
  }
  template <class S>
  static void store(S& s) {
    random_store(s);
    if (sizeof(Out) == 2) s.zp = 0, s.lo = -32768, s.hi = random_below(2) ? 32767 : 9999;
  }
};

inline Words random_biases(int32_t n) {
  Words bias;
  for (int32_t i = 0; i < n; ++i) bias.push_back(random_below(20001) - 10000);
  bias.resize(static_cast<size_t>(pack::round_up(n, Isa::kParamsAlign)), 0);
  return bias;
}

template <class W>
std::vector<W> pack_any(const std::vector<W>& w, int64_t groups, int64_t channels, int64_t depth) {
  constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
  std::vector<W> packed(static_cast<size_t>(groups * pack::gemm_bytes(l, channels, depth)));
  pack::pack_gemm(l, w.data(), groups, channels, depth, packed.data());
  return packed;
}

template <class Rq, class X, class W>
void check_gemm_types(Check& check, int32_t m, int32_t k, int32_t n, Fill fill) {
  using T = Types<Rq, X, W>;
  GemmS8Shape s{m, k, n, 0, 0, 0, 0};
  T::store(s);
  const auto x = T::inputs(m * k, fill);
  const auto w = T::weights(n * k, fill);
  const Words bias = random_biases(n), mult = T::multipliers(n);
  std::vector<typename T::Out> want;
  for (int32_t i = 0; i < m * n; ++i) {
    int32_t acc = bias[i % n];
    for (int32_t l = 0; l < k; ++l) acc += x[i / n * k + l] * w[i % n * k + l];
    want.push_back(Rq::apply(s, acc, mult.data(), i % n));
  }
  const auto packed = pack_any(w, 1, n, k);
  Output<typename T::Out> y(m * n);
  Scratch scratch(pointwise_scratch<Isa, X>(s));
  pointwise_s8<Isa, Rq>(s, x.data(), packed.data(), bias.data(), mult.data(), y.data(),
                        scratch.data());
  check.compare(y, want, "pointwise", s);
  check.expect(scratch.intact(), "pointwise wrote beyond its scratch");
  if (m != 1) return;
  Output<typename T::Out> z(n);
  Scratch dense_scratch(sizeof(X) == 1 ? Isa::dense_scratch(k) : 0);
  dense_s8<Isa, Rq>(s, x.data(), packed.data(), bias.data(), mult.data(), z.data(),
                    dense_scratch.data());
  check.compare(z, want, "dense", s);
  check.expect(dense_scratch.intact(), "dense wrote beyond its scratch");
}

// Output `pixel` (of one image) of channel n, from `group_c` input channels from c0 on.
template <class S, class X, class Weight>
int32_t naive_window(const S& s, const std::vector<X>& x, int32_t pixel, int32_t c0,
                     int32_t group_c, Weight weight) {
  int32_t sum = 0;
  for (int32_t tap = 0; tap < s.kernel_h * s.kernel_w; ++tap) {
    const int32_t iy = pixel / s.out_w * s.stride_h - s.pad_top + tap / s.kernel_w * s.dilation_h;
    const int32_t ix = pixel % s.out_w * s.stride_w - s.pad_left + tap % s.kernel_w * s.dilation_w;
    const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
    for (int32_t c = 0; c < group_c; ++c) {
      const int32_t v = inside ? x[(iy * s.in_w + ix) * s.in_c + c0 + c] : s.pad_value;
      sum += v * weight(tap, c);
    }
  }
  return sum;
}

template <class S>
void small_window(S& s) {
  s.batch = 1, s.kernel_h = 1 + random_below(3), s.kernel_w = 1 + random_below(4);
  s.stride_h = 1, s.stride_w = 1 + random_below(2);
  s.dilation_h = 1, s.dilation_w = random_below(4) == 0 ? 2 : 1;
  s.pad_top = s.kernel_h / 2, s.pad_left = random_below(s.kernel_w);
  s.in_h = s.kernel_h + random_below(3), s.in_w = s.kernel_w * 2 + random_below(12);
  s.out_h = s.in_h + 2 * s.pad_top - s.kernel_h + 1;
  s.out_w = (s.in_w + 2 * s.pad_left - (s.kernel_w - 1) * s.dilation_w - 1) / s.stride_w + 1;
}

template <class Rq, class X, class W>
void check_conv2d_types(Check& check, Fill fill) {
  using T = Types<Rq, X, W>;
  Conv2dS8Shape s{};
  small_window(s);
  T::store(s);
  s.groups = 1 + random_below(5) / 4;
  const int32_t group_c = 1 + random_below(9), group_n = 1 + random_below(11);
  s.in_c = s.groups * group_c, s.out_c = s.groups * group_n;
  s.pad_value = sizeof(X) == 1 ? random_below(256) - 128 : 0;
  const int32_t k = s.kernel_h * s.kernel_w * group_c;
  const auto x = T::inputs(s.in_h * s.in_w * s.in_c, fill);
  const auto w = T::weights(s.out_c * k, fill);
  const Words bias = random_biases(s.out_c), mult = T::multipliers(s.out_c);
  std::vector<typename T::Out> want;
  for (int32_t i = 0; i < s.out_h * s.out_w * s.out_c; ++i) {
    const int32_t n = i % s.out_c;
    const int32_t sum =
        naive_window(s, x, i / s.out_c, n / group_n * group_c, group_c,
                     [&](int32_t tap, int32_t c) { return w[n * k + tap * group_c + c]; });
    want.push_back(Rq::apply(s, bias[n] + sum, mult.data(), n));
  }
  const auto packed = pack_any(w, s.groups, group_n, k);
  Output<typename T::Out> y(want.size());
  Scratch scratch(conv2d_scratch<Isa, X>(s));
  conv2d_s8<Isa, Rq>(s, x.data(), packed.data(), bias.data(), mult.data(), y.data(),
                     scratch.data());
  check.compare(y, want, "conv2d", s);
  check.expect(scratch.intact(), "conv2d wrote beyond its scratch");
}

template <class Rq, class X>
void check_depthwise_types(Check& check, Fill fill) {
  using T = Types<Rq, X, int8_t>;
  DepthwiseS8Shape s{};
  small_window(s);
  T::store(s);
  s.in_c = 1 + random_below(35), s.multiplier = 1 + random_below(5) / 4;
  s.pad_value = sizeof(X) == 1 ? random_below(256) - 128 : 0;
  const int32_t channels = s.in_c * s.multiplier;
  const auto x = T::inputs(s.in_h * s.in_w * s.in_c, fill);
  const auto w = T::weights(channels * s.kernel_h * s.kernel_w, fill);
  const Words bias = random_biases(channels), mult = T::multipliers(channels);
  std::vector<typename T::Out> want;
  for (int32_t i = 0; i < s.out_h * s.out_w * channels; ++i) {
    const int32_t c = i % channels;
    const int32_t sum = naive_window(s, x, i / channels, c / s.multiplier, 1,
                                     [&](int32_t tap, int32_t) { return w[tap * channels + c]; });
    want.push_back(Rq::apply(s, bias[c] + sum, mult.data(), c));
  }
  Bytes packed(static_cast<size_t>(Isa::depthwise_bytes(channels, s.kernel_h, s.kernel_w)));
  Isa::template pack_depthwise<Isa>(w.data(), channels, s.kernel_h, s.kernel_w, packed.data());
  Output<typename T::Out> y(want.size());
  Scratch scratch(Isa::depthwise_scratch(s));
  depthwise_s8<Isa, Rq>(s, x.data(), packed.data(), bias.data(), mult.data(), y.data(),
                        scratch.data());
  check.compare(y, want, "depthwise", s);
  check.expect(scratch.intact(), "depthwise wrote beyond its scratch");
}

template <class Rq, class X, class W>
void check_types(Check& check) {
  for (int i = 0; i < 40; ++i) {
    const Fill fill = i % 8 == 0 ? Fill::Low : i % 8 == 1 ? Fill::Ends : Fill::Spread;
    check_gemm_types<Rq, X, W>(check, i % 3 == 0 ? 1 : 1 + random_below(9), 1 + random_below(70),
                               1 + random_below(20), fill);
    check_conv2d_types<Rq, X, W>(check, fill);
    if constexpr (sizeof(W) == 1) check_depthwise_types<Rq, X>(check, fill);
  }
}

inline int test_types() {
  Check check{"other types"};
  check_types<High, int8_t, int16_t>(check);
  check_types<High, int16_t, int8_t>(check);
  check_types<High16, int16_t, int8_t>(check);
  check_types<High16, int8_t, int8_t>(check);
  check_types<Wide<int8_t>, int8_t, int8_t>(check);
  check_types<Wide<int8_t>, int8_t, int16_t>(check);
  check_types<Wide<int16_t>, int16_t, int8_t>(check);
  check_types<Raw, int8_t, int8_t>(check);
  check_types<Raw, int16_t, int16_t>(check);
  return check.report();
}

}  // namespace mote_test
