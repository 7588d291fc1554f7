// Depthwise convolution of NEON: 16 channels at a time, 8 where there are fewer than 16, and at the
// end the last 16 once more rather than a narrower vector. Every tap of an output pixel is a
// pointer, to a pixel or to a row of padding, so borders cost nothing.
#pragma once
#include "neon_store_s8.h"

namespace mote::isa::neon {

// Layout: blocks of lanes() channels, the last of which may overlap its predecessor; in a block
// [slots / G][lanes][G], a slot for each tap and slots of zeros up to a multiple of G. G is 4 for
// dot products, otherwise 1.
struct DepthwiseLayout {
  int32_t group, channels, kernel_h, kernel_w;

  constexpr int32_t lanes() const { return channels < 16 ? 8 : 16; }
  constexpr int32_t blocks() const { return (channels + lanes() - 1) / lanes(); }
  constexpr int32_t first(int32_t block) const {
    const int32_t last = channels > lanes() ? channels - lanes() : 0;
    return block * lanes() < last ? block * lanes() : last;
  }
  // A 3x3 kernel of dot products has a group for each column, which its neighbours share.
  constexpr bool columns() const { return group == 4 && kernel_h == 3 && kernel_w == 3; }
  constexpr int32_t step_y() const { return columns() ? 1 : kernel_w; }
  constexpr int32_t step_x() const { return columns() ? 4 : 1; }
  constexpr int32_t slots() const {
    const int32_t taps = columns() ? 12 : kernel_h * kernel_w;
    return (taps + group - 1) / group * group;
  }
  constexpr int64_t bytes() const { return int64_t{blocks()} * lanes() * slots(); }
  constexpr int64_t index(int32_t block, int32_t lane, int32_t ky, int32_t kx) const {
    const int32_t slot = ky * step_y() + kx * step_x();
    return ((int64_t{block} * (slots() / group) + slot / group) * lanes() + lane) * group +
           slot % group;
  }
};

inline void pack_depthwise(const DepthwiseLayout& l, const int8_t* hwc, int8_t* packed) {
  for (int64_t i = 0; i < l.bytes(); ++i) packed[i] = 0;
  for (int32_t ky = 0; ky < l.kernel_h; ++ky) {
    for (int32_t kx = 0; kx < l.kernel_w; ++kx, hwc += l.channels) {
      for (int32_t b = 0; b < l.blocks(); ++b) {
        for (int32_t lane = 0; lane < l.lanes() && l.first(b) + lane < l.channels; ++lane)
          packed[l.index(b, lane, ky, kx)] = hwc[l.first(b) + lane];
      }
    }
  }
}

template <class Isa, class Rq, class S, class X, class W>
MOTE_INLINE void portable_depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y) {
  const DepthwiseLayout l{Isa::kDwGroup, s.in_c * s.multiplier, s.kernel_h, s.kernel_w};
  for (int32_t ox = 0; ox < s.out_w; ++ox, y += l.channels) {
    for (int32_t c = 0; c < l.channels; ++c) {
      const int32_t block = c / l.lanes();
      int32_t acc = bias[c];
      for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
        for (int32_t kx = 0; kx < s.kernel_w; ++kx) {
          const int32_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
          const bool inside = rows[ky] != nullptr && ix >= 0 && ix < s.in_w;
          acc += (inside ? rows[ky][ix * s.in_c + c / s.multiplier] : s.pad_value) *
                 w[l.index(block, c - l.first(block), ky, kx)];
        }
      }
      y[c] = Rq::apply(s, acc, mult, c);
    }
  }
}

// Kernels with more slots take the portable loops.
constexpr int32_t kMaxSlots = 64;

// A row of padding, and copies of inputs where fewer than 8 channels end the row.
constexpr int64_t depthwise_scratch(int32_t channels, int32_t kernel_h, int32_t kernel_w) {
  return pack::round_up(channels, 16) + (channels < 8 ? 8 * kernel_h * kernel_w : 0);
}

#if defined(__ARM_NEON)

struct Depthwise {
  DepthwiseLayout layout;
  const int8_t* w;
  const int32_t* bias;
  const int32_t* mult;
  Store store;
  int32_t in_w, out_w, stride_w, dilation_w, pad_left;
  int32_t safe_w;  // pixels from here on have fewer than 8 bytes behind them in their row
};

// Multipliers as SQRDMULH takes them: halved where they are used, or, for a run of outputs, before.
struct Multipliers {
  const int32_t* mult;
  int32x4_t halving;
  MOTE_INLINE int32x4_t load(int32_t i) const { return vshlq_s32(vld1q_s32(mult + i), halving); }
  template <int32_t N>
  MOTE_INLINE void multiply(int32x4_t (&acc)[N]) const {
    for (int32_t i = 0; i < N; ++i) acc[i] = vqrdmulhq_s32(acc[i], load(4 * i));
  }
};
struct HalvedMultipliers {
  const int32_t* mult;
  template <int32_t N>
  MOTE_INLINE void multiply(int32x4_t (&acc)[N]) const {
    for (int32_t i = 0; i < N; ++i) acc[i] = vqrdmulhq_s32(acc[i], vld1q_s32(mult + 4 * i));
  }
};

// The results of 16 channels, or of the first `count` of 8. `plain`: those of s, and count is 8 or
// more.
template <class Multipliers>
MOTE_INLINE void finish(const Store& s, int32x4_t (&acc)[4], const Multipliers& mult, int8_t* y,
                        int32_t, bool plain) {
  if (__builtin_expect(!plain, 0)) {
    asm("");
    s.shift_sums(acc);
  }
  mult.multiply(acc);
  const int16x8_t low = s.add_zero_point(narrow(acc[0], acc[1]));
  int8x16_t v = narrow(low, s.add_zero_point(narrow(acc[2], acc[3])));
  if (__builtin_expect(!plain, 0)) {
    asm("");
    v = s.clamp(v);
  }
  vst1q_s8(y, v);
}
template <class Multipliers>
MOTE_INLINE void finish(const Store& s, int32x4_t (&acc)[2], const Multipliers& mult, int8_t* y,
                        int32_t count, bool plain) {
  if (__builtin_expect(!plain, 0)) {
    asm("");
    s.shift_sums(acc);
  }
  mult.multiply(acc);
  const int8x8_t v = vqmovn_s16(s.add_zero_point(narrow(acc[0], acc[1])));
  if (__builtin_expect(plain, 1)) {
    vst1_s8(y, v);
  } else {
    int8_t bytes[8];
    vst1_s8(bytes, s.clamp(v));
    copy_few(y, bytes, count);
  }
}

// Neighbouring outputs of a 3x3 kernel, in one block of channels.
struct Run {
  const int8_t* rows[3];  // at the first column, or at padding
  const int8_t* padding;
  int32_t steps[3];  // bytes to the next pixel, 0 for padding
  int32_t ix, in_w;  // column of the first window; columns of the image
  int32_t stride;
  int32_t count;  // outputs
  int32_t channels;
  const int8_t* w;
  const int32_t* bias;
  HalvedMultipliers mult;
  int8_t* y;
};

// Output pixels ox and following through a pointer for each tap.
template <class Isa>
MOTE_SHARED void depthwise_pixels(const Depthwise& layer, const int8_t* const* rows, int32_t ox,
                                  int32_t end, int8_t* y, int8_t* scratch) {
  const Depthwise d = layer;  // a copy that writing y cannot change
  const DepthwiseLayout l = d.layout;
  const int32_t channels = l.channels, blocks = l.blocks(), lanes = l.lanes();
  const int32_t slots = l.slots(), step_y = l.step_y(), step_x = l.step_x();
  const int8_t* const padding = scratch;
  const int32x4_t halving = d.store.halving();
  const int8_t* p[kMaxSlots];
  for (int32_t i = 0; i < slots; ++i) p[i] = padding;
  const int32_t next = d.dilation_w * channels;
  int32_t ix = ox * d.stride_w - d.pad_left;
  for (y += ox * channels; ox < end; ++ox, ix += d.stride_w, y += channels) {
    const bool inner = ix >= 0 && ix + (l.kernel_w - 1) * d.dilation_w < d.safe_w;
    for (int32_t ky = 0; ky < l.kernel_h; ++ky) {
      const int8_t** slot = p + ky * step_y;
      const int8_t* x = rows[ky];
      if (x == nullptr) {
        for (int32_t kx = 0; kx < l.kernel_w; ++kx, slot += step_x) *slot = padding;
        continue;
      }
      if (inner) {
        x += ix * channels;
        for (int32_t kx = 0; kx < l.kernel_w; ++kx, slot += step_x, x += next) *slot = x;
        continue;
      }
      int32_t at = ix;
      for (int32_t kx = 0; kx < l.kernel_w; ++kx, slot += step_x, at += d.dilation_w) {
        const bool inside = at >= 0 && at < d.in_w;
        *slot = inside ? x + at * channels : padding;
        if (inside && at >= d.safe_w) {
          int8_t* copied = scratch + 16 + (ky * l.kernel_w + kx) * 8;
          copy_few(copied, *slot, channels);
          *slot = copied;
        }
      }
    }
    const int8_t* w = d.w;
    if (lanes == 16) {
      for (int32_t c = 0;; c = c + 16 < channels - 16 ? c + 16 : channels - 16, w += 16 * slots) {
        Isa::depthwise_16(d.store, p, slots, c, w, d.bias + c, {d.mult + c, halving}, y + c);
        if (c == channels - 16) break;
      }
    } else {
      for (int32_t b = 0; b < blocks; ++b, w += 8 * slots) {
        const int32_t c = l.first(b);
        Isa::depthwise_8(d.store, p, slots, c, w, d.bias + c, {d.mult + c, halving}, y + c,
                         channels < 8 ? channels : 8);
      }
    }
  }
}

template <class Isa>
MOTE_SHARED void depthwise_row(Depthwise& d, const int8_t* const* rows, int8_t* y,
                               int8_t* scratch) {
  const DepthwiseLayout l = d.layout;
  const int32_t channels = l.channels, blocks = l.blocks(), lanes = l.lanes();

  // Fewer than 8 channels: parameters for 8; inputs that reach beyond the row must be copied.
  int32_t few[16];
  d.safe_w = d.in_w;
  if (channels < 8) {
    for (auto& v : few) v = 0;
    for (int32_t c = 0; c < channels; ++c) few[c] = d.bias[c], few[8 + c] = d.mult[c];
    d.bias = few, d.mult = few + 8;
    d.safe_w -= (8 - 1) / channels;
  }

  // Outputs of a 3x3 kernel before `end` go by columns of the image.
  int32_t end = 0;
  if (l.kernel_h == 3 && l.kernel_w == 3 && d.stride_w <= 2 && d.dilation_w == 1) {
    end = d.out_w;
    if (channels < 8) {
      // Of the last outputs 8 bytes may not be stored, nor 8 inputs read.
      const int32_t room = d.safe_w + d.pad_left - 3;
      const int32_t inside = room < 0 ? 0 : room / d.stride_w + 1;
      const int32_t most = d.out_w - (8 - 1) / channels;
      if (inside < end) end = inside;
      if (most < end) end = most < 0 ? 0 : most;
    }
  }
  if (end > 0) {
    Run r;
    r.padding = scratch;
    r.ix = -d.pad_left, r.in_w = d.in_w, r.stride = d.stride_w;
    r.count = end, r.channels = channels;
    for (int32_t ky = 0; ky < 3; ++ky) r.steps[ky] = rows[ky] == nullptr ? 0 : channels;
    alignas(16) int32_t halved[16];
    r.mult = {halved};
    r.w = d.w;
    for (int32_t b = 0; b < blocks; ++b, r.w += lanes * l.slots()) {
      const int32_t c = l.first(b);
      for (int32_t ky = 0; ky < 3; ++ky) r.rows[ky] = rows[ky] == nullptr ? scratch : rows[ky] + c;
      const Multipliers mult{d.mult + c, d.store.halving()};
      for (int32_t i = 0; i < lanes; i += 4) vst1q_s32(halved + i, mult.load(i));
      r.bias = d.bias + c, r.y = y + c;
      if (lanes == 16) {
        Isa::template depthwise_run<16>(d.store, r);
      } else {
        Isa::template depthwise_run<8>(d.store, r);
      }
    }
  }
  if (end < d.out_w) depthwise_pixels<Isa>(d, rows, end, d.out_w, y, scratch);
}

#endif  // __ARM_NEON

}  // namespace mote::isa::neon
