// Spreading weights of four bits (int4.h) on the vector extension.
#pragma once
#include "rvv_dots_s8.h"

namespace mote::isa::rvv {

// Rows of four weights of one channel: the first two lie in the lower halves of a row's two bytes,
// the others in the higher ones. `to` is aligned for words.
MOTE_INLINE void spread_s4(const int8_t* from, int32_t rows, int32_t factor, int8_t* to) {
  const int8_t f = static_cast<int8_t>(factor);
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(from);
  uint16_t* halves = reinterpret_cast<uint16_t*>(to);
  for (size_t left = static_cast<size_t>(rows), count; left > 0; left -= count) {
    count = __riscv_vsetvl_e16m2(left);
    const size_t vl = 2 * count;
    const vuint8m2_t v = __riscv_vle8_v_u8m2(bytes, vl);
    const auto weights = [&](vuint8m2_t u) {
      const vint8m2_t w = __riscv_vsub_vx_i8m2(__riscv_vreinterpret_v_u8m2_i8m2(u), 8, vl);
      const vint8m2_t product = __riscv_vmul_vx_i8m2(w, f, vl);
      return __riscv_vreinterpret_v_u8m2_u16m2(__riscv_vreinterpret_v_i8m2_u8m2(product));
    };
    const vuint16m2_t low = weights(__riscv_vand_vx_u8m2(v, 15, vl));
    const vuint16m2_t high = weights(__riscv_vsrl_vx_u8m2(v, 4, vl));
    __riscv_vsseg2e16_v_u16m2x2(halves, __riscv_vcreate_v_u16m2x2(low, high), count);
    bytes += vl, halves += vl;
  }
}

}  // namespace mote::isa::rvv
