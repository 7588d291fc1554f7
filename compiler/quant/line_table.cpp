#include "quant/line_table.h"

#include <cmath>

#include "mote/lookup_s16.h"

namespace motec {
namespace {

constexpr size_t kBlock = size_t{1} << mote::kLookupBlockBits;

// The values of one block, and the one behind them.
struct Block {
  const double* function;

  int32_t knot(size_t at) const { return static_cast<int32_t>(std::lround(function[at])); }
  bool fits(uint32_t shift, double tolerance) const {
    const size_t step = size_t{1} << shift;
    for (size_t first = 0; first < kBlock; first += step) {
      const int32_t k0 = knot(first), k1 = knot(first + step);
      for (uint32_t i = 0; i < step; ++i) {
        const double v = mote::between_knots(k0, k1, i, shift);
        if (std::abs(v - function[first + i]) > tolerance) return false;
      }
    }
    return true;
  }
};

}  // namespace

std::optional<LineTable> line_table(const std::vector<double>& function, double tolerance) {
  LineTable table{Tensor::zeros(DType::U16, {mote::kLookupBlocks}), {}};
  std::vector<int16_t> knots;
  for (size_t i = 0; i < mote::kLookupBlocks; ++i) {
    // Blocks are in the order of values as uint16.
    const Block block{function.data() + (i * kBlock + 32768) % 65536};
    uint32_t shift = mote::kLookupBlockBits;
    while (shift > 0 && !block.fits(shift, tolerance)) --shift;
    table.blocks.data<uint16_t>()[i] = static_cast<uint16_t>(knots.size() << 4 | shift);
    for (size_t at = 0; at <= kBlock; at += size_t{1} << shift)
      knots.push_back(static_cast<int16_t>(block.knot(at)));
    if (knots.size() > mote::kMostKnots) return {};
  }
  table.knots = Tensor::of<int16_t>(DType::S16, {std::ssize(knots)}, knots);
  return table;
}

}  // namespace motec
