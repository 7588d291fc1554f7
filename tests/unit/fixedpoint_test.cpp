// What motec proves of the integers that sums are multiplied by.
#include "quant/fixedpoint.h"

#include <catch2/catch.hpp>

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

TEST_CASE("a sum beyond int32 has no form") {
  CHECK_FALSE(requantization(int8_store(), {{0.25, 0, int64_t{1} << 31}}));
}
