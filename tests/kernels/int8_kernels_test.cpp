// Sweeps the integer kernels of one ISA (-DMOTE_TEST_ISA_S8=..., see int8_test.h) against naive
// loops, bit for bit, at sizes around the tiles and with extreme values. A plain program, so that
// it also runs on bare metal: one line per kernel, and an exit status.
#include "int16_cases.h"
#include "int8_element_cases.h"
#include "int8_halves_cases.h"
#include "int8_recurrent_cases.h"
#include "int8_test.h"
#include "int8_type_cases.h"
#include "int8_winograd_cases.h"
#include "mote/add_s8.h"
#include "mote/depthwise_s8.h"
#include "mote/pool_s8.h"

namespace {

using namespace mote_test;

Bytes pack(const Bytes& w, int64_t groups, int64_t channels, int64_t depth) {
  constexpr pack::GemmLayout l = pack::gemm_layout<Isa>();
  Bytes packed(static_cast<size_t>(groups * pack::gemm_bytes(l, channels, depth)));
  pack::pack_gemm(l, w.data(), groups, channels, depth, packed.data());
  return packed;
}

// Parameters are read in whole vectors: the host fills them up with zeros.
Words padded(Words v) {
  v.resize(pack::round_up(static_cast<int64_t>(v.size()), Isa::kParamsAlign));
  return v;
}

// ---- Pointwise and fully connected layers

void check_gemm(Check& check, GemmS8Shape s, Fill fill) {
  random_store(s);
  const int32_t zp = random_below(256) - 128;
  const Bytes x = random_ints<int8_t>(int64_t{s.m} * s.k, fill, -128, 127);
  const Bytes w = random_ints<int8_t>(int64_t{s.n} * s.k, fill, -127, 127);
  Words bias, mult = random_multipliers(s.n);
  Bytes want;
  for (int32_t n = 0; n < s.n; ++n)
    bias.push_back(folded(random_below(20001) - 10000, zp, &w[n * s.k], s.k));
  for (int32_t m = 0; m < s.m; ++m) {
    for (int32_t n = 0; n < s.n; ++n) {
      int32_t acc = bias[n];
      for (int32_t k = 0; k < s.k; ++k) acc += x[m * s.k + k] * w[n * s.k + k];
      want.push_back(static_cast<int8_t>(requantize(s, acc, mult[n])));
    }
  }
  const Bytes packed = pack(w, 1, s.n, s.k);
  const Words b = padded(bias), q = padded(mult);
  Output<int8_t> y(want.size());
  Scratch scratch(pointwise_scratch<Isa, int8_t>(s));
  pointwise_s8<Isa, High>(s, x.data(), packed.data(), b.data(), q.data(), y.data(), scratch.data());
  check.compare(y, want, "pointwise", s);
  check.expect(scratch.intact(), "pointwise wrote beyond its scratch");
  if (s.m != 1) return;
  Output<int8_t> z(want.size());
  Scratch dense_scratch(Isa::dense_scratch(s.k));
  dense_s8<Isa, High>(s, x.data(), packed.data(), b.data(), q.data(), z.data(),
                      dense_scratch.data());
  check.compare(z, want, "dense", s);
  check.expect(dense_scratch.intact(), "dense wrote beyond its scratch");
}

int test_gemm() {
  Check check{"pointwise, dense"};
  for (const int32_t m : Sizes{1, 2, 3, 4, 5, 7, 8, 9, 17}) {
    for (const int32_t k : Sizes{1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 32, 33, 64}) {
      for (const int32_t n : Sizes{1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 19, 33}) {
        check_gemm(check, {m, k, n, 0, 0, 0, 0}, random_below(4) ? Fill::Spread : Fill::Ends);
      }
    }
  }
  // Many pixels of few inputs, which an ISA may take as vectors of pixels.
  for (const int32_t m : Sizes{24, 40, 101, 140})
    for (const int32_t k : Sizes{1, 3, 8, 14, 27, 32, 40, 49, 63})
      for (const int32_t n : Sizes{1, 2, 7, 8})
        check_gemm(check, {m, k, n, 0, 0, 0, 0}, random_below(4) ? Fill::Spread : Fill::Ends);
  for (const int32_t k : Sizes{576, 640, 641})
    for (const Fill fill : {Fill::Spread, Fill::Low, Fill::Ends})
      for (const int32_t m : Sizes{1, 3, 4})
        for (const int32_t n : Sizes{35, 36}) check_gemm(check, {m, k, n, 0, 0, 0, 0}, fill);
  return check.report();
}

// ---- Convolutions

template <class S>
void random_window(S& s, int32_t kernel_h, int32_t kernel_w) {
  s.batch = random_below(8) == 0 ? 2 : 1;
  s.kernel_h = kernel_h, s.kernel_w = kernel_w;
  s.stride_h = 1 + random_below(3) % 2, s.stride_w = random_below(6) == 0 ? 3 : 1 + random_below(2);
  s.dilation_h = random_below(5) == 0 ? 2 : 1, s.dilation_w = random_below(5) == 0 ? 2 : 1;
  const int32_t reach_h = (s.kernel_h - 1) * s.dilation_h + 1;
  const int32_t reach_w = (s.kernel_w - 1) * s.dilation_w + 1;
  // Images may be smaller than the kernel, where the padding makes up for it.
  const int32_t pad_h = random_below(reach_h + 1), pad_w = random_below(reach_w + 1);
  s.pad_top = random_below(pad_h + 1), s.pad_left = random_below(pad_w + 1);
  s.in_h = 1 + random_below(6), s.in_w = 1 + random_below(14);
  if (s.in_h + pad_h < reach_h) s.in_h = reach_h - pad_h;
  if (s.in_w + pad_w < reach_w) s.in_w = reach_w - pad_w;
  s.out_h = (s.in_h + pad_h - reach_h) / s.stride_h + 1;
  s.out_w = (s.in_w + pad_w - reach_w) / s.stride_w + 1;
}

// The sum over the window of output `i` (of out_h * out_w per image) with weight(ky, kx) and
// input channel range [c0, c0 + channels).
template <class S, class Weight>
int32_t window_sum(const S& s, const Bytes& x, int32_t pixel, int32_t c0, int32_t channels,
                   Weight weight) {
  const int32_t ox = pixel % s.out_w, oy = pixel / s.out_w % s.out_h;
  const int32_t b = pixel / (s.out_w * s.out_h);
  int32_t sum = 0;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
      const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
      const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
      const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
      for (int32_t c = 0; c < channels; ++c) {
        const int32_t v =
            inside ? x[((b * s.in_h + iy) * s.in_w + ix) * s.in_c + c0 + c] : s.pad_value;
        sum += v * weight(ky, kx, c);
      }
    }
  }
  return sum;
}

template <class S>
std::vector<const int8_t*> row_pointers(const S& s, const int8_t* image, int32_t oy) {
  std::vector<const int8_t*> rows(static_cast<size_t>(s.kernel_h));
  rows_of(s, image, oy, rows.data());
  return rows;
}

void check_conv2d(Check& check, Conv2dS8Shape s, int32_t group_c, int32_t group_n, Fill fill) {
  random_store(s);
  s.in_c = group_c * s.groups, s.out_c = group_n * s.groups;
  s.pad_value = random_below(256) - 128;
  const int32_t k = s.kernel_h * s.kernel_w * group_c, pixels = s.batch * s.out_h * s.out_w;
  const Bytes x = random_ints<int8_t>(int64_t{s.batch} * s.in_h * s.in_w * s.in_c, fill, -128, 127);
  const Bytes w = random_ints<int8_t>(int64_t{s.out_c} * k, fill, -127, 127);
  Words bias, mult = random_multipliers(s.out_c);
  for (int32_t n = 0; n < s.out_c; ++n)
    bias.push_back(folded(random_below(20001) - 10000, s.pad_value, &w[n * k], k));
  Bytes want;
  for (int32_t i = 0; i < pixels; ++i) {
    for (int32_t n = 0; n < s.out_c; ++n) {
      const int32_t acc =
          bias[n] + window_sum(s, x, i, n / group_n * group_c, group_c,
                               [&](int32_t ky, int32_t kx, int32_t c) {
                                 return w[n * k + (ky * s.kernel_w + kx) * group_c + c];
                               });
      want.push_back(static_cast<int8_t>(requantize(s, acc, mult[n])));
    }
  }
  const Bytes packed = pack(w, s.groups, group_n, k);
  const Words b = padded(bias), q = padded(mult);
  Output<int8_t> y(want.size()), by_rows(want.size());
  Scratch scratch(conv2d_scratch<Isa, int8_t>(s));
  conv2d_s8<Isa, High>(s, x.data(), packed.data(), b.data(), q.data(), y.data(), scratch.data());
  check.compare(y, want, "image", s);
  for (int32_t i = 0; i < s.batch * s.out_h; ++i) {
    const auto rows =
        row_pointers(s, x.data() + i / s.out_h * s.in_h * s.in_w * s.in_c, i % s.out_h);
    conv2d_row_s8<Isa, High>(s, rows.data(), packed.data(), b.data(), q.data(),
                             by_rows.data() + i * s.out_w * s.out_c, scratch.data());
  }
  check.compare(by_rows, want, "rows", s);
  check.expect(scratch.intact(), "conv2d wrote beyond its scratch");
}

int test_conv2d() {
  Check check{"conv2d"};
  for (int i = 0; i < 400; ++i) {
    Conv2dS8Shape s{};
    random_window(s, 1 + random_below(4), 1 + random_below(5));
    s.groups = random_below(4) == 0 ? 2 + random_below(2) : 1;
    const Sizes sizes{1, 2, 3, 4, 5, 8, 13, 16, 17};
    check_conv2d(check, s, sizes[random_below(9)], sizes[random_below(9)],
                 i % 8 == 0   ? Fill::Low
                 : i % 8 == 1 ? Fill::Ends
                              : Fill::Spread);
  }
  // Rows of many pixels, as in first layers.
  for (int i = 0; i < 60; ++i) {
    Conv2dS8Shape s{};
    random_window(s, 1 + random_below(3), 1 + random_below(4));
    s.groups = 1, s.stride_w = 1 + i % 2;
    s.in_w += (20 + random_below(50)) * s.stride_w;
    const int32_t reach_w = (s.kernel_w - 1) * s.dilation_w + 1;
    s.out_w = (s.in_w + s.pad_left - reach_w) / s.stride_w + 1 + (i % 3 == 0);
    check_conv2d(check, s, 1 + random_below(3), 1 + random_below(9), Fill::Spread);
  }
  // Three rows of nine inputs, from images as narrow as their window and on.
  for (int i = 0; i < 60; ++i) {
    Conv2dS8Shape s{};
    random_window(s, 3, 3);
    s.groups = 1, s.dilation_w = 1, s.stride_w = 1 + i % 2;
    if (i % 3 != 0) s.pad_left = i % 3 - 1;
    s.in_w = 3 - s.pad_left + random_below(20) + random_below(2);
    s.out_w = (s.in_w + s.pad_left - 3) / s.stride_w + 1 + (i % 5 == 0);
    check_conv2d(check, s, 3, 1 + random_below(9), i % 8 == 1 ? Fill::Ends : Fill::Spread);
  }
  return check.report();
}

void check_depthwise(Check& check, DepthwiseS8Shape s, Fill fill) {
  random_store(s);
  s.pad_value = random_below(256) - 128;
  const int32_t channels = s.in_c * s.multiplier, taps = s.kernel_h * s.kernel_w;
  const int32_t pixels = s.batch * s.out_h * s.out_w;
  const Bytes x = random_ints<int8_t>(int64_t{s.batch} * s.in_h * s.in_w * s.in_c, fill, -128, 127);
  const Bytes w = random_ints<int8_t>(int64_t{channels} * taps, fill, -127, 127);
  Words bias, mult = random_multipliers(channels);
  for (int32_t c = 0; c < channels; ++c)
    bias.push_back(folded(random_below(20001) - 10000, s.pad_value, &w[c], taps, channels));
  Bytes want;
  for (int32_t i = 0; i < pixels; ++i) {
    for (int32_t c = 0; c < channels; ++c) {
      const int32_t acc =
          bias[c] + window_sum(s, x, i, c / s.multiplier, 1, [&](int32_t ky, int32_t kx, int32_t) {
            return w[(ky * s.kernel_w + kx) * channels + c];
          });
      want.push_back(static_cast<int8_t>(requantize(s, acc, mult[c])));
    }
  }
  Bytes packed(static_cast<size_t>(Isa::depthwise_bytes(channels, s.kernel_h, s.kernel_w)));
  Isa::template pack_depthwise<Isa>(w.data(), channels, s.kernel_h, s.kernel_w, packed.data());
  const Words b = padded(bias), q = padded(mult);
  Output<int8_t> y(want.size()), by_rows(want.size());
  Scratch scratch(Isa::depthwise_scratch(s));
  depthwise_s8<Isa, High>(s, x.data(), packed.data(), b.data(), q.data(), y.data(), scratch.data());
  check.compare(y, want, "image", s);
  Isa::template depthwise_begin<Isa>(s, packed.data(), scratch.data());
  for (int32_t i = 0; i < s.batch * s.out_h; ++i) {
    const auto rows =
        row_pointers(s, x.data() + i / s.out_h * s.in_h * s.in_w * s.in_c, i % s.out_h);
    depthwise_row_s8<Isa, High>(s, rows.data(), packed.data(), b.data(), q.data(),
                                by_rows.data() + i * s.out_w * channels, scratch.data());
  }
  check.compare(by_rows, want, "rows", s);
  check.expect(scratch.intact(), "depthwise wrote beyond its scratch");
}

int test_depthwise() {
  Check check{"depthwise"};
  for (int i = 0; i < 500; ++i) {
    DepthwiseS8Shape s{};
    const bool usual = i % 2 == 0;
    random_window(s, usual ? 3 : 1 + random_below(5), usual ? 3 : 1 + random_below(5));
    s.in_c = 1 + random_below(i % 5 == 0 ? 140 : 36);
    s.multiplier = random_below(4) == 0 ? 1 + random_below(4) : 1;
    check_depthwise(check, s, i % 8 == 0 ? Fill::Low : i % 8 == 1 ? Fill::Ends : Fill::Spread);
  }
  for (int i = 0; i < 120; ++i) {  // kernels of one long row
    DepthwiseS8Shape s{};
    random_window(s, 1, 1 + random_below(18));
    s.in_w += random_below(30);
    s.in_c = 1 + random_below(40), s.multiplier = 1;
    s.out_w = (s.in_w + s.pad_left - (s.kernel_w - 1) * s.dilation_w - 1) / s.stride_w + 1;
    if (s.out_w > 0) check_depthwise(check, s, i % 8 == 0 ? Fill::Ends : Fill::Spread);
  }
  return check.report();
}

// ---- Addition

int test_add() {
  Check check{"add"};
  for (int i = 0; i < 300; ++i) {
    AddS8Shape s{};
    const int32_t h = 1 + random_below(3), n = 1 + random_below(i % 4 ? 40 : 150);
    const int32_t a_step = random_below(4) ? 1 : 0, b_step = random_below(4) ? 1 : 0;
    const bool repeat_b = random_below(4) == 0;
    s.rank = 2, s.dims[0] = h, s.dims[1] = n;
    s.a_stride[0] = a_step ? n : 1, s.a_stride[1] = a_step;
    s.b_stride[0] = repeat_b ? 0 : b_step ? n : 1, s.b_stride[1] = b_step;
    s.right = 1 + random_below(21);
    const int32_t limit = (1 << 30) / 256 < (2 << s.right) ? (1 << 30) / 256 : (2 << s.right);
    s.a_mult = random_below(2 * limit) - limit, s.b_mult = random_below(limit);
    s.offset = random_below(1 << 28) - (1 << 27);
    const bool narrow = random_below(4) == 0;
    s.lo = narrow ? -17 : -128, s.hi = narrow ? 99 : 127;
    const Fill fill = i % 5 == 0 ? Fill::Ends : Fill::Spread;
    Bytes a = random_ints<int8_t>(h * n, fill, -128, 127);
    const Bytes b = random_ints<int8_t>(h * n, fill, -128, 127);
    Bytes want;
    for (int32_t j = 0; j < h * n; ++j) {
      const int32_t sum = a[j / n * s.a_stride[0] + j % n * a_step] * s.a_mult +
                          b[j / n * s.b_stride[0] + j % n * b_step] * s.b_mult + s.offset;
      want.push_back(static_cast<int8_t>(clamp_i32(sum >> s.right, s.lo, s.hi)));
    }
    Output<int8_t> y(want.size());
    add_s8<Isa>(s, a.data(), b.data(), y.data());
    check.compare(y, want, "plain", s);
    if (!a_step) continue;
    Output<int8_t> in_place(want.size());
    for (int32_t j = 0; j < h * n; ++j)
      in_place.y[static_cast<size_t>(j)] = a[static_cast<size_t>(j)];
    add_s8<Isa>(s, in_place.data(), b.data(), in_place.data());
    check.compare(in_place, want, "in place", s);
  }
  return check.report();
}

// ---- Pools

int test_pool() {
  Check max_check{"maxpool"}, average{"avgpool"};
  for (int i = 0; i < 300; ++i) {
    PoolS8Shape s{};
    random_window(s, 1 + random_below(4), 1 + random_below(4));
    s.in_c = 1 + random_below(i % 5 == 0 ? 140 : 36);
    s.pad_bottom = s.kernel_h, s.pad_right = s.kernel_w;
    s.count_include_pad = random_below(2);
    s.in_zp = random_below(256) - 128, s.first_cells = 1;
    random_store(s);
    const int32_t pixels = s.batch * s.out_h * s.out_w;
    const Bytes x = random_ints<int8_t>(int64_t{s.batch} * s.in_h * s.in_w * s.in_c,
                                        i % 8 == 0 ? Fill::Ends : Fill::Spread, -128, 127);
    const Words mult = random_multipliers(s.kernel_h * s.kernel_w);
    Bytes want_max, want_average;
    for (int32_t j = 0; j < pixels * s.in_c; ++j) {
      const int32_t c = j % s.in_c, ox = j / s.in_c % s.out_w;
      const int32_t oy = j / (s.in_c * s.out_w) % s.out_h, b = j / (s.in_c * s.out_w * s.out_h);
      int32_t best = -128, sum = 0, cells = 0;
      for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
        for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
          const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
          const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
          const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
          const bool in_padding = iy < s.in_h + s.pad_bottom && ix < s.in_w + s.pad_right;
          cells += inside || (s.count_include_pad != 0 && in_padding);
          if (!inside) continue;
          const int32_t v = x[((b * s.in_h + iy) * s.in_w + ix) * s.in_c + c];
          best = v > best ? v : best;
          sum += v - s.in_zp;
        }
      }
      want_max.push_back(static_cast<int8_t>(best));
      want_average.push_back(
          static_cast<int8_t>(requantize(s, sum, mult[cells > 0 ? cells - 1 : 0])));
    }
    Output<int8_t> y(want_max.size()), z(want_max.size()), rows_y(want_max.size()),
        rows_z(want_max.size());
    Scratch scratch(4 * s.in_c);
    maxpool_s8<Isa>(s, x.data(), y.data());
    avgpool_s8<Isa>(s, x.data(), mult.data(), z.data(), scratch.data());
    for (int32_t r = 0; r < s.batch * s.out_h; ++r) {
      const auto rows =
          row_pointers(s, x.data() + r / s.out_h * s.in_h * s.in_w * s.in_c, r % s.out_h);
      const int32_t at = r * s.out_w * s.in_c;
      maxpool_row_s8<Isa>(s, rows.data(), rows_y.data() + at);
      avgpool_row_s8<Isa>(s, r % s.out_h, rows.data(), mult.data(), rows_z.data() + at,
                          scratch.data());
    }
    max_check.compare(y, want_max, "image", s);
    max_check.compare(rows_y, want_max, "rows", s);
    average.compare(z, want_average, "image", s);
    average.compare(rows_z, want_average, "rows", s);
    average.expect(scratch.intact(), "avgpool wrote beyond its scratch");
  }
  return max_check.report() + average.report();
}

}  // namespace

int main() {
  const int failed = test_gemm() + test_halves() + test_conv2d() + test_winograd() +
                     test_depthwise() + test_add() + test_pool() + test_types() + test_int16() +
                     test_elements() + test_recurrent();
  return failed == 0 ? 0 : 1;
}
