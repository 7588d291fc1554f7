// A row of a convolution in Helium: patches are gathered four at a time by a loop in assembly, and
// pixels that need no gathering are multiplied where they are.
#pragma once
#include "../window.h"
#include "mve_elementwise_s8.h"
#include "mve_gemm_s8.h"
#include "scalar.h"

#if defined(__ARM_FEATURE_MVE)
namespace mote::isa::mve_conv2d {

// Copies `count` patches of `height` pieces of `n` bytes, `offset` behind each of the rows; a null
// row gives padding. The offset grows by `advance` from patch to patch, and `to` by `skip` more
// than what was copied.
MOTE_MVE_ASSEMBLY inline void copy_patches(int8_t* /*to*/, const int8_t* const* /*rows*/,
                                           int32_t /*offset*/, int32_t /*n*/, int32_t /*height*/,
                                           int32_t /*count*/, int32_t /*advance*/, int32_t /*skip*/,
                                           int32_t /*pad_value*/) {
  __asm__ volatile(
      "push {r4-r10, lr}\n\t"
      "ldrd r6, r7, [sp, #32]\n\t"
      "ldrd r8, r9, [sp, #40]\n\t"
      "ldr r4, [sp, #48]\n\t"
      "rsb r10, r3, #0\n\t"
      "vdup.8 q1, r4\n\t"
      "and r10, r10, #15\n"  // what the last vector of a piece steps too far
      "1:\n\t"
      "mov r5, r1\n\t"
      "mov r12, r6\n"
      "2:\n\t"
      "ldr r4, [r5], #4\n\t"
      "cbz r4, 5f\n\t"
      "add r4, r4, r2\n\t"
      "dlstp.8 lr, r3\n"
      "3:\n\t"
      "vldrb.u8 q0, [r4], #16\n\t"
      "vstrb.8 q0, [r0], #16\n\t"
      "letp lr, 3b\n"
      "4:\n\t"
      "sub r0, r0, r10\n\t"
      "subs r12, r12, #1\n\t"
      "bne 2b\n\t"
      "add r0, r0, r9\n\t"
      "add r2, r2, r8\n\t"
      "subs r7, r7, #1\n\t"
      "bne 1b\n\t"
      "pop {r4-r10, pc}\n"
      "5:\n\t"
      "dlstp.8 lr, r3\n"
      "6:\n\t"
      "vstrb.8 q1, [r0], #16\n\t"
      "letp lr, 6b\n\t"
      "b 4b" ::
          : "memory");
}

struct Window {
  int32_t in_w, in_c, out_w, kernel_h, kernel_w, stride_w, pad_left, pad_value;
};

// A patch that reaches beyond the left or right border.
MOTE_MVE_SHARED inline void border_patch(const Window& v, const int8_t* const* rows, int32_t ox,
                                         int8_t* to) {
  const int32_t ix = ox * v.stride_w - v.pad_left;
  const Range taps = taps_inside(ix, v.kernel_w, 1, v.in_w);
  const int32_t n = v.kernel_w * v.in_c, inside = (taps.end - taps.begin) * v.in_c;
  for (int32_t ky = 0; ky < v.kernel_h; ++ky, to += n) {
    mve_elementwise::fill(to, v.pad_value, n);
    if (rows[ky] == nullptr) continue;
    mve_elementwise::copy(to + taps.begin * v.in_c, rows[ky] + (ix + taps.begin) * v.in_c, inside);
  }
}

// `whole` as in mve_gemm::multiply.
template <bool kWhole>
MOTE_MVE_SHARED inline void convolve_row(const Window& v, const mve_gemm::Matrix& g,
                                         const int8_t* const* rows, int8_t* y, int32_t patch_rows,
                                         int32_t patch_step, int8_t* scratch) {
  const Range inside = outputs_inside(v.in_w, v.out_w, v.kernel_w, v.stride_w, 1, v.pad_left);
  const int32_t n = v.kernel_w * v.in_c, advance = v.stride_w * v.in_c;
  MOTE_NO_UNROLL for (int32_t ox = 0; ox < v.out_w;) {
    // Outputs inside of a kernel of one row need no patches.
    const bool middle = ox >= inside.begin && ox < inside.end;
    if (v.kernel_h == 1 && middle && rows[0] != nullptr) {
      const int32_t count = inside.end - ox;
      mve_gemm::multiply<kWhole>(g, rows[0] + (ox * v.stride_w - v.pad_left) * v.in_c, advance,
                                 count, y + ox * g.y_step);
      ox = inside.end;
      continue;
    }
    const int32_t count = v.out_w - ox < patch_rows ? v.out_w - ox : patch_rows;
    MOTE_NO_UNROLL for (int32_t i = 0; i < count;) {
      const int32_t at = ox + i;
      int8_t* const to = scratch + i * patch_step;
      int32_t run = 1;
      if (at >= inside.begin && at < inside.end) {
        run = inside.end - at < count - i ? inside.end - at : count - i;
        copy_patches(to, rows, (at * v.stride_w - v.pad_left) * v.in_c, n, v.kernel_h, run, advance,
                     patch_step - v.kernel_h * n, v.pad_value);
      } else {
        border_patch(v, rows, at, to);
      }
      i += run;
    }
    mve_gemm::multiply<kWhole>(g, scratch, patch_step, count, y + ox * g.y_step);
    ox += count;
  }
}

}  // namespace mote::isa::mve_conv2d
#endif
