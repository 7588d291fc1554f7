// Sweeps the float32 kernels of one ISA (-DMOTE_TEST_ISA=..., see float_test.h) against naive loops
// in double precision, at sizes around the tiles. A plain program, so that it also runs on bare
// metal: one line per kernel, and an exit status.
#include "float_conv_cases.h"
#include "mote/matmul_f32.h"
#include "mote/pool_f32.h"

namespace {

using namespace mote_test;

// ---- Matrix products with packed weights

template <class I>
void check_gemm(Check& check, const GemmShape& s) {
  const Floats x = random_floats(int64_t{s.m} * s.k), w = random_floats(int64_t{s.n} * s.k);
  const Floats bias = random_floats(s.n);
  Floats packed(static_cast<size_t>(pack::dense_floats(s.n, s.k, gemm_nr<I>())));
  pack::pack_dense(w.data(), s.n, s.k, gemm_nr<I>(), packed.data());
  poison_slack(packed, int64_t{s.n} * s.k);
  Floats want;
  for (int32_t m = 0; m < s.m; ++m) {
    for (int32_t n = 0; n < s.n; ++n) {
      double sum = bias[n];
      for (int32_t k = 0; k < s.k; ++k) sum += double(x[m * s.k + k]) * double(w[n * s.k + k]);
      want.push_back(fn::Clip::apply(s, static_cast<float>(sum)));
    }
  }
  Output y(want.size());
  if (s.m == 1) {
    dense_f32<I, fn::Clip>(s, x.data(), packed.data(), bias.data(), y.y.data());
    check.compare(y, want, "dense", s);
    y = Output(want.size());
  }
  pointwise_f32<I, fn::Clip>(s, x.data(), packed.data(), bias.data(), y.y.data());
  check.compare(y, want, "pointwise", s);
}

int test_gemm() {
  Check check{"pointwise, dense"};
  const int32_t nr = gemm_nr<Isa>(), mr = Isa::kMr;
  const int32_t lanes = Isa::kLanes;
  for (const int32_t m : Sizes{1, 2, mr - 1, mr, mr + 1, 2 * mr, 2 * mr + 1}) {
    for (const int32_t k : Sizes{1, 2, 3, 4, 7, 13, 32}) {
      for (const int32_t n :
           Sizes{1, lanes - 1, lanes, lanes + 1, nr - 1, nr, nr + 1, 2 * nr, 3 * nr + 2}) {
        if (m > 0 && n > 0) check_gemm<Isa>(check, {m, k, n, -2.0f, 3.0f});
      }
    }
  }
  check_gemm<isa::ScalarTile<2, 7>>(check, {5, 9, 17, -2.0f, 3.0f});
  return check.report();
}

// ---- Matrix products of activations

int test_matmul() {
  Check check{"matmul"};
  const int32_t nr = gemm_nr<Isa>(), mr = Isa::kMr;
  for (const int32_t m : Sizes{1, mr, mr + 1, 2 * mr + 1}) {
    for (const int32_t k : Sizes{1, 3, 8, 19}) {
      for (const int32_t n : Sizes{1, 3, nr - 1, nr, nr + 5, 2 * nr}) {
        for (const int32_t batch : Sizes{1, 3}) {
          const int32_t b_stride = batch == 3 && m == 1 ? 0 : k * n;
          const MatMulShape s{batch, m, k, n, m * k, b_stride, 0.0f, 0.0f};
          const Floats a = random_floats(int64_t{batch} * m * k),
                       b = random_floats(int64_t{batch} * k * n);
          Floats transposed(b.size()), want;
          for (int32_t i = 0; i < batch * k * n; ++i) {
            transposed[i / (k * n) * k * n + i % n * k + i / n % k] = b[i];
          }
          for (int32_t i = 0; i < batch * m * n; ++i) {
            double sum = 0;
            for (int32_t j = 0; j < k; ++j) {
              sum += double(a[i / n * k + j]) * double(b[i / (m * n) * b_stride + j * n + i % n]);
            }
            want.push_back(fn::Relu::apply(s, static_cast<float>(sum)));
          }
          // Exactly what the kernel may read: vectors end where the heap object does.
          const Floats used(b.begin(), b.begin() + (batch - 1) * b_stride + k * n);
          Output y(want.size()), y_transposed(want.size());
          matmul_f32<Isa, fn::Relu>(s, a.data(), used.data(), y.y.data());
          check.compare(y, want, "plain", s);
          matmul_bt_f32<Isa, fn::Relu>(s, a.data(), transposed.data(), y_transposed.y.data());
          check.compare(y_transposed, want, "transposed", s);
        }
      }
    }
  }
  return check.report();
}

// ---- Pools

enum class Pool { Max, Average, Lp };

Floats naive_pool(Pool pool, const PoolShape& s, const Floats& x) {
  Floats y;
  for (int32_t i = 0; i < s.batch * s.out_h * s.out_w * s.channels; ++i) {
    const int32_t c = i % s.channels, ox = i / s.channels % s.out_w;
    const int32_t oy = i / (s.channels * s.out_w) % s.out_h;
    const int32_t b = i / (s.channels * s.out_w * s.out_h);
    double best = -HUGE_VAL, sum = 0, powers = 0;
    int32_t cells = 0;
    for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
      for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
        const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
        const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
        if (iy >= s.in_h + s.pad_bottom || ix >= s.in_w + s.pad_right) continue;
        const bool inside = iy >= 0 && iy < s.in_h && ix >= 0 && ix < s.in_w;
        cells += inside || s.count_include_pad;
        if (!inside) continue;
        const double v = double(x[((b * s.in_h + iy) * s.in_w + ix) * s.channels + c]);
        best = v > best ? v : best;
        sum += v;
        powers += pow(fabs(v), s.p);
      }
    }
    const double result = pool == Pool::Max       ? best
                          : pool == Pool::Average ? sum / cells
                                                  : pow(powers, 1.0 / s.p);
    y.push_back(static_cast<float>(result));
  }
  return y;
}

PoolShape random_pool() {
  PoolShape s{};
  s.batch = 1 + random_below(2), s.channels = 1 + random_below(2 * depthwise_nr<Isa>() + 3);
  s.kernel_h = 1 + random_below(4), s.kernel_w = 1 + random_below(4);
  s.stride_h = 1 + random_below(3), s.stride_w = 1 + random_below(3);
  s.dilation_h = 1 + random_below(2), s.dilation_w = 1 + random_below(2);
  // A window always meets a cell of the image: padding is less than half of it and it is undilated
  // where there is padding, as in real networks.
  const bool pad = random_below(2) == 0;
  if (pad) s.dilation_h = s.dilation_w = 1;
  s.pad_top = pad ? random_below(s.kernel_h) : 0, s.pad_bottom = pad ? random_below(s.kernel_h) : 0;
  s.pad_left = pad ? random_below(s.kernel_w) : 0, s.pad_right = pad ? random_below(s.kernel_w) : 0;
  s.in_h = (s.kernel_h - 1) * s.dilation_h + 1 + random_below(6);
  s.in_w = (s.kernel_w - 1) * s.dilation_w + 1 + random_below(6);
  const int32_t room_h = s.in_h + s.pad_top + s.pad_bottom - (s.kernel_h - 1) * s.dilation_h - 1;
  const int32_t room_w = s.in_w + s.pad_left + s.pad_right - (s.kernel_w - 1) * s.dilation_w - 1;
  s.out_h = room_h / s.stride_h + 1, s.out_w = room_w / s.stride_w + 1;
  if (random_below(2) == 0) {  // ceil_mode, unless the last window would begin outside
    if (s.out_h * s.stride_h < s.in_h + s.pad_top && room_h % s.stride_h != 0) ++s.out_h;
    if (s.out_w * s.stride_w < s.in_w + s.pad_left && room_w % s.stride_w != 0) ++s.out_w;
  }
  s.count_include_pad = random_below(2), s.p = 1 + random_below(3);
  return s;
}

int test_pool() {
  Check max_check{"maxpool"}, average{"avgpool"}, lp{"lppool"};
  average.exact = lp.exact = false;
  for (int i = 0; i < 300; ++i) {
    const PoolShape s = random_pool();
    const int32_t image = s.in_h * s.in_w * s.channels;
    const Floats x = random_floats(s.batch * image);
    for (const Pool pool : {Pool::Max, Pool::Average, Pool::Lp}) {
      const Floats want = naive_pool(pool, s, x);
      Output y(want.size()), by_rows(want.size());
      if (pool == Pool::Max) maxpool_f32<Isa>(s, x.data(), y.y.data());
      if (pool == Pool::Average) avgpool_f32<Isa>(s, x.data(), y.y.data());
      if (pool == Pool::Lp) lppool_f32<Isa>(s, x.data(), y.y.data());
      float* out = by_rows.y.data();
      for (int32_t b = 0; b < s.batch; ++b) {
        for (int32_t oy = 0; oy < s.out_h; ++oy, out += s.out_w * s.channels) {
          const auto rows = row_pointers(s, x.data() + b * image, s.in_w * s.channels, oy);
          if (pool == Pool::Max) maxpool_row_f32<Isa>(s, oy, rows.data(), out);
          if (pool == Pool::Average) avgpool_row_f32<Isa>(s, oy, rows.data(), out);
          if (pool == Pool::Lp) lppool_row_f32<Isa>(s, oy, rows.data(), out);
        }
      }
      Check& check = pool == Pool::Max ? max_check : pool == Pool::Average ? average : lp;
      check.compare(y, want, "image", s);
      check.compare(by_rows, want, "rows", s);
    }
  }
  return max_check.report() + average.report() + lp.report();
}

}  // namespace

int main() {
  const int failed = test_conv2d() + test_gemm() + test_depthwise() + test_matmul() + test_pool();
  return failed == 0 ? 0 : 1;
}
