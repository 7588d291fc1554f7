// What the tests of the integer kernels share: the ISA under test (-DMOTE_TEST_ISA_S8=ScalarS8,
// DspS8, MveS8, NeonS8, DotS8 or RvvS8), data with extremes, guards, and the comparison, which is
// always bit for bit. On a machine without the ISA's instructions its portable primitives run on
// the same layouts.
#pragma once
#include <stdint.h>
#include <stdio.h>

#include <vector>

#include "mote/isa/dot_s8.h"
#include "mote/isa/dsp_s8.h"
#include "mote/isa/mve_s8.h"
#include "mote/isa/neon_s8.h"
#include "mote/isa/rvv_s8.h"

#ifndef MOTE_TEST_ISA_S8
#define MOTE_TEST_ISA_S8 ScalarS8
#endif

namespace mote_test {

using namespace mote;
using Isa = isa::MOTE_TEST_ISA_S8;
using Bytes = std::vector<int8_t>;
using Words = std::vector<int32_t>;
using Sizes = std::vector<int32_t>;

constexpr size_t kGuards = 32;
constexpr int8_t kGuard = 77;

inline uint32_t random_state = 1;
inline int32_t random_below(int32_t n) {
  random_state = random_state * 1664525u + 1013904223u;
  return static_cast<int32_t>((random_state >> 8) % static_cast<uint32_t>(n));
}

// How data are chosen: spread over the range, or only from its ends, where products and sums are
// largest.
enum class Fill { Spread, Low, Ends };

template <class T>
std::vector<T> random_ints(int64_t count, Fill fill, T lowest, T highest) {
  std::vector<T> v(static_cast<size_t>(count));
  for (T& x : v) {
    x = fill == Fill::Low    ? lowest
        : fill == Fill::Ends ? (random_below(2) ? lowest : highest)
                             : static_cast<T>(lowest + random_below(highest - lowest + 1));
  }
  return v;
}

// What a kernel writes to, with guards behind it.
template <class T>
struct Output {
  std::vector<T> y;
  explicit Output(int64_t count) : y(static_cast<size_t>(count) + kGuards, T(kGuard)) {}
  T* data() { return y.data(); }
};

// Scratch of exactly the promised size, 16-byte aligned, with a guard behind it.
class Scratch {
 public:
  explicit Scratch(int64_t bytes)
      : bytes_(bytes), memory_(static_cast<size_t>(bytes) + kGuards + 16, kGuard) {}
  int8_t* data() { return memory_.data() + shift(); }
  bool intact() {
    for (size_t i = 0; i < kGuards; ++i)
      if (data()[bytes_ + static_cast<int64_t>(i)] != kGuard) return false;
    return true;
  }

 private:
  size_t shift() const { return (16 - reinterpret_cast<uintptr_t>(memory_.data()) % 16) % 16; }
  int64_t bytes_;
  Bytes memory_;
};

struct Check {
  const char* name;
  int cases = 0, failures = 0;

  template <class T, class S>
  void compare(const Output<T>& got, const std::vector<T>& want, const char* what, const S& s) {
    ++cases;
    for (size_t i = 0; i < got.y.size(); ++i) {
      const T expected = i < want.size() ? want[i] : T(kGuard);
      if (got.y[i] == expected) continue;
      if (++failures > 5) return;
      printf("  %s %s: y[%d of %d] is %d, not %d; shape", name, what, static_cast<int>(i),
             static_cast<int>(want.size()), static_cast<int>(got.y[i]), static_cast<int>(expected));
      const int32_t* shape = reinterpret_cast<const int32_t*>(&s);
      for (size_t j = 0; j < sizeof(S) / 4; ++j) printf(" %d", static_cast<int>(shape[j]));
      printf("\n");
      return;
    }
  }
  void expect(bool ok, const char* what) {
    ++cases;
    if (!ok && ++failures <= 5) printf("  %s: %s\n", name, what);
  }
  int report() const {
    printf("%-7s %-22s %5d cases, %s\n", Isa::kName, name, cases, failures != 0 ? "FAILED" : "ok");
    return failures != 0;
  }
};

// Multipliers of n channels: results from a few to all int8 values, and beyond.
inline Words random_multipliers(int32_t n) {
  Words mult;
  for (int32_t i = 0; i < n; ++i)
    mult.push_back((1 << (16 + random_below(13))) + 2 * random_below(30000));
  return mult;
}

// Some clamps: of int8, of a ReLU, narrow.
template <class S>
void random_store(S& s) {
  const int32_t kind = random_below(3);
  s.zp = kind == 1 ? -128 : random_below(256) - 128;
  s.lo = kind == 2 ? -100 : -128;
  s.hi = kind == 2 ? 55 : 127;
  s.shift = random_below(3) == 0 ? 1 : 0;
}

// bias - zp * sum of the channel's weights, as the host folds it.
inline int32_t folded(int32_t bias, int32_t zp, const int8_t* w, int64_t n, int64_t step = 1) {
  for (int64_t i = 0; i < n; ++i) bias -= zp * w[i * step];
  return bias;
}

}  // namespace mote_test
