// Convolutions, depthwise ones too, against naive loops: random shapes, and shapes of constants.
#pragma once
#include "float_test.h"
#include "mote/conv2d_f32.h"
#include "mote/depthwise_f32.h"
#include "mote/pack.h"

namespace mote_test {

// ---- Convolution

template <class Act, class S>
Floats naive_conv2d(const S& s, const Floats& x, const Floats& w, const Floats& bias) {
  Floats y;
  const int32_t gc = s.in_c / s.groups, gn = s.out_c / s.groups;
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; ++oy) {
      for (int32_t ox = 0; ox < s.out_w; ++ox) {
        for (int32_t o = 0; o < s.out_c; ++o) {
          double sum = bias[o];
          for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
            for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
              const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
              const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
              if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
              for (int32_t c = 0; c < gc; ++c) {
                sum += double(x[((b * s.in_h + iy) * s.in_w + ix) * s.in_c + o / gn * gc + c]) *
                       double(w[((o * s.kernel_h + ky) * s.kernel_w + kx) * gc + c]);
              }
            }
          }
          y.push_back(Act::apply(s, static_cast<float>(sum)));
        }
      }
    }
  }
  return y;
}

// `plain` describes the shape that S may hold as constants.
template <class I, class Act, class S>
void check_conv2d(Check& check, const Conv2dShape& plain, const S& s) {
  const int32_t k = s.kernel_h * s.kernel_w * (s.in_c / s.groups);
  const Floats x = random_floats(int64_t{s.batch} * s.in_h * s.in_w * s.in_c);
  const Floats w = random_floats(int64_t{s.out_c} * k);
  const Floats bias = random_floats(s.out_c);
  Floats packed(static_cast<size_t>(pack::conv2d_floats(s.out_c, k, s.groups, gemm_nr<I>())));
  pack::pack_conv2d(w.data(), s.out_c, k, s.groups, gemm_nr<I>(), packed.data());
  poison_slack(packed, int64_t{s.out_c} * k);
  const Floats want = naive_conv2d<Act>(plain, x, w, bias);

  Output y(want.size());
  conv2d_f32<I, Act>(s, x.data(), packed.data(), bias.data(), y.y.data());
  check.compare(y, want, "image", plain);

  Output by_rows(want.size());
  float* out = by_rows.y.data();
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, out += s.out_w * s.out_c) {
      const auto rows =
          row_pointers(s, x.data() + b * s.in_h * s.in_w * s.in_c, s.in_w * s.in_c, oy);
      conv2d_row_f32<I, Act>(s, rows.data(), packed.data(), bias.data(), out);
    }
  }
  check.compare(by_rows, want, "rows", plain);
}

inline Conv2dShape random_conv2d() {
  Conv2dShape s{};
  s.batch = 1 + random_below(2);
  s.groups = random_below(3) == 0 ? 1 + random_below(4) : 1;
  s.in_c = s.groups * (1 + random_below(7));
  s.out_c = s.groups * (1 + random_below(random_below(4) == 0 ? 2 * gemm_nr<Isa>() + 3 : 9));
  s.kernel_h = 1 + random_below(4), s.kernel_w = 1 + random_below(5);
  s.stride_h = 1 + random_below(3), s.stride_w = 1 + random_below(3);
  s.dilation_h = 1 + random_below(2), s.dilation_w = 1 + random_below(3);
  s.in_h = 1 + random_below(7), s.in_w = 1 + random_below(3 * Isa::kMr + 5);
  s.pad_top = random_below(s.kernel_h * s.dilation_h + 1);
  s.pad_left = random_below(s.kernel_w * s.dilation_w + 1);
  const int32_t pad_bottom = random_below(4), pad_right = random_below(5);
  const int32_t room_h = s.in_h + s.pad_top + pad_bottom - (s.kernel_h - 1) * s.dilation_h - 1;
  const int32_t room_w = s.in_w + s.pad_left + pad_right - (s.kernel_w - 1) * s.dilation_w - 1;
  s.out_h = room_h < 0 ? 1 : room_h / s.stride_h + 1;
  s.out_w = room_w < 0 ? 1 : room_w / s.stride_w + 1;
  s.alpha = -0.5f, s.beta = 1.5f;
  return s;
}

// clang-format off
struct StaticConv {  // like an image layer in the middle of a network
  static constexpr int32_t batch = 1, in_h = 5, in_w = 11, in_c = 6, out_h = 5, out_w = 11, out_c = 20,
      kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1,
      pad_top = 1, pad_left = 1, groups = 1;
  static constexpr float alpha = 0, beta = 6;
};
struct StaticFirst {  // like the first layer of a network for sound
  static constexpr int32_t batch = 1, in_h = 13, in_w = 10, in_c = 1, out_h = 7, out_w = 5, out_c = 16,
      kernel_h = 10, kernel_w = 4, stride_h = 2, stride_w = 2, dilation_h = 1, dilation_w = 1,
      pad_top = 4, pad_left = 1, groups = 1;
  static constexpr float alpha = 0, beta = 6;
};
struct StaticGroups {
  static constexpr int32_t batch = 2, in_h = 4, in_w = 9, in_c = 15, out_h = 3, out_w = 4, out_c = 18,
      kernel_h = 2, kernel_w = 3, stride_h = 2, stride_w = 2, dilation_h = 2, dilation_w = 2,
      pad_top = 1, pad_left = 1, groups = 3;
  static constexpr float alpha = 0.25f, beta = 0.5f;
};
// clang-format on

template <class S>
Conv2dShape plain_conv2d(const S& s) {
  return {s.batch,      s.in_h,     s.in_w,     s.in_c,     s.out_h,    s.out_w,
          s.out_c,      s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h,
          s.dilation_w, s.pad_top,  s.pad_left, s.groups,   s.alpha,    s.beta};
}

inline int test_conv2d() {
  int failed = 0;
  Check sweep{"conv2d"};
  for (int i = 0; i < 400; ++i) {
    const Conv2dShape s = random_conv2d();
    check_conv2d<Isa, fn::Relu>(sweep, s, s);
  }
  failed += sweep.report();

  Check packing{"conv2d odd tiles"};  // the layout of any other block size, run by scalar code
  for (int i = 0; i < 60; ++i) {
    const Conv2dShape s = random_conv2d();
    check_conv2d<isa::ScalarTile<3, 5>, fn::Identity>(packing, s, s);
  }
  failed += packing.report();

  Check constants{"conv2d static"};
  check_conv2d<Isa, fn::Relu>(constants, plain_conv2d(StaticConv{}), StaticConv{});
  check_conv2d<Isa, fn::Clip>(constants, plain_conv2d(StaticFirst{}), StaticFirst{});
  check_conv2d<Isa, fn::LeakyRelu>(constants, plain_conv2d(StaticGroups{}), StaticGroups{});
  failed += constants.report();

  Check curves{"conv2d activations"};
  curves.exact = false;
  check_conv2d<Isa, fn::HardSigmoid>(curves, plain_conv2d(StaticGroups{}), StaticGroups{});
  check_conv2d<Isa, fn::HardSwish>(curves, plain_conv2d(StaticConv{}), StaticConv{});
  check_conv2d<Isa, fn::Sigmoid>(curves, plain_conv2d(StaticConv{}), StaticConv{});
  check_conv2d<Isa, fn::Tanh>(curves, plain_conv2d(StaticFirst{}), StaticFirst{});
  check_conv2d<Isa, fn::Silu>(curves, plain_conv2d(StaticFirst{}), StaticFirst{});
  return failed + curves.report();
}

// ---- Depthwise convolution

template <class I, class Act, class S>
void check_depthwise(Check& check, const DepthwiseShape& plain, const S& s) {
  const int32_t out_c = s.in_c * s.multiplier, taps = s.kernel_h * s.kernel_w;
  const Floats x = random_floats(int64_t{s.batch} * s.in_h * s.in_w * s.in_c);
  const Floats w = random_floats(int64_t{taps} * out_c), bias = random_floats(out_c);
  Floats packed(static_cast<size_t>(pack::depthwise_floats(out_c, taps, depthwise_nr<I>())));
  pack::pack_depthwise(w.data(), out_c, taps, depthwise_nr<I>(), packed.data());
  poison_slack(packed, int64_t{taps} * out_c);
  Floats want;
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; ++oy) {
      for (int32_t ox = 0; ox < s.out_w; ++ox) {
        for (int32_t o = 0; o < out_c; ++o) {
          double sum = bias[o];
          for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
            for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
              const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
              const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
              if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
              sum += double(x[((b * s.in_h + iy) * s.in_w + ix) * s.in_c + o / s.multiplier]) *
                     double(w[(ky * s.kernel_w + kx) * out_c + o]);
            }
          }
          want.push_back(Act::apply(s, static_cast<float>(sum)));
        }
      }
    }
  }
  Output y(want.size());
  depthwise_f32<I, Act>(s, x.data(), packed.data(), bias.data(), y.y.data());
  check.compare(y, want, "image", plain);

  Output by_rows(want.size());
  float* out = by_rows.y.data();
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, out += s.out_w * out_c) {
      const auto rows =
          row_pointers(s, x.data() + b * s.in_h * s.in_w * s.in_c, s.in_w * s.in_c, oy);
      depthwise_row_f32<I, Act>(s, rows.data(), packed.data(), bias.data(), out);
    }
  }
  check.compare(by_rows, want, "rows", plain);
}

inline DepthwiseShape random_depthwise() {
  const Conv2dShape c = random_conv2d();
  const bool three = random_below(2) == 0;
  DepthwiseShape s{
      c.batch,    c.in_h,     c.in_w,     1,          c.out_h,      c.out_w,      1,
      c.kernel_h, c.kernel_w, c.stride_h, c.stride_w, c.dilation_h, c.dilation_w, c.pad_top,
      c.pad_left, c.alpha,    c.beta};
  s.in_c = 1 + random_below(2 * depthwise_nr<Isa>() + 3);
  s.multiplier = random_below(3) == 0 ? 1 + random_below(4) : 1;
  if (three) {
    s.kernel_h = s.kernel_w = 3, s.dilation_h = s.dilation_w = 1;
    s.stride_h = s.stride_w = 1 + random_below(2);
    s.pad_top = random_below(2), s.pad_left = random_below(2);
    s.out_h = (s.in_h + s.pad_top + 1) / s.stride_h,
    s.out_w = (s.in_w + s.pad_left + 1) / s.stride_w;
  }
  return s;
}

// clang-format off
template <int32_t Channels, int32_t Width, int32_t Kernel, int32_t Stride, int32_t Left,
          int32_t Right, int32_t Multiplier = 1>
struct StaticDepthwise {
  static constexpr int32_t batch = 1, in_h = 4, in_w = Width, in_c = Channels, out_h = (4 + Stride - 1) / Stride,
      out_w = (Width + Left + Right - Kernel) / Stride + 1, multiplier = Multiplier, kernel_h = 3,
      kernel_w = Kernel, stride_h = Stride, stride_w = Stride, dilation_h = 1, dilation_w = 1,
      pad_top = 1, pad_left = Left;
  static constexpr float alpha = 0, beta = 6;
};
// clang-format on

template <class S>
DepthwiseShape plain_depthwise(const S& s) {
  return {s.batch,      s.in_h,     s.in_w,     s.in_c,     s.out_h,    s.out_w,
          s.multiplier, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h,
          s.dilation_w, s.pad_top,  s.pad_left, s.alpha,    s.beta};
}

template <int32_t... kMembers>
void check_constant_depthwise(Check& check) {
  const StaticDepthwise<kMembers...> s;
  check_depthwise<Isa, fn::Relu>(check, plain_depthwise(s), s);
}

inline int test_depthwise() {
  int failed = 0;
  Check sweep{"depthwise"};
  for (int i = 0; i < 400; ++i) {
    const DepthwiseShape s = random_depthwise();
    check_depthwise<Isa, fn::Relu>(sweep, s, s);
    if (i % 8 == 0) check_depthwise<isa::ScalarTile<1, 1, 5>, fn::Identity>(sweep, s, s);
  }
  failed += sweep.report();

  Check constants{"depthwise static"};
  check_constant_depthwise<24, 11, 3, 1, 1, 1>(constants);
  check_constant_depthwise<8, 12, 3, 2, 0, 1>(constants);
  check_constant_depthwise<13, 5, 3, 1, 1, 1>(constants);
  check_constant_depthwise<5, 3, 3, 1, 1, 1>(constants);
  check_constant_depthwise<16, 1, 3, 1, 1, 1>(constants);
  check_constant_depthwise<9, 7, 3, 2, 1, 1>(constants);
  check_constant_depthwise<9, 6, 3, 2, 2, 0>(constants);
  check_constant_depthwise<17, 6, 2, 1, 0, 1>(constants);
  check_constant_depthwise<17, 4, 1, 1, 0, 0>(constants);
  check_constant_depthwise<4, 6, 3, 1, 2, 2>(constants);  // too much padding for the fast way
  check_constant_depthwise<8, 9, 5, 1, 2, 2>(constants);
  check_constant_depthwise<3, 6, 3, 1, 1, 1, 4>(constants);
  return failed + constants.report();
}

}  // namespace mote_test
