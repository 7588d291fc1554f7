#include "kernels/costs.h"

#include <algorithm>
#include <cmath>

#include "kernels/integer_isa.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "support/diag.h"

namespace motec {
namespace {

struct Row {
  std::string_view isa, kind;
  double mac, output, call;
};

constexpr Row kRows[] = {
#include "kernels/costs.inc"
};

// A fully connected layer for several vectors is a pointwise one.
std::string_view kind_of(const Site& site, const Kernel& kernel) {
  const bool rows = kernel.op == &ops::qdense && site.out(0).elements() > site.out(0).shape.back();
  return rows ? "pointwise" : kernel.name.substr(0, kernel.name.find('_'));
}

const Row* row_of(const Site& site, const Kernel& kernel) {
  const std::string_view kind = kind_of(site, kernel);
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) {
    return r.isa == kernel.isa && r.kind == kind;
  });
  return row == std::end(kRows) ? nullptr : row;
}

// Element by element kernels on Cortex-M4: cycles per result.
constexpr std::pair<std::string_view, double> kPerResult[] = {
    {"quantize", 19}, {"dequantize", 9}, {"add_s8_dsp", 9}, {"lookup_s8", 7}, {"flip_sign", 5},
};

}  // namespace

double integer_cost(const Site& site, const Kernel& kernel) {
  const Row* row = row_of(site, kernel);
  internal_check(row, "{} has no row of costs", kernel.name);
  const int64_t macs = site.op.def->macs(site.op, infer_ctx(site.graph, site.op));
  return row->mac * static_cast<double>(macs) +
         row->output * static_cast<double>(site.out(0).elements()) + row->call;
}

double row_overhead(const Site& site, const Kernel& kernel, const RowCall& rows, int64_t group) {
  const Shape& y = rows.sums ? site.in(0).shape : site.out(0).shape;
  const auto count = static_cast<double>(rows.sums ? 1 : y[1]);
  double overhead = 60 * count;  // finding rows, calling
  // Only Cortex-M4's depthwise kernel has a way to make several rows that is not one after the
  // other.
  const bool together = rows.batch == RowCall::Batch::Pixels ||
                        (rows.batch == RowCall::Batch::Windows && kernel.isa == "DspS8");
  const double calls = together ? count / static_cast<double>(group) : count;
  const std::string_view kind = kernel.name.substr(0, kernel.name.find('_'));
  const bool multiplies = kernel.op->macs != nullptr;
  const int64_t pixels_of_call = y[2] * (together ? group : 1);
  if (multiplies && kernel.isa != "DspS8") {
    // Tiles of other cores take up to four pixels.
    const int64_t tiles = (pixels_of_call + 3) / 4 * 4;
    overhead += 0.4 * kernel.cost(site, kernel) *
                (static_cast<double>(tiles) / static_cast<double>(pixels_of_call) - 1);
  }
  // Tiles of Cortex-M4 take two pixels; one alone takes 0.72 times as long again.
  if (kernel.isa == "DspS8" && kind == "pointwise" && pixels_of_call % 2 == 1)
    overhead += 0.72 * kernel.cost(site, kernel) / (count * static_cast<double>(y[2])) * calls;
  // Of narrow images, several rows are made together: each such call takes 63 cycles a channel to
  // begin with.
  if (kernel.isa == "DspS8" && kind == "depthwise") {
    const auto& a = site.op.as<QConv2dAttrs>();
    const int32_t pixels = integer_isa(kernel).depthwise_pixels(
        qdepthwise_shape(a, site.in(0).shape, site.in(1).shape));
    const double whole_calls = count * static_cast<double>(y[2]) / std::max(pixels, 1);
    if (calls > whole_calls) overhead += 63 * static_cast<double>(y[3]) * (calls - whole_calls);
  }
  return overhead;
}

std::optional<int64_t> estimated_cycles(const Site& site, const Kernel& kernel,
                                        const Target& target) {
  if (target.name != "cortex-m4") return {};
  if (kernel.isa == "DspS8" && row_of(site, kernel)) return std::llround(kernel.cost(site, kernel));
  for (const auto& [name, cycles] : kPerResult)
    if (name == kernel.name)
      return std::llround(cycles * static_cast<double>(site.out(0).elements()));
  return {};
}

}  // namespace motec
