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
#define MOTE_SDOT_PIXELS(W0, W1, W2, W3, lane)      \
  MOTE_SDOT(0, 1, 2, 3, W0, W1, W2, W3, 16, lane)   \
  MOTE_SDOT(4, 5, 6, 7, W0, W1, W2, W3, 17, lane)   \
  MOTE_SDOT(8, 9, 10, 11, W0, W1, W2, W3, 18, lane) \
  MOTE_SDOT(12, 13, 14, 15, W0, W1, W2, W3, 19, lane)

// acc = bias + the products of 4 pixels and 16 channels. x has four pointers for each segment of
// inputs, see Matrix. Returns where the weights end.
MOTE_INLINE const int8_t* dot_products(int32x4_t (&acc)[4][4], const int8_t* const* x,
                                       int32_t segments, int32_t length, int32_t last,
                                       const int8_t* w, const int32_t* bias) {
  register int32x4_t a0 asm("v0");
  register int32x4_t a1 asm("v1");
  register int32x4_t a2 asm("v2");
  register int32x4_t a3 asm("v3");
  register int32x4_t a4 asm("v4");
  register int32x4_t a5 asm("v5");
  register int32x4_t a6 asm("v6");
  register int32x4_t a7 asm("v7");
  register int32x4_t a8 asm("v8");
  register int32x4_t a9 asm("v9");
  register int32x4_t a10 asm("v10");
  register int32x4_t a11 asm("v11");
  register int32x4_t a12 asm("v12");
  register int32x4_t a13 asm("v13");
  register int32x4_t a14 asm("v14");
  register int32x4_t a15 asm("v15");
  asm("ld1 {v0.4s-v3.4s}, [%[bias]]\n\t"
      "ld1 {v4.4s-v7.4s}, [%[bias]]\n\t"
      "ld1 {v8.4s-v11.4s}, [%[bias]]\n\t"
      "ld1 {v12.4s-v15.4s}, [%[bias]]\n"
      "1:\n\t"  // a segment
      "ldp x9, x10, [%[x]], #16\n\t"
      "ldp x11, x12, [%[x]], #16\n\t"
      "subs %w[segments], %w[segments], #1\n\t"
      "csel w13, %w[last], %w[length], eq\n\t"
      "lsr w14, w13, #4\n\t"
      "cbz w14, 3f\n"
      "2:\n\t"  // 16 inputs
      "ldr q16, [x9], #16\n\t"
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      "ldr q17, [x10], #16\n\t"
      "ldr q18, [x11], #16\n\t"
      "ldr q19, [x12], #16\n\t"
      "ld1 {v24.16b-v27.16b}, [%[w]], #64\n\t"
      MOTE_SDOT_PIXELS(20, 21, 22, 23, 0)
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      MOTE_SDOT_PIXELS(24, 25, 26, 27, 1)
      "ld1 {v24.16b-v27.16b}, [%[w]], #64\n\t"
      MOTE_SDOT_PIXELS(20, 21, 22, 23, 2)
      "subs w14, w14, #1\n\t"
      MOTE_SDOT_PIXELS(24, 25, 26, 27, 3)
      "b.ne 2b\n"
      "3:\n\t"
      "ands w14, w13, #15\n\t"
      "b.eq 5f\n"
      "4:\n\t"  // 4 inputs
      "ldr s16, [x9], #4\n\t"
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      "ldr s17, [x10], #4\n\t"
      "ldr s18, [x11], #4\n\t"
      "ldr s19, [x12], #4\n\t"
      "subs w14, w14, #4\n\t"
      MOTE_SDOT_PIXELS(20, 21, 22, 23, 0)
      "b.gt 4b\n"
      "5:\n\t"
      "cbnz %w[segments], 1b"
      : [w] "+r"(w), [x] "+r"(x), [segments] "+r"(segments), "=w"(a0), "=w"(a1), "=w"(a2),
        "=w"(a3), "=w"(a4), "=w"(a5), "=w"(a6), "=w"(a7), "=w"(a8), "=w"(a9), "=w"(a10),
        "=w"(a11), "=w"(a12), "=w"(a13), "=w"(a14), "=w"(a15)
      : [length] "r"(length), [last] "r"(last), [bias] "r"(bias)
      : "x9", "x10", "x11", "x12", "x13", "x14", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
        "v23", "v24", "v25", "v26", "v27", "cc", "memory");
  acc[0][0] = a0, acc[0][1] = a1, acc[0][2] = a2, acc[0][3] = a3;
  acc[1][0] = a4, acc[1][1] = a5, acc[1][2] = a6, acc[1][3] = a7;
  acc[2][0] = a8, acc[2][1] = a9, acc[2][2] = a10, acc[2][3] = a11;
  acc[3][0] = a12, acc[3][1] = a13, acc[3][2] = a14, acc[3][3] = a15;
  return w;
}

// The same for one pixel.
MOTE_INLINE const int8_t* dot_products(int32x4_t (&acc)[1][4], const int8_t* const* x,
                                       int32_t segments, int32_t length, int32_t last,
                                       const int8_t* w, const int32_t* bias) {
  register int32x4_t a0 asm("v0");
  register int32x4_t a1 asm("v1");
  register int32x4_t a2 asm("v2");
  register int32x4_t a3 asm("v3");
  asm("ld1 {v0.4s-v3.4s}, [%[bias]]\n"
      "1:\n\t"
      "ldr x9, [%[x]], #32\n\t"
      "subs %w[segments], %w[segments], #1\n\t"
      "csel w13, %w[last], %w[length], eq\n\t"
      "lsr w14, w13, #4\n\t"
      "cbz w14, 3f\n"
      "2:\n\t"
      "ldr q16, [x9], #16\n\t"
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      "ld1 {v24.16b-v27.16b}, [%[w]], #64\n\t"
      MOTE_SDOT(0, 1, 2, 3, 20, 21, 22, 23, 16, 0)
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, 16, 1)
      "ld1 {v24.16b-v27.16b}, [%[w]], #64\n\t"
      MOTE_SDOT(0, 1, 2, 3, 20, 21, 22, 23, 16, 2)
      "subs w14, w14, #1\n\t"
      MOTE_SDOT(0, 1, 2, 3, 24, 25, 26, 27, 16, 3)
      "b.ne 2b\n"
      "3:\n\t"
      "ands w14, w13, #15\n\t"
      "b.eq 5f\n"
      "4:\n\t"
      "ldr s16, [x9], #4\n\t"
      "ld1 {v20.16b-v23.16b}, [%[w]], #64\n\t"
      "subs w14, w14, #4\n\t"
      MOTE_SDOT(0, 1, 2, 3, 20, 21, 22, 23, 16, 0)
      "b.gt 4b\n"
      "5:\n\t"
      "cbnz %w[segments], 1b"
      : [w] "+r"(w), [x] "+r"(x), [segments] "+r"(segments), "=w"(a0), "=w"(a1), "=w"(a2),
        "=w"(a3)
      : [length] "r"(length), [last] "r"(last), [bias] "r"(bias)
      : "x9", "x13", "x14", "v16", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "cc",
        "memory");
  acc[0][0] = a0, acc[0][1] = a1, acc[0][2] = a2, acc[0][3] = a3;
  return w;
}

#undef MOTE_SDOT_PIXELS
#undef MOTE_SDOT

}  // namespace mote::isa::neon

#endif
