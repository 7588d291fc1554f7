// The matrix-vector product of fully connected layers in Helium.
#pragma once
#include "mve_gemm_s8.h"

#if defined(__ARM_FEATURE_MVE)
namespace mote::isa::mve_gemm {

// Sixteen inputs of one pixel by eight channels, two blocks of four: 17 instructions of 4 bytes.
#define MOTE_MVE_DENSE_DOTS     \
  "vldrb.u8 q1, [r1], #16\n\t"  \
  "vldrb.u8 q2, [r3], #16\n\t"  \
  "vmladava.s8 r0, q0, q1\n\t"  \
  "vldrb.u8 q1, [r1], #16\n\t"  \
  "vmladava.s8 r8, q0, q2\n\t"  \
  "vldrb.u8 q2, [r3], #16\n\t"  \
  "vmladava.s8 r2, q0, q1\n\t"  \
  "vldrb.u8 q1, [r1], #16\n\t"  \
  "vmladava.s8 r10, q0, q2\n\t" \
  "vldrb.u8 q2, [r3], #16\n\t"  \
  "vmladava.s8 r4, q0, q1\n\t"  \
  "vldrb.u8 q1, [r1], #16\n\t"  \
  "vmladava.s8 r12, q0, q2\n\t" \
  "vldrb.u8 q2, [r3], #16\n\t"  \
  "vmladava.s8 r6, q0, q1\n\t"  \
  "vmladava.s8 lr, q0, q2\n\t"
#define MOTE_MVE_DENSE_STEP "vldrb.u8 q0, [r5], #16\n\t" MOTE_MVE_DENSE_DOTS
constexpr int32_t kDenseStepBytes = 68, kDenseLoopBytes = kUnroll * kDenseStepBytes + 8;

// A matrix times one vector x, eight channels at a time up to y_end; `block` is the size of a block
// of weights, `last` the number of inputs behind the whole steps, maybe 0.
MOTE_MVE_ASSEMBLY inline void dense_tiles(const int8_t* /*x*/, const int8_t* /*w*/, int8_t* /*y*/,
                                          const int8_t* /*y_end*/, const int32_t* /*bias*/,
                                          const int32_t* /*mult*/, int32_t /*block*/,
                                          int32_t /*loops*/, int32_t /*entry*/, int32_t /*last*/,
                                          int32_t /*zp*/) {
  // In the frame: x, loops, y_end.
  __asm__ volatile(
      "push {r4-r11, lr}\n\t"
      "vpush {d8-d9}\n\t"
      "sub sp, sp, #12\n\t"
      "ldr r4, [sp, #76]\n\t"
      "strd r0, r4, [sp]\n\t"
      "str r3, [sp, #8]\n\t"
      "movs r0, #0\n\t"
      "mov r11, r2\n\t"
      "vidup.u32 q4, r0, #1\n\t"
      "mov r2, #0x00010001\n\t"
      "vmul.i32 q4, q4, r2\n\t"
      "mov r2, #0x00040000\n\t"
      "vadd.i32 q4, q4, r2\n\t"
      "mov r3, r1\n\t"
      "ldr r7, [sp, #80]\n\t"
      "adr r2, 3f\n\t"
      "add r7, r7, r2\n\t"
      "orr r7, r7, #1\n"
      "1:\n\t"
      "ldr r0, [sp, #72]\n\t"
      "ldr r9, [sp, #64]\n\t"
      "mov r1, r3\n\t"
      "add r3, r3, r0\n\t"
      "ldm r9!, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"
      "ldr r5, [sp]\n\t"
      "str r9, [sp, #64]\n\t"
      "ldr r9, [sp, #4]\n\t"
      "bx r7\n\t"
      ".p2align 2\n"
      "3:\n\t" MOTE_MVE_DENSE_STEP MOTE_MVE_DENSE_STEP MOTE_MVE_DENSE_STEP MOTE_MVE_DENSE_STEP
      "subs r9, r9, #1\n\t"
      "bne.w 3b\n\t"
      "ldr r9, [sp, #84]\n\t"
      "cmp r9, #0\n\t"
      "beq 4f\n\t"
      "vctp.8 r9\n\t"
      "vpst\n\t"
      "vldrbt.u8 q0, [r5], #16\n\t" MOTE_MVE_DENSE_DOTS "4:\n\t" MOTE_MVE_SUMS
      "ldr r0, [sp, #68]\n\t"
      "ldr r2, [sp, #88]\n\t"
      "vldrw.u32 q2, [r0], #16\n\t"
      "vldrw.u32 q3, [r0], #16\n\t"
      "ldr r4, [sp, #8]\n\t"
      "vrmulh.s32 q0, q0, q2\n\t"
      "vrmulh.s32 q1, q1, q3\n\t"
      "str r0, [sp, #68]\n\t"
      "vqmovnb.s32 q0, q0\n\t"
      "vqmovnt.s32 q0, q1\n\t"
      "vqadd.s16 q0, q0, r2\n\t"
      "vqmovnb.s16 q0, q0\n\t"
      "vstrb.16 q0, [r11, q4]\n\t"
      "add r11, r11, #8\n\t"
      "cmp r11, r4\n\t"
      "bne 1b\n\t"
      "add sp, sp, #12\n\t"
      "vpop {d8-d9}\n\t"
      "pop {r4-r11, pc}" ::
          : "memory");
}

}  // namespace mote::isa::mve_gemm
#endif
