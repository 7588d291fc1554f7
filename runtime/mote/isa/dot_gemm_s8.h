// The inner loops of products of matrices by SDOT, in assembly: GCC 12 loads the weights of 16
// inputs before it uses the first, which spills, and takes 0.110 instructions per multiplication on
// ResNet8 where these take 0.079.
#pragma once
#include "neon_gemm_s8.h"

#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

namespace mote::isa::neon {

// Sums A to A + 3 of a pixel += weights W to W + 3 by the four inputs in `lane` of X.
#define MOTE_SDOT(A0, A1, A2, A3, W0, W1, W2, W3, X, lane) \
  "sdot v" #A0 ".4s, v" #W0 ".16b, v" #X ".4b[" #lane      \
  "]\n\t"                                                  \
  "sdot v" #A1 ".4s, v" #W1 ".16b, v" #X ".4b[" #lane      \
  "]\n\t"                                                  \
  "sdot v" #A2 ".4s, v" #W2 ".16b, v" #X ".4b[" #lane      \
  "]\n\t"                                                  \
  "sdot v" #A3 ".4s, v" #W3 ".16b, v" #X ".4b[" #lane "]\n\t"
// The same for four pixels, whose inputs are in X0 to X3; weights in v24 to v27, or v28 to v31.
#define MOTE_SDOT_A(X0, X1, X2, X3, lane)           \
  MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, X0, lane)   \
  MOTE_SDOT(4, 5, 6, 7, 24, 25, 26, 27, X1, lane)   \
  MOTE_SDOT(8, 9, 10, 11, 24, 25, 26, 27, X2, lane) \
  MOTE_SDOT(12, 13, 14, 15, 24, 25, 26, 27, X3, lane)
#define MOTE_SDOT_B(X0, X1, X2, X3, lane)           \
  MOTE_SDOT(0, 1, 2, 3, 28, 29, 30, 31, X0, lane)   \
  MOTE_SDOT(4, 5, 6, 7, 28, 29, 30, 31, X1, lane)   \
  MOTE_SDOT(8, 9, 10, 11, 28, 29, 30, 31, X2, lane) \
  MOTE_SDOT(12, 13, 14, 15, 28, 29, 30, 31, X3, lane)
#define MOTE_LOAD_A "ld1 {v24.16b-v27.16b}, [%[w]], #64\n\t"
#define MOTE_LOAD_B "ld1 {v28.16b-v31.16b}, [%[w]], #64\n\t"

// Sums A to D of a pixel become 16 results in A: multiplied by v16 to v19, with the zero point.
#define MOTE_RESULTS(A, B, C, D) \
  "sqrdmulh v" #A ".4s, v" #A    \
  ".4s, v16.4s\n\t"              \
  "sqrdmulh v" #B ".4s, v" #B    \
  ".4s, v17.4s\n\t"              \
  "sqrdmulh v" #C ".4s, v" #C    \
  ".4s, v18.4s\n\t"              \
  "sqrdmulh v" #D ".4s, v" #D    \
  ".4s, v19.4s\n\t"              \
  "sqxtn v" #A ".4h, v" #A       \
  ".4s\n\t"                      \
  "sqxtn v" #C ".4h, v" #C       \
  ".4s\n\t"                      \
  "sqxtn2 v" #A ".8h, v" #B      \
  ".4s\n\t"                      \
  "sqxtn2 v" #C ".8h, v" #D      \
  ".4s\n\t"                      \
  "sqadd v" #A ".8h, v" #A       \
  ".8h, v21.8h\n\t"              \
  "sqadd v" #C ".8h, v" #C       \
  ".8h, v21.8h\n\t"              \
  "sqxtn v" #A ".8b, v" #A       \
  ".8h\n\t"                      \
  "sqxtn2 v" #A ".16b, v" #C ".8h\n\t"
#define MOTE_SHIFT(A, B, C, D) \
  "sshl v" #A ".4s, v" #A      \
  ".4s, v22.4s\n\t"            \
  "sshl v" #B ".4s, v" #B      \
  ".4s, v22.4s\n\t"            \
  "sshl v" #C ".4s, v" #C      \
  ".4s, v22.4s\n\t"            \
  "sshl v" #D ".4s, v" #D ".4s, v22.4s\n\t"
#define MOTE_MULTIPLIERS           \
  "dup v21.8h, %w[zero_point]\n\t" \
  "ld1 {v16.4s-v19.4s}, [%[mult]]\n\t"
#define MOTE_HALVED_MULTIPLIERS        \
  "dup v20.4s, %w[halving]\n\t"        \
  "dup v21.8h, %w[zero_point]\n\t"     \
  "ld1 {v16.4s-v19.4s}, [%[mult]]\n\t" \
  "sshl v16.4s, v16.4s, v20.4s\n\t"    \
  "sshl v17.4s, v17.4s, v20.4s\n\t"    \
  "sshl v18.4s, v18.4s, v20.4s\n\t"    \
  "sshl v19.4s, v19.4s, v20.4s\n\t"

// 16 channels of 4 pixels, but for the clamps. x has four pointers for each segment of inputs, see
// Matrix; multipliers are halved if the shift is 0. Returns where the weights end.
MOTE_INLINE const int8_t* dot_tile(int8x16_t (&result)[4], const int8_t* const* x, const Matrix& g,
                                   const int8_t* w, const int32_t* bias, const int32_t* mult) {
  int32_t segments = g.segments;
  const int32_t shift = g.store.shift - 1;
  register int8x16_t r0 asm("v0");
  register int8x16_t r4 asm("v4");
  register int8x16_t r8 asm("v8");
  register int8x16_t r12 asm("v12");
  asm("ld1 {v0.4s-v3.4s}, [%[bias]]\n\t"
      "ld1 {v4.4s-v7.4s}, [%[bias]]\n\t"
      "ld1 {v8.4s-v11.4s}, [%[bias]]\n\t"
      "ld1 {v12.4s-v15.4s}, [%[bias]]\n"
      "1:\n\t"  // a segment
      "ldp x9, x10, [%[x]], #16\n\t"
      "ldp x11, x12, [%[x]], #16\n\t"
      "subs %w[segments], %w[segments], #1\n\t"
      "csel w13, %w[last], %w[length], eq\n\t"
      "lsr w14, w13, #5\n\t"
      "cbz w14, 3f\n"
      "2:\n\t"  // 32 inputs
      "ldp q16, q20, [x9], #32\n\t" MOTE_LOAD_A
      "ldp q17, q21, [x10], #32\n\t"
      "ldp q18, q22, [x11], #32\n\t"
      "ldp q19, q23, [x12], #32\n\t" MOTE_LOAD_B
      MOTE_SDOT_A(16, 17, 18, 19, 0) MOTE_LOAD_A
      MOTE_SDOT_B(16, 17, 18, 19, 1) MOTE_LOAD_B
      MOTE_SDOT_A(16, 17, 18, 19, 2) MOTE_LOAD_A
      MOTE_SDOT_B(16, 17, 18, 19, 3) MOTE_LOAD_B
      MOTE_SDOT_A(20, 21, 22, 23, 0) MOTE_LOAD_A
      MOTE_SDOT_B(20, 21, 22, 23, 1) MOTE_LOAD_B
      MOTE_SDOT_A(20, 21, 22, 23, 2)
      "subs w14, w14, #1\n\t"
      MOTE_SDOT_B(20, 21, 22, 23, 3)
      "b.ne 2b\n"
      "3:\n\t"
      "tbz w13, #4, 7f\n\t"  // 16 inputs
      "ldr q16, [x9], #16\n\t" MOTE_LOAD_A
      "ldr q17, [x10], #16\n\t"
      "ldr q18, [x11], #16\n\t"
      "ldr q19, [x12], #16\n\t" MOTE_LOAD_B
      MOTE_SDOT_A(16, 17, 18, 19, 0) MOTE_LOAD_A
      MOTE_SDOT_B(16, 17, 18, 19, 1) MOTE_LOAD_B
      MOTE_SDOT_A(16, 17, 18, 19, 2)
      MOTE_SDOT_B(16, 17, 18, 19, 3)
      "7:\n\t"
      "ands w14, w13, #15\n\t"
      "b.eq 5f\n"
      "4:\n\t"  // 4 inputs
      "ldr s16, [x9], #4\n\t" MOTE_LOAD_A
      "ldr s17, [x10], #4\n\t"
      "ldr s18, [x11], #4\n\t"
      "ldr s19, [x12], #4\n\t"
      "subs w14, w14, #4\n\t"
      MOTE_SDOT_A(16, 17, 18, 19, 0)
      "b.gt 4b\n"
      "5:\n\t"
      "cbnz %w[segments], 1b\n\t"
      MOTE_MULTIPLIERS
      "cmp %w[shift], #0\n\t"
      "b.le 6f\n\t"
      "dup v22.4s, %w[shift]\n\t"
      MOTE_SHIFT(0, 1, 2, 3) MOTE_SHIFT(4, 5, 6, 7)
      MOTE_SHIFT(8, 9, 10, 11) MOTE_SHIFT(12, 13, 14, 15)
      "6:\n\t"
      MOTE_RESULTS(0, 1, 2, 3) MOTE_RESULTS(4, 5, 6, 7)
      MOTE_RESULTS(8, 9, 10, 11) MOTE_RESULTS(12, 13, 14, 15)
      : [w] "+r"(w), [x] "+r"(x), [segments] "+r"(segments), "=&w"(r0), "=&w"(r4), "=&w"(r8),
        "=&w"(r12)
      : [length] "r"(g.length), [last] "r"(g.last), [bias] "r"(bias), [mult] "r"(mult),
        [shift] "r"(shift), [zero_point] "r"(g.store.zp)
      : "x9", "x10", "x11", "x12", "x13", "x14", "v1", "v2", "v3", "v5", "v6", "v7", "v9", "v10",
        "v11", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
  result[0] = r0, result[1] = r4, result[2] = r8, result[3] = r12;
  return w;
}

// The same for one pixel, with multipliers as the layer has them.
MOTE_INLINE const int8_t* dot_tile(int8x16_t (&result)[1], const int8_t* const* x, const Matrix& g,
                                   const int8_t* w, const int32_t* bias, const int32_t* mult) {
  int32_t segments = g.segments;
  const int32_t shift = g.store.shift - 1;
  register int8x16_t r0 asm("v0");
  asm("ld1 {v0.4s-v3.4s}, [%[bias]]\n"
      "1:\n\t"
      "ldr x9, [%[x]], #32\n\t"
      "subs %w[segments], %w[segments], #1\n\t"
      "csel w13, %w[last], %w[length], eq\n\t"
      "lsr w14, w13, #4\n\t"
      "cbz w14, 3f\n"
      "2:\n\t"
      "ldr q16, [x9], #16\n\t"
      MOTE_LOAD_A
      MOTE_LOAD_B
      MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, 16, 0)
      MOTE_LOAD_A
      MOTE_SDOT(0, 1, 2, 3, 28, 29, 30, 31, 16, 1)
      MOTE_LOAD_B
      MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, 16, 2)
      "subs w14, w14, #1\n\t"
      MOTE_SDOT(0, 1, 2, 3, 28, 29, 30, 31, 16, 3)
      "b.ne 2b\n"
      "3:\n\t"
      "ands w14, w13, #15\n\t"
      "b.eq 5f\n"
      "4:\n\t"
      "ldr s16, [x9], #4\n\t"
      MOTE_LOAD_A
      "subs w14, w14, #4\n\t"
      MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, 16, 0)
      "b.gt 4b\n"
      "5:\n\t"
      "cbnz %w[segments], 1b\n\t"
      MOTE_HALVED_MULTIPLIERS
      "cmp %w[shift], #0\n\t"
      "b.le 6f\n\t"
      "dup v22.4s, %w[shift]\n\t"
      MOTE_SHIFT(0, 1, 2, 3)
      "6:\n\t"
      MOTE_RESULTS(0, 1, 2, 3)
      : [w] "+r"(w), [x] "+r"(x), [segments] "+r"(segments), "=&w"(r0)
      : [length] "r"(g.length), [last] "r"(g.last), [bias] "r"(bias), [mult] "r"(mult),
        [shift] "r"(shift), [halving] "r"(shift < 0 ? shift : 0), [zero_point] "r"(g.store.zp)
      : "x9", "x13", "x14", "v1", "v2", "v3", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
        "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
  result[0] = r0;
  return w;
}

#undef MOTE_SDOT_A
#undef MOTE_SDOT_B
#undef MOTE_LOAD_A
#undef MOTE_LOAD_B
#undef MOTE_SDOT
#undef MOTE_RESULTS
#undef MOTE_SHIFT
#undef MOTE_MULTIPLIERS
#undef MOTE_HALVED_MULTIPLIERS

}  // namespace mote::isa::neon

#endif
