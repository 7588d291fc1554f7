// Resize and Upsample: one axis after the other. An axis that only repeats its elements is an
// Expand, one that picks elements a Gather or a Slice, any other a Resample.
#include <algorithm>
#include <cmath>

#include "import/importers.h"
#include "import/index_table.h"
#include "import/maps.h"
#include "import/resize_table.h"
#include "import/tensor_reader.h"
#include "ops/cast.h"
#include "ops/move.h"
#include "ops/resample.h"
#include "ops/select.h"
#include "support/diag.h"

namespace motec {
namespace {

// One axis that changes.
struct Plan {
  int axis;
  ResizeAxis size;
  ResizeTable table;
};

bool picks(const ResizeTable& table) {
  return table.taps == 1 && std::all_of(table.weights.begin(), table.weights.end(),
                                        [](float weight) { return weight == 1; });
}

// How often each element is repeated; 0: it is not as simple as that.
int64_t repeats(const Plan& plan) {
  if (!picks(plan.table) || plan.size.out % plan.size.in != 0) return 0;
  const int64_t times = plan.size.out / plan.size.in;
  for (int64_t j = 0; j < plan.size.out; ++j)
    if (plan.table.first[static_cast<size_t>(j)] != j / times) return 0;
  return times;
}

bool has_values(const Node& n, size_t i) { return n.has(i) && element_count(n.shape(i)) > 0; }

// Result sizes from wanted ones; "not_larger" and "not_smaller" keep the ratio of the sides.
void apply_sizes(const Node& n, std::vector<ResizeAxis>& axes, const std::vector<int64_t>& sizes) {
  const std::string policy = n.attr_string("keep_aspect_ratio_policy", "stretch");
  n.require(policy == "stretch" || policy == "not_larger" || policy == "not_smaller",
            fmt::format("Resize: keep_aspect_ratio_policy '{}' is unknown", policy));
  std::vector<double> scales;
  for (size_t i = 0; i < axes.size(); ++i) {
    n.require(sizes[i] >= 0, "Resize: a size is negative");
    axes[i].out = sizes[i];
    axes[i].scale = static_cast<double>(sizes[i]) / static_cast<double>(axes[i].in);
    scales.push_back(axes[i].scale);
  }
  if (policy == "stretch" || axes.empty()) return;
  const double scale = policy == "not_larger" ? *std::min_element(scales.begin(), scales.end())
                                              : *std::max_element(scales.begin(), scales.end());
  for (ResizeAxis& axis : axes) {
    axis.scale = scale;
    axis.out = static_cast<int64_t>(std::floor(scale * static_cast<double>(axis.in) + 0.5));
  }
}

// The size of a result is rounded down from a product in float32, as ONNX infers it.
void apply_scales(const Node& n, std::vector<ResizeAxis>& axes, const std::vector<double>& scales) {
  for (size_t i = 0; i < axes.size(); ++i) {
    n.require(scales[i] > 0 && std::isfinite(scales[i]),
              fmt::format("{}: scale {} is not positive", n.op_type(), scales[i]));
    axes[i].scale = scales[i];
    const float size = std::floor(static_cast<float>(axes[i].in) * static_cast<float>(scales[i]));
    n.require(size < 2147483648.0f,
              fmt::format("{}: scale {} is too large", n.op_type(), scales[i]));
    axes[i].out = static_cast<int64_t>(size);
  }
}

ResizeRule::Mode read_mode(const Node& n) {
  const std::string mode = n.attr_string("mode", "nearest");
  if (mode == "nearest") return ResizeRule::Mode::Nearest;
  if (mode == "linear") return ResizeRule::Mode::Linear;
  if (mode == "cubic") return ResizeRule::Mode::Cubic;
  n.unsupported(fmt::format("mode '{}'", mode));
}

// Before opset 11 there was but one way to read: at x / scale.
ResizeRule read_rule(const Node& n) {
  ResizeRule rule{.mode = read_mode(n)};
  if (n.op_type() == "Upsample" || n.opset() < 11) {
    rule.coordinates = "asymmetric";
    rule.nearest = n.op_type() == "Upsample" ? "floor" : "ceil_when_shrinking";
    return rule;
  }
  rule.coordinates = n.attr_string("coordinate_transformation_mode", rule.coordinates);
  rule.nearest = n.attr_string("nearest_mode", rule.nearest);
  rule.cubic_a = n.attr_float("cubic_coeff_a", -0.75f);
  rule.antialias = n.attr_int("antialias", 0) != 0;
  rule.exclude_outside = n.attr_int("exclude_outside", 0) != 0;
  if (!known_coordinates(rule.coordinates))
    n.unsupported(fmt::format("coordinate_transformation_mode '{}'", rule.coordinates));
  if (!known_nearest(rule.nearest)) n.unsupported(fmt::format("nearest_mode '{}'", rule.nearest));
  return rule;
}

void apply_roi(const Node& n, std::vector<ResizeAxis>& axes) {
  const std::vector<double> roi = to_doubles(n.constant_in(1, "the region of interest"));
  n.require(roi.size() == 2 * axes.size(), "Resize: roi does not have two entries per axis");
  for (size_t i = 0; i < axes.size(); ++i) {
    n.require(std::isfinite(roi[i]) && std::isfinite(roi[i + axes.size()]),
              "Resize: roi is not finite");
    axes[i].roi_start = roi[i];
    axes[i].roi_end = roi[i + axes.size()];
  }
}

// The axes that change, those that shrink first: what is in between stays small.
std::vector<Plan> read_plans(const Node& n, const ResizeRule& rule) {
  const Shape x = n.shape(0);
  std::vector<int64_t> given;
  for (size_t d = 0; d < x.size(); ++d) given.push_back(static_cast<int64_t>(d));
  given = n.attr_ints("axes", given);
  normalize_axes(given, x.size(), n.op_type());  // none is named twice
  std::vector<ResizeAxis> axes;
  for (int64_t& axis : given) {
    axis = normalize_axis(axis, x.size(), n.op_type());
    axes.push_back({.in = x[static_cast<size_t>(axis)]});
    n.require(axes.back().in > 0, fmt::format("{}: the operand is empty", n.op_type()));
  }
  const bool is_attribute = n.op_type() == "Upsample" && n.has_attr("scales");
  const size_t at = n.op_type() == "Upsample" || n.opset() < 11 ? 1 : 2;
  if (is_attribute) {
    const std::vector<float> scales = n.attr_floats("scales");
    n.require(scales.size() == axes.size(), "Upsample: there is not one scale per dimension");
    apply_scales(n, axes, {scales.begin(), scales.end()});
  } else if (has_values(n, at)) {
    const std::vector<double> scales = to_doubles(n.constant_in(at, "the scales"));
    n.require(scales.size() == axes.size(),
              fmt::format("{}: there is not one scale per axis", n.op_type()));
    apply_scales(n, axes, scales);
  } else {
    const std::vector<int64_t> sizes = n.ints_in(3, "the sizes");
    n.require(sizes.size() == axes.size(), "Resize: there is not one size per axis");
    apply_sizes(n, axes, sizes);
  }
  if (rule.coordinates == "tf_crop_and_resize") apply_roi(n, axes);
  Shape y = x;
  for (size_t i = 0; i < axes.size(); ++i) y[static_cast<size_t>(given[i])] = axes[i].out;
  check_dims(y, n.dtype(0), fmt::format("the result of {}", n.op_type()));
  std::vector<Plan> plans;
  for (size_t i = 0; i < axes.size(); ++i) {
    Plan plan{static_cast<int>(given[i]), axes[i], resize_table(rule, axes[i])};
    if (repeats(plan) != 1 || plan.table.any_outside()) plans.push_back(std::move(plan));
  }
  std::stable_sort(plans.begin(), plans.end(), [](const Plan& a, const Plan& b) {
    return a.size.out * b.size.in < b.size.out * a.size.in;
  });
  return plans;
}

ValueId resample(Node& n, ValueId x, const Plan& plan) {
  const auto count = std::ssize(plan.table.first);
  return n.add(ops::resample, ResampleAttrs{plan.axis},
               {x, n.constant(s32_tensor({count}, plan.table.first)),
                n.constant(f32_tensor({count, plan.table.taps}, plan.table.weights))});
}

// All repeated axes at once: [d] becomes [d, times].
ValueId repeat(Node& n, ValueId x, const std::vector<Plan>& plans) {
  Shape apart, repeated, y;
  for (size_t d = 0; d < n.shape(x).size(); ++d) {
    const int64_t size = n.shape(x)[d];
    int64_t times = 1;
    for (const Plan& plan : plans)
      if (plan.axis == static_cast<int>(d)) times = std::max<int64_t>(repeats(plan), 1);
    apart.push_back(size);
    repeated.push_back(size);
    if (times > 1) {
      apart.push_back(1);
      repeated.push_back(times);
    }
    y.push_back(size * times);
  }
  return n.reshape(n.add(ops::expand, ExpandAttrs{repeated}, {n.reshape(x, apart)}), y);
}

// The extrapolation value, where an axis was read outside.
ValueId extrapolate(Node& n, ValueId y, const Plan& plan) {
  if (!plan.table.any_outside()) return y;
  Shape shape(n.shape(y).size(), 1);
  shape[static_cast<size_t>(plan.axis)] = plan.size.out;
  Tensor outside = Tensor::zeros(DType::Bool, shape);
  for (size_t j = 0; j < plan.table.outside.size(); ++j)
    outside.data<uint8_t>()[j] = plan.table.outside[j];
  const double value = n.attr_float("extrapolation_value", 0.0f);
  return n.add(ops::select, NoAttrs{},
               {n.constant(std::move(outside)), n.scalar(n.type(y).dtype, value), y});
}

ValueId resized(Node& n, ValueId x, const std::vector<Plan>& plans) {
  bool repeated = false;
  const DType dtype = n.type(x).dtype;
  for (const Plan& plan : plans) {
    const int64_t times = repeats(plan);
    repeated |= times > 1;
    if (times > 0) continue;
    if (picks(plan.table)) {
      x = pick(n, x, plan.axis, plan.table.first);
    } else {
      if (n.type(x).dtype != DType::F32) x = n.add(ops::cast, CastAttrs{DType::F32}, {x});
      x = resample(n, x, plan);
    }
  }
  if (repeated) x = repeat(n, x, plans);
  for (const Plan& plan : plans) x = extrapolate(n, x, plan);
  return n.type(x).dtype == dtype ? x : n.add(ops::cast, CastAttrs{dtype}, {x});
}

// Maps are resized in NHWC, where the inner loops run over channels.
void import_resize(Node& n) {
  std::vector<Plan> plans = read_plans(n, read_rule(n));
  const size_t rank = n.rank(0);
  const bool spatial =
      std::all_of(plans.begin(), plans.end(), [](const Plan& p) { return p.axis >= 2; });
  if (plans.empty()) return n.set(n.unary(UnaryFn::Identity, n.in(0)));
  if (!spatial || rank < 3 || rank > 4) return n.set(resized(n, n.in(0), plans));
  const Maps maps(n, n.in(0));
  for (Plan& plan : plans) plan.axis = rank == 4 ? plan.axis - 1 : 2;
  n.set(maps.back(resized(n, maps.nhwc(), plans)));
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"Resize",   import_resize},
    {"Upsample", import_resize},
    // clang-format on
};

}  // namespace

std::span<const Importer> resize_importers() { return kImporters; }

}  // namespace motec
