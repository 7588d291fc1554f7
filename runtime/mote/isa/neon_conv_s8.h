// Convolutions of NEON by the tiles of neon_gemm_s8.h. Only windows that touch the border are
// gathered, and those of first layers, whose rows are short: on ResNet8's layers of 16 channels
// gathering every patch would cost a quarter of the multiplications.
#pragma once
#include "neon_gemm_s8.h"

namespace mote::isa::neon {

// How many patches of k inputs are gathered before their products are made: two tiles of those of
// first layers, where a tile takes few instructions beside the call.
constexpr int32_t patches_waiting(int64_t k) { return k <= 64 ? 8 : 4; }

#if defined(__ARM_NEON)

struct Window {
  int32_t in_w, in_c, out_w, kernel_h, kernel_w, stride_w, pad_left, pad_value;
};

// The inputs under the output pixel whose window begins at column ix, which reaches into padding.
inline MOTE_SHARED void gather_border(const Window& s, const int8_t* const* rows, int32_t ix,
                                      int8_t* patch) {
  const Range taps = taps_inside(ix, s.kernel_w, 1, s.in_w);
  const int32_t before = taps.begin * s.in_c, inside = (taps.end - taps.begin) * s.in_c;
  const int32_t length = s.kernel_w * s.in_c, first = (ix + taps.begin) * s.in_c;
  const int8x16_t padding = vdupq_n_s8(static_cast<int8_t>(s.pad_value));
  for (int32_t ky = 0; ky < s.kernel_h; ++ky, patch += length) {
    if (rows[ky] == nullptr) {
      fill(patch, padding, length);
    } else {
      fill(patch, padding, before);
      copy(patch + before, rows[ky] + first, inside);
      fill(patch + before + inside, padding, length - before - inside);
    }
  }
}

// Those under `count` pixels without padding. The lengths of first layers, 4 to 16 bytes, are worth
// a loop of their own.
inline MOTE_SHARED void gather_inner(const Window& s, const int8_t* const* rows, int32_t ix,
                                     int8_t* patch, int32_t step, int32_t count) {
  const int32_t length = s.kernel_w * s.in_c, x_step = s.stride_w * s.in_c;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky, patch += length) {
    const int8_t* x = rows[ky] + ix * s.in_c;
    int8_t* to = patch;
    if (length >= 8 && length <= 16) {
      const int32_t second = length - 8;
      for (int32_t i = count; i > 0; i = opaque(i - 1), x += x_step, to += step) {
        memcpy(to, x, 8);
        memcpy(to + second, x + second, 8);
      }
    } else if (length == 4) {
      for (int32_t i = count; i > 0; i = opaque(i - 1), x += x_step, to += step) memcpy(to, x, 4);
    } else {
      for (int32_t i = 0; i < count; ++i, x += x_step, to += step) copy(to, x, length);
    }
  }
}

// The same for 3 rows of at most 16 bytes, of which 16 may be read: what is too much of a row is
// written over by the next one, by the next pixel, and at the end stands where the next patch
// would.
inline MOTE_SHARED void gather_three(const Window& s, const int8_t* const* rows, int32_t ix,
                                     int8_t* patch, int32_t step, int32_t count) {
  const ptrdiff_t length = s.kernel_w * s.in_c, x_step = s.stride_w * s.in_c;
  const int8_t *x0 = rows[0] + ix * s.in_c, *x1 = rows[1] + ix * s.in_c;
  const int8_t* x2 = rows[2] + ix * s.in_c;
  int8_t *y1 = patch + length, *y2 = y1 + length;
  for (ptrdiff_t at = 0, to = 0; count > 0; --count, at += x_step, to += step) {
    vst1q_s8(patch + to, vld1q_s8(x0 + at));
    vst1q_s8(y1 + to, vld1q_s8(x1 + at));
    vst1q_s8(y2 + to, vld1q_s8(x2 + at));
  }
}

// Convolutions as high as this are read without gathering.
constexpr int32_t kMaxSegments = 8;

// One output row. Scratch holds as many patches as wait, and a segment of padding.
template <class Isa>
MOTE_SHARED void convolve_row(Matrix& g, const Window& s, const int8_t* const* rows, int8_t* y,
                              int8_t* scratch) {
  constexpr int32_t kMr = Isa::kTilePixels;
  const int32_t length = s.kernel_w * s.in_c, k = s.kernel_h * length;
  const int32_t step = (k + Isa::kPatchAlign - 1) & -Isa::kPatchAlign;
  const bool direct = s.kernel_h <= kMaxSegments && Isa::reads_segments(length);
  const int32_t segments = direct ? s.kernel_h : 1;
  g.segments = segments, g.length = g.last = direct ? length : k;
  g.padded = !direct;
  int32_t tail[32];
  copy_tail(g, tail);

  int8_t* const padding = scratch + 4 * step;  // beyond the patches of direct reading
  // Rows, those of padding replaced if they are read directly, and the bytes from pixel to pixel.
  const int8_t* from[kMaxSegments];
  int32_t steps[kMaxSegments];
  bool whole = true;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    const bool null = rows[ky] == nullptr;
    whole = whole && !null;
    if (!direct) continue;
    from[ky] = null ? padding : rows[ky];
    steps[ky] = null ? 0 : s.in_c;
  }
  if (!whole && direct) fill(padding, vdupq_n_s8(static_cast<int8_t>(s.pad_value)), length);
  const int32_t inner = whole || direct ? s.in_w - s.kernel_w : -1;  // windows begin in 0 .. inner
  // Those that gather_three may gather begin in 0 .. three.
  const bool short_rows = s.kernel_h == 3 && length >= 8 && length <= 16;
  const int32_t three = whole && short_rows ? s.in_w - (16 + s.in_c - 1) / s.in_c : -1;

  // Tiles wait for one another, those that read their rows until there is no room for pointers, and
  // those of patches until there is none for patches. A window on the border has its patch where
  // that of a waiting one might be.
  constexpr int32_t kPointers = kMaxSegments * 16;
  const int8_t* p[kPointers];
  const int32_t most = direct ? kPointers / (segments * kMr) * kMr : patches_waiting(k);
  int32_t ix = -s.pad_left, left = s.out_w, waiting = 0;
  if (!direct && ix >= 0 && ix <= three) {
    // Most of a row of a first layer, without looking at each tile.
    for (int32_t i = 0; i < most; ++i) p[i] = scratch + i * step;
    int32_t gathered = (three - ix) / s.stride_w + 1;
    if (gathered > left) gathered = left;
    for (; gathered >= most; gathered -= most) {
      gather_three(s, rows, ix, scratch, step, most);
      Isa::tiles(g, p, y, most);
      y += most * g.y_step, left -= most, ix += most * s.stride_w;
    }
  }
  for (; left > 0; left -= kMr, ix += kMr * s.stride_w) {
    const int32_t count = left < kMr ? left : kMr;
    const int32_t end = ix + (count - 1) * s.stride_w;
    const bool inside = ix >= 0 && end <= inner;
    if (waiting > 0 && (waiting == most || (direct && !inside) || left == 1)) {
      Isa::tiles(g, p, y, waiting);
      y += waiting * g.y_step, waiting = 0;
    }
    const int8_t** const tile = p + waiting * segments;
    int8_t* const patches = scratch + (direct ? 0 : waiting * step);
    if (direct) {
      for (int32_t ky = 0; ky < segments; ++ky) {
        const int8_t* x = from[ky] + ix * steps[ky];
        const int32_t next = s.stride_w * steps[ky];
        for (int32_t i = 0; i < kMr; ++i, x += next) tile[ky * kMr + i] = x;
      }
    } else {
      for (int32_t i = 0; i < kMr; ++i) tile[i] = patches + i * step;
      if (inside && end <= three) {
        gather_three(s, rows, ix, patches, step, count);
      } else if (inside) {
        gather_inner(s, rows, ix, patches, step, count);
      }
    }
    for (int32_t i = 0; i < count && !inside; ++i) {
      const int32_t column = ix + i * s.stride_w;
      int8_t* const patch = patches + i * step;
      if (column < 0 || column > inner) {
        gather_border(s, rows, column, patch);
        for (int32_t ky = 0; ky < segments; ++ky) tile[ky * kMr + i] = patch + ky * length;
      } else if (!direct) {
        gather_inner(s, rows, column, patch, step, 1);
      }
    }
    for (int32_t i = count; i < kMr; ++i)
      for (int32_t ky = 0; ky < segments; ++ky) tile[ky * kMr + i] = tile[ky * kMr + i - 1];
    if (left == 1) {
      Isa::template tile<1>(g, p, y);
    } else if (!direct || inside) {
      waiting += count;
    } else {
      Isa::tiles(g, p, y, count);
      y += count * g.y_step;
    }
  }
  if (waiting > 0) Isa::tiles(g, p, y, waiting);
}

#endif  // __ARM_NEON

}  // namespace mote::isa::neon
