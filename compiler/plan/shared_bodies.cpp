#include "plan/shared_bodies.h"

#include <algorithm>

namespace motec {
namespace {

// Kernels that gain, the number of shapes from which on they do, and the member that must be equal
// in all of them: where tiles of channels are unrolled, code for every number of channels is larger
// than what it replaces. From sizes at -Os of the MLPerf Tiny and the sample networks, with each
// kernel shared alone; kernels that are not listed grew, or were not tried.
struct Sharing {
  std::string_view kernel;
  size_t shapes;
  std::string_view equal;
};
constexpr Sharing kSharing[] = {
    {"conv2d_s8_dsp", 2, ""},
    {"depthwise_s8_dsp", 2, ""},
    {"pointwise_s8_dsp", 2, ""},
    {"dense_s8_dsp", 2, ""},
    {"conv2d_s8", 4, ""},
    {"depthwise_s8", 6, ""},
    {"pointwise_s8", 2, ""},
    {"dense_s8", 3, ""},
    {"dense_halves_s8_rv32", 3, ""},
    {"depthwise_s8_mve", 8, ""},
    {"add_s8", 2, ""},
    {"add_s8_dsp", 2, ""},
    {"add_s8_mve", 2, ""},
    {"conv2d_f32", 2, "out_c"},
    {"conv_transpose2d_f32", 2, "out_c"},
    {"depthwise_f32", 2, "in_c"},
    {"depthwise_f32_mve", 4, "in_c"},
    {"pointwise_f32", 2, "n"},
    {"pointwise_f32_mve", 2, "n"},
    {"dense_f32", 2, "n"},
    {"dense_f32_mve", 2, "n"},
};

const Sharing* sharing_of(const Step& step) {
  const auto* found = std::ranges::find(kSharing, step.selection.kernel->name, &Sharing::kernel);
  return found == std::end(kSharing) ? nullptr : found;
}

bool same_members(const Step& a, const Step& b) {
  return std::ranges::equal(a.call.shape, b.call.shape,
                            [](const ShapeMember& x, const ShapeMember& y) {
                              return x.type == y.type && x.name == y.name;
                            });
}

}  // namespace

bool is_variable(const Step& step, const ShapeMember& member) {
  return step.rows && step.rows->batch == RowCall::Batch::Pixels && member.name == "m";
}

bool same_shape(const Step& a, const Step& b) {
  const auto same = [&](const ShapeMember& x, const ShapeMember& y) {
    const bool variable = is_variable(a, x);
    return variable == is_variable(b, y) && (variable || x.value == y.value);
  };
  return same_members(a, b) && std::ranges::equal(a.call.shape, b.call.shape, same);
}

bool same_body(const Step& a, const Step& b) {
  if (a.call.function != b.call.function || !same_members(a, b)) return false;
  const Sharing* sharing = sharing_of(a);
  return std::ranges::equal(
      a.call.shape, b.call.shape, [&](const ShapeMember& x, const ShapeMember& y) {
        const bool must_equal = sharing != nullptr && x.name == sharing->equal;
        return !must_equal || (x.value == y.value && is_variable(a, x) == is_variable(b, y));
      });
}

void share_bodies(Program& program) {
  for (Step& step : program.steps) {
    const Sharing* sharing = sharing_of(step);
    if (sharing == nullptr) continue;
    std::vector<const Step*> shapes;
    for (const Step& other : program.steps)
      if (same_body(step, other) && std::ranges::none_of(shapes, [&](const Step* known) {
            return same_shape(*known, other);
          }))
        shapes.push_back(&other);
    step.shares_body = shapes.size() >= sharing->shapes;
  }
}

}  // namespace motec
