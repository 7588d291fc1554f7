// MaxPool, AveragePool and LpPool in two dimensions, float32, NHWC, one output row at a time.
// Vectors run along the channels. A window may reach beyond every border (ceil_mode).
#pragma once
#include "gemm_f32.h"
#include "window.h"

namespace mote {

struct PoolShape {
  int32_t batch;
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t count_include_pad;  // AveragePool: 1 divides by padded cells too, but not by those that
                              // only ceil_mode adds beyond the padding (ONNX AveragePool-19)
  int32_t p;                  // LpPool: the norm
  MOTE_FIELDS(batch, in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w,
              dilation_h, dilation_w, pad_top, pad_left, pad_bottom, pad_right, count_include_pad,
              p)
};

// What a pool does with the cells of a window: begin, add each, finish with the scale, which only
// an average makes use of.
struct MaxPoolOp {
  static MOTE_INLINE float scale(int32_t) { return 1.0f; }
  template <class Isa>
  static MOTE_INLINE typename Isa::VF begin() {
    return Isa::splat(-__builtin_inff());
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF add(const S&, typename Isa::VF a, typename Isa::VF v) {
    return Isa::max(a, v);
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF finish(const S&, typename Isa::VF a, float) {
    return a;
  }
};

struct AvgPoolOp {
  static MOTE_INLINE float scale(int32_t cells) { return 1.0f / static_cast<float>(cells); }
  template <class Isa>
  static MOTE_INLINE typename Isa::VF begin() {
    return Isa::splat(0.0f);
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF add(const S&, typename Isa::VF a, typename Isa::VF v) {
    return Isa::add(a, v);
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF finish(const S&, typename Isa::VF a, float scale) {
    return Isa::mul(a, Isa::splat(scale));
  }
};

// The p-th root of the sum of |x|^p, one element at a time but for p = 1 and 2.
struct LpPoolOp {
  static MOTE_INLINE float scale(int32_t) { return 1.0f; }
  template <class Isa>
  static MOTE_INLINE typename Isa::VF begin() {
    return Isa::splat(0.0f);
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF add(const S& s, typename Isa::VF a, typename Isa::VF v) {
    if (s.p == 2) return Isa::fma(a, v, v);
    const typename Isa::VF magnitude = Isa::max(v, Isa::mul(v, Isa::splat(-1.0f)));
    if (s.p == 1) return Isa::add(a, magnitude);
    float x[Isa::kLanes];
    Isa::store(x, magnitude);
    for (int32_t i = 0; i < Isa::kLanes; ++i) x[i] = powf(x[i], static_cast<float>(s.p));
    return Isa::add(a, Isa::load(x));
  }
  template <class Isa, class S>
  static MOTE_INLINE typename Isa::VF finish(const S& s, typename Isa::VF a, float) {
    if (s.p == 1) return a;
    float x[Isa::kLanes];
    Isa::store(x, a);
    for (int32_t i = 0; i < Isa::kLanes; ++i) {
      x[i] = s.p == 2 ? sqrtf(x[i]) : powf(x[i], 1.0f / static_cast<float>(s.p));
    }
    return Isa::load(x);
  }
};

// One output pixel, a block of channels at a time.
template <class Isa, class Op, class S, class Rows>
struct PoolChannels {
  const S& s;
  const Rows& rows;
  int32_t offset;  // of the first existing tap in its row, in floats
  Range taps;
  float scale;
  float* y;

  template <int32_t NV>
  MOTE_INLINE void run(int32_t c0, int32_t n) const {
    typename Isa::VF acc[1][NV];
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) acc[0][i] = Op::template begin<Isa>();
    MOTE_NO_UNROLL for (int32_t ky = rows.taps.begin; ky < rows.taps.end; ++ky) {
      const float* x = rows.row(ky) + offset + c0;
      for (int32_t kx = taps.begin; kx < taps.end; ++kx, x += s.dilation_w * s.channels) {
        typename Isa::VF v[NV];
        load_tile<Isa>(x, n, v);
        MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
          acc[0][i] = Op::template add<Isa>(s, acc[0][i], v[i]);
        }
      }
    }
    MOTE_UNROLL for (int32_t i = 0; i < NV; ++i) {
      acc[0][i] = Op::template finish<Isa>(s, acc[0][i], scale);
    }
    store_tile<Isa, fn::Identity>(s, acc, y + c0, 0, n);
  }
};

template <class Isa, class Op, class S, class Rows>
MOTE_INLINE void pool_any_row(const S& s, int32_t oy, const Rows& rows, float* y) {
  const int32_t cells_y = counted_cells(rows.taps, oy * s.stride_h - s.pad_top, s.kernel_h,
                                        s.dilation_h, s.in_h + s.pad_bottom, s.count_include_pad);
  for (int32_t ox = 0; ox < s.out_w; ++ox, y += s.channels) {
    const int32_t ix = ox * s.stride_w - s.pad_left;
    const Range taps = taps_inside(ix, s.kernel_w, s.dilation_w, s.in_w);
    const int32_t cells = cells_y * counted_cells(taps, ix, s.kernel_w, s.dilation_w,
                                                  s.in_w + s.pad_right, s.count_include_pad);
    const PoolChannels<Isa, Op, S, Rows> channels{
        s, rows, (ix + taps.begin * s.dilation_w) * s.channels, taps, Op::scale(cells), y};
    for_blocks<Isa, Isa::kDwNv>(s.channels, channels);
  }
}

template <class Isa, class Op, class S>
MOTE_INLINE void pool_image(const S& s, const float* x, float* y) {
  const int32_t row_floats = s.in_w * s.channels;
  for (int32_t b = 0; b < s.batch; ++b, x += s.in_h * row_floats) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, y += s.out_w * s.channels) {
      pool_any_row<Isa, Op>(s, oy, image_rows(s, x, row_floats, oy), y);
    }
  }
}

// Output row `oy` from the kernel_h input rows under it. A null pointer is a row of padding; those
// come first or last. `out_row` may not overlap the rows.
template <class Isa, class S>
MOTE_KERNEL void maxpool_row_f32(const S& s, int32_t oy, const float* const* rows, float* out_row) {
  pool_any_row<Isa, MaxPoolOp>(s, oy, pointer_rows(rows, s.kernel_h), out_row);
}
template <class Isa, class S>
MOTE_KERNEL void avgpool_row_f32(const S& s, int32_t oy, const float* const* rows, float* out_row) {
  pool_any_row<Isa, AvgPoolOp>(s, oy, pointer_rows(rows, s.kernel_h), out_row);
}
template <class Isa, class S>
MOTE_KERNEL void lppool_row_f32(const S& s, int32_t oy, const float* const* rows, float* out_row) {
  pool_any_row<Isa, LpPoolOp>(s, oy, pointer_rows(rows, s.kernel_h), out_row);
}

template <class Isa, class S>
MOTE_KERNEL void maxpool_f32(const S& s, const float* x, float* y) {
  pool_image<Isa, MaxPoolOp>(s, x, y);
}
template <class Isa, class S>
MOTE_KERNEL void avgpool_f32(const S& s, const float* x, float* y) {
  pool_image<Isa, AvgPoolOp>(s, x, y);
}
template <class Isa, class S>
MOTE_KERNEL void lppool_f32(const S& s, const float* x, float* y) {
  pool_image<Isa, LpPoolOp>(s, x, y);
}

}  // namespace mote
