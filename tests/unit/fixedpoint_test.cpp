// What motec proves of the integers that sums are multiplied by.
#include "quant/fixedpoint.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "mote/requant.h"

using namespace motec;

namespace {

Store int8_store() {
  Store store;
  store.zp = 127, store.lo = -128, store.hi = 127;
  return store;
}

}  // namespace

TEST_CASE("products of sums and multipliers leave room for a zero point") {
  // The ratio below 1/2 has a multiplier near 2^31 without any shift.
  constexpr double kRatio = 0.49999999;
  const auto at = [&](int64_t largest) {
    const auto result = requantization(int8_store(), {{kRatio, -largest, largest}});
    REQUIRE(result);
    return *result;
  };
  const Requantization small = at((int64_t{1} << 31) - 1000);
  CHECK(small.store.form == StoreForm::High);
  CHECK(small.mult[0] * ((int64_t{1} << 31) - 1000) < mote::kProductLimit);
  const Requantization large = at((int64_t{1} << 31) - 1);
  CHECK(large.store.form == StoreForm::Wide);
}

TEST_CASE("int16 sums have multipliers that leave an error below 0.002") {
  Store store{.out = DType::S16, .lo = -32768, .hi = 32767};
  for (const double ratio : {1e-4, 0.3, 0.5, 1.0, 3.7, 100.0}) {
    const auto sum = addition_s16({0.1 * ratio, -3}, {0.07 * ratio, 9}, true, {0.1, 5}, store);
    REQUIRE(sum);
    const double a = sum->a_mult / std::ldexp(1, sum->right) - ratio;
    const double b = sum->b_mult / std::ldexp(1, sum->right) + 0.7 * ratio;
    CHECK(32768 * (std::abs(a) + std::abs(b)) < 0.002);
    const double offset = std::ldexp(static_cast<double>(sum->offset), -sum->right);
    CHECK(offset == Approx(5.5 + 3 * ratio + 9 * 0.7 * ratio));
  }
  CHECK_FALSE(addition_s16({13, 0}, {0.1, 0}, false, {0.1, 0}, store));
}

TEST_CASE("a sum beyond int32 has no form") {
  CHECK_FALSE(requantization(int8_store(), {{0.25, 0, int64_t{1} << 31}}));
}
