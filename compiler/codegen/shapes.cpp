#include "codegen/shapes.h"

#include <algorithm>
#include <set>

#include "plan/shared_bodies.h"

namespace motec {
namespace {

// The first step whose struct or object this one uses, too, and by whose name that goes.
const Step& shape_step(const Program& program, const Step& step) {
  return *std::ranges::find_if(program.steps, [&](const Step& other) {
    return same_shape(step, other) && step.shares_body == other.shares_body &&
           (!step.shares_body || same_body(step, other));
  });
}

// The struct of steps that share a body; unlike any step's or constant's name.
std::string shared_struct(const Program& program, const Step& step) {
  const Step& first = *std::ranges::find_if(
      program.steps, [&](const Step& other) { return same_body(step, other); });
  std::string name = first.name + "_shape";
  const auto taken = [&](const auto& other) { return other.name == name; };
  while (std::ranges::any_of(program.steps, taken) || std::ranges::any_of(program.constants, taken))
    name += '_';
  return name;
}

// Whether a member is data: it is found while the program runs, or is not the same for all that
// share the body.
bool is_data(const Program& program, const Step& step, size_t i) {
  const ShapeMember& member = step.call.shape[i];
  if (is_variable(step, member)) return true;
  return step.shares_body && std::ranges::any_of(program.steps, [&](const Step& other) {
           return same_body(step, other) && other.call.shape[i].value != member.value;
         });
}

// The data of a shape that shares a body: "{24, 16}".
std::string values_text(const Program& program, const Step& step, const std::string& pixels) {
  std::string text;
  for (size_t i = 0; i < step.call.shape.size(); ++i) {
    const ShapeMember& member = step.call.shape[i];
    if (is_data(program, step, i))
      text += (text.empty() ? "" : ", ") + (is_variable(step, member) ? pixels : member.value);
  }
  return fmt::format("{{{}}}", text);
}

TemplateObject struct_data(const Program& program, const Step& step, const std::string& name) {
  TemplateList members;
  for (size_t i = 0; i < step.call.shape.size(); ++i) {
    const ShapeMember& member = step.call.shape[i];
    std::string text = fmt::format("{} {}", member.type, member.name);
    if (!is_data(program, step, i))
      text = fmt::format("static constexpr {} = {}", text, member.value);
    members.push_back(TemplateObject{{"member_declaration", text}});
  }
  return {{"struct_name", name}, {"members", members}};
}

}  // namespace

std::string shape_argument(const Program& program, const Step& step, const std::string& pixels) {
  const std::string scope = program.name + "_impl::";
  const std::string& name = shape_step(program, step).name;
  if (!step.shares_body) return fmt::format("{}{}{{{}}}", scope, name, pixels);
  if (pixels.empty()) return scope + name;
  return scope + shared_struct(program, step) + values_text(program, step, pixels);
}

void add_shapes_data(const Program& program, TemplateObject& data) {
  TemplateList shapes, objects;
  std::set<std::string> structs;
  for (const Step& step : program.steps) {
    if (&shape_step(program, step) != &step) continue;
    const std::string name = step.shares_body ? shared_struct(program, step) : step.name;
    if (structs.insert(name).second) shapes.push_back(struct_data(program, step, name));
    const bool variable = std::ranges::any_of(
        step.call.shape, [&](const ShapeMember& member) { return is_variable(step, member); });
    if (step.shares_body && !variable)
      objects.push_back(TemplateObject{{"struct_name", name},
                                       {"object", step.name},
                                       {"values", values_text(program, step, {})}});
  }
  data["shapes"] = shapes;
  data["shape_objects"] = objects;
}

}  // namespace motec
