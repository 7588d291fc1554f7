// Cases of the integer sweep for kernels without tiles of their own: products, matrix products of
// two activations, Softmax, quantization, and weights of four bits.
#pragma once
#include <math.h>

#include "int8_test.h"
#include "mote/int4.h"
#include "mote/matmul_s8.h"
#include "mote/mul_s8.h"
#include "mote/quantize_s8.h"
#include "mote/softmax_s8.h"

namespace mote_test {

inline int test_mul() {
  Check check{"mul"};
  for (int i = 0; i < 60; ++i) {
    MulS8Shape s{};
    const int32_t n = 1 + random_below(i % 4 ? 40 : 150);
    s.rank = 1, s.dims[0] = n, s.a_stride[0] = 1, s.b_stride[0] = random_below(3) ? 1 : 0;
    s.a_zp = random_below(256) - 128, s.b_zp = random_below(256) - 128;
    s.mult = random_multipliers(1)[0];
    random_store(s);
    const Fill fill = i % 3 == 0 ? Fill::Ends : Fill::Spread;
    const Bytes a = random_ints<int8_t>(n, fill, -128, 127);
    const Bytes b = random_ints<int8_t>(n, fill, -128, 127);
    Bytes want;
    for (int32_t j = 0; j < n; ++j) {
      const int32_t product = (a[j] - s.a_zp) * (b[j * s.b_stride[0]] - s.b_zp);
      want.push_back(static_cast<int8_t>(requantize(s, product, s.mult)));
    }
    Output<int8_t> y(want.size());
    mul_s8<Isa>(s, a.data(), b.data(), y.data());
    check.compare(y, want, "product", s);
  }
  return check.report();
}

inline int test_matmul_s8() {
  Check check{"matmul"};
  for (int i = 0; i < 60; ++i) {
    MatMulS8Shape s{};
    s.batch = 1 + random_below(3), s.m = 1 + random_below(5);
    s.k = 1 + random_below(i % 4 ? 20 : 90), s.n = 1 + random_below(i % 3 ? 9 : 30);
    const bool transposed = random_below(2) != 0, repeat = random_below(3) == 0;
    s.a_step = s.m * s.k, s.b_step = repeat ? 0 : s.k * s.n;
    s.b_k_step = transposed ? 1 : s.n, s.b_n_step = transposed ? s.k : 1;
    s.a_zp = random_below(256) - 128, s.b_zp = random_below(256) - 128;
    s.mult = random_multipliers(1)[0];
    random_store(s);
    const Fill fill = i % 4 == 1 ? Fill::Ends : Fill::Spread;
    const Bytes a = random_ints<int8_t>(s.batch * s.m * s.k, fill, -128, 127);
    const Bytes b = random_ints<int8_t>(s.batch * s.k * s.n, fill, -128, 127);
    Bytes want;
    Words sums;
    for (int32_t j = 0; j < s.batch * s.m * s.n; ++j) {
      const int32_t n = j % s.n, row = j / s.n, batch = row / s.m;
      int32_t sum = 0;
      for (int32_t k = 0; k < s.k; ++k)
        sum += (a[row * s.k + k] - s.a_zp) *
               (b[batch * s.b_step + k * s.b_k_step + n * s.b_n_step] - s.b_zp);
      sums.push_back(sum);
      want.push_back(static_cast<int8_t>(requantize(s, sum, s.mult)));
    }
    Output<int8_t> y(want.size());
    Output<int32_t> raw(sums.size());
    Scratch scratch(matmul_scratch(s));
    matmul_s8<Isa, High>(s, a.data(), b.data(), y.data(), scratch.data());
    matmul_s8<Isa, Raw>(s, a.data(), b.data(), raw.data(), scratch.data());
    check.expect(scratch.intact(), "matmul wrote beyond its scratch");
    check.compare(y, want, "requantized", s);
    check.compare(raw, sums, "raw", s);
  }
  return check.report();
}

// Against the definition in double precision: no further off than the header says.
inline int test_softmax_s8() {
  Check check{"softmax"};
  for (int i = 0; i < 40; ++i) {
    SoftmaxS8Shape s{1 + random_below(3),
                     1 + random_below(i % 8 ? 12 : 300),
                     1 + random_below(2),
                     65536 * 256,
                     -128,
                     -128,
                     127};
    const double scale = 0.005 + 0.01 * random_below(40);
    Words exps;
    for (int32_t d = 0; d < 256; ++d)
      exps.push_back(static_cast<int32_t>(lround(8388608.0 * exp(-scale * d))));
    const int32_t count = s.outer * s.n * s.inner;
    const Bytes x = random_ints<int8_t>(count, i % 4 ? Fill::Spread : Fill::Ends, -128, 127);
    Output<int8_t> y(static_cast<size_t>(count));
    softmax_s8(s, x.data(), exps.data(), y.data());
    const double bound = 0.5 + (s.n + 2) / 65536.0;
    for (int32_t j = 0; j < count; ++j) {
      const int32_t first = j / (s.n * s.inner) * s.n * s.inner + j % s.inner;
      double sum = 0;
      for (int32_t k = 0; k < s.n; ++k) sum += exp(scale * (x[first + k * s.inner] - x[j]));
      const double exact = fmin(256.0 / sum - 128.0, 127.0);
      check.expect(fabs(y.y[static_cast<size_t>(j)] - exact) <= bound, "beyond the stated bound");
    }
  }
  return check.report();
}

inline int test_quantize() {
  Check check{"quantize"};
  const QuantizeShape s{1, 1, 8, -128, 127};
  const float reciprocal = 2.0f;  // a scale of 0.5
  const int32_t zp = 3;
  const float x[8] = {0.25f, 0.75f, -0.25f, 1e30f, -1e30f, 61.9f, 0.0f, NAN};
  const std::vector<int8_t> want = {3, 5, 3, 127, -128, 127, 3, -128};
  Output<int8_t> y(8);
  quantize<int8_t>(s, x, &reciprocal, &zp, y.data());
  check.compare(y, want, "ties, ends and NaN", s);
  const DequantizeShape back{1, 1, 3};
  const float scale = 0.5f;
  const int8_t q[3] = {-128, 3, 127};
  float real[3];
  dequantize<int8_t>(back, q, &scale, &zp, real);
  check.expect(real[0] == -65.5f && real[1] == 0.0f && real[2] == 62.0f, "dequantize");
  // By instruction sets: ties, both ends, NaN and infinities.
  const float odd[] = {NAN, INFINITY, -INFINITY, 1e-40f, -0.0f};
  for (int i = 0; i < 60; ++i) {
    QuantizeShape t{1 + random_below(2), 1 + random_below(3), 1 + random_below(40), -128, 127};
    if (i % 4 == 0) t.lo = 3, t.hi = 99;
    const DequantizeShape u{t.outer, t.channels, t.inner};
    std::vector<float> values, scales;
    Words zps;
    for (int32_t c = 0; c < t.channels; ++c) {
      scales.push_back(0.25f * static_cast<float>(1 + random_below(6)));
      zps.push_back(random_below(256) - 128);
    }
    const int32_t count = t.outer * t.channels * t.inner;
    for (int32_t j = 0; j < count; ++j) {
      values.push_back(random_below(12) ? 0.25f * static_cast<float>(random_below(3000) - 1500)
                                        : odd[random_below(5)]);
    }
    Bytes bytes(static_cast<size_t>(count));
    quantize<int8_t>(t, values.data(), scales.data(), zps.data(), bytes.data());
    Output<int8_t> by_runs(count);
    quantize_s8<Isa>(t, values.data(), scales.data(), zps.data(), by_runs.data());
    check.compare(by_runs, bytes, "runs", t);
    std::vector<float> reals(values.size());
    dequantize<int8_t>(u, bytes.data(), scales.data(), zps.data(), reals.data());
    Output<float> real_runs(count);
    dequantize_s8<Isa>(u, bytes.data(), scales.data(), zps.data(), real_runs.data());
    for (size_t j = 0; j < reals.size(); ++j) {
      check.expect(real_runs.y[j] == reals[j], "a run was not dequantized alike");
    }
  }
  return check.report();
}

// The same results as with the same weights in int8: of a convolution of 1 x `taps`, and, with one
// tap, of a matrix product.
template <int32_t kGroup>
inline int test_int4() {
  Check check{kGroup == 0 ? "int4" : "int4 in groups"};
  constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
  for (int i = 0; i < (kGroup == 0 ? 40 : 20); ++i) {
    const int32_t taps = 1 + random_below(2);
    Conv2dS8Shape c{};
    c.batch = c.in_h = c.out_h = c.kernel_h = c.groups = 1;
    c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
    c.kernel_w = taps, c.out_w = 1 + random_below(6), c.in_w = c.out_w + taps - 1;
    c.in_c = 1 + random_below(kGroup == 0 ? 40 : 3 * kGroup);
    if (!takes_int4_groups(taps * c.in_c, c.in_c)) c.in_c = 16 * ((c.in_c + 15) / 16);
    c.out_c = 1 + random_below(37);
    random_store(c);
    const GemmS8Shape s{c.out_w, taps * c.in_c, c.out_c, c.zp, c.lo, c.hi, c.shift};
    const Bytes x = random_ints<int8_t>(c.in_w * c.in_c, Fill::Spread, -128, 127);
    const Fill fill = i % 4 ? Fill::Spread : Fill::Ends;
    const int64_t groups = int4_groups(s.k, c.in_c, kGroup);
    const Bytes w = random_ints<int8_t>(s.n * s.k, fill, kGroup == 0 ? -8 : -7, 7);
    const Bytes factors = random_ints<int8_t>(s.n * groups, fill, 1, 16);
    Bytes products = w;
    for (int32_t j = 0; kGroup != 0 && j < s.n * s.k; ++j) {
      const int32_t k = j % s.k, group = k / c.in_c * (static_cast<int32_t>(groups) / taps) +
                                         k % c.in_c / (kGroup == 0 ? 1 : kGroup);
      products[static_cast<size_t>(j)] = static_cast<int8_t>(
          w[static_cast<size_t>(j)] * factors[static_cast<size_t>(j / s.k * groups + group)]);
    }
    Words bias = random_ints<int32_t>(s.n, Fill::Spread, -5000, 5000);
    Words mult = random_multipliers(s.n);
    bias.resize(static_cast<size_t>(pack::round_up(s.n, Isa::kParamsAlign)) + 16);
    mult.resize(bias.size());
    Bytes packed(static_cast<size_t>(pack::gemm_bytes(l, s.n, s.k)));
    pack::pack_gemm(l, products.data(), 1, s.n, s.k, packed.data());
    Bytes packed4(static_cast<size_t>(int4_bytes<Isa>(s.n, s.k, groups)));
    pack_int4<Isa>(w.data(), factors.data(), s.n, s.k, groups, packed4.data());
    const int64_t conv_patches = conv2d_scratch<Isa, int8_t>(c);
    Scratch scratch(conv_patches), conv_scratch(int4_scratch<Isa>(s.n, s.k, conv_patches));
    Bytes want(static_cast<size_t>(s.m * s.n));
    conv2d_s8<Isa, High>(c, x.data(), packed.data(), bias.data(), mult.data(), want.data(),
                         scratch.data());
    Output<int8_t> y(want.size()), z(want.size());
    conv2d_s4<Isa, High, kGroup>(c, x.data(), packed4.data(), bias.data(), mult.data(), z.data(),
                                 conv_scratch.data());
    check.compare(z, want, "conv2d", c);
    check.expect(conv_scratch.intact(), "conv2d_s4 wrote beyond its scratch");
    if (taps > 1) continue;
    Scratch scratch4(int4_scratch<Isa>(s.n, s.k, pointwise_scratch<Isa, int8_t>(s)));
    pointwise_s4<Isa, High, kGroup>(s, x.data(), packed4.data(), bias.data(), mult.data(), y.data(),
                                    scratch4.data());
    check.compare(y, want, "pointwise", s);
    check.expect(scratch4.intact(), "pointwise_s4 wrote beyond its scratch");
  }
  return check.report();
}

inline int test_elements() {
  return test_mul() + test_matmul_s8() + test_softmax_s8() + test_quantize() + test_int4<0>() +
         test_int4<16>() + test_int4<32>();
}

}  // namespace mote_test
