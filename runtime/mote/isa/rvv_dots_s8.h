// The tiles of RvvS8's matrix products: dot products along k.
//
// A product of two int8 vectors fills an int16 one, and two of them add up there without overflow,
// because weights are at least -127. So 64 multiply-adds (VLEN 128) take VWMUL, VWMACC and one
// VWREDSUM, at LMUL 2 for the operands and 4 for the products; with one output channel per lane,
// 16 of them take VWMACC.VX and a load of the scalar. Sums leave the registers by a segment store,
// which puts element 0 of up to eight registers side by side.
//
// Inline assembly, because the tiles fill the register file in a way that needs halves of register
// groups and whole-register loads, and every change of the vector type counts.
#pragma once
#include "rvv_store_s8.h"

namespace mote::isa::rvv {

// How k inputs are cut: `steps` of two whole vectors of `half` elements (e8, LMUL 2), then a rest
// of `first` and `second` elements, the latter 0 where one vector takes it. Where the rest is odd,
// the second vector takes in a zero that pads a row of weights.
struct Cut {
  int32_t k, padded, half, steps, first, second;
};
MOTE_INLINE Cut cut(int32_t k) {
  const int32_t half = static_cast<int32_t>(__riscv_vsetvlmax_e8m2());
  const int32_t steps = k / (2 * half), rest = k - steps * 2 * half;
  const int32_t first = rest > half ? (rest + 1) / 2 : rest;
  return {k, (k + 3) & ~3, half, steps, first, rest - first};
}

// clang-format off
#define MOTE_RVV_E8 "vsetvli zero, zero, e8, m2, ta, ma\n\t"
#define MOTE_RVV_E16 "vsetvli zero, zero, e16, m4, ta, ma\n\t"

#define MOTE_RVV_CLOBBERS                                                                        \
  "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",    \
      "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", \
      "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"

// Sums of two pixels by `tiles` times four channels, whose weights are `row` bytes apart, in v24 ..
// v27 and v28 .. v31. Inputs v0 and v4, weights v8, products v12, v16 and v20.
MOTE_INLINE void dots_of_two(const Cut& c, const int8_t* x0, const int8_t* x1, const int8_t* w,
                             int32_t row, int32_t tiles, int32_t* sums0, int32_t* sums1) {
#define MOTE_RVV_LOAD(w)                \
  "vl4re8.v v8, (%[" w "])\n\t"         \
  "add %[" w "], %[" w "], %[step]\n\t"
#define MOTE_RVV_MULTIPLY(p, x, x_next)  \
  "vwmul.vv " p ", " x ", v8\n\t"        \
  "vwmacc.vv " p ", " x_next ", v10\n\t"
#define MOTE_RVV_PIXEL_0(p) MOTE_RVV_MULTIPLY(p, "v0", "v2")
#define MOTE_RVV_PIXEL_1(p) MOTE_RVV_MULTIPLY(p, "v4", "v6")
#define MOTE_RVV_REDUCE(sum, p) "vwredsum.vs " sum ", " p ", " sum "\n\t"
// Channel `w` of a rest in two vectors, with sums `a` and `b`.
#define MOTE_RVV_CHANNEL_REST(w, a, b)   \
  "vle8.v v8, (%[" w "])\n\t"            \
  "add %[" w "], %[" w "], %[first]\n\t" \
  "vle8.v v10, (%[" w "])\n\t"           \
  MOTE_RVV_PIXEL_0("v12")                \
  MOTE_RVV_PIXEL_1("v16")                \
  MOTE_RVV_E16                           \
  MOTE_RVV_REDUCE(a, "v12")              \
  MOTE_RVV_REDUCE(b, "v16")              \
  MOTE_RVV_E8
// Two channels of a rest in one vector.
#define MOTE_RVV_CHANNELS_ONE(w, u, a, b, d, e) \
  "vle8.v v8, (%[" w "])\n\t"                   \
  "vle8.v v10, (%[" u "])\n\t"                  \
  "vwmul.vv v4, v0, v8\n\t"                     \
  "vwmul.vv v12, v2, v8\n\t"                    \
  "vwmul.vv v16, v0, v10\n\t"                   \
  "vwmul.vv v20, v2, v10\n\t"                   \
  MOTE_RVV_E16                                  \
  MOTE_RVV_REDUCE(a, "v4")                      \
  MOTE_RVV_REDUCE(b, "v12")                     \
  MOTE_RVV_REDUCE(d, "v16")                     \
  MOTE_RVV_REDUCE(e, "v20")
  const int8_t *xa, *xb, *w0, *w1, *w2, *w3;
  int32_t left;
  __asm__ volatile(
      "0:\n\t"
      "mv %[w0], %[w]\n\t"
      "add %[w1], %[w], %[row]\n\t"
      "add %[w2], %[w1], %[row]\n\t"
      "add %[w3], %[w2], %[row]\n\t"
      "add %[w], %[w3], %[row]\n\t"
      "mv %[xa], %[x0]\n\t"
      "mv %[xb], %[x1]\n\t"
      "vsetvli %[left], zero, e32, m4, ta, ma\n\t"
      "vmv.v.i v24, 0\n\t"
      "vmv.v.i v28, 0\n\t"
      "beqz %[steps], 2f\n\t"
      "vsetvli %[left], zero, e8, m2, ta, ma\n\t"
      "mv %[left], %[steps]\n"
      "1:\n\t"
      "vl4re8.v v0, (%[xa])\n\t"
      "add %[xa], %[xa], %[step]\n\t"
      "vl4re8.v v4, (%[xb])\n\t"
      "add %[xb], %[xb], %[step]\n\t"
      MOTE_RVV_LOAD("w0")
      MOTE_RVV_E8
      MOTE_RVV_PIXEL_0("v12")
      MOTE_RVV_PIXEL_1("v16")
      MOTE_RVV_LOAD("w1")
      MOTE_RVV_PIXEL_0("v20")
      MOTE_RVV_E16
      MOTE_RVV_REDUCE("v24", "v12")
      MOTE_RVV_REDUCE("v28", "v16")
      MOTE_RVV_REDUCE("v25", "v20")
      MOTE_RVV_E8
      MOTE_RVV_PIXEL_1("v12")
      MOTE_RVV_LOAD("w2")
      MOTE_RVV_PIXEL_0("v16")
      MOTE_RVV_PIXEL_1("v20")
      MOTE_RVV_E16
      MOTE_RVV_REDUCE("v29", "v12")
      MOTE_RVV_REDUCE("v26", "v16")
      MOTE_RVV_REDUCE("v30", "v20")
      MOTE_RVV_LOAD("w3")
      MOTE_RVV_E8
      MOTE_RVV_PIXEL_0("v12")
      MOTE_RVV_PIXEL_1("v16")
      MOTE_RVV_E16
      MOTE_RVV_REDUCE("v27", "v12")
      MOTE_RVV_REDUCE("v31", "v16")
      "addi %[left], %[left], -1\n\t"
      "bnez %[left], 1b\n"
      "2:\n\t"
      "beqz %[first], 4f\n\t"
      "vsetvli zero, %[first], e8, m2, ta, ma\n\t"
      "bnez %[second], 3f\n\t"
      "vle8.v v0, (%[xa])\n\t"
      "vle8.v v2, (%[xb])\n\t"
      MOTE_RVV_CHANNELS_ONE("w0", "w1", "v24", "v28", "v25", "v29")
      MOTE_RVV_E8
      MOTE_RVV_CHANNELS_ONE("w2", "w3", "v26", "v30", "v27", "v31")
      "j 4f\n"
      "3:\n\t"
      "vle8.v v0, (%[xa])\n\t"
      "add %[xa], %[xa], %[first]\n\t"
      "vle8.v v4, (%[xb])\n\t"
      "add %[xb], %[xb], %[first]\n\t"
      "vsetvli zero, %[second], e8, m2, ta, ma\n\t"
      "vle8.v v2, (%[xa])\n\t"
      "vle8.v v6, (%[xb])\n\t"
      "vsetvli zero, %[first], e8, m2, ta, ma\n\t"
      MOTE_RVV_CHANNEL_REST("w0", "v24", "v28")
      MOTE_RVV_CHANNEL_REST("w1", "v25", "v29")
      MOTE_RVV_CHANNEL_REST("w2", "v26", "v30")
      MOTE_RVV_CHANNEL_REST("w3", "v27", "v31")
      "4:\n\t"
      "vsetivli zero, 1, e32, m1, ta, ma\n\t"
      "addi %[tiles], %[tiles], -1\n\t"
      "vsseg4e32.v v24, (%[sums0])\n\t"
      "addi %[sums0], %[sums0], 16\n\t"
      "vsseg4e32.v v28, (%[sums1])\n\t"
      "addi %[sums1], %[sums1], 16\n\t"
      "bnez %[tiles], 0b"
      : [w] "+&r"(w), [tiles] "+&r"(tiles), [sums0] "+&r"(sums0), [sums1] "+&r"(sums1),
        [xa] "=&r"(xa), [xb] "=&r"(xb), [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2),
        [w3] "=&r"(w3), [left] "=&r"(left)
      : [x0] "r"(x0), [x1] "r"(x1), [row] "r"(row), [steps] "r"(c.steps), [first] "r"(c.first),
        [second] "r"(c.second), [step] "r"(2 * c.half)
      : MOTE_RVV_CLOBBERS);
#undef MOTE_RVV_LOAD
#undef MOTE_RVV_MULTIPLY
#undef MOTE_RVV_PIXEL_0
#undef MOTE_RVV_PIXEL_1
#undef MOTE_RVV_REDUCE
#undef MOTE_RVV_CHANNEL_REST
#undef MOTE_RVV_CHANNELS_ONE
}

// Sums of one pixel by eight channels, in v24 .. v31. Inputs v0, weights v4, products v8, v12, v16
// and v20.
MOTE_INLINE void dots_of_one(const Cut& c, const int8_t* x, const int8_t* w0, const int8_t* w1,
                             const int8_t* w2, const int8_t* w3, const int8_t* w4,
                             const int8_t* w5, const int8_t* w6, const int8_t* w7, int32_t* sums) {
#define MOTE_RVV_CHANNEL(w, p)          \
  "vl4re8.v v4, (%[" w "])\n\t"         \
  "add %[" w "], %[" w "], %[step]\n\t" \
  "vwmul.vv " p ", v0, v4\n\t"          \
  "vwmacc.vv " p ", v2, v6\n\t"
#define MOTE_RVV_CHANNEL_REST(w, p)      \
  "vle8.v v4, (%[" w "])\n\t"            \
  "add %[" w "], %[" w "], %[first]\n\t" \
  "vle8.v v6, (%[" w "])\n\t"            \
  "vwmul.vv " p ", v0, v4\n\t"           \
  "vwmacc.vv " p ", v2, v6\n\t"
#define MOTE_RVV_CHANNEL_ONE(w, p) \
  "vle8.v v4, (%[" w "])\n\t"      \
  "vwmul.vv " p ", v0, v4\n\t"
#define MOTE_RVV_FOUR(channel, w, u, y, z)                                            \
  channel(w, "v8") channel(u, "v12") channel(y, "v16") channel(z, "v20") MOTE_RVV_E16
#define MOTE_RVV_REDUCE(a, b, d, e)   \
  "vwredsum.vs " a ", v8, " a "\n\t"  \
  "vwredsum.vs " b ", v12, " b "\n\t" \
  "vwredsum.vs " d ", v16, " d "\n\t" \
  "vwredsum.vs " e ", v20, " e "\n\t"
  int32_t steps = c.steps, all;
  __asm__ volatile(
      "vsetvli %[all], zero, e32, m4, ta, ma\n\t"
      "vmv.v.i v24, 0\n\t"
      "vmv.v.i v28, 0\n\t"
      "beqz %[steps], 2f\n\t"
      "vsetvli %[all], zero, e8, m2, ta, ma\n"
      "1:\n\t"
      "vl4re8.v v0, (%[x])\n\t"
      "add %[x], %[x], %[step]\n\t"
      MOTE_RVV_E8
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL, "w0", "w1", "w2", "w3")
      MOTE_RVV_REDUCE("v24", "v25", "v26", "v27")
      MOTE_RVV_E8
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL, "w4", "w5", "w6", "w7")
      MOTE_RVV_REDUCE("v28", "v29", "v30", "v31")
      "addi %[steps], %[steps], -1\n\t"
      "bnez %[steps], 1b\n"
      "2:\n\t"
      "beqz %[first], 4f\n\t"
      "vsetvli zero, %[first], e8, m2, ta, ma\n\t"
      "bnez %[second], 3f\n\t"
      "vle8.v v0, (%[x])\n\t"
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL_ONE, "w0", "w1", "w2", "w3")
      MOTE_RVV_REDUCE("v24", "v25", "v26", "v27")
      MOTE_RVV_E8
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL_ONE, "w4", "w5", "w6", "w7")
      MOTE_RVV_REDUCE("v28", "v29", "v30", "v31")
      "j 4f\n"
      "3:\n\t"
      "vle8.v v0, (%[x])\n\t"
      "add %[x], %[x], %[first]\n\t"
      "vsetvli zero, %[second], e8, m2, ta, ma\n\t"
      "vle8.v v2, (%[x])\n\t"
      "vsetvli zero, %[first], e8, m2, ta, ma\n\t"
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL_REST, "w0", "w1", "w2", "w3")
      MOTE_RVV_REDUCE("v24", "v25", "v26", "v27")
      MOTE_RVV_E8
      MOTE_RVV_FOUR(MOTE_RVV_CHANNEL_REST, "w4", "w5", "w6", "w7")
      MOTE_RVV_REDUCE("v28", "v29", "v30", "v31")
      "4:\n\t"
      "vsetivli zero, 1, e32, m1, ta, ma\n\t"
      "vsseg8e32.v v24, (%[sums])"
      : [x] "+&r"(x), [w0] "+&r"(w0), [w1] "+&r"(w1), [w2] "+&r"(w2), [w3] "+&r"(w3), [w4] "+&r"(w4),
        [w5] "+&r"(w5), [w6] "+&r"(w6), [w7] "+&r"(w7), [steps] "+&r"(steps), [all] "=&r"(all)
      : [first] "r"(c.first), [second] "r"(c.second), [step] "r"(2 * c.half), [sums] "r"(sums)
      : MOTE_RVV_CLOBBERS);
#undef MOTE_RVV_CHANNEL
#undef MOTE_RVV_CHANNEL_REST
#undef MOTE_RVV_CHANNEL_ONE
#undef MOTE_RVV_FOUR
#undef MOTE_RVV_REDUCE
}

// Sums of two pixels as in dots_of_two, where k is at most two whole vectors. The inputs stay in v0 .. v7, with zeros behind the
// last one, so that whole vectors of whatever follows a row's weights in a register may be
// multiplied. Rows of exactly two whole vectors need no vector type of their own.
MOTE_INLINE void short_dots_of_two(const Cut& c, const int8_t* x0, const int8_t* x1,
                                   const int8_t* w, int32_t row, int32_t tiles, int32_t* sums0,
                                   int32_t* sums1) {
  int32_t all;
#define MOTE_RVV_PART                      \
  "vsetvli zero, %[k], e8, m4, ta, ma\n\t" \
  "vle8.v v8, (%[w])\n\t"
#define MOTE_RVV_WHOLE "vl4re8.v v8, (%[w])\n\t"
#define MOTE_RVV_CHANNEL(load, a, b)          \
  load                                        \
  "add %[w], %[w], %[row]\n\t"                \
  "vsetvli zero, %[half], e8, m2, ta, ma\n\t" \
  "vwmul.vv v12, v0, v8\n\t"                  \
  "vwmul.vv v16, v4, v8\n\t"                  \
  "vwmacc.vv v12, v2, v10\n\t"                \
  "vwmacc.vv v16, v6, v10\n\t"                \
  MOTE_RVV_E16                                \
  "vwredsum.vs " a ", v12, v20\n\t"           \
  "vwredsum.vs " b ", v16, v20\n\t"
#define MOTE_RVV_TILES(label, load)       \
  label ":\n\t"                           \
  MOTE_RVV_CHANNEL(load, "v24", "v28")    \
  MOTE_RVV_CHANNEL(load, "v25", "v29")    \
  MOTE_RVV_CHANNEL(load, "v26", "v30")    \
  MOTE_RVV_CHANNEL(load, "v27", "v31")    \
  "addi %[tiles], %[tiles], -1\n\t"       \
  "vsetivli zero, 1, e32, m1, ta, ma\n\t" \
  "vsseg4e32.v v24, (%[sums0])\n\t"       \
  "addi %[sums0], %[sums0], 16\n\t"       \
  "vsseg4e32.v v28, (%[sums1])\n\t"       \
  "addi %[sums1], %[sums1], 16\n\t"       \
  "bnez %[tiles], " label "b\n\t"
  __asm__ volatile(
      "vsetvli %[all], zero, e8, m4, ta, ma\n\t"
      "vmv.v.i v0, 0\n\t"
      "vmv.v.i v4, 0\n\t"
      "vmv.v.i v20, 0\n\t"
      "vsetvli zero, %[k], e8, m4, tu, ma\n\t"
      "vle8.v v0, (%[x0])\n\t"
      "vle8.v v4, (%[x1])\n\t"
      "beq %[all], %[k], 2f\n"
      MOTE_RVV_TILES("1", MOTE_RVV_PART)
      "j 3f\n"
      MOTE_RVV_TILES("2", MOTE_RVV_WHOLE)
      "\n3:"
      : [w] "+&r"(w), [sums0] "+&r"(sums0), [sums1] "+&r"(sums1), [all] "=&r"(all), [tiles] "+&r"(tiles)
      : [x0] "r"(x0), [x1] "r"(x1), [row] "r"(row), [k] "r"(c.k), [half] "r"(c.half)
      : MOTE_RVV_CLOBBERS);
#undef MOTE_RVV_PART
#undef MOTE_RVV_WHOLE
#undef MOTE_RVV_CHANNEL
#undef MOTE_RVV_TILES
}

// The same for k of at most one whole vector by four pixels: sums[channel][pixel].
MOTE_INLINE void short_dots_of_four(const Cut& c, const int8_t* x, int32_t x_step, const int8_t* w,
                                    int32_t channels, int32_t* sums) {
  const int8_t *x1 = x + x_step, *x2 = x1 + x_step, *x3 = x2 + x_step;
  __asm__ volatile(
      "vsetivli zero, 1, e32, m1, ta, ma\n\t"
      "vmv.v.i v10, 0\n\t"
      "vsetvli zero, %[k], e8, m2, ta, ma\n\t"
      "vle8.v v0, (%[x0])\n\t"
      "vle8.v v2, (%[x1])\n\t"
      "vle8.v v4, (%[x2])\n\t"
      "vle8.v v6, (%[x3])\n"
      "1:\n\t"
      "vle8.v v8, (%[w])\n\t"
      "add %[w], %[w], %[padded]\n\t"
      "vwmul.vv v12, v0, v8\n\t"
      "vwmul.vv v16, v2, v8\n\t"
      "vwmul.vv v20, v4, v8\n\t"
      "vwmul.vv v24, v6, v8\n\t"
      MOTE_RVV_E16
      "vwredsum.vs v28, v12, v10\n\t"
      "vwredsum.vs v29, v16, v10\n\t"
      "vwredsum.vs v30, v20, v10\n\t"
      "vwredsum.vs v31, v24, v10\n\t"
      "vsetivli zero, 1, e32, m1, ta, ma\n\t"
      "vsseg4e32.v v28, (%[sums])\n\t"
      "addi %[sums], %[sums], 16\n\t"
      "vsetvli zero, %[k], e8, m2, ta, ma\n\t"
      "addi %[channels], %[channels], -1\n\t"
      "bnez %[channels], 1b"
      : [w] "+&r"(w), [sums] "+&r"(sums), [channels] "+&r"(channels)
      : [x0] "r"(x), [x1] "r"(x1), [x2] "r"(x2), [x3] "r"(x3), [k] "r"(c.k), [padded] "r"(c.padded)
      : MOTE_RVV_CLOBBERS);
}
// clang-format on

#undef MOTE_RVV_E8
#undef MOTE_RVV_E16
#undef MOTE_RVV_CLOBBERS

}  // namespace mote::isa::rvv
