// RISC-V V 1.0, vectors of any length from 128 bits, LMUL at most 4. Layouts do not depend on the
// length.
#pragma once
#include "scalar_s8.h"

// Clang from 18 has these intrinsics; without them the portable primitives run.
#if defined(__riscv_v) && defined(__riscv_v_intrinsic)
#define MOTE_ISA_RVV 1
#include "rvv_conv_s8.h"
#include "rvv_depthwise_s8.h"
#include "rvv_int4.h"
#else
#define MOTE_ISA_RVV 0
#endif

namespace mote::isa {

struct RvvS8 : ScalarS8 {
  static constexpr const char* kName = "rvv";

  // A row of weights per output channel, one after another, each a multiple of four bytes: the
  // same for every vector length.
  static constexpr int32_t kNrS8 = 1, kNrTailS8 = 1, kKrS8 = 4;
  // Pixels are multiplied in pairs.
  static constexpr int32_t kPatchRows = 4;
  static constexpr int32_t kPatchAlign = 1;
  static constexpr int32_t kParamsAlign = 1;
  static constexpr int32_t kDwNrS8 = 1 << 20;
  static constexpr pack::GemmLayout kGateLayout = {1, 1, 1, false};

#if MOTE_ISA_RVV
  static_assert(kPatchRows == rvv::kPatches, "scratch holds the patches of a row");

  template <class S>
  static MOTE_INLINE rvv::Store store_of(const S& s) {
    return {s.shift, s.zp, s.lo, s.hi};
  }

  template <class To, class X>
  static MOTE_INLINE void gather(To* to, const X* from, int32_t n) {
    if constexpr (sizeof(To) == 1 && sizeof(X) == 1) {
      size_t vl;
      for (; n > 0; n -= static_cast<int32_t>(vl), to += vl, from += vl) {
        vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
        __riscv_vse8_v_i8m4(to, __riscv_vle8_v_i8m4(from, vl), vl);
      }
    } else {
      ScalarS8::gather(to, from, n);
    }
  }
  template <class To>
  static MOTE_INLINE void fill(To* to, int32_t value, int32_t n) {
    if constexpr (sizeof(To) == 1) {
      size_t vl;
      for (; n > 0; n -= static_cast<int32_t>(vl), to += vl) {
        vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
        __riscv_vse8_v_i8m4(to, __riscv_vmv_v_x_i8m4(static_cast<int8_t>(value), vl), vl);
      }
    } else {
      ScalarS8::fill(to, value, n);
    }
  }

  template <class Isa>
  static MOTE_INLINE void spread_s4(const int8_t* from, int32_t rows, int32_t /*n*/,
                                    const int8_t* factors, int8_t* to) {
    rvv::spread_s4(from, rows, factors != nullptr ? factors[0] : 1, to);
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      const rvv::Gemm g{store_of(s), w, bias, mult, k, n, x_step, y_step};
      const int32_t lanes = m == 1 ? 0 : rvv::pixel_lanes(k, m);
      const int32_t done = lanes == 0 ? 0 : rvv::gemm_by_pixels(g, x, m, y, lanes);
      if (done < m) rvv::gemm_by_dots(g, x + done * x_step, m - done, y + done * y_step);
    } else {
      ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
    }
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE bool conv2d_row(const S& s, const X* const* rows, const W* w,
                                     const int32_t* bias, const int32_t* mult, typename Rq::Out* y,
                                     int8_t* scratch) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.groups != 1) return false;
      const int32_t k = s.kernel_h * s.kernel_w * s.in_c;
      const int32_t lanes = rvv::pixel_lanes(k, s.out_w);
      const rvv::Gemm g{store_of(s), w, bias, mult, k, s.out_c, k, s.out_c};
      const rvv::Conv c{s.in_w,     s.in_c,       s.out_w,    s.kernel_h, s.kernel_w,
                        s.stride_w, s.dilation_w, s.pad_left, s.pad_value};
      if (lanes != 0) {
        rvv::conv_row_by_pixels(g, c, rows, y, lanes);
        return true;
      }
      if (s.dilation_w == 1) {
        rvv::conv_row_by_dots(g, c, rows, y, scratch);
        return true;
      }
    }
    return false;
  }

  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void depthwise_row(const S& s, const X* const* rows, const W* w,
                                        const int32_t* bias, const int32_t* mult,
                                        typename Rq::Out* y, int8_t* scratch) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (s.multiplier == 1) {
        rvv::depthwise_row({store_of(s), s.in_w, s.in_c, s.out_w, s.kernel_h, s.kernel_w,
                            s.stride_w, s.dilation_w, s.pad_left, s.pad_value},
                           rows, w, bias, mult, y);
        return;
      }
    }
    ScalarS8::depthwise_row<Isa, Rq>(s, rows, w, bias, mult, y, scratch);
  }

  template <class Isa, class S>
  static MOTE_INLINE void add(const S& s, const int8_t* a, int32_t a_step, const int8_t* b,
                              int32_t b_step, int8_t* y, int32_t n) {
    size_t vl;
    for (int32_t i = 0; i < n; i += static_cast<int32_t>(vl)) {
      vl = __riscv_vsetvl_e32m4(static_cast<size_t>(n - i));
      const vint32m4_t va = load_s32(a + i * a_step, a_step, vl);
      const vint32m4_t vb = load_s32(b + i * b_step, b_step, vl);
      vint32m4_t sum = __riscv_vmul_vx_i32m4(va, s.a_mult, vl);
      sum = __riscv_vadd_vx_i32m4(__riscv_vmacc_vx_i32m4(sum, s.b_mult, vb, vl), s.offset, vl);
      // Rounding down, as `sum >> right` does.
      const vint16m2_t v =
          __riscv_vnclip_wx_i16m2(sum, static_cast<size_t>(s.right), __RISCV_VXRM_RDN, vl);
      vint8m1_t q = __riscv_vnclip_wx_i8m1(v, 0, __RISCV_VXRM_RDN, vl);
      if (s.lo > -128) q = __riscv_vmax_vx_i8m1(q, static_cast<int8_t>(s.lo), vl);
      if (s.hi < 127) q = __riscv_vmin_vx_i8m1(q, static_cast<int8_t>(s.hi), vl);
      __riscv_vse8_v_i8m1(y + i, q, vl);
    }
  }

  static MOTE_INLINE void accumulate(int32_t* sums, const int8_t* x, int32_t n) {
    size_t vl;
    for (; n > 0; n -= static_cast<int32_t>(vl), sums += vl, x += vl) {
      vl = __riscv_vsetvl_e32m4(static_cast<size_t>(n));
      const vint32m4_t sum = __riscv_vle32_v_i32m4(sums, vl);
      __riscv_vse32_v_i32m4(sums, __riscv_vadd_vv_i32m4(sum, load_s32(x, 1, vl), vl), vl);
    }
  }
  static MOTE_INLINE void maximum(int8_t* y, const int8_t* x, int32_t n) {
    size_t vl;
    for (; n > 0; n -= static_cast<int32_t>(vl), y += vl, x += vl) {
      vl = __riscv_vsetvl_e8m4(static_cast<size_t>(n));
      const vint8m4_t v = __riscv_vle8_v_i8m4(y, vl);
      __riscv_vse8_v_i8m4(y, __riscv_vmax_vv_i8m4(v, __riscv_vle8_v_i8m4(x, vl), vl), vl);
    }
  }
  template <class S>
  static MOTE_INLINE void requantize_row(const S& s, const int32_t* sums, int32_t mult, int8_t* y,
                                         int32_t n) {
    size_t vl;
    for (; n > 0; n -= static_cast<int32_t>(vl), sums += vl, y += vl) {
      vl = __riscv_vsetvl_e32m4(static_cast<size_t>(n));
      rvv::store_s8(store_of(s), __riscv_vle32_v_i32m4(sums, vl),
                    __riscv_vmv_v_x_i32m4(mult >> 1, vl), y, vl);
    }
  }
  static MOTE_INLINE void multiply_wide(const int16_t* x, const int16_t* w, int32_t k,
                                        int32_t* sums) {
    multiply_four(x, w, k, sums);
  }
  template <class Isa>
  static MOTE_INLINE void multiply_rows(const int16_t* x, const int8_t* w, int32_t k,
                                        int32_t* sums) {
    multiply_four(x, w, k, sums);
  }

 private:
  static MOTE_INLINE vint16m2_t load_s16(const int16_t* p, size_t vl) {
    return __riscv_vle16_v_i16m2(p, vl);
  }
  static MOTE_INLINE vint16m2_t load_s16(const int8_t* p, size_t vl) {
    return __riscv_vsext_vf2_i16m2(__riscv_vle8_v_i8m1(p, vl), vl);
  }
  template <class W>
  static MOTE_INLINE void multiply_four(const int16_t* x, const W* w, int32_t k, int32_t* sums) {
    const size_t most = __riscv_vsetvlmax_e16m2();
    const vint32m1_t zero = __riscv_vmv_v_x_i32m1(0, 1);
    for (int32_t j = 0; j < 4; ++j, w += k) {
      vint32m4_t acc = __riscv_vmv_v_x_i32m4(0, most);
      size_t vl;
      for (int32_t l = 0; l < k; l += static_cast<int32_t>(vl)) {
        vl = __riscv_vsetvl_e16m2(static_cast<size_t>(k - l));
        acc = __riscv_vwmacc_vv_i32m4_tu(acc, __riscv_vle16_v_i16m2(x + l, vl), load_s16(w + l, vl),
                                         vl);
      }
      sums[j] = __riscv_vmv_x_s_i32m1_i32(__riscv_vredsum_vs_i32m4_i32m1(acc, zero, most));
    }
  }
  // int8 elements, or one repeated where step is 0.
  static MOTE_INLINE vint32m4_t load_s32(const int8_t* p, int32_t step, size_t vl) {
    return step == 0 ? __riscv_vmv_v_x_i32m4(*p, vl)
                     : __riscv_vsext_vf4_i32m4(__riscv_vle8_v_i8m1(p, vl), vl);
  }
#endif
};

}  // namespace mote::isa
