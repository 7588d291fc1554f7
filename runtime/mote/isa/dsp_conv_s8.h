// Matrix products and convolutions for the tiles of dsp_gemm_s8.h. One body serves all layers of a
// program: what it knows of a layer is a table of constants (DspConv) in flash.
//
// The inputs of two pixels are widened to int16 in scratch, where the tile reads them once for each
// four channels: 1.5 cycles per input. Where a pixel's inputs come in pieces of other than
// multiples of four, or reach into padding, they are first copied together as int8.
#pragma once
#include <string.h>

#include "../pack_s8.h"
#include "../window.h"
#include "dsp_gemm_s8.h"
#include "dsp_one_s8.h"

namespace mote::isa {

struct DspConv {
  int32_t in_w, in_c, out_w, out_c;
  int32_t kernel_h, kernel_w, stride_w, dilation_w, pad_left, groups, pad_value;
  int32_t group_c;  // channels of a group
  DspStore store;
};

#if defined(__ARM_FEATURE_DSP)

namespace dsp {

MOTE_INLINE uint32_t load_word(const void* p) {
  uint32_t word;
  memcpy(&word, p, 4);
  return word;
}
MOTE_INLINE void store_word(void* p, uint32_t word) { memcpy(p, &word, 4); }

// Bytes 0 and 2, and 1 and 3, as int16. GCC does not see that SXTB16 rotates.
MOTE_INLINE uint32_t even_bytes(uint32_t x) {
  uint32_t y;
  __asm__("sxtb16 %0, %1" : "=r"(y) : "r"(x));
  return y;
}
MOTE_INLINE uint32_t odd_bytes(uint32_t x) {
  uint32_t y;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}

// Copies of a few bytes; memcpy takes longer to find out how few. copy_words copies a multiple of
// four, up to three bytes more than n.
MOTE_INLINE void copy_words(int8_t* to, const int8_t* from, int32_t n) {
  if (n > 8 && n <= 12) {  // three pixels of three channels
    const uint32_t a = load_word(from), b = load_word(from + 4), c = load_word(from + 8);
    store_word(to, a), store_word(to + 4, b), store_word(to + 8, c);
    return;
  }
  for (const int8_t* end = from + n; from < end; to += 4, from += 4)
    store_word(to, load_word(from));
}
MOTE_DSP_SHARED void copy(int8_t* to, const int8_t* from, int32_t n) {
  copy_words(to, from, n & ~3);
  for (int32_t i = n & ~3; i < n; ++i) to[i] = from[i];
}

// One quad of each of two inputs, widened and interleaved.
inline void widen_quads(int8_t*& to, uint32_t qa, uint32_t qb) {
  store_word(to, even_bytes(qa));
  store_word(to + 4, even_bytes(qb));
  store_word(to + 8, odd_bytes(qa));
  store_word(to + 12, odd_bytes(qb));
  to += 16;
}

// Two inputs' quads, interleaved as dsp_tile_2x4 reads them; returns the end of what it wrote.
MOTE_DSP_SHARED int8_t* widen_pair(int8_t* to, const int8_t* a, const int8_t* b, int32_t quads) {
  if (quads & 1) {
    widen_quads(to, load_word(a), load_word(b));
    a += 4, b += 4;
  }
  for (const int8_t* end = a + (quads & ~1) * 4; a != end; a += 8, b += 8) {
    const uint32_t a0 = load_word(a), a1 = load_word(a + 4);
    const uint32_t b0 = load_word(b), b1 = load_word(b + 4);
    widen_quads(to, a0, b0);
    widen_quads(to, a1, b1);
  }
  return to;
}

// The same of one of them: beside `to`, the words of the other one stay.
MOTE_DSP_SHARED void widen_one(int8_t* to, const int8_t* x, int32_t quads) {
  for (const int8_t* end = x + 4 * quads; x != end; x += 4, to += 16) {
    const uint32_t quad = load_word(x);
    store_word(to, even_bytes(quad));
    store_word(to + 8, odd_bytes(quad));
  }
}
MOTE_INLINE void fill_one(int8_t* to, int32_t value, int32_t quads) {
  const uint32_t both = (value & 0xffff) * 0x10001u;
  for (int8_t* end = to + 16 * quads; to != end; to += 16) {
    store_word(to, both);
    store_word(to + 8, both);
  }
}

// All outputs of two pixels, of inputs from widen_pair.
MOTE_DSP_SHARED void multiply_last(const Matrix& g, int16_t* x, int8_t* y) {
  const int32_t whole = g.n & ~3;
  alignas(4) int8_t last[8];
  Matrix rest = g;
  rest.w += whole * g.quads * 4, rest.bias += whole, rest.mult += whole, rest.y_step = 4;
  dsp_tile_2x4(x, &rest, last, 1, nullptr, 1);
  for (int32_t i = 0; i < g.n - whole; ++i) {
    y[whole + i] = last[i];
    y[g.y_step + whole + i] = last[4 + i];
  }
}
MOTE_INLINE void multiply_pair(const Matrix& g, int8_t* x, int8_t* y) {
  int16_t* x16 = reinterpret_cast<int16_t*>(x);
  if (g.n >= 4) dsp_tile_2x4(x16, &g, y, g.n / 4, nullptr, 1);
  if (g.n % 4 != 0) multiply_last(g, x16, y);
}

// All outputs of one pixel. x has a multiple of four elements.
MOTE_DSP_SHARED void multiply_one(const Matrix& g, const int8_t* x, int8_t* y) {
  const int32_t whole = g.n & ~3, quads = g.quads, special = g.special, zp = g.zp;
  if (whole > 0) {
    dsp_tile_1x4(x, g.w, y, g.bias, g.mult, whole / 4, quads, zp, special, g.store);
  }
  if (whole == g.n) return;
  alignas(4) int8_t last[4];
  dsp_tile_1x4(x, g.w + whole * quads * 4, last, g.bias + whole, g.mult + whole, 1, quads, zp,
               special, g.store);
  for (int32_t i = 0; i < g.n - whole; ++i) y[whole + i] = last[i];
}

// A copy of k inputs, filled up with zeros to a multiple of four.
MOTE_INLINE void copy_padded(int8_t* to, const int8_t* from, int32_t k) {
  if (k % 4 != 0) store_word(to + (k & ~3), 0);
  copy(to, from, k);
}

// m pixels of k inputs each. Scratch: 4 bytes for each of k, rounded up to 4, and before them 2 for
// pixels as int8 if k is no multiple of 4.
MOTE_DSP_SHARED void multiply_pixels(const Matrix& g, const int8_t* x, int32_t m, int8_t* y,
                                     int8_t* scratch) {
  const int32_t quads = g.quads;
  int8_t *const staged = scratch, *const widened = scratch + (g.k % 4 == 0 ? 0 : 8 * quads);
  if (g.k % 4 == 0 && g.n % 4 == 0 && m > 1) {
    dsp_tile_2x4(reinterpret_cast<int16_t*>(widened), &g, y, g.n / 4, x, m / 2);
    x += (m & ~1) * g.k, y += (m & ~1) * g.y_step;
    m &= 1;
  }
  for (; m > 1; m -= 2, x += 2 * g.k, y += 2 * g.y_step) {
    if (g.k % 4 == 0) {
      widen_pair(widened, x, x + g.k, quads);
    } else {
      copy_padded(staged, x, g.k);
      copy_padded(staged + 4 * quads, x + g.k, g.k);
      widen_pair(widened, staged, staged + 4 * quads, quads);
    }
    multiply_pair(g, widened, y);
  }
  if (m == 0) return;
  // Copied in any case: the output may be where the input is.
  copy_padded(staged, x, g.k);
  multiply_one(g, staged, y);
}

// Where the window of an output lies in its rows: the taps inside, and the first of them.
struct Window {
  int32_t x;
  Range taps;
  Window(const DspConv& c, int32_t ox) : x(ox * c.stride_w - c.pad_left) {
    if (x >= 0 && x + (c.kernel_w - 1) * c.dilation_w < c.in_w) {
      taps = {0, c.kernel_w};
    } else {
      taps = taps_inside(x, c.kernel_w, c.dilation_w, c.in_w);
    }
  }
  bool whole(const DspConv& c) const { return taps.begin == 0 && taps.end == c.kernel_w; }
};

// The inputs of one output as int8, filled up with zeros to a multiple of four. Up to three bytes
// behind that are overwritten.
MOTE_DSP_SHARED void stage(const DspConv& c, const int8_t* const* rows, const Window& window,
                           int32_t c0, int8_t* to) {
  // Copies: what a byte is written to could be a member for all that compilers know.
  const int32_t group_c = c.group_c, step = c.dilation_w * c.in_c, length = c.kernel_w * group_c;
  const bool contiguous = step == group_c;
  const int32_t pad = c.pad_value, rest = -(c.kernel_h * length) & 3;
  const int8_t* const* const end = rows + c.kernel_h;
  // Where a row goes on behind the window, bytes beyond it can be read and written.
  if (contiguous && window.whole(c) && (window.x + c.kernel_w) * group_c + 3 <= c.in_w * group_c) {
    const int32_t at = window.x * group_c;
    for (; rows != end; ++rows, to += length) {
      if (*rows == nullptr) {
        memset(to, pad, static_cast<size_t>(length));
      } else {
        copy_words(to, *rows + at, length);
      }
    }
  } else {
    const int32_t at = (window.x + window.taps.begin * c.dilation_w) * c.in_c + c0;
    const int32_t taps = window.taps.end - window.taps.begin;
    const int32_t pieces = contiguous ? 1 : taps, piece = contiguous ? taps * group_c : group_c;
    for (; rows != end; ++rows, to += length) {
      memset(to, pad, static_cast<size_t>(length));
      if (*rows == nullptr || taps == 0) continue;
      const int8_t* x = *rows + at;
      int8_t* inside = to + window.taps.begin * group_c;
      for (int32_t i = 0; i < pieces; ++i, x += step, inside += piece) copy(inside, x, piece);
    }
  }
  if (rest != 0) to[0] = to[1] = to[2] = 0;
}

// The inputs of one output, widened to one of two, where they come in multiples of four.
MOTE_DSP_SHARED void widen_window(const DspConv& c, const int8_t* const* rows, const Window& window,
                                  int32_t c0, int8_t* to) {
  const int32_t group_c = c.group_c, step = c.dilation_w * c.in_c;
  for (int32_t ky = 0; ky < c.kernel_h; ++ky, to += 4 * c.kernel_w * group_c) {
    const Range in = rows[ky] == nullptr ? Range{c.kernel_w, c.kernel_w} : window.taps;
    const int32_t after = c.kernel_w - in.end;
    if (in.begin > 0) fill_one(to, c.pad_value, in.begin * group_c / 4);
    if (after > 0) fill_one(to + 4 * in.end * group_c, c.pad_value, after * group_c / 4);
    const int8_t* x = rows[ky] + (window.x + in.begin * c.dilation_w) * c.in_c + c0;
    if (step == group_c && in.begin < in.end) {
      widen_one(to + 4 * in.begin * group_c, x, (in.end - in.begin) * group_c / 4);
    } else {
      for (int32_t kx = in.begin; kx < in.end; ++kx, x += step)
        widen_one(to + 4 * kx * group_c, x, group_c / 4);
    }
  }
}

// Two windows of three rows of nine inputs, the second one `next` bytes behind the first, as in the
// first layer of most image networks: without staging them, a fifth of the cycles. Reads one byte
// behind the last window.
MOTE_DSP_SHARED void widen_nines(int8_t* to, const int8_t* const* rows, int32_t at, int32_t next) {
  const int8_t *x = rows[0] + at, *y = rows[1] + at, *z = rows[2] + at;
  const auto last_of_row = [](const int8_t* end, const int8_t* begin) {
    return static_cast<uint8_t>(end[8]) | load_word(begin) << 8;
  };
  const auto last_two_of_row = [](const int8_t* end, const int8_t* begin) {
    uint16_t two;
    memcpy(&two, end + 7, 2);
    return two | load_word(begin) << 16;
  };
  widen_quads(to, load_word(x), load_word(x + next));
  widen_quads(to, load_word(x + 4), load_word(x + next + 4));
  widen_quads(to, last_of_row(x, y), last_of_row(x + next, y + next));
  widen_quads(to, load_word(y + 3), load_word(y + next + 3));
  widen_quads(to, last_two_of_row(y, z), last_two_of_row(y + next, z + next));
  widen_quads(to, load_word(z + 2), load_word(z + next + 2));
  widen_quads(to, load_word(z + 6), load_word(z + next + 6));
}

// An output row, one group. Scratch: as multiply_pixels.
MOTE_DSP_SHARED void convolve_row(const DspConv& c, const Matrix& g, const int8_t* const* rows,
                                  int32_t c0, int8_t* y, int8_t* scratch) {
  const int32_t group_c = c.group_c, step = c.dilation_w * c.in_c, quads = g.quads;
  const int32_t pieces = step == group_c ? 1 : c.kernel_w;
  const int32_t piece_quads = c.kernel_w * group_c / pieces / 4;
  // Where windows come in words, only the last pixel of an odd number is staged, and alone.
  int8_t *const staged = scratch, *const widened = scratch + (group_c % 4 == 0 ? 0 : 8 * quads);
  const bool nines = c.kernel_h == 3 && c.kernel_w * group_c == 9 && step == group_c &&
                     rows[0] != nullptr && rows[1] != nullptr && rows[2] != nullptr;
  // Where the second of two windows begins at last, such that a byte more can be read.
  const int32_t nines_last = nines ? c.in_w * c.in_c - 10 : -1, next = c.stride_w * group_c;
  int32_t at = -c.pad_left * group_c;
  for (int32_t ox = 0; ox < c.out_w; ox += 2, y += 2 * g.y_step, at += 2 * next) {
    for (; at >= 0 && at + next <= nines_last && ox + 1 < c.out_w; ox += 2, at += 2 * next) {
      widen_nines(widened, rows, at, next);
      multiply_pair(g, widened, y);
      y += 2 * g.y_step;
    }
    if (ox == c.out_w) return;
    const Window a(c, ox);
    if (ox + 1 == c.out_w) {
      stage(c, rows, a, c0, staged);
      multiply_one(g, staged, y);
      return;
    }
    const Window b(c, ox + 1);
    if (group_c % 4 != 0) {
      stage(c, rows, a, c0, staged);
      stage(c, rows, b, c0, staged + 4 * quads);
      widen_pair(widened, staged, staged + 4 * quads, quads);
    } else if (a.whole(c) && b.whole(c)) {
      int8_t* to = widened;
      for (int32_t ky = 0; ky < c.kernel_h; ++ky) {
        if (rows[ky] == nullptr) {
          fill_one(to, c.pad_value, c.kernel_w * group_c / 4);
          fill_one(to + 4, c.pad_value, c.kernel_w * group_c / 4);
          to += 4 * c.kernel_w * group_c;
          continue;
        }
        const int8_t* x = rows[ky] + a.x * c.in_c + c0;
        for (int32_t i = 0; i < pieces; ++i, x += step)
          to = widen_pair(to, x, x + c.stride_w * c.in_c, piece_quads);
      }
    } else {
      widen_window(c, rows, a, c0, widened);
      widen_window(c, rows, b, c0, widened + 4);
    }
    multiply_pair(g, widened, y);
  }
}

}  // namespace dsp

#endif  // __ARM_FEATURE_DSP

}  // namespace mote::isa
