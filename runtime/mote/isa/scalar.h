// The portable instruction set, and the base of every other one: a struct of primitives and of tile
// sizes that the kernels are templates over. An ISA header derives from Scalar and overrides what
// it does faster; what it does not override keeps working.
#pragma once
#include "../config.h"

// Placed before a loop whose trip count is a constant of the ISA: the tile it walks must become
// registers at any optimization level, -Os included.
#if defined(__clang__)
#define MOTE_UNROLL _Pragma("unroll")
#else
#define MOTE_UNROLL _Pragma("GCC unroll 32")
#endif

// Before a loop that compilers should leave as it is: peeled copies cost flash and gain nothing.
#if defined(__clang__)
#define MOTE_NO_UNROLL _Pragma("nounroll")
#else
#define MOTE_NO_UNROLL _Pragma("GCC unroll 1")
#endif

// Cores of Arm's M profile whose FPU lacks vectors still load up to 16 registers at a time.
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_FP)
#define MOTE_ISA_VFP_M 1
#else
#define MOTE_ISA_VFP_M 0
#endif

namespace mote {
// Whether a shape holds nothing but static constants, so that what depends on it folds. Kernels
// unroll more for such shapes; for a shape of run-time values that would multiply the code.
template <class S>
constexpr bool is_constant_shape() {
  return __is_empty(S);
}
}  // namespace mote

namespace mote::isa {

struct Scalar {
  static constexpr const char* kName = "scalar";

  // float32: a vector of kLanes elements.
  using VF = float;
  static constexpr int32_t kLanes = 1;

  // Tile of the matrix kernels: kMr pixels by kNv vectors of output channels. 2 x 8 suits the 32
  // single-precision registers of an M-profile FPU: 16 sums, 8 weights that one VLDM loads, and
  // one input at a time. Blocks of kNv * kLanes channels are what weights are packed in.
  static constexpr int32_t kMr = 2;
  static constexpr int32_t kNv = 8;

  // Depthwise kernels: tile of kDwPixels pixels by kDwNv vectors of channels.
  static constexpr int32_t kDwPixels = 1;
  static constexpr int32_t kDwNv = 8;

  // A matrix-vector product keeps kDenseSums independent sums per vector of outputs, where one per
  // vector would leave the multiply-add unit waiting for its own result.
  static constexpr int32_t kDenseSums = 1;

  // Inputs of a pixel come kKu at a time: XK holds kKu consecutive ones.
  static constexpr int32_t kKu = 1;
  using XK = float;

  static MOTE_INLINE VF load(const float* p) { return *p; }
  static MOTE_INLINE void store(float* p, VF v) { *p = v; }
  static MOTE_INLINE VF splat(float x) { return x; }
  static MOTE_INLINE VF add(VF a, VF b) { return a + b; }
  static MOTE_INLINE VF mul(VF a, VF b) { return a * b; }
  static MOTE_INLINE VF fma(VF acc, VF a, VF b) { return acc + a * b; }
  static MOTE_INLINE VF fma_scalar(VF acc, VF v, float x) { return acc + v * x; }
  static MOTE_INLINE float reduce_add(VF v) { return v; }

  // The first n elements, 0 < n <= kLanes; the other lanes of load_n are unspecified.
  static MOTE_INLINE VF load_n(const float* p, int32_t) { return *p; }
  static MOTE_INLINE void store_n(float* p, VF v, int32_t) { *p = v; }

  static MOTE_INLINE XK load_k(const float* x) { return *x; }
  // acc + v * x[J].
  template <int32_t J>
  static MOTE_INLINE VF fma_k(VF acc, VF v, XK x) {
    return acc + v * x;
  }

#if MOTE_ISA_VFP_M && ((__ARM_FP & 8) || __ARM_ARCH >= 8)
  // One instruction, where a comparison and a move would be four.
  static MOTE_INLINE VF max(VF a, VF b) { return __builtin_fmaxf(a, b); }
  static MOTE_INLINE VF min(VF a, VF b) { return __builtin_fminf(a, b); }
#elif defined(__riscv_flen)
  // The same; GCC calls a function for the built-in.
  static MOTE_INLINE VF max(VF a, VF b) {
    VF y;
    __asm__("fmax.s %0, %1, %2" : "=f"(y) : "f"(a), "f"(b));
    return y;
  }
  static MOTE_INLINE VF min(VF a, VF b) {
    VF y;
    __asm__("fmin.s %0, %1, %2" : "=f"(y) : "f"(a), "f"(b));
    return y;
  }
#else
  static MOTE_INLINE VF max(VF a, VF b) { return a > b ? a : b; }
  static MOTE_INLINE VF min(VF a, VF b) { return a < b ? a : b; }
#endif

  // An ISA may do the beginning of a tile's segment in its own way (gemm_segment in gemm_f32.h): it
  // returns how many of the `length` inputs of each pixel it took, and steps w behind their
  // weights.
  template <class Isa, int32_t MR, int32_t NV>
  static MOTE_INLINE int32_t gemm_main(typename Isa::VF (&)[MR][NV], const float*, int32_t, int32_t,
                                       const float*&, int32_t) {
    return 0;
  }

  // N vectors: of weights from p, which advances by `step` floats; of inputs; to outputs.
  template <class Isa, int32_t N>
  static MOTE_INLINE void load_weights(const float*& p, int32_t step, typename Isa::VF (&v)[N]) {
#if MOTE_ISA_VFP_M
    if constexpr (Isa::kLanes == 1 && N == 8) {
      vldm_weights(p, v);
      p += step - 8;
      return;
    }
#endif
    MOTE_UNROLL for (int32_t i = 0; i < N; ++i) v[i] = Isa::load(p + i * Isa::kLanes);
    p += step;
  }
  template <class Isa, int32_t N>
  static MOTE_INLINE void load_inputs(const float* p, typename Isa::VF (&v)[N]) {
#if MOTE_ISA_VFP_M
    if constexpr (Isa::kLanes == 1 && N == 8) return vldm_inputs(p, v);
#endif
    MOTE_UNROLL for (int32_t i = 0; i < N; ++i) v[i] = Isa::load(p + i * Isa::kLanes);
  }
  template <class Isa, int32_t N>
  static MOTE_INLINE void store_outputs(float* p, const typename Isa::VF (&v)[N]) {
#if MOTE_ISA_VFP_M
    if constexpr (Isa::kLanes == 1 && N == 8) return vstm_outputs(p, v);
#endif
    MOTE_UNROLL for (int32_t i = 0; i < N; ++i) Isa::store(p + i * Isa::kLanes, v[i]);
  }
  // One tap of a depthwise convolution: acc += x * w, and w advances by `step` floats.
  template <class Isa, int32_t N>
  static MOTE_INLINE void fma_tap(typename Isa::VF (&acc)[N], const float* x, const float*& w,
                                  int32_t step) {
#if MOTE_ISA_VFP_M
    if constexpr (Isa::kLanes == 1 && N == 8) {
      vldm_tap(acc, x, w);
      w += step - 8;
      return;
    }
#endif
    MOTE_UNROLL for (int32_t i = 0; i < N; ++i) {
      acc[i] = Isa::fma(acc[i], Isa::load(x + i * Isa::kLanes), Isa::load(w + i * Isa::kLanes));
    }
    w += step;
  }

#if MOTE_ISA_VFP_M
  // Compilers do not form VLDM and VSTM from eight accesses. Eight weights by one instruction take
  // the inner loop of the matrix tile from 1.75 to 1.31 instructions per multiply-add. The
  // registers of one must be consecutive, so they are fixed here.
  static MOTE_INLINE void vldm_weights(const float*& p, float (&v)[8]) {
    register float a __asm__("s16"), b __asm__("s17"), c __asm__("s18"), d __asm__("s19");
    register float e __asm__("s20"), f __asm__("s21"), g __asm__("s22"), h __asm__("s23");
    const float* next = p;
    __asm__("vldmia %8!, {%0-%7}"
            : "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(f), "=t"(g), "=t"(h), "+r"(next)
            : "m"(*reinterpret_cast<const float(*)[8]>(p)));
    p = next;
    v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e, v[5] = f, v[6] = g, v[7] = h;
  }
  static MOTE_INLINE void vldm_inputs(const float* p, float (&v)[8]) {
    register float a __asm__("s0"), b __asm__("s1"), c __asm__("s2"), d __asm__("s3");
    register float e __asm__("s4"), f __asm__("s5"), g __asm__("s6"), h __asm__("s7");
    __asm__("vldmia %8, {%0-%7}"
            : "=t"(a), "=t"(b), "=t"(c), "=t"(d), "=t"(e), "=t"(f), "=t"(g), "=t"(h)
            : "r"(p), "m"(*reinterpret_cast<const float(*)[8]>(p)));
    v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e, v[5] = f, v[6] = g, v[7] = h;
  }
  static MOTE_INLINE void vstm_outputs(float* p, const float (&v)[8]) {
    register float a __asm__("s16") = v[0];
    register float b __asm__("s17") = v[1];
    register float c __asm__("s18") = v[2];
    register float d __asm__("s19") = v[3];
    register float e __asm__("s20") = v[4];
    register float f __asm__("s21") = v[5];
    register float g __asm__("s22") = v[6];
    register float h __asm__("s23") = v[7];
    __asm__("vstmia %1, {%2-%9}"
            : "=m"(*reinterpret_cast<float(*)[8]>(p))
            : "r"(p), "t"(a), "t"(b), "t"(c), "t"(d), "t"(e), "t"(f), "t"(g), "t"(h));
  }
  // The whole tap is one piece of assembly, for otherwise the compiler overlaps taps and pays for
  // it with moves out of the fixed registers.
  static MOTE_INLINE void vldm_tap(float (&acc)[8], const float* x, const float*& w) {
    const float* next = w;
    __asm__(
        "vldmia %8!, {s16-s23}\n\t"
        "vldmia %9, {s24-s31}\n\t"
        "vfma.f32 %0, s24, s16\n\t"
        "vfma.f32 %1, s25, s17\n\t"
        "vfma.f32 %2, s26, s18\n\t"
        "vfma.f32 %3, s27, s19\n\t"
        "vfma.f32 %4, s28, s20\n\t"
        "vfma.f32 %5, s29, s21\n\t"
        "vfma.f32 %6, s30, s22\n\t"
        "vfma.f32 %7, s31, s23"
        : "+t"(acc[0]), "+t"(acc[1]), "+t"(acc[2]), "+t"(acc[3]), "+t"(acc[4]), "+t"(acc[5]),
          "+t"(acc[6]), "+t"(acc[7]), "+r"(next)
        : "r"(x), "m"(*reinterpret_cast<const float(*)[8]>(x)),
          "m"(*reinterpret_cast<const float(*)[8]>(w))
        : "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28",
          "s29", "s30", "s31");
    w = next;
  }
#endif
};

// The scalar primitives with other tile sizes: it runs on the host the layouts packed for any
// target, and tests tiling and packing with odd numbers.
template <int32_t MR, int32_t NV, int32_t DwNv = NV>
struct ScalarTile : Scalar {
  static constexpr const char* kName = "scalar_tile";
  static constexpr int32_t kMr = MR;
  static constexpr int32_t kNv = NV;
  static constexpr int32_t kDwNv = DwNv;
};

}  // namespace mote::isa
