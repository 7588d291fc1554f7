// The inner loops of products of matrices without dot products. Weights are blocks of four channels
// by 16 inputs; a sum's four lanes are added up at the end.
#pragma once
#include "neon_gemm_s8.h"

#if defined(__ARM_NEON)

namespace mote::isa::neon {

// Blocks of four channels that a tile takes at once, and the tile of one pixel.
#if defined(__aarch64__)
constexpr int32_t kBlocksOfTile = 2, kBlocksOfPixel = 2;
#else
constexpr int32_t kBlocksOfTile = 1, kBlocksOfPixel = 1;
#endif

#if defined(__aarch64__)

// In assembly, because from intrinsics GCC 12 makes all the products of a tile before it adds the
// first, and spills sums: 0.37 instructions per multiplication instead of 0.22.

// v24 to v27 = the products of the first 8 inputs X and weights W0 to W3.
#define MOTE_LOW_PRODUCTS(X, W0, W1, W2, W3) \
  "smull v24.8h, v" #X ".8b, v" #W0          \
  ".8b\n\t"                                  \
  "smull v25.8h, v" #X ".8b, v" #W1          \
  ".8b\n\t"                                  \
  "smull v26.8h, v" #X ".8b, v" #W2          \
  ".8b\n\t"                                  \
  "smull v27.8h, v" #X ".8b, v" #W3 ".8b\n\t"
// Sums S0 to S3 of a pixel += (ADD "sadalp") or = ("saddlp") the products in v24 to v27.
#define MOTE_ADD_PRODUCTS(ADD, S0, S1, S2, S3)                                                     \
  ADD " v" #S0 ".4s, v24.8h\n\t" ADD " v" #S1 ".4s, v25.8h\n\t" ADD " v" #S2 ".4s, v26.8h\n\t" ADD \
      " v" #S3 ".4s, v27.8h\n\t"
// The same with the products of 16 inputs X and weights W0 to W3, or of 8.
#define MOTE_PRODUCTS_16(ADD, S0, S1, S2, S3, X, W0, W1, W2, W3) \
  MOTE_LOW_PRODUCTS(X, W0, W1, W2, W3)                           \
  "smlal2 v24.8h, v" #X ".16b, v" #W0                            \
  ".16b\n\t"                                                     \
  "smlal2 v25.8h, v" #X ".16b, v" #W1                            \
  ".16b\n\t"                                                     \
  "smlal2 v26.8h, v" #X ".16b, v" #W2                            \
  ".16b\n\t"                                                     \
  "smlal2 v27.8h, v" #X ".16b, v" #W3 ".16b\n\t" MOTE_ADD_PRODUCTS(ADD, S0, S1, S2, S3)
#define MOTE_PRODUCTS_8(S0, S1, S2, S3, X, W0, W1, W2, W3) \
  MOTE_LOW_PRODUCTS(X, W0, W1, W2, W3)                     \
  MOTE_ADD_PRODUCTS("sadalp", S0, S1, S2, S3)
// S = the four sums of products where there are no more than 8 inputs.
#define MOTE_PRODUCTS_ONLY_8(S, X, W0, W1, W2, W3) \
  MOTE_LOW_PRODUCTS(X, W0, W1, W2, W3)             \
  "addp v24.8h, v24.8h, v25.8h\n\t"                \
  "addp v26.8h, v26.8h, v27.8h\n\t"                \
  "saddlp v24.4s, v24.8h\n\t"                      \
  "saddlp v26.4s, v26.8h\n\t"                      \
  "addp v" #S ".4s, v24.4s, v26.4s\n\t"
// Sums begin with the bias in one of their lanes.
#define MOTE_BIASES(A, B, C, D) \
  "ldr s" #A                    \
  ", [%[bias]]\n\t"             \
  "ldr s" #B                    \
  ", [%[bias], #4]\n\t"         \
  "ldr s" #C                    \
  ", [%[bias], #8]\n\t"         \
  "ldr s" #D ", [%[bias], #12]\n\t"
#define MOTE_ACROSS(TO, A, B, C, D)   \
  "addp v" #A ".4s, v" #A ".4s, v" #B \
  ".4s\n\t"                           \
  "addp v" #C ".4s, v" #C ".4s, v" #D \
  ".4s\n\t"                           \
  "addp v" #TO ".4s, v" #A ".4s, v" #C ".4s\n\t"
#define MOTE_LOAD_16                       \
  "ld1 {v16.16b-v19.16b}, [%[w]], #64\n\t" \
  "ldr q20, [x9], #16\n\t"                 \
  "ldr q21, [x10], #16\n\t"                \
  "ldr q22, [x11], #16\n\t"                \
  "ldr q23, [x12], #16\n\t"
#define MOTE_LOAD_8                        \
  "ld1 {v16.16b-v19.16b}, [%[w]], #64\n\t" \
  "ldr d20, [x9]\n\t"                      \
  "ldr d21, [x10]\n\t"                     \
  "ldr d22, [x11]\n\t"                     \
  "ldr d23, [x12]\n\t"
#define MOTE_TILE_16(ADD)                                 \
  MOTE_PRODUCTS_16(ADD, 0, 1, 2, 3, 20, 16, 17, 18, 19)   \
  MOTE_PRODUCTS_16(ADD, 4, 5, 6, 7, 21, 16, 17, 18, 19)   \
  MOTE_PRODUCTS_16(ADD, 8, 9, 10, 11, 22, 16, 17, 18, 19) \
  MOTE_PRODUCTS_16(ADD, 12, 13, 14, 15, 23, 16, 17, 18, 19)
// The pointers of a segment, and in w14 its steps of 16.
#define MOTE_SEGMENT                        \
  "ldp x9, x10, [%[x]], #16\n\t"            \
  "ldp x11, x12, [%[x]], #16\n\t"           \
  "subs %w[segments], %w[segments], #1\n\t" \
  "csel w13, %w[last], %w[length], eq\n\t"  \
  "add w14, w13, #7\n\t"                    \
  "lsr w14, w14, #4\n\t"

// sum[i] = the products of pixel i and eight channels, or, if not `both`, four. x has four pointers
// for each segment of inputs, see Matrix; only the last one may be shorter than 9.
MOTE_INLINE void products(int32x4_t (&sum)[4][2], const int8_t* const* x, const Matrix& g,
                          const int8_t* w, bool both) {
  int32_t segments = g.segments;
  const int8_t* const* const pointers = x;
  register int32x4_t a0 asm("v0");
  register int32x4_t a4 asm("v4");
  register int32x4_t a8 asm("v8");
  register int32x4_t a12 asm("v12");
  register int32x4_t b0 asm("v28");
  register int32x4_t b1 asm("v29");
  register int32x4_t b2 asm("v30");
  register int32x4_t b3 asm("v31");
  asm("mov w15, #0\n"
      "1:\n\t"
      MOTE_SEGMENT
      "cbz w14, 6f\n\t"
      MOTE_LOAD_16 MOTE_TILE_16("saddlp")
      "subs w14, w14, #1\n\t"
      "b.eq 3f\n"
      "2:\n\t"
      MOTE_LOAD_16 MOTE_TILE_16("sadalp")
      "subs w14, w14, #1\n\t"
      "b.ne 2b\n"
      "3:\n\t"
      "sub w14, w13, #1\n\t"
      "tbnz w14, #3, 4f\n\t"  // the last step has 8 inputs, or fewer and zeros
      MOTE_LOAD_8
      MOTE_PRODUCTS_8(0, 1, 2, 3, 20, 16, 17, 18, 19)
      MOTE_PRODUCTS_8(4, 5, 6, 7, 21, 16, 17, 18, 19)
      MOTE_PRODUCTS_8(8, 9, 10, 11, 22, 16, 17, 18, 19)
      MOTE_PRODUCTS_8(12, 13, 14, 15, 23, 16, 17, 18, 19)
      "4:\n\t"
      "cbz %w[segments], 5f\n\t"
      MOTE_SEGMENT
      "cbnz w14, 2b\n\t"
      "b 3b\n"
"5:\n\t"
      "cbnz w15, 7f\n\t"
      MOTE_ACROSS(28, 0, 1, 2, 3) MOTE_ACROSS(29, 4, 5, 6, 7)
      MOTE_ACROSS(30, 8, 9, 10, 11) MOTE_ACROSS(31, 12, 13, 14, 15)
      "b 9f\n"
      "7:\n\t"
      MOTE_ACROSS(0, 0, 1, 2, 3) MOTE_ACROSS(4, 4, 5, 6, 7)
      MOTE_ACROSS(8, 8, 9, 10, 11) MOTE_ACROSS(12, 12, 13, 14, 15)
      "b 10f\n"
      "6:\n\t"
      MOTE_LOAD_8
      "cbnz w15, 8f\n\t"
      MOTE_PRODUCTS_ONLY_8(28, 20, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(29, 21, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(30, 22, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(31, 23, 16, 17, 18, 19)
      "9:\n\t"  // once more for the second block
      "mov w15, #1\n\t"
      "mov %w[segments], %w[all]\n\t"
      "mov %[x], %[pointers]\n\t"
      "cbnz %w[both], 1b\n\t"
      "b 10f\n"
      "8:\n\t"
      MOTE_PRODUCTS_ONLY_8(0, 20, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(4, 21, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(8, 22, 16, 17, 18, 19)
      MOTE_PRODUCTS_ONLY_8(12, 23, 16, 17, 18, 19)
      "10:\n\t"
      : [w] "+&r"(w), [x] "+&r"(x), [segments] "+&r"(segments), "=&w"(a0), "=&w"(a4), "=&w"(a8),
        "=&w"(a12), "=&w"(b0), "=&w"(b1), "=&w"(b2), "=&w"(b3)
      : [length] "r"(g.length), [last] "r"(g.last), [all] "r"(g.segments),
        [pointers] "r"(pointers), [both] "r"(static_cast<int32_t>(both))
      : "x9", "x10", "x11", "x12", "x13", "x14", "x15", "v1", "v2", "v3", "v5", "v6", "v7", "v9",
        "v10", "v11", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
        "v24", "v25", "v26", "v27", "cc", "memory");
  sum[0][0] = b0, sum[1][0] = b1, sum[2][0] = b2, sum[3][0] = b3;
  sum[0][1] = a0, sum[1][1] = a4, sum[2][1] = a8, sum[3][1] = a12;
}

// One pixel by two blocks of channels, `block` bytes apart.
MOTE_INLINE void products(int32x4_t (&sum)[2], const int8_t* const* x, const Matrix& g,
                          const int8_t* w, int32_t block, const int32_t* bias) {
  int32_t segments = g.segments;
  const int8_t* second = w + block;
  register int32x4_t a0 asm("v0");
  register int32x4_t a4 asm("v4");
  asm(MOTE_BIASES(0, 1, 2, 3)
 "add %[bias], %[bias], #16\n\t" MOTE_BIASES(4, 5, 6, 7)
      "1:\n\t"
      "ldr x9, [%[x]], #32\n\t"
      "subs %w[segments], %w[segments], #1\n\t"
      "csel w13, %w[last], %w[length], eq\n\t"
      "add w14, w13, #7\n\t"
      "lsr w14, w14, #4\n\t"
      "cbz w14, 3f\n"
      "2:\n\t"
      "ldr q20, [x9], #16\n\t"
      "ld1 {v16.16b-v19.16b}, [%[w]], #64\n\t"
      "ld1 {v28.16b-v31.16b}, [%[second]], #64\n\t"
      "subs w14, w14, #1\n\t"
      MOTE_PRODUCTS_16("sadalp", 0, 1, 2, 3, 20, 16, 17, 18, 19)
      MOTE_PRODUCTS_16("sadalp", 4, 5, 6, 7, 20, 28, 29, 30, 31)
      "b.ne 2b\n"
      "3:\n\t"
      "sub w14, w13, #1\n\t"
      "tbnz w14, #3, 4f\n\t"
      "ldr d20, [x9]\n\t"
      "ld1 {v16.16b-v19.16b}, [%[w]], #64\n\t"
      "ld1 {v28.16b-v31.16b}, [%[second]], #64\n\t"
      MOTE_PRODUCTS_8(0, 1, 2, 3, 20, 16, 17, 18, 19)
      MOTE_PRODUCTS_8(4, 5, 6, 7, 20, 28, 29, 30, 31)
      "4:\n\t"
      "cbnz %w[segments], 1b\n\t"
      MOTE_ACROSS(0, 0, 1, 2, 3) MOTE_ACROSS(4, 4, 5, 6, 7)
      : [w] "+r"(w), [second] "+r"(second), [x] "+r"(x), [segments] "+r"(segments), [bias] "+r"(bias), "=&w"(a0),
        "=&w"(a4)
      : [length] "r"(g.length), [last] "r"(g.last)
      : "x9", "x13", "x14", "v1", "v2", "v3", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20",
        "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
  sum[0] = a0, sum[1] = a4;
}

#undef MOTE_LOW_PRODUCTS
#undef MOTE_ADD_PRODUCTS
#undef MOTE_PRODUCTS_16
#undef MOTE_PRODUCTS_8
#undef MOTE_PRODUCTS_ONLY_8
#undef MOTE_BIASES
#undef MOTE_ACROSS
#undef MOTE_LOAD_16
#undef MOTE_LOAD_8
#undef MOTE_TILE_16
#undef MOTE_SEGMENT

#else  // Armv7-A

// sum[i] = the products of pixel i and four channels. x has two pointers for each segment.
template <int32_t MR>
MOTE_INLINE void products(int32x4_t (&sum)[MR][1], const int8_t* const* x, const Matrix& g,
                          const int8_t* w, bool) {
  int32x4_t acc[MR][4];
  MOTE_UNROLL for (auto& row : acc) MOTE_UNROLL for (auto& a : row) a = vdupq_n_s32(0);
  for (int32_t segment = g.segments; segment > 0; segment = opaque(segment - 1), x += 2) {
    const int8_t* xi[MR];
    MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) xi[i] = x[i];
    const int32_t length = segment > 1 ? g.length : g.last;
    for (int32_t steps = (length + 7) >> 4; steps > 0; steps = opaque(steps - 1)) {
      int8x16_t v[MR];
      MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) v[i] = vld1q_s8(xi[i]), xi[i] += 16;
      MOTE_UNROLL for (int32_t j = 0; j < 4; ++j, w += 16) {
        const int8x16_t wj = vld1q_s8(w);
        MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) {
          const int16x8_t low = vmull_s8(vget_low_s8(v[i]), vget_low_s8(wj));
          acc[i][j] = vpadalq_s16(acc[i][j], vmlal_s8(low, vget_high_s8(v[i]), vget_high_s8(wj)));
        }
      }
    }
    if (((length - 1) & 8) == 0) {
      int8x8_t v[MR];
      MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) v[i] = vld1_s8(xi[i]);
      MOTE_UNROLL for (int32_t j = 0; j < 4; ++j, w += 16)
          MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) acc[i][j] =
              vpadalq_s16(acc[i][j], vmull_s8(v[i], vld1_s8(w)));
    }
  }
  MOTE_UNROLL for (int32_t i = 0; i < MR; ++i) {
    int32x2_t half[4];
    MOTE_UNROLL for (int32_t j = 0; j < 4; ++j) half[j] =
        vadd_s32(vget_low_s32(acc[i][j]), vget_high_s32(acc[i][j]));
    sum[i][0] = vcombine_s32(vpadd_s32(half[0], half[1]), vpadd_s32(half[2], half[3]));
  }
}

// One pixel by one block.
MOTE_INLINE void products(int32x4_t (&sum)[1], const int8_t* const* x, const Matrix& g,
                          const int8_t* w, int32_t, const int32_t* bias) {
  int32x4_t one[1][1];
  products(one, x, g, w, false);
  sum[0] = vaddq_s32(one[0][0], vld1q_s32(bias));
}

#endif

}  // namespace mote::isa::neon

#endif  // __ARM_NEON
