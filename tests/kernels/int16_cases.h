// Cases of the integer sweep for elements of int16: changes of scale, sums, products, pools,
// tables, Softmax, matrix products. Against the definitions in exact or double arithmetic.
#pragma once
#include <math.h>

#include "int8_test.h"
#include "mote/binary_s16.h"
#include "mote/lookup_s16.h"
#include "mote/matmul_s16.h"
#include "mote/pool_s8.h"
#include "mote/rescale.h"
#include "mote/softmax_s8.h"

namespace mote_test {

using Halves = std::vector<int16_t>;

template <class T>
constexpr int32_t kLeast = sizeof(T) == 1 ? -128 : -32768;
template <class T>
constexpr int32_t kMost = sizeof(T) == 1 ? 127 : 32767;

template <class T>
std::vector<T> random_elements(int64_t n, int i) {
  return random_ints<T>(n, i % 4 == 0 ? Fill::Ends : Fill::Spread, static_cast<T>(kLeast<T>),
                        static_cast<T>(kMost<T>));
}

// A zero point, mostly 0, and limits, mostly those of the type.
template <class T, class S>
void random_limits(S& s) {
  s.zp = random_below(3) ? 0 : random_below(200) - 100;
  s.lo = random_below(4) ? kLeast<T> : s.zp;
  s.hi = random_below(4) ? kMost<T> : kMost<T> - kMost<T> / 8;
}

// picolibc's floor() for RISC-V errs by up to 64 in doubles of 27 bits and more.
inline double floor_of(double v) {
  const int64_t whole = static_cast<int64_t>(v);
  return static_cast<double>(whole) > v ? static_cast<double>(whole - 1)
                                        : static_cast<double>(whole);
}

// `exact` rounded half up, with zero point and limits.
template <class T, class S>
T stored(const S& s, double exact) {
  return static_cast<T>(fmax(s.lo, fmin(s.hi, floor_of(exact + 0.5) + s.zp)));
}

template <class X, class Y>
void check_rescale(Check& check, int i) {
  RescaleShape s{};
  s.count = 1 + random_below(40);
  s.in_zp = random_below(2) ? 0 : random_below(200) - 100;
  s.shift = random_below(8);
  s.mult = ((1 << 24) + random_below(1 << 30)) & ~1;
  random_limits<Y>(s);
  const std::vector<X> x = random_elements<X>(s.count, i);
  std::vector<Y> want;
  // Both factors have fewer bits than a double: the product is exact.
  for (const X v : x)
    want.push_back(stored<Y>(s, ldexp(ldexp(v - s.in_zp, s.shift) * s.mult, -32)));
  Output<Y> y(s.count);
  rescale(s, x.data(), y.data());
  check.compare(y, want, "", s);
}

template <class S>
void random_walk(S& s) {
  const int32_t h = 1 + random_below(3), n = 1 + random_below(30);
  const bool repeat_b = random_below(3) == 0, one_b = random_below(3) == 0;
  s.rank = 2, s.dims[0] = h, s.dims[1] = n;
  s.a_stride[0] = n, s.a_stride[1] = 1;
  s.b_stride[0] = repeat_b ? 0 : one_b ? 1 : n, s.b_stride[1] = one_b ? 0 : 1;
}
template <class S>
int32_t element_of_b(const S& s, int32_t j) {
  return j / s.dims[1] * s.b_stride[0] + j % s.dims[1] * s.b_stride[1];
}

template <class Y>
void check_binary_s16(Check& sums, Check& products, int i) {
  AddS16Shape s{};
  random_walk(s);
  const int32_t count = s.dims[0] * s.dims[1];
  s.right = 24 + random_below(9);
  s.a_mult = 1 + random_below(1 << 23) * 256, s.b_mult = random_below(1 << 23) * 256;
  if (random_below(2)) s.b_mult = -s.b_mult;
  // Zero points of -100 .. 100 at these scales.
  const int64_t offset = random_below(101) * (int64_t)s.a_mult +
                         ((random_below(201) - 100) * 2 + 1) * ((int64_t)1 << (s.right - 1));
  s.offset_high = static_cast<int32_t>(offset >> 32);
  s.offset_low = static_cast<int32_t>(offset);
  s.lo = random_below(4) ? kLeast<Y> : -5, s.hi = kMost<Y>;
  const Halves a = random_elements<int16_t>(count, i), b = random_elements<int16_t>(count, i / 2);
  std::vector<Y> want;
  for (int32_t j = 0; j < count; ++j) {
    const double sum = static_cast<double>(a[j]) * s.a_mult +
                       static_cast<double>(b[element_of_b(s, j)]) * s.b_mult +
                       static_cast<double>(offset);
    want.push_back(static_cast<Y>(fmax(s.lo, fmin(s.hi, floor_of(ldexp(sum, -s.right))))));
  }
  Output<Y> y(count);
  add_s16(s, a.data(), b.data(), y.data());
  sums.compare(y, want, "", s);

  MulS16Shape m{};
  random_walk(m);
  const int32_t elements = m.dims[0] * m.dims[1];
  const Halves c = random_elements<int16_t>(elements, i), d = random_elements<int16_t>(elements, 1);
  m.a_zp = random_below(2) ? 0 : 5000, m.b_zp = random_below(2) ? 0 : -77;
  m.mult = (1 << 30) + random_below(1 << 30);
  m.right = (sizeof(Y) == 1 ? 51 : 43) + random_below(6);
  random_limits<Y>(m);
  want.clear();
  for (int32_t j = 0; j < elements; ++j) {
    const int64_t product = (int64_t)(c[j] - m.a_zp) * (d[element_of_b(m, j)] - m.b_zp);
    // In two parts, as a double has no room for 63 bits.
    const int64_t high = product >> 16, low = product & 0xffff;
    const int64_t middle = low * m.mult, top = high * m.mult + (middle >> 16);
    const double rounded =
        floor_of((static_cast<double>(top) + ldexp(1, m.right - 17)) * ldexp(1, 16 - m.right));
    want.push_back(static_cast<Y>(fmax(m.lo, fmin(m.hi, rounded + m.zp))));
  }
  Output<Y> z(elements);
  mul_s16(m, c.data(), d.data(), z.data());
  products.compare(z, want, "", m);
}

template <class Y>
void check_pool_s16(Check& check, int i) {
  PoolS8Shape s{};
  s.batch = 1, s.in_h = 3 + random_below(5), s.in_w = 3 + random_below(5);
  s.in_c = 1 + random_below(9);
  s.kernel_h = 1 + random_below(3), s.kernel_w = 1 + random_below(3);
  s.stride_h = 1 + random_below(2), s.stride_w = 1 + random_below(2);
  s.dilation_h = s.dilation_w = 1;
  s.pad_top = random_below(s.kernel_h), s.pad_left = random_below(s.kernel_w);
  s.out_h = (s.in_h + s.pad_top - s.kernel_h) / s.stride_h + 1;
  s.out_w = (s.in_w + s.pad_left - s.kernel_w) / s.stride_w + 1;
  s.first_cells = 1, s.in_zp = random_below(2) ? 0 : 300;
  s.shift = random_below(4);
  random_limits<Y>(s);
  const Halves x = random_elements<int16_t>(s.in_h * s.in_w * s.in_c, i);
  Words mult;
  for (int32_t n = 1; n <= s.kernel_h * s.kernel_w; ++n) {
    mult.push_back((((sizeof(Y) == 1 ? 1 << 19 : 1 << 27) + random_below(1 << 19)) / n) & ~1);
  }
  Halves greatest;
  std::vector<Y> want;
  for (int32_t j = 0; j < s.out_h * s.out_w * s.in_c; ++j) {
    const int32_t c = j % s.in_c, ox = j / s.in_c % s.out_w, oy = j / s.in_c / s.out_w;
    int32_t best = -32768, sum = 0, cells = 0;
    for (int32_t tap = 0; tap < s.kernel_h * s.kernel_w; ++tap) {
      const int32_t iy = oy * s.stride_h - s.pad_top + tap / s.kernel_w;
      const int32_t ix = ox * s.stride_w - s.pad_left + tap % s.kernel_w;
      if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
      const int32_t v = x[(iy * s.in_w + ix) * s.in_c + c];
      best = v > best ? v : best, sum += v - s.in_zp, ++cells;
    }
    greatest.push_back(static_cast<int16_t>(best));
    want.push_back(stored<Y>(s, ldexp(ldexp(sum, s.shift) * mult[cells - 1], -32)));
  }
  using Portable = isa::ScalarS8;
  Output<int16_t> most(greatest.size());
  Output<Y> means(want.size());
  Scratch scratch(4 * s.in_c);
  maxpool_s8<Portable>(s, x.data(), most.data());
  avgpool_s8<Portable>(s, x.data(), mult.data(), means.data(), scratch.data());
  check.compare(most, greatest, "maxima", s);
  check.compare(means, want, "means", s);
  check.expect(scratch.intact(), "avgpool wrote beyond its scratch");

  // The mean of the whole image, row by row.
  s.first_cells = s.in_h * s.in_w;
  const int32_t one = ((1 << 20) + random_below(1 << 20)) & ~1;
  std::vector<Y> mean;
  for (int32_t c = 0; c < s.in_c; ++c) {
    int32_t sum = 0;
    for (int32_t j = c; j < s.in_h * s.in_w * s.in_c; j += s.in_c) sum += x[j] - s.in_zp;
    mean.push_back(stored<Y>(s, ldexp(ldexp(sum, s.shift) * one, -32)));
  }
  Output<Y> by_rows(s.in_c);
  for (int32_t row = 0; row < s.in_h; ++row) {
    avgpool_sum_s8<Portable>(s, row, s.in_h, x.data() + row * s.in_w * s.in_c, &one, by_rows.data(),
                             scratch.data());
  }
  check.compare(by_rows, mean, "mean of all", s);
}

// Blocks of all distances between knots, which here are random.
template <class Y>
void check_lookup_s16(Check& check) {
  std::vector<uint16_t> blocks;
  std::vector<int16_t> knots;
  for (int32_t i = 0; i < kLookupBlocks; ++i) {
    const uint32_t shift = static_cast<uint32_t>(i == 20 ? 0 : 5 + random_below(6));
    blocks.push_back(static_cast<uint16_t>(knots.size() * 16 + shift));
    for (uint32_t at = 0; at <= 1024; at += 1u << shift)
      knots.push_back(static_cast<int16_t>(random_below(sizeof(Y) == 1 ? 65408 : 65536) - 32768));
  }
  check.expect(knots.size() <= kMostKnots, "more knots than blocks can number");
  Halves x = random_elements<int16_t>(500, 1);
  x[0] = -32768, x[1] = 32767, x[2] = 0, x[3] = -1, x[4] = 20 * 1024 + 77;
  std::vector<Y> want;
  for (const int16_t v : x) {
    const int32_t block = (v & 0xffff) / 1024, step = 1 << (blocks[block] & 15);
    const int32_t first = blocks[block] / 16 + (v & 1023) / step;
    const double line = knots[first] + (knots[first + 1] - knots[first]) *
                                           static_cast<double>((v & 1023) % step) / step;
    const double rounded = floor_of(line + 0.5);
    want.push_back(static_cast<Y>(sizeof(Y) == 1 ? floor_of(rounded / 256 + 0.5) : rounded));
  }
  const LookupS16Shape s{static_cast<int32_t>(x.size())};
  Output<Y> y(s.count);
  lookup_s16(s, x.data(), blocks.data(), knots.data(), y.data());
  check.compare(y, want, "", s);
}

// Against the definition in double precision: no further off than the header says.
template <class Y>
void check_softmax_s16(Check& check, int i) {
  constexpr int32_t kOne = sizeof(Y) == 1 ? 256 : 32768;
  const int32_t zp = sizeof(Y) == 1 ? -128 : 0;
  const int32_t n = 1 + random_below(i % 8 ? 12 : 200), inner = 1 + random_below(2);
  const SoftmaxS8Shape s{2, n, inner, 32768 * kOne, zp, kLeast<Y>, kMost<Y>};
  const double scale = (1 + random_below(40)) / 16384.0;
  Words exps;
  for (const double step : {256 * scale, scale}) {
    for (int32_t d = 0; d < 256; ++d)
      exps.push_back(static_cast<int32_t>(lround(ldexp(exp(-step * d), 30))));
  }
  const int32_t count = s.outer * s.n * s.inner;
  const Halves x = random_elements<int16_t>(count, i);
  Output<Y> y(count);
  softmax_s16(s, x.data(), exps.data(), y.data());
  const double bound = 0.5 + (s.n + 2) / 16384.0;
  for (int32_t j = 0; j < count; ++j) {
    const int32_t first = j / (s.n * s.inner) * s.n * s.inner + j % s.inner;
    double sum = 0;
    for (int32_t k = 0; k < s.n; ++k) sum += exp(scale * (x[first + k * s.inner] - x[j]));
    const double exact = fmin(kOne / sum + zp, kMost<Y>);
    check.expect(fabs(y.y[static_cast<size_t>(j)] - exact) <= bound, "beyond the stated bound");
  }
}

template <class A, class B, class Y>
void check_matmul_s16(Check& check, int i) {
  MatMulS16Shape s{};
  s.batch = 1 + random_below(3), s.m = 1 + random_below(4);
  s.k = 1 + random_below(i % 4 ? 20 : 90), s.n = 1 + random_below(20);
  const bool transposed = random_below(2) != 0, repeat = random_below(3) == 0;
  s.a_step = s.m * s.k, s.b_step = repeat ? 0 : s.k * s.n;
  s.b_k_step = transposed ? 1 : s.n, s.b_n_step = transposed ? s.k : 1;
  s.a_zp = sizeof(A) == 1 ? random_below(256) - 128 : 0;
  s.b_zp = sizeof(B) == 1 ? random_below(256) - 128 : 0;
  // Sums of up to 2^37, and results of about 2^17.
  s.narrow = sizeof(A) == 1 || sizeof(B) == 1 ? 0 : 7;
  s.mult = (1 << 30) + random_below(1 << 20) * 1024;
  s.right = (s.narrow != 0 ? 40 : 36) + (sizeof(Y) == 1 ? 8 : 0) + random_below(4);
  random_limits<Y>(s);
  const std::vector<A> a = random_elements<A>(s.batch * s.m * s.k, i);
  const std::vector<B> b = random_elements<B>(s.batch * s.k * s.n, i / 2);
  std::vector<Y> want;
  for (int32_t j = 0; j < s.batch * s.m * s.n; ++j) {
    const int32_t n = j % s.n, row = j / s.n, batch = row / s.m;
    double sum = 0;
    for (int32_t k = 0; k < s.k; ++k)
      sum += static_cast<double>(a[row * s.k + k] - s.a_zp) *
             (b[batch * s.b_step + k * s.b_k_step + n * s.b_n_step] - s.b_zp);
    // A product of 62 bits, in two parts.
    const int64_t part = static_cast<int64_t>(floor_of(ldexp(sum, -s.narrow) + 0.5));
    const int64_t low = (part & 0xffff) * s.mult, top = (part >> 16) * s.mult + (low >> 16);
    want.push_back(stored<Y>(s, ldexp(static_cast<double>(top), 16 - s.right)));
  }
  Output<Y> y(want.size());
  Scratch scratch(matmul_scratch(s));
  matmul_s16<Isa>(s, a.data(), b.data(), y.data(), scratch.data());
  check.compare(y, want, "", s);
  check.expect(scratch.intact(), "matmul wrote beyond its scratch");
}

inline int test_int16() {
  Check rescaled{"rescale"}, sums{"add int16"}, products{"mul int16"}, pools{"pools int16"};
  Check tables{"lookup int16"}, softmax{"softmax int16"}, matrices{"matmul int16"};
  for (int i = 0; i < 40; ++i) {
    check_rescale<int16_t, int16_t>(rescaled, i);
    check_rescale<int16_t, int8_t>(rescaled, i);
    check_rescale<int8_t, int16_t>(rescaled, i);
    check_binary_s16<int16_t>(sums, products, i);
    check_binary_s16<int8_t>(sums, products, i);
    check_pool_s16<int16_t>(pools, i);
    check_pool_s16<int8_t>(pools, i);
    check_softmax_s16<int16_t>(softmax, i);
    check_softmax_s16<int8_t>(softmax, i);
    check_matmul_s16<int16_t, int16_t, int16_t>(matrices, i);
    check_matmul_s16<int16_t, int8_t, int8_t>(matrices, i);
    check_matmul_s16<int8_t, int8_t, int16_t>(matrices, i);
  }
  check_lookup_s16<int16_t>(tables);
  check_lookup_s16<int8_t>(tables);
  return rescaled.report() + sums.report() + products.report() + pools.report() + tables.report() +
         softmax.report() + matrices.report();
}

}  // namespace mote_test
