// A 3x3 depthwise convolution by SDOT along a row. The three inputs of a column are brought
// together for each channel by TBL (in 32 bits, with one to spare), once for the three outputs that
// need them; an output is then three dot products for every four channels.
//
// In assembly, because GCC 12 moves columns, pointers and weights about: 70 instructions for 16
// outputs where these take 45, and 36 for 8 where these take 30.
#pragma once
#include "neon_depthwise_s8.h"
#include "neon_gemm_s8.h"

#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

namespace mote::isa::neon {

// clang-format off

// The next column of 16 channels becomes C0 to C3: of the rows x0 to x2, or padding.
#define MOTE_COLUMN_16(C0, C1, C2, C3) \
  "cmp %w[ix], %w[in_w]\n\t" \
  "add %w[ix], %w[ix], #1\n\t" \
  "b.lo 1f\n\t" \
  "mov v" C0 ".16b, v28.16b\n\tmov v" C1 ".16b, v28.16b\n\t" \
  "mov v" C2 ".16b, v28.16b\n\tmov v" C3 ".16b, v28.16b\n\t" \
  "b 2f\n" \
  "1:\n\t" \
  "ld1 {v24.16b}, [%[x0]], %[s0]\n\t" \
  "ld1 {v25.16b}, [%[x1]], %[s1]\n\t" \
  "ld1 {v26.16b}, [%[x2]], %[s2]\n\t" \
  "tbl v" C0 ".16b, {v24.16b-v26.16b}, v12.16b\n\t" \
  "tbl v" C1 ".16b, {v24.16b-v26.16b}, v13.16b\n\t" \
  "tbl v" C2 ".16b, {v24.16b-v26.16b}, v14.16b\n\t" \
  "tbl v" C3 ".16b, {v24.16b-v26.16b}, v15.16b\n" \
  "2:\n\t"
#define MOTE_DOTS_16(X0, X1, X2, X3) \
  "sdot v16.4s, v20.16b, v" X0 ".16b\n\tsdot v17.4s, v21.16b, v" X1 ".16b\n\t" \
  "sdot v18.4s, v22.16b, v" X2 ".16b\n\tsdot v19.4s, v23.16b, v" X3 ".16b\n\t"
// An output of 16 channels from three columns; leaves by label 9 if it is the last.
#define MOTE_OUTPUT_16(A0, A1, A2, A3, B0, B1, B2, B3, C0, C1, C2, C3) \
  "ld1 {v16.4s-v19.4s}, [%[bias]]\n\t" \
  "ld1 {v20.16b-v23.16b}, [%[w]]\n\t" \
  MOTE_DOTS_16(A0, A1, A2, A3) \
  "ld1 {v20.16b-v23.16b}, [%[w1]]\n\t" \
  MOTE_DOTS_16(B0, B1, B2, B3) \
  "ld1 {v20.16b-v23.16b}, [%[w2]]\n\t" \
  MOTE_DOTS_16(C0, C1, C2, C3) \
  "cbz %w[shift], 3f\n\t" \
  "sshl v16.4s, v16.4s, v31.4s\n\tsshl v17.4s, v17.4s, v31.4s\n\t" \
  "sshl v18.4s, v18.4s, v31.4s\n\tsshl v19.4s, v19.4s, v31.4s\n" \
  "3:\n\t" \
  "ld1 {v20.4s-v23.4s}, [%[mult]]\n\t" \
  "sqrdmulh v16.4s, v16.4s, v20.4s\n\tsqrdmulh v17.4s, v17.4s, v21.4s\n\t" \
  "sqrdmulh v18.4s, v18.4s, v22.4s\n\tsqrdmulh v19.4s, v19.4s, v23.4s\n\t" \
  "sqxtn v16.4h, v16.4s\n\tsqxtn v18.4h, v18.4s\n\t" \
  "sqxtn2 v16.8h, v17.4s\n\tsqxtn2 v18.8h, v19.4s\n\t" \
  "sqadd v16.8h, v16.8h, v27.8h\n\tsqadd v18.8h, v18.8h, v27.8h\n\t" \
  "sqxtn v16.8b, v16.8h\n\tsqxtn2 v16.16b, v18.8h\n\t" \
  "smax v16.16b, v16.16b, v29.16b\n\tsmin v16.16b, v16.16b, v30.16b\n\t" \
  "st1 {v16.16b}, [%[y]], %[y_step]\n\t" \
  "subs %w[n], %w[n], #1\n\t" \
  "b.eq 9f\n\t"

// The same for 8 channels, whose weights are in v20 to v25, biases in v18 and v19, multipliers in
// v10 and v11.
#define MOTE_COLUMN_8(C0, C1) \
  "cmp %w[ix], %w[in_w]\n\t" \
  "add %w[ix], %w[ix], #1\n\t" \
  "b.lo 1f\n\t" \
  "mov v" C0 ".16b, v28.16b\n\tmov v" C1 ".16b, v28.16b\n\t" \
  "b 2f\n" \
  "1:\n\t" \
  "ld1 {v6.8b}, [%[x0]], %[s0]\n\t" \
  "ld1 {v7.8b}, [%[x1]], %[s1]\n\t" \
  "ld1 {v8.8b}, [%[x2]], %[s2]\n\t" \
  "tbl v" C0 ".16b, {v6.16b-v8.16b}, v12.16b\n\t" \
  "tbl v" C1 ".16b, {v6.16b-v8.16b}, v13.16b\n" \
  "2:\n\t"
#define MOTE_OUTPUT_8(A0, A1, B0, B1, C0, C1) \
  "mov v16.16b, v18.16b\n\tmov v17.16b, v19.16b\n\t" \
  "sdot v16.4s, v20.16b, v" A0 ".16b\n\tsdot v17.4s, v21.16b, v" A1 ".16b\n\t" \
  "sdot v16.4s, v22.16b, v" B0 ".16b\n\tsdot v17.4s, v23.16b, v" B1 ".16b\n\t" \
  "sdot v16.4s, v24.16b, v" C0 ".16b\n\tsdot v17.4s, v25.16b, v" C1 ".16b\n\t" \
  "cbz %w[shift], 3f\n\t" \
  "sshl v16.4s, v16.4s, v31.4s\n\tsshl v17.4s, v17.4s, v31.4s\n" \
  "3:\n\t" \
  "sqrdmulh v16.4s, v16.4s, v10.4s\n\tsqrdmulh v17.4s, v17.4s, v11.4s\n\t" \
  "sqxtn v16.4h, v16.4s\n\tsqxtn2 v16.8h, v17.4s\n\t" \
  "sqadd v16.8h, v16.8h, v27.8h\n\t" \
  "sqxtn v16.8b, v16.8h\n\t" \
  "smax v16.8b, v16.8b, v29.8b\n\tsmin v16.8b, v16.8b, v30.8b\n\t" \
  "st1 {v16.8b}, [%[y]], %[y_step]\n\t" \
  "subs %w[n], %w[n], #1\n\t" \
  "b.eq 9f\n\t"

// Padding, zero point, clamps, shift, and which bytes of three rows make a column.
#define MOTE_CONSTANTS \
  "ld1r {v28.16b}, [%[padding]]\n\t" \
  "dup v27.8h, %w[zp]\n\t" \
  "dup v29.16b, %w[lo]\n\tdup v30.16b, %w[hi]\n\t" \
  "dup v31.4s, %w[shift]\n\t" \
  "ld1 {v12.16b-v15.16b}, [%[together]]\n\t"
#define MOTE_OPERANDS \
  [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2), [ix] "+&r"(ix), [n] "+&r"(n), [y] "+&r"(y) \
      : [s0] "r"(s0), [s1] "r"(s1), [s2] "r"(s2), [in_w] "r"(r.in_w), [w] "r"(r.w), \
        [w1] "r"(r.w + 64), [w2] "r"(r.w + 128), [bias] "r"(r.bias), [mult] "r"(r.mult.mult), \
        [y_step] "r"(y_step), [shift] "r"(store.shift > 1 ? store.shift - 1 : 0), \
        [zp] "r"(store.zp), [lo] "r"(store.lo), [hi] "r"(store.hi), [padding] "r"(r.padding), \
        [together] "r"(kTogether) \
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", \
        "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", \
        "v27", "v28", "v29", "v30", "v31", "cc", "memory"

// clang-format on

alignas(16) inline constexpr uint8_t kTogether[64] = {
    0,  16, 32, 0,  1,  17, 33, 1,  2,  18, 34, 2,  3,  19, 35, 3,   //
    4,  20, 36, 4,  5,  21, 37, 5,  6,  22, 38, 6,  7,  23, 39, 7,   //
    8,  24, 40, 8,  9,  25, 41, 9,  10, 26, 42, 10, 11, 27, 43, 11,  //
    12, 28, 44, 12, 13, 29, 45, 13, 14, 30, 46, 14, 15, 31, 47, 15};

// 16 channels, or 8: the 8 bytes of an output are stored as a whole.
template <int32_t Lanes>
MOTE_INLINE void slide(const Store& store, const Run& r) {
  const int8_t *x0 = r.rows[0], *x1 = r.rows[1], *x2 = r.rows[2];
  const ptrdiff_t s0 = r.steps[0], s1 = r.steps[1], s2 = r.steps[2], y_step = r.channels;
  int8_t* y = r.y;
  int32_t ix = r.ix, n = r.count;
  // Columns before the first one are padding, and what x0 to x2 point to is the first.
  if constexpr (Lanes == 16) {
    if (r.stride == 1) {
      asm volatile(MOTE_CONSTANTS                       //
          MOTE_COLUMN_16("0", "1", "2", "3")   //
          MOTE_COLUMN_16("4", "5", "6", "7")   //
          "8:\n\t"                             //
          MOTE_COLUMN_16("8", "9", "10", "11")  //
          MOTE_OUTPUT_16("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
          MOTE_COLUMN_16("0", "1", "2", "3")
          MOTE_OUTPUT_16("4", "5", "6", "7", "8", "9", "10", "11", "0", "1", "2", "3")
          MOTE_COLUMN_16("4", "5", "6", "7")
          MOTE_OUTPUT_16("8", "9", "10", "11", "0", "1", "2", "3", "4", "5", "6", "7")
          "b 8b\n"
          "9:\n\t"
          : MOTE_OPERANDS);
    } else {
      asm volatile(MOTE_CONSTANTS                      //
          MOTE_COLUMN_16("0", "1", "2", "3")  //
          "8:\n\t"                            //
          MOTE_COLUMN_16("4", "5", "6", "7")  //
          MOTE_COLUMN_16("8", "9", "10", "11")
          MOTE_OUTPUT_16("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
          MOTE_COLUMN_16("4", "5", "6", "7")
          MOTE_COLUMN_16("0", "1", "2", "3")
          MOTE_OUTPUT_16("8", "9", "10", "11", "4", "5", "6", "7", "0", "1", "2", "3")
          "b 8b\n"
          "9:\n\t"
          : MOTE_OPERANDS);
    }
  } else {
#define MOTE_KERNEL_8                  \
  "ld1 {v20.16b-v23.16b}, [%[w]]\n\t"  \
  "ld1 {v24.16b-v25.16b}, [%[w1]]\n\t" \
  "ld1 {v18.4s-v19.4s}, [%[bias]]\n\t" \
  "ld1 {v10.4s-v11.4s}, [%[mult]]\n\t"
    if (r.stride == 1) {
      asm volatile(MOTE_CONSTANTS MOTE_KERNEL_8   //
          MOTE_COLUMN_8("0", "1")        //
          MOTE_COLUMN_8("2", "3")        //
          "8:\n\t"                       //
          MOTE_COLUMN_8("4", "5")        //
          MOTE_OUTPUT_8("0", "1", "2", "3", "4", "5")
          MOTE_COLUMN_8("0", "1")        //
          MOTE_OUTPUT_8("2", "3", "4", "5", "0", "1")
          MOTE_COLUMN_8("2", "3")        //
          MOTE_OUTPUT_8("4", "5", "0", "1", "2", "3")
          "b 8b\n"
          "9:\n\t"
          : MOTE_OPERANDS);
    } else {
      asm volatile(MOTE_CONSTANTS MOTE_KERNEL_8   //
          MOTE_COLUMN_8("0", "1")        //
          "8:\n\t"                       //
          MOTE_COLUMN_8("2", "3")        //
          MOTE_COLUMN_8("4", "5")        //
          MOTE_OUTPUT_8("0", "1", "2", "3", "4", "5")
          MOTE_COLUMN_8("2", "3")        //
          MOTE_COLUMN_8("0", "1")        //
          MOTE_OUTPUT_8("4", "5", "2", "3", "0", "1")
          "b 8b\n"
          "9:\n\t"
          : MOTE_OPERANDS);
    }
#undef MOTE_KERNEL_8
  }
}

#undef MOTE_COLUMN_16
#undef MOTE_DOTS_16
#undef MOTE_OUTPUT_16
#undef MOTE_COLUMN_8
#undef MOTE_OUTPUT_8
#undef MOTE_CONSTANTS
#undef MOTE_OPERANDS

}  // namespace mote::isa::neon

#endif
