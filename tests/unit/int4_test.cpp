// Factors that int4 weights have in common.
#include "ops/int4.h"

#include <catch2/catch.hpp>

#include "import/blocked.h"

namespace motec {
namespace {

// [outputs][taps][channels] of quotients between -7 and 7, both ends in each group, times factors
// that differ from group to group.
Tensor products(Shape shape, int64_t group) {
  Tensor w = Tensor::zeros(DType::S8, shape);
  const int64_t channels = shape.back();
  for (int64_t i = 0; i < w.elements(); ++i) {
    const int64_t c = i % channels, factor = 1 + (i / channels * 5 + c / group * 7) % 16;
    const int64_t q = c % group == 0 ? 7 : c % 15 - 7;
    w.data<int8_t>()[i] = static_cast<int8_t>(q * factor);
  }
  return w;
}

TEST_CASE("weights are taken apart into four bits and factors", "[int4]") {
  struct Case {
    Shape shape;
    int64_t group;  // that the factors have
    int64_t found;
  };
  const Case c = GENERATE(values<Case>({{{3, 256}, 128, 128},
                                        {{3, 256}, 64, 64},
                                        {{5, 80}, 32, 32},
                                        {{5, 48}, 16, 16},
                                        {{4, 1, 1, 40}, 32, 32},
                                        {{4, 3, 3, 32}, 32, 128},
                                        {{4, 3, 3, 48}, 32, 32}}));
  const Tensor w = products(c.shape, c.group);
  const auto int4 = as_int4(w);
  REQUIRE(int4);
  CHECK(int4->group == c.found);
  for (const int8_t q : int4->q.values<int8_t>()) CHECK((q >= -8 && q <= 7));
  for (const int8_t f : int4->factors.values<int8_t>()) CHECK((f >= 1 && f <= 16));
  CHECK(int4_products(int4->q, int4->factors, int4->group) == w);
}

TEST_CASE("other weights are not", "[int4]") {
  // Groups of 8; more than one tap of 24 channels; one weight that no factor divides.
  CHECK(!as_int4(products({3, 64}, 8)));
  CHECK(!as_int4(products({3, 2, 1, 24}, 32)));
  Tensor w = products({3, 64}, 32);
  w.data<int8_t>()[70] = 113;
  CHECK(!as_int4(w));
  // What fits as it is has no factors.
  const Tensor narrow = Tensor::of<int8_t>(DType::S8, {1, 3}, {-8, 7, 0});
  REQUIRE(as_int4(narrow));
  CHECK(as_int4(narrow)->group == 0);
}

TEST_CASE("scales of blocks become one for each channel", "[int4]") {
  const Tensor q = Tensor::of<int8_t>(DType::S8, {2, 4}, {7, -7, 1, 2, 3, -4, 5, -8});
  const auto scales = [](float a, float b, float c, float d) {
    return Tensor::of<float>(DType::F32, {2, 4}, {a, a, b, b, c, c, d, d});
  };
  const Tensor none = Tensor::of<float>(DType::F32, {}, {0});
  const auto integers = as_channel_scales(q, scales(0.3f, 0.2f, 0.7f, 0.7f), none, 1);
  REQUIRE(integers);
  CHECK(integers->q == Tensor::of<int8_t>(DType::S8, {2, 4}, {21, -21, 2, 4, 3, -4, 5, -8}));
  CHECK(integers->quant.scale[0] == Approx(0.1));
  CHECK(integers->quant.scale[1] == 0.7f);
  CHECK(integers->quant.axis == 0);
  const Tensor zeros = Tensor::of<float>(DType::F32, {2, 4}, {0, 0, 1, 1, 0, 0, 0, 0});
  CHECK(as_channel_scales(q, scales(0.3f, 0.2f, 0.7f, 0.7f), zeros, 1)->q.data<int8_t>()[3] == 2);
  // No common scale; products beyond int8.
  CHECK(!as_channel_scales(q, scales(0.3f, 0.2001f, 0.7f, 0.7f), none, 1));
  CHECK(!as_channel_scales(q, scales(0.1f, 1.9f, 0.1f, 2.0f), none, 1));
}

}  // namespace
}  // namespace motec
