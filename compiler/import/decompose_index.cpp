// Operators that pick or update elements by index.
#include <algorithm>
#include <numeric>

#include "import/importers.h"
#include "import/index_table.h"
#include "import/tensor_reader.h"
#include "ops/cast.h"
#include "ops/gather.h"
#include "ops/move.h"
#include "ops/scatter.h"
#include "ops/select.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

int axis_of(const Node& n, int64_t otherwise) {
  return normalize_axis(n.attr_int("axis", otherwise), n.rank(0), n.op_type());
}

void import_gather(Node& n) {
  const int axis = axis_of(n, 0);
  const Shape x = n.shape(0);
  const ValueId index = indices_in(n, 1, x[static_cast<size_t>(axis)]);
  const Tensor* known = n.constant(index);
  if (!known || known->elements() == 0)
    return n.set(n.add(ops::gather, GatherAttrs{axis}, {n.in(0), index}));
  Shape y(x.begin(), x.begin() + axis);
  y.insert(y.end(), known->shape.begin(), known->shape.end());
  y.insert(y.end(), x.begin() + axis + 1, x.end());
  n.set(n.reshape(pick(n, n.in(0), axis, to_int64s(*known)), y));
}

// Constant indices become positions in the whole tensor.
void import_gather_elements(Node& n) {
  const int axis = axis_of(n, 0);
  const auto d = static_cast<size_t>(axis);
  const Shape x = n.shape(0);
  const ValueId index = indices_in(n, 1, x[d]);
  const Tensor* known = n.constant(index);
  const bool fits = n.shape(index).size() == x.size();
  if (!known || known->elements() == 0 || !fits)
    return n.set(n.add(ops::gather_elements, GatherElementsAttrs{axis}, {n.in(0), index}));
  const Shape strides = strides_of(x), shape = known->shape, index_strides = strides_of(shape);
  std::vector<int64_t> table = to_int64s(*known);
  for (size_t i = 0; i < table.size(); ++i) {
    int64_t at = table[i] * strides[d];
    for (size_t k = 0; k < x.size(); ++k) {
      const int64_t position = static_cast<int64_t>(i) / index_strides[k] % shape[k];
      n.require(k == d || position < x[k],
                "GatherElements: the indices are larger than the operand");
      if (k != d) at += position * strides[k];
    }
    table[i] = at;
  }
  n.set(pick_elements(n, n.in(0), table, shape));
}

// Constant operand 1, whose rows are indices of the dimensions of `x` from `first` on; none
// negative.
std::vector<int64_t> known_points(const Node& n, const Shape& x, size_t first) {
  const Tensor& known = n.constant_in(1, "the indices");
  std::vector<int64_t> values = to_int64s(known);
  const auto depth = static_cast<size_t>(known.shape.back());
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t size = x[first + i % depth];
    n.require(
        values[i] >= -size && values[i] < size,
        fmt::format("{}: index {} is outside a dimension of {}", n.op_type(), values[i], size));
    if (values[i] < 0) values[i] += size;
  }
  return values;
}

void require_points(const Node& n, int64_t batch_dims) {
  const Shape x = n.shape(0), index = n.shape(1);
  n.require(
      batch_dims >= 0 && batch_dims < std::min(std::ssize(x), std::ssize(index)) &&
          index.back() >= 1 && batch_dims + index.back() <= std::ssize(x),
      fmt::format("{}: indices {} do not fit {}", n.op_type(), to_string(index), to_string(x)));
}

// Constant indices of several dimensions become those of one.
void import_gather_nd(Node& n) {
  const int64_t batch_dims = n.attr_int("batch_dims", 0);
  require_points(n, batch_dims);
  const Shape x = n.shape(0), index = n.shape(1);
  if (!n.constant(n.in(1)) || element_count(index) == 0)
    return n.set(n.add(ops::gather_nd, GatherNdAttrs{batch_dims}, {n.in(0), n.in(1)}));
  const auto batch = static_cast<size_t>(batch_dims), depth = static_cast<size_t>(index.back());
  n.require(
      std::equal(x.begin(), x.begin() + batch_dims, index.begin()),
      fmt::format("GatherND: the batches of {} and {} differ", to_string(x), to_string(index)));
  const int64_t batches = product(x, 0, batch);
  const int64_t points = element_count(index) / index.back() / batches;
  const std::vector<int64_t> values = known_points(n, x, batch);
  std::vector<int64_t> table;
  for (size_t i = 0; i < values.size(); i += depth) {
    int64_t at = std::ssize(table) / points;  // the batch
    for (size_t k = 0; k < depth; ++k) at = at * x[batch + k] + values[i + k];
    table.push_back(at);
  }
  Shape list = {product(x, 0, batch + depth)}, y(index.begin(), index.end() - 1);
  for (size_t d = batch + depth; d < x.size(); ++d) list.push_back(x[d]), y.push_back(x[d]);
  n.set(n.reshape(pick(n, n.reshape(n.in(0), list), 0, table), y));
}

ScatterFn scatter_fn(const Node& n) {
  const std::string reduction = n.attr_string("reduction", "none");
  if (reduction == "none") return ScatterFn::Replace;
  if (reduction == "add") return ScatterFn::Add;
  if (reduction == "mul") return ScatterFn::Mul;
  if (reduction == "max") return ScatterFn::Max;
  if (reduction == "min") return ScatterFn::Min;
  n.unsupported(fmt::format("reduction '{}'", reduction));
}

void import_scatter_elements(Node& n) {
  const int axis = axis_of(n, 0);
  const ScatterFn fn = scatter_fn(n);
  if (element_count(n.shape(1)) == 0) return n.set(n.unary(UnaryFn::Identity, n.in(0)));
  const ValueId index = indices_in(n, 1, n.shape(0)[static_cast<size_t>(axis)]);
  n.set(n.add(ops::scatter_elements, ScatterElementsAttrs{axis, fn}, {n.in(0), index, n.in(2)}));
}

void import_scatter_nd(Node& n) {
  const ScatterFn fn = scatter_fn(n);
  if (element_count(n.shape(1)) == 0) return n.set(n.unary(UnaryFn::Identity, n.in(0)));
  require_points(n, 0);
  ValueId index = n.in(1);
  if (n.constant(index)) index = n.constant(s32_tensor(n.shape(1), known_points(n, n.shape(0), 0)));
  n.set(n.add(ops::scatter_nd, ScatterNdAttrs{fn}, {n.in(0), index, n.in(2)}));
}

// A condition that is computed has no fixed number of results.
void import_compress(Node& n) {
  const std::vector<int64_t> condition = n.ints_in(1, "the condition");
  const bool flat = !n.has_attr("axis");
  ValueId x = n.in(0);
  if (flat) x = n.reshape(x, {element_count(n.shape(x))});
  const int axis = flat ? 0 : axis_of(n, 0);
  std::vector<int64_t> table;
  for (size_t i = 0; i < condition.size(); ++i)
    if (condition[i]) table.push_back(static_cast<int64_t>(i));
  n.require(table.empty() || table.back() < n.shape(x)[static_cast<size_t>(axis)],
            "Compress: the condition is longer than the dimension");
  n.set(pick(n, x, axis, table));
}

// Indices outside [-depth, depth) make a row of off values.
void import_one_hot(Node& n) {
  const std::vector<int64_t> depths = n.ints_in(1, "the depth");
  n.require(depths.size() == 1, "OneHot: the depth is not a single number");
  const int64_t depth = depths[0];
  ValueId index = n.in(0);
  if (is_float(n.type(index).dtype)) index = n.add(ops::cast, CastAttrs{DType::S64}, {index});
  const DType dtype = n.type(index).dtype;
  const size_t rank = n.rank(0) + 1;
  const auto axis = static_cast<size_t>(normalize_axis(n.attr_int("axis", -1), rank, "OneHot"));
  Shape rows = n.shape(index), columns(rank - axis, 1);
  rows.insert(rows.begin() + static_cast<int64_t>(axis), 1);
  Shape y = rows;
  y[axis] = columns[0] = depth;
  check_dims(y, n.type(n.in(2)).dtype, "the result of OneHot");
  n.require(element_count(n.shape(2)) == 2, "OneHot: values are not two numbers");
  if (is_signed_int(dtype)) {
    const ValueId wrapped =
        n.binary(BinaryFn::Add, index, n.scalar(dtype, static_cast<double>(depth)));
    const ValueId negative = n.binary(BinaryFn::Less, index, n.scalar(dtype, 0));
    index = n.add(ops::select, NoAttrs{}, {negative, wrapped, index});
  }
  Tensor numbers = Tensor::zeros(dtype, columns);
  dispatch(dtype, [&]<class T>() {
    for (int64_t i = 0; i < depth; ++i) numbers.data<T>()[i] = static_cast<T>(i);
  });
  const ValueId hot =
      n.binary(BinaryFn::Equal, n.reshape(index, rows), n.constant(std::move(numbers)));
  const ValueId values = n.reshape(n.in(2), {2});
  const ValueId off = n.reshape(pick(n, values, 0, {0}), {}),
                on = n.reshape(pick(n, values, 0, {1}), {});
  n.set(n.add(ops::select, NoAttrs{}, {hot, on, off}));
}

// Position t of a sequence of length l is l - 1 - t where that is not negative, and t beyond. Known
// lengths fold to a table of positions.
void import_reverse_sequence(Node& n) {
  const int64_t time = n.attr_int("time_axis", 0), batch = n.attr_int("batch_axis", 1);
  n.require(n.rank(0) >= 2 && time + batch == 1 && time * batch == 0,
            "ReverseSequence: time_axis and batch_axis are not 0 and 1");
  const Shape x = n.shape(0);
  const auto time_dim = static_cast<size_t>(time), batch_dim = static_cast<size_t>(batch);
  const int64_t steps = x[time_dim], batches = x[batch_dim];
  n.require(n.shape(1) == Shape{batches}, "ReverseSequence: there is not one length per sequence");
  if (const Tensor* lengths = n.constant(n.in(1))) {
    for (const int64_t length : to_int64s(*lengths))
      n.require(length >= 0 && length <= steps,
                fmt::format("ReverseSequence: length {} of a sequence of {}", length, steps));
  }
  // 0, 1, .. along dimension `axis` of two.
  const auto ramp = [&n](int64_t count, int64_t axis) {
    std::vector<int64_t> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), 0);
    return n.constant(s64_tensor(axis == 0 ? Shape{count, 1} : Shape{1, count}, values));
  };
  const ValueId t = ramp(steps, time), b = ramp(batches, batch);
  const ValueId one = n.scalar(DType::S64, 1);
  const ValueId length = n.reshape(n.add(ops::cast, CastAttrs{DType::S64}, {n.in(1)}), n.shape(b));
  const ValueId mirrored = n.binary(BinaryFn::Sub, n.binary(BinaryFn::Sub, length, one), t);
  const ValueId inside = n.binary(BinaryFn::Less, t, length);
  const ValueId from = n.add(ops::select, NoAttrs{}, {inside, mirrored, t});
  const auto scaled = [&n](ValueId v, int64_t by) {
    return by == 1 ? v : n.binary(BinaryFn::Mul, v, n.scalar(DType::S64, static_cast<double>(by)));
  };
  ValueId index = n.binary(BinaryFn::Add, scaled(from, time == 0 ? batches : 1),
                           scaled(b, time == 0 ? 1 : steps));
  Shape list = {steps * batches};
  list.insert(list.end(), x.begin() + 2, x.end());
  index = n.reshape(index, {steps * batches});
  const ValueId rows = n.reshape(n.in(0), list);
  const Tensor* known = n.constant(index);
  n.set(n.reshape(known ? pick(n, rows, 0, to_int64s(*known))
                        : n.add(ops::gather, GatherAttrs{0}, {rows, index}),
                  x));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"Compress",        import_compress},
    {"Gather",          import_gather},
    {"GatherElements",  import_gather_elements},
    {"GatherND",        import_gather_nd},
    {"OneHot",          import_one_hot},
    {"ReverseSequence", import_reverse_sequence},
    {"Scatter",         import_scatter_elements},
    {"ScatterElements", import_scatter_elements},
    {"ScatterND",       import_scatter_nd},
    // clang-format on
};

}  // namespace

std::span<const Importer> index_importers() { return kImporters; }

}  // namespace motec
