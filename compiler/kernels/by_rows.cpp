// Rows of results: what streaming schedules call instead of whole layers.
#include <algorithm>

#include "kernels/rows.h"
#include "support/diag.h"

namespace motec {
namespace {

Type rows_of(Type type, int64_t count) {
  type.shape[1] = count;
  return type;
}

}  // namespace

std::optional<RowCall> rows_alone(const Site& site, const Kernel& kernel, int64_t group) {
  if (site.op.out.size() != 1 || !is_image(site.out(0))) return {};
  const int64_t rows = site.out(0).shape[1];
  // A matrix product takes pixels of several rows together: `m` of them.
  const bool pixels = group > 1 && kernel.op->macs != nullptr;
  Graph graph;  // the op with its types, cut to a row or a group of rows
  Op op = site.op;
  for (ValueId& id : op.in) {
    if (!id) continue;
    const Value& value = site.graph[id];
    if (value.constant) {
      // A constant that differs from row to row would have to be cut into rows. Weights do not.
      const Shape& shape = value.type.shape;
      const bool by_row = shape.size() >= 3 && shape[shape.size() - 3] != 1;
      if (by_row && kernel.op->macs == nullptr) return {};
      id = graph.add_value(value.name, value.type, value.constant);
    } else {
      if (!is_image(value.type) || value.type.shape[1] != rows) return {};
      id = graph.add_value(value.name, rows_of(value.type, pixels ? group : 1));
    }
  }
  for (ValueId& id : op.out) {
    const Value& value = site.graph[id];
    id = graph.add_value(value.name, rows_of(value.type, pixels ? group : 1));
  }
  const Site row{graph, op};
  if (!kernel.refuses(row).empty()) return {};
  return RowCall{.call = kernel.lower(row, kernel),
                 .window = {},
                 .batch = pixels ? RowCall::Batch::Pixels : RowCall::Batch::Loop};
}

int64_t overlap_distance(const PixelOrder& o) {
  const int64_t pixels = o.y[1] * o.y[2], x_step = o.x[3], y_step = o.y[3];
  int64_t distance = 0;
  // From the end: the lowest input that these pixels (unless they have been gathered) and all
  // behind them read, against the end of what has been written by then.
  int64_t lowest = o.x[1] * o.x[2] * x_step;
  for (int64_t last = pixels; last > 0;) {
    const int64_t first = (last - 1) / o.pixels * o.pixels;
    if (o.gathers) distance = std::max(distance, last * y_step - lowest);
    for (int64_t p = last; p-- > first;) {
      const int64_t row = std::max<int64_t>(p / o.y[2] * o.stride[0] - o.pad[0], 0);
      const int64_t column = std::max<int64_t>(p % o.y[2] * o.stride[1] - o.pad[1], 0);
      lowest = std::min(lowest, (row * o.x[2] + column) * x_step);
    }
    if (!o.gathers) distance = std::max(distance, last * y_step - lowest);
    last = first;
  }
  return distance;
}

RowCall rows_gathered(Call call, std::string_view whole, std::string_view by_row,
                      const RowWindow& window) {
  const size_t at = call.function.find(whole);
  internal_check(at != std::string::npos, "{} does not call {}", call.function, whole);
  call.function.replace(at, whole.size(), by_row);
  return {.call = std::move(call), .window = window, .gathers = true};
}

}  // namespace motec
