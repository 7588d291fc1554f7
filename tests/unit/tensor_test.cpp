// ir/type and ir/tensor, the half-precision conversions, and the shape arithmetic of ops/shapes.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "ir/tensor.h"
#include "mote/float16.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr DType kAll[] = {DType::Bool, DType::S8,  DType::U8,  DType::S16, DType::U16,
                          DType::S32,  DType::U32, DType::S64, DType::U64, DType::F16,
                          DType::BF16, DType::F32, DType::F64};

TEST_CASE("element types") {
  for (const DType dtype : kAll) {
    CAPTURE(name_of(dtype));
    CHECK(size_of(dtype) == dispatch(dtype, []<class T>() { return int64_t{sizeof(T)}; }));
    CHECK(is_float(dtype) + is_integer(dtype) + (dtype == DType::Bool) == 1);
    CHECK((!is_signed_int(dtype) || is_integer(dtype)));
  }
  CHECK(name_of(DType::BF16) == "bfloat16");
  CHECK(c_type_of(DType::F16) == "uint16_t");
  CHECK(c_type_of(DType::S64) == "int64_t");
}

TEST_CASE("shapes and types as text and numbers") {
  CHECK(to_string(Shape{}) == "[]");
  CHECK(to_string(Type{.dtype = DType::S8, .shape = {1, 3, 32}}) == "int8[1,3,32]");
  CHECK(element_count({}) == 1);
  CHECK(element_count({2, 0, 3}) == 0);
  CHECK(product({2, 3, 5, 7}, 1, 3) == 15);
  CHECK(product({2, 3}, 1, 1) == 1);
  CHECK(strides_of({2, 3, 4}) == Shape{12, 4, 1});
  CHECK(Type{.dtype = DType::F64, .shape = {2, 3}}.bytes() == 48);
}

TEST_CASE("tensors hold and convert elements") {
  const Tensor t = Tensor::of<int8_t>(DType::S8, {3}, {-128, 0, 127});
  CHECK(to_doubles(t) == std::vector<double>{-128, 0, 127});
  CHECK(to_int64s(t) == std::vector<int64_t>{-128, 0, 127});
  const Tensor half = Tensor::of<uint16_t>(DType::F16, {2}, {0x3c00, 0xc000});
  CHECK(to_doubles(half) == std::vector<double>{1, -2});
  const Tensor brain = Tensor::of<uint16_t>(DType::BF16, {2}, {0x3f80, 0xc000});
  CHECK(to_doubles(brain) == std::vector<double>{1, -2});
  CHECK(Tensor::zeros(DType::F32, {}).elements() == 1);
  CHECK(Tensor::zeros(DType::F32, {0, 3}).bytes.empty());
  CHECK_THROWS_AS(f32_tensor({2}, {1.0f}), InternalError);
}

// binary16 by its definition.
double slow_from_f16(uint16_t h) {
  const int exponent = h >> 10 & 31, mantissa = h & 1023;
  double value;
  if (exponent == 31) {
    value = mantissa ? NAN : INFINITY;
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(1024 + mantissa, exponent - 25);
  }
  return h & 0x8000 ? -value : value;
}

TEST_CASE("every float16 converts to float and back") {
  int wrong = 0;
  for (int i = 0; i < 65536; ++i) {
    const auto h = static_cast<uint16_t>(i);
    const double want = slow_from_f16(h);
    const float have = mote::float_from_f16(h);
    const bool same = std::isnan(want) ? std::isnan(have)
                                       : have == want && std::signbit(have) == std::signbit(want);
    const uint16_t back = mote::f16_from_float(have);
    const bool returns = std::isnan(want) ? std::isnan(mote::float_from_f16(back)) : back == h;
    wrong += !same || !returns;
  }
  CHECK(wrong == 0);
}

// Between two neighbours the nearer one wins, and of equally near ones the even one.
TEST_CASE("floats round to the nearest float16") {
  int wrong = 0;
  for (int i = 0; i < 0x7bff; ++i) {
    const float low = mote::float_from_f16(static_cast<uint16_t>(i));
    const float high = mote::float_from_f16(static_cast<uint16_t>(i + 1));
    const float middle = (low + high) / 2;
    wrong += mote::f16_from_float(middle) != (i & 1 ? i + 1 : i);
    wrong += mote::f16_from_float(std::nextafter(middle, low)) != i;
    wrong += mote::f16_from_float(std::nextafter(middle, high)) != i + 1;
    wrong += mote::f16_from_float(-std::nextafter(middle, high)) != (0x8000 | (i + 1));
  }
  CHECK(wrong == 0);
  CHECK(mote::f16_from_float(65504.0f) == 0x7bff);
  CHECK(mote::f16_from_float(std::nextafter(65520.0f, 0.0f)) == 0x7bff);
  CHECK(mote::f16_from_float(65520.0f) == 0x7c00);
  CHECK(mote::f16_from_float(-INFINITY) == 0xfc00);
  CHECK(mote::f16_from_float(1e-30f) == 0);
}

TEST_CASE("every bfloat16 converts to float and back") {
  int wrong = 0;
  for (int i = 0; i < 65536; ++i) {
    const float value = mote::float_from_bf16(static_cast<uint16_t>(i));
    const uint16_t back = mote::bf16_from_float(value);
    wrong += std::isnan(value) ? !std::isnan(mote::float_from_bf16(back)) : back != i;
  }
  CHECK(wrong == 0);
  CHECK(mote::bf16_from_float(mote::float_from_bits(0x3f808000u)) == 0x3f80);  // tie, even
  CHECK(mote::bf16_from_float(mote::float_from_bits(0x3f818000u)) == 0x3f82);
  CHECK(mote::bf16_from_float(mote::float_from_bits(0x3f808001u)) == 0x3f81);
}

TEST_CASE("shapes are broadcast as in NumPy") {
  CHECK(broadcast({{2, 3}, {3}}, "Add") == Shape{2, 3});
  CHECK(broadcast({{2, 1, 4}, {3, 1}, {}}, "Add") == Shape{2, 3, 4});
  CHECK(broadcast({{1}, {0}}, "Add") == Shape{0});
  CHECK(broadcast({{}, {}}, "Add") == Shape{});
  CHECK_THROWS_WITH(broadcast({{2, 3}, {2}}, "Add"),
                    Catch::Contains("Add: shapes [2,3] and [2] cannot be broadcast"));
  CHECK_THROWS_AS(broadcast({{0}, {2}}, "Add"), CompileError);
  CHECK(broadcast_strides({3, 1}, {2, 3, 4}) == Shape{0, 1, 0});
  CHECK(broadcast_strides({}, {2, 3}) == Shape{0, 0});
}

TEST_CASE("axes may count from the end") {
  CHECK(normalize_axis(-1, 4, "Op") == 3);
  CHECK(normalize_axis(-4, 4, "Op") == 0);
  CHECK_THROWS_AS(normalize_axis(4, 4, "Op"), CompileError);
  CHECK_THROWS_AS(normalize_axis(-5, 4, "Op"), CompileError);
  CHECK_THROWS_AS(normalize_axis(0, 0, "Op"), CompileError);
  CHECK(normalize_axes({-1, 0}, 3, "Op") == std::vector<int>{0, 2});
  CHECK_THROWS_AS(normalize_axes({1, -2}, 3, "Op"), CompileError);
  const AxisView view = around_axis({2, 3, 4, 5}, 1);
  CHECK((view.outer == 2 && view.n == 3 && view.inner == 20));
}

TEST_CASE("walks lose the dimensions that they can") {
  const auto walk = [](Shape dims, std::vector<Shape> strides) {
    const Walk out = merged({std::move(dims), std::move(strides)});
    return std::pair(out.dims, out.strides);
  };
  using Result = std::pair<Shape, std::vector<Shape>>;
  CHECK(walk({2, 3, 4}, {{12, 4, 1}}) == Result{{24}, {{1}}});
  CHECK(walk({2, 1, 4}, {{4, 9, 1}}) == Result{{8}, {{1}}});
  CHECK(walk({2, 3}, {{3, 1}, {1, 2}}) == Result{{2, 3}, {{3, 1}, {1, 2}}});  // a transpose
  CHECK(walk({2, 3, 4}, {{12, 4, 1}, {0, 0, 1}}) == Result{{6, 4}, {{4, 1}, {0, 1}}});
  CHECK(walk({1, 1}, {{1, 1}}) == Result{{1}, {{0}}});
  CHECK(walk({}, {{}}) == Result{{1}, {{0}}});
  // Nine dimensions of which no two merge: each is reversed with respect to the other operand.
  CHECK_THROWS_AS(
      walk(Shape(9, 2), {{256, 128, 64, 32, 16, 8, 4, 2, 1}, {1, 2, 4, 8, 16, 32, 64, 128, 256}}),
      CompileError);
}

}  // namespace
}  // namespace motec
