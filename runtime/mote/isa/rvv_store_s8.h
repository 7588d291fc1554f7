// How RvvS8 makes results of sums, 32-bit at LMUL 4: VSMUL by half the multiplier is the rounding
// multiply-high of requant.h, and saturating narrowing is most of the clamp.
#pragma once
#include <riscv_vector.h>

#include "scalar.h"
#include "scalar_s8.h"

namespace mote::isa::rvv {

// How sums are stored, at run time.
struct Store {
  int32_t shift, zp, lo, hi;
};

// y[0 .. vl) from 32-bit sums at LMUL 4. Saturating narrowing is most of the clamp.
MOTE_INLINE void store_s8(const Store& s, vint32m4_t acc, vint32m4_t half_mult, int8_t* y,
                          size_t vl) {
  acc = __riscv_vsll_vx_i32m4(acc, static_cast<size_t>(s.shift), vl);
  acc = __riscv_vsmul_vv_i32m4(acc, half_mult, __RISCV_VXRM_RNU, vl);
  vint16m2_t v = __riscv_vnclip_wx_i16m2(acc, 0, __RISCV_VXRM_RNU, vl);
  v = __riscv_vsadd_vx_i16m2(v, static_cast<int16_t>(s.zp), vl);
  vint8m1_t q = __riscv_vnclip_wx_i8m1(v, 0, __RISCV_VXRM_RNU, vl);
  q = __riscv_vmax_vx_i8m1(q, static_cast<int8_t>(s.lo), vl);
  q = __riscv_vmin_vx_i8m1(q, static_cast<int8_t>(s.hi), vl);
  __riscv_vse8_v_i8m1(y, q, vl);
}

// The products of VSMUL, by a vector or by one number.
MOTE_INLINE vint32m4_t scaled(vint32m4_t acc, vint32m4_t half_mult, size_t vl) {
  return __riscv_vsmul_vv_i32m4(acc, half_mult, __RISCV_VXRM_RNU, vl);
}
MOTE_INLINE vint32m4_t scaled(vint32m4_t acc, int32_t half_mult, size_t vl) {
  return __riscv_vsmul_vx_i32m4(acc, half_mult, __RISCV_VXRM_RNU, vl);
}

// vl results from sums of two halves of the lanes.
template <class Mult>
MOTE_INLINE vint8m2_t results(const Store& s, vint32m4_t low, vint32m4_t high, Mult mult_low,
                              Mult mult_high, size_t vl) {
  const size_t half = __riscv_vsetvlmax_e32m4(), all = __riscv_vsetvlmax_e16m4();
  low = __riscv_vsll_vx_i32m4(low, static_cast<size_t>(s.shift), half);
  high = __riscv_vsll_vx_i32m4(high, static_cast<size_t>(s.shift), half);
  low = scaled(low, mult_low, half);
  high = scaled(high, mult_high, half);
  vint16m4_t v =
      __riscv_vcreate_v_i16m2_i16m4(__riscv_vnclip_wx_i16m2(low, 0, __RISCV_VXRM_RNU, half),
                                    __riscv_vnclip_wx_i16m2(high, 0, __RISCV_VXRM_RNU, half));
  v = __riscv_vsadd_vx_i16m4(v, static_cast<int16_t>(s.zp), all);
  vint8m2_t q = __riscv_vnclip_wx_i8m2(v, 0, __RISCV_VXRM_RNU, vl);
  q = __riscv_vmax_vx_i8m2(q, static_cast<int8_t>(s.lo), vl);
  return __riscv_vmin_vx_i8m2(q, static_cast<int8_t>(s.hi), vl);
}

// A multiplier as VSMUL wants it, which shifts by 31 instead of 32.
MOTE_INLINE vint32m4_t load_half_mult(const int32_t* mult, size_t vl) {
  return __riscv_vsra_vx_i32m4(__riscv_vle32_v_i32m4(mult, vl), 1, vl);
}

}  // namespace mote::isa::rvv
