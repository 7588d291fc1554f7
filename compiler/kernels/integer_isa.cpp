#include "kernels/integer_isa.h"

#include <algorithm>

#include "mote/isa/dot_s8.h"
#include "mote/isa/dsp_s8.h"
#include "mote/isa/mve_s8.h"
#include "mote/isa/neon_s8.h"
#include "mote/isa/rvv_s8.h"
#include "support/diag.h"

namespace motec {
namespace {

template <class Isa>
constexpr IntegerIsa describe(std::string_view name, std::string_view header) {
  using mote::Conv2dS8Shape, mote::DepthwiseS8Shape, mote::GemmS8Shape;
  return {
      name,
      header,
      mote::pack::gemm_layout<Isa>(),
      Isa::kGateLayout,
      Isa::kParamsAlign,
      [](const GemmS8Shape& s, DType x) {
        return x == DType::S8 ? mote::pointwise_scratch<Isa, int8_t>(s)
                              : mote::pointwise_scratch<Isa, int16_t>(s);
      },
      [](int64_t k) { return Isa::dense_scratch(k); },
      [](const Conv2dS8Shape& s, DType x) {
        return x == DType::S8 ? mote::conv2d_scratch<Isa, int8_t>(s)
                              : mote::conv2d_scratch<Isa, int16_t>(s);
      },
      [](const DepthwiseS8Shape& s) { return Isa::depthwise_scratch(s); },
      [](const DepthwiseS8Shape& s) { return Isa::depthwise_pixels(s); },
      Isa::kPointwisePixels,
      [](int64_t channels, int32_t kernel_h, int32_t kernel_w) {
        return Isa::depthwise_bytes(channels, kernel_h, kernel_w);
      },
      [](const int8_t* hwc, int64_t channels, int32_t kernel_h, int32_t kernel_w, int8_t* packed) {
        Isa::template pack_depthwise<Isa>(hwc, channels, kernel_h, kernel_w, packed);
      },
      [](int64_t channels, int64_t k, int64_t groups) {
        return mote::int4_bytes<Isa>(channels, k, groups);
      },
      [](int64_t channels, int64_t k, int64_t patch_bytes) {
        return mote::int4_scratch<Isa>(channels, k, patch_bytes);
      },
      [](const int8_t* w, const int8_t* factors, int64_t channels, int64_t k, int64_t groups,
         int8_t* packed) { mote::pack_int4<Isa>(w, factors, channels, k, groups, packed); },
  };
}

const IntegerIsa kIsas[] = {
    describe<mote::isa::ScalarS8>("ScalarS8", "isa/scalar_s8.h"),
    describe<mote::isa::DspS8>("DspS8", "isa/dsp_s8.h"),
    describe<mote::isa::MveS8>("MveS8", "isa/mve_s8.h"),
    describe<mote::isa::NeonS8>("NeonS8", "isa/neon_s8.h"),
    describe<mote::isa::DotS8>("DotS8", "isa/dot_s8.h"),
    describe<mote::isa::RvvS8>("RvvS8", "isa/rvv_s8.h"),
};

}  // namespace

const IntegerIsa& integer_isa(const Kernel& kernel) {
  const auto* isa = std::find_if(std::begin(kIsas), std::end(kIsas),
                                 [&](const IntegerIsa& i) { return i.name == kernel.isa; });
  internal_check(isa != std::end(kIsas), "{}: {} is no integer ISA", kernel.name, kernel.isa);
  return *isa;
}

}  // namespace motec
