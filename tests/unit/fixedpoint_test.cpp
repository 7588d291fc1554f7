// What motec proves of the integers that sums are multiplied by.
#include "quant/fixedpoint.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "mote/lookup_s16.h"
#include "mote/requant.h"
#include "quant/line_table.h"

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

namespace {

// f at x = scale * q, at the scale 2^-15, from the least q on.
template <class F>
std::vector<double> values_of(F f, double scale) {
  std::vector<double> values;
  for (int q = -32768; q <= 32768; ++q)
    values.push_back(std::clamp(std::ldexp(f(scale * q), 15), -32768.0, 32767.0));
  return values;
}

struct TableError {
  int64_t knots;
  double largest;
};
TableError error_of(const std::vector<double>& values) {
  const auto table = line_table(values, 1.25);
  if (!table) return {0, 0};
  std::vector<int16_t> x, y(65536);
  for (int q = -32768; q < 32768; ++q) x.push_back(static_cast<int16_t>(q));
  mote::lookup_s16(mote::LookupS16Shape{65536}, x.data(), table->blocks.data<uint16_t>(),
                   table->knots.data<int16_t>(), y.data());
  TableError error{table->knots.elements(), 0};
  for (size_t i = 0; i < y.size(); ++i)
    error.largest = std::max(error.largest, std::abs(y[i] - values[i]));
  return error;
}

}  // namespace

TEST_CASE("lines between knots stay within the tolerance, with few knots") {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto hard_swish = [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0) / 8; };
  const auto step = [](double x) { return x < 0.3 ? -0.5 : 0.5; };
  const TableError errors[] = {
      error_of(values_of(sigmoid, 8.0 / 32768)),
      error_of(values_of(sigmoid, 30.0 / 32768)),
      error_of(values_of([](double x) { return std::tanh(x); }, 4.0 / 32768)),
      error_of(values_of(hard_swish, 8.0 / 32768)),
      error_of(values_of(step, 1.0 / 32768)),
      error_of(values_of([](double x) { return x / 3; }, 1.0 / 32768)),
  };
  for (const TableError& error : errors) {
    CHECK(error.knots > 0);
    CHECK(error.largest <= 1.25);
  }
  CHECK(errors[0].knots <= 350);
  CHECK(errors[1].knots <= 420);
  CHECK(errors[2].knots <= 560);
  CHECK(errors[3].knots <= 310);
  CHECK(errors[4].knots == 63 * 2 + 1025);
  CHECK(errors[5].knots == 64 * 2);
  CHECK(error_of(values_of([](double x) { return std::sin(x); }, 0.5)).knots == 0);
}
