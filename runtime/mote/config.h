// What every runtime header builds on: attributes, and how a kernel's shape is described.
//
// The runtime is C++17, freestanding but for <math.h> and <string.h>: no heap, exceptions, RTTI or
// standard library. No preprocessor test on an instruction set stands outside this file and isa/.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define MOTE_INLINE inline __attribute__((always_inline))
// An entry point that emitted code calls once per layer. Kept out of line, so that a profile by
// symbol is one by layer, or by layers of equal shape; the call costs a few instructions per layer.
#define MOTE_KERNEL __attribute__((noinline))
#define MOTE_RESTRICT __restrict__

// A shape is a plain struct of int32_t, float or fixed-size int32_t array members that a kernel
// reads as `s.member`. On a device the compiler emits a struct of static constants with the same
// member names, so that everything folds. On the host the struct itself is passed, and MOTE_FIELDS
// lets the compiler enumerate its members to write that struct of constants.
#ifdef MOTE_HOST
#include <tuple>
#define MOTE_FIELDS(...)                                   \
  static constexpr const char* field_names = #__VA_ARGS__; \
  auto fields() const { return std::tie(__VA_ARGS__); }
#else
#define MOTE_FIELDS(...)
#endif

namespace mote {
// Kernels that walk tensors of any rank take at most this many dimensions; the compiler merges
// neighbouring dimensions first, so real models stay far below.
constexpr int32_t kMaxRank = 8;

// Whether code is compiled for size.
#ifdef __OPTIMIZE_SIZE__
constexpr bool kForSize = true;
#else
constexpr bool kForSize = false;
#endif
}  // namespace mote
