// Convolution of RvvS8, without groups: an output row by dot products along k or, where k is small,
// by vectors of pixels.
#pragma once
#include "rvv_pixels_s8.h"

namespace mote::isa::rvv {

// A convolution without groups, at run time.
struct Conv {
  int32_t in_w, in_c, out_w, kernel_h, kernel_w, stride, dilation, pad_left, pad_value;
};

MOTE_INLINE void copy_bytes(int8_t* to, const int8_t* from, int32_t n) {
  for (;;) {
    const size_t vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
    __riscv_vse8_v_i8m4(to, __riscv_vle8_v_i8m4(from, vl), vl);
    n -= static_cast<int32_t>(vl);
    if (n == 0) return;
    to += vl, from += vl;
  }
}
MOTE_INLINE void fill_bytes(int8_t* to, int32_t value, int32_t n) {
  for (;;) {
    const size_t vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
    __riscv_vse8_v_i8m4(to, __riscv_vmv_v_x_i8m4(static_cast<int8_t>(value), vl), vl);
    n -= static_cast<int32_t>(vl);
    if (n == 0) return;
    to += vl;
  }
}

// Copies n bytes from each of `count` places.
MOTE_INLINE void copy_windows(int8_t* to, int32_t to_step, const int8_t* from, int32_t from_step,
                              int32_t n, int32_t count) {
  for (;;) {
    const size_t vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
    int8_t* y = to;
    const int8_t* x = from;
    for (int32_t i = count; i > 0; --i, y += to_step, x += from_step) {
      __riscv_vse8_v_i8m4(y, __riscv_vle8_v_i8m4(x, vl), vl);
    }
    n -= static_cast<int32_t>(vl);
    if (n == 0) return;
    to += vl, from += vl;
  }
}

// One output row, without dilation, in patches of up to kPatches pixels. Away from the borders a
// row of all their windows is copied at once, which takes 10 instructions for each of them; at the
// borders, where pixels differ, it is about 20.
constexpr int32_t kPatches = 4;
inline __attribute__((noinline)) void conv_row_by_dots(const Gemm& g, const Conv& c,
                                                       const int8_t* const* in, int8_t* y,
                                                       int8_t* patches) {
  const int32_t bytes = c.kernel_w * c.in_c, pad = c.pad_value, kernel_h = c.kernel_h;
  int32_t ix = -c.pad_left;
  for (int32_t left = c.out_w; left > 0; left -= kPatches, y += kPatches * g.y_step) {
    const int32_t count = left < kPatches ? left : kPatches;
    int8_t* to = patches;
    if (ix >= 0 && ix + (count - 1) * c.stride + c.kernel_w <= c.in_w) {
      const int32_t from = ix * c.in_c;
      for (int32_t ky = 0; ky < kernel_h; ++ky, to += bytes) {
        if (in[ky] != nullptr) {
          copy_windows(to, g.k, in[ky] + from, c.stride * c.in_c, bytes, count);
        } else {
          for (int32_t i = 0; i < count; ++i) fill_bytes(to + i * g.k, pad, bytes);
        }
      }
      gemm_by_dots(g, patches, count, y);
      ix += count * c.stride;
      continue;
    }
    for (int32_t i = 0; i < count; ++i, ix += c.stride) {
      const Range inside = taps_inside(ix, c.kernel_w, 1, c.in_w);
      const int32_t n = (inside.end - inside.begin) * c.in_c, at = inside.begin * c.in_c;
      const int32_t from = ix * c.in_c + at;
      for (int32_t ky = 0; ky < kernel_h; ++ky, to += bytes) {
        const int8_t* x = in[ky];
        if (n < bytes || x == nullptr) fill_bytes(to, pad, bytes);
        if (n > 0 && x != nullptr) copy_bytes(to + at, x + from, n);
      }
    }
    gemm_by_dots(g, patches, count, y);
  }
}

// One output row, in blocks of pixels.
inline __attribute__((noinline)) void conv_row_by_pixels(const Gemm& g, const Conv& c,
                                                         const int8_t* const* in, int8_t* y,
                                                         int32_t lanes) {
  int8_t* rows =
      static_cast<int8_t*>(__builtin_alloca(static_cast<size_t>(((g.k + 3) & ~3) * lanes)));
  for (int32_t ox = 0; ox < c.out_w; ox += lanes, y += lanes * g.y_step) {
    const int32_t count = c.out_w - ox < lanes ? c.out_w - ox : lanes;
    int8_t* to = rows;
    for (int32_t ky = 0; ky < c.kernel_h; ++ky) {
      for (int32_t kx = 0; kx < c.kernel_w; ++kx) {
        const int32_t ix = ox * c.stride - c.pad_left + kx * c.dilation;
        // The pixels of the block whose tap lies inside the image.
        const Range inside =
            in[ky] == nullptr ? Range{0, 0} : taps_inside(ix, count, c.stride, c.in_w);
        const int8_t* x = in[ky] + (ix + inside.begin * c.stride) * c.in_c;
        const size_t vl = static_cast<size_t>(inside.end - inside.begin);
        for (int32_t i = 0; i < c.in_c; ++i, ++x, to += lanes) {
          if (static_cast<int32_t>(vl) < count) {
            __riscv_vse8_v_i8m2(
                to,
                __riscv_vmv_v_x_i8m2(static_cast<int8_t>(c.pad_value), static_cast<size_t>(count)),
                static_cast<size_t>(count));
          }
          __riscv_vse8_v_i8m2(to + inside.begin, __riscv_vlse8_v_i8m2(x, c.stride * c.in_c, vl),
                              vl);
        }
      }
    }
    transposed_pixels(g, rows, lanes, count, y);
  }
}

}  // namespace mote::isa::rvv
