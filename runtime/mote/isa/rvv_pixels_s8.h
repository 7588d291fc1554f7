// Matrix products of RvvS8 where k is small: one pixel per lane.
//
// Dot products along k leave most of a vector empty when k is 8 or 27. Here up to a vector of
// pixels (32 at VLEN 128) is transposed into [k][pixels] on the stack, once, and every output
// channel multiplies these rows by its weights as scalars. Pointwise layers of k = 8 and 16 take
// 0.26 and 0.2 instructions per multiply-add instead of 0.77 and 0.36, and a first layer with three
// input channels needs no patches.
#pragma once
#include "rvv_gemm_s8.h"

namespace mote::isa::rvv {

constexpr int32_t kMaxPixelDepth = 32;       // beyond it dot products are as good
constexpr int32_t kMaxTransposed = 4 << 10;  // bytes of stack

// Pixels of a block, or 0 where this way does not pay.
MOTE_INLINE int32_t pixel_lanes(int32_t k, int32_t pixels) {
  const int32_t lanes = static_cast<int32_t>(__riscv_vsetvlmax_e8m2());
  const bool fits = k <= kMaxPixelDepth && ((k + 3) & ~3) * lanes <= kMaxTransposed;
  return fits && pixels * 4 >= lanes * 3 ? lanes : 0;
}

// Sums of one block by two channels, a and b: x[groups * 4][lanes] by weights w_a[groups * 4],
// which may be read to a multiple of four. 35 instructions per four k, two channels and all lanes,
// and inline assembly, because they fill the register file.
MOTE_INLINE void sums_of_pixels(const int8_t* x, int32_t lanes, int32_t groups, const int8_t* w_a,
                                const int8_t* w_b, int32_t bias_a, int32_t bias_b,
                                vint32m4_t& low_a, vint32m4_t& high_a, vint32m4_t& low_b,
                                vint32m4_t& high_b) {
// clang-format off
#define MOTE_RVV_PRODUCTS(w)                \
  "lb %[u], 0(%[" w "])\n\t"                \
  "lb %[v], 1(%[" w "])\n\t"                \
  "vwmul.vx v8, v0, %[u]\n\t"               \
  "vwmacc.vx v8, %[v], v2\n\t"              \
  "lb %[u], 2(%[" w "])\n\t"                \
  "lb %[v], 3(%[" w "])\n\t"                \
  "vwmul.vx v12, v4, %[u]\n\t"              \
  "vwmacc.vx v12, %[v], v6\n\t"             \
  "addi %[" w "], %[" w "], 4\n\t"          \
  "vsetvli %[u], zero, e16, m2, ta, ma\n\t"
#define MOTE_RVV_SUMS(low, high)               \
  "vwadd.wv %[" low "], %[" low "], v8\n\t"    \
  "vwadd.wv %[" high "], %[" high "], v10\n\t" \
  "vwadd.wv %[" low "], %[" low "], v12\n\t"   \
  "vwadd.wv %[" high "], %[" high "], v14\n\t"
  vint32m4_t la, ha, lb, hb;
  int32_t u, v;
  __asm__ volatile(
      "vsetvli %[u], zero, e32, m4, ta, ma\n\t"
      "vmv.v.x %[la], %[bias_a]\n\t"
      "vmv.v.x %[ha], %[bias_a]\n\t"
      "vmv.v.x %[lb], %[bias_b]\n\t"
      "vmv.v.x %[hb], %[bias_b]\n"
      "1:\n\t"
      "vsetvli %[u], zero, e8, m2, ta, ma\n\t"
      "vl4re8.v v0, (%[x])\n\t"
      "add %[x], %[x], %[step]\n\t"
      "vl4re8.v v4, (%[x])\n\t"
      "add %[x], %[x], %[step]\n\t"
      MOTE_RVV_PRODUCTS("w_a")
      MOTE_RVV_SUMS("la", "ha")
      "vsetvli %[u], zero, e8, m2, ta, ma\n\t"
      MOTE_RVV_PRODUCTS("w_b")
      MOTE_RVV_SUMS("lb", "hb")
      "addi %[groups], %[groups], -1\n\t"
      "bnez %[groups], 1b"
      : [la] "=&vr"(la), [ha] "=&vr"(ha), [lb] "=&vr"(lb), [hb] "=&vr"(hb), [x] "+&r"(x),
        [w_a] "+&r"(w_a), [w_b] "+&r"(w_b), [groups] "+&r"(groups), [u] "=&r"(u), [v] "=&r"(v)
      : [step] "r"(2 * lanes), [bias_a] "r"(bias_a), [bias_b] "r"(bias_b)
      : "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
        "v11", "v12", "v13", "v14", "v15");
#undef MOTE_RVV_PRODUCTS
#undef MOTE_RVV_SUMS
  // clang-format on
  low_a = la, high_a = ha, low_b = lb, high_b = hb;
}

// Results of one channel go `step` bytes apart.
MOTE_INLINE void store_pixels(const Store& s, vint32m4_t low, vint32m4_t high, int32_t mult,
                              int8_t* y, int32_t step, size_t vl) {
  const vint8m2_t q = results(s, low, high, mult >> 1, mult >> 1, vl);
  __riscv_vsse8_v_i8m2(y, step, q, vl);
}

// All channels of a block of `count` pixels.
MOTE_INLINE void transposed_pixels(const Gemm& g, const int8_t* x, int32_t lanes, int32_t count,
                                   int8_t* y) {
  const Store store = g.store;
  const int32_t padded = (g.k + 3) & ~3, step = g.y_step;
  const int8_t* w = g.w;
  const size_t vl = static_cast<size_t>(count);
  for (int32_t n = 0; n < g.n; n += 2, w += 2 * padded, y += 2) {
    const int32_t second = n + 1 < g.n;  // otherwise the last channel stands again
    vint32m4_t low_a, high_a, low_b, high_b;
    sums_of_pixels(x, lanes, padded / 4, w, w + (second ? padded : 0), g.bias[n],
                   g.bias[n + second], low_a, high_a, low_b, high_b);
    store_pixels(store, low_a, high_a, g.mult[n], y, step, vl);
    store_pixels(store, low_b, high_b, g.mult[n + second], y + second, step, vl);
  }
}

// Whole blocks of the m pixels of a matrix product; returns how many pixels that were.
inline __attribute__((noinline)) int32_t gemm_by_pixels(const Gemm& g, const int8_t* x, int32_t m,
                                                        int8_t* y, int32_t lanes) {
  int8_t* rows =
      static_cast<int8_t*>(__builtin_alloca(static_cast<size_t>(((g.k + 3) & ~3) * lanes)));
  int32_t done = 0;
  for (; (m - done) * 4 >= lanes * 3; x += lanes * g.x_step, y += lanes * g.y_step) {
    const int32_t count = m - done < lanes ? m - done : lanes;
    const size_t vl = static_cast<size_t>(count);
    for (int32_t k = 0; k < g.k; ++k) {
      __riscv_vse8_v_i8m2(rows + k * lanes, __riscv_vlse8_v_i8m2(x + k, g.x_step, vl), vl);
    }
    transposed_pixels(g, rows, lanes, count, y);
    done += count;
  }
  return done;
}

}  // namespace mote::isa::rvv
