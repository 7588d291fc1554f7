// What the tests of the float32 kernels share: the ISA under test (-DMOTE_TEST_ISA=Scalar, Vec,
// Neon or Mve), random data, outputs with guards, and the comparison.
//
// Inputs and weights are multiples of 1/8 in [-1, 1], so every sum is exact in float whatever its
// order, and results of piecewise linear activations must be equal bit for bit. Results of
// divisions, roots and exponentials may differ by 2e-6 of their size (plus 2e-6).
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include <vector>

#if defined(__ARM_FEATURE_MVE)
#include "mote/isa/mve.h"
#elif defined(__ARM_NEON)
#include "mote/isa/neon.h"
#else
#include "mote/isa/vec.h"
#endif

#ifndef MOTE_TEST_ISA
#define MOTE_TEST_ISA Scalar
#endif

namespace mote_test {

using namespace mote;
using Isa = isa::MOTE_TEST_ISA;
using Floats = std::vector<float>;
using Sizes = std::vector<int32_t>;

constexpr float kGuard = 12345.0f;
constexpr size_t kGuards = 24;

inline uint32_t random_state = 1;
inline int32_t random_below(int32_t n) {
  random_state = random_state * 1664525u + 1013904223u;
  return static_cast<int32_t>((random_state >> 8) % static_cast<uint32_t>(n));
}
inline Floats random_floats(int64_t count) {
  Floats v(static_cast<size_t>(count));
  for (float& x : v) x = static_cast<float>(random_below(17) - 8) / 8.0f;
  return v;
}

// What a kernel writes to, with guards behind it.
struct Output {
  Floats y;
  explicit Output(int64_t count) : y(static_cast<size_t>(count) + kGuards, kGuard) {}
};

struct Check {
  const char* name;
  int cases = 0, failures = 0;
  bool exact = true;

  void compare(const Output& got, const Floats& want, const char* what, const int32_t* shape,
               int shape_size) {
    ++cases;
    for (size_t i = 0; i < got.y.size(); ++i) {
      const float expected = i < want.size() ? want[i] : kGuard;
      const float bound = exact || i >= want.size() ? 0.0f : 2e-6f * (1.0f + fabsf(expected));
      if (fabsf(got.y[i] - expected) <= bound || got.y[i] == expected) continue;
      if (++failures > 3) return;
      printf("  %s %s: y[%d of %d] is %g, not %g; shape", name, what, static_cast<int>(i),
             static_cast<int>(want.size()), static_cast<double>(got.y[i]),
             static_cast<double>(expected));
      for (int j = 0; j < shape_size; ++j) printf(" %d", static_cast<int>(shape[j]));
      printf("\n");
      return;
    }
  }
  template <class S>
  void compare(const Output& got, const Floats& want, const char* what, const S& s) {
    compare(got, want, what, reinterpret_cast<const int32_t*>(&s), sizeof(S) / 4);
  }
  int report() const {
    printf("%-7s %-22s %5d cases, %s\n", Isa::kName, name, cases, failures != 0 ? "FAILED" : "ok");
    return failures != 0;
  }
};

// The slack behind packed weights may be read but must not matter.
inline void poison_slack(Floats& packed, int64_t used) {
  for (size_t i = static_cast<size_t>(used); i < packed.size(); ++i) packed[i] = NAN;
}

// Output row `oy` of image `b` by pointers to its input rows.
template <class S>
std::vector<const float*> row_pointers(const S& s, const float* image, int32_t row_floats,
                                       int32_t oy) {
  std::vector<const float*> rows;
  for (int32_t ky = 0; ky < s.kernel_h; ++ky) {
    const int32_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
    rows.push_back(iy < 0 || iy >= s.in_h ? nullptr : image + iy * row_floats);
  }
  return rows;
}

}  // namespace mote_test
