// Helium (MVE) of Armv8.1-M, integers: dot products of sixteen bytes whose sum goes to a general
// register, and predicated loads and stores for what is left over.
#pragma once
#include "mve_gemm_s8.h"
#include "scalar_s8.h"

namespace mote::isa {

struct MveS8 : ScalarS8 {
  static constexpr const char* kName = "mve";

  // Four channels by sixteen inputs.
  static constexpr int32_t kNrS8 = 4, kNrTailS8 = 4, kKrS8 = 16;
  static constexpr int32_t kPatchAlign = 4;

#if defined(__ARM_FEATURE_MVE)
  template <class Isa, class Rq, class S, class X, class W>
  static MOTE_INLINE void gemm(const S& s, const X* x, int32_t x_step, int32_t m, int32_t k,
                               int32_t n, const W* w, const int32_t* bias, const int32_t* mult,
                               typename Rq::Out* y, int32_t y_step) {
    if constexpr (Rq::kHigh && sizeof(X) == 1 && sizeof(W) == 1) {
      if (m > 1) tiles(s, x, x_step, m & ~1, k, n, w, bias, mult, y, y_step);
      // The last pixel of an odd number is both pixels of a tile.
      if (m % 2 != 0) {
        const int32_t last = m - 1;
        tiles(s, x + last * x_step, 0, 2, k, n, w, bias, mult, y + last * y_step, 0);
      }
    } else {
      ScalarS8::gemm<Isa, Rq>(s, x, x_step, m, k, n, w, bias, mult, y, y_step);
    }
  }

 private:
  template <class S>
  static MOTE_INLINE void tiles(const S& s, const int8_t* x, int32_t x_step, int32_t m, int32_t k,
                                int32_t n, const int8_t* w, const int32_t* bias,
                                const int32_t* mult, int8_t* y, int32_t y_step) {
    using namespace mve_gemm;
    const int32_t blocks = (n + 3) / 4;
    const bool whole = k % 16 == 0 && n % 4 == 0 && s.shift == 0;
    const int32_t steps = whole ? k / 16 : (k - 1) / 16;
    const int32_t loops = (steps + kUnroll - 1) / kUnroll;
    const int32_t entry = steps == 0 ? kLoopBytes : (loops * kUnroll - steps) * kStepBytes;
    const int32_t advance = 2 * x_step - (k + 15) / 16 * 16;
    if (whole) {
      whole_tiles(x, x + x_step, w, y, bias, mult, blocks, loops, s.zp, 2 * y_step, advance,
                  x + m * x_step, s.lo, s.hi, y_step << 16, entry);
    } else {
      any_tiles(x, x + x_step, w, y, bias, mult, blocks, loops, s.zp, 2 * y_step, advance,
                x + m * x_step, s.lo, s.hi, y_step << 16, entry, s.shift, 2 * n, k - steps * 16);
    }
  }
#endif
};

}  // namespace mote::isa
