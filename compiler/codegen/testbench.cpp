#include "codegen/testbench.h"

#include <algorithm>

#include "codegen/emit.h"
#include "codegen/memories.h"
#include "codegen/render.h"
#include "kernels/shape_members.h"
#include "support/diag.h"
#include "support/identifier.h"
#include "support/resources.h"

namespace motec {
namespace {

bool is_half(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16; }

template <class Predicate>
bool any_output(const Program& program, Predicate predicate) {
  return std::any_of(program.outputs.begin(), program.outputs.end(),
                     [&](const Slot& slot) { return predicate(slot.type.dtype); });
}

std::string array_name(size_t set, std::string_view direction, const Slot& slot) {
  return fmt::format("set{}_{}_{}", set, direction, slot.c_name);
}

TemplateData array_data(const std::string& name, const Tensor& tensor) {
  // C++ has no arrays of no elements.
  return TemplateObject{{"array", name},
                        {"c_type", std::string(c_type_of(tensor.dtype))},
                        {"values", tensor.elements() ? initializer(tensor) : "  0,\n"}};
}

std::string memory_arguments(const Program& program) {
  return listed(memories_of(program), "{}.data()");
}

// How a value of an output becomes a number, and the least tolerance that its rounding asks for.
std::string check_text(const Program& program, const Slot& slot, const std::string& array) {
  const std::string arguments =
      fmt::format("{}, {}_output_{}({}), {}, {}u", c_string(slot.name), program.name, slot.c_name,
                  memory_arguments(program), array, slot.type.elements());
  const auto floats = [&](std::string_view tolerance, std::string_view convert) {
    return fmt::format("check_floats({}, {}, {})", arguments, tolerance, convert);
  };
  switch (slot.type.dtype) {
    case DType::F32:
      return floats("kTolerance", "same<float>");
    case DType::F64:
      return floats("kTolerance", "same<double>");
    case DType::F16:
      return floats("at_least(1.0 / 1024)", "[](uint16_t x) { return mote::float_from_f16(x); }");
    case DType::BF16:
      return floats("at_least(1.0 / 128)", "[](uint16_t x) { return mote::float_from_bf16(x); }");
    default:
      return fmt::format("check_integers({})", arguments);
  }
}

bool is_time(const Program& program, const Slot& slot) {
  return program.graph.time && program.graph.time->input == slot.name;
}

void check_fits(const std::vector<Tensor>& tensors, const std::vector<Slot>& slots) {
  internal_check(tensors.size() == slots.size(), "{} test tensors for {} slots", tensors.size(),
                 slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    internal_check(
        tensors[i].dtype == slots[i].type.dtype && tensors[i].shape == slots[i].type.shape,
        "test data for '{}' are {}", slots[i].name, to_string(tensors[i].type()));
  }
}

TemplateList slots_data(const std::vector<Slot>& slots) {
  TemplateList list;
  for (const Slot& slot : slots)
    if (slot.rows == 0)
      list.push_back(
          TemplateObject{{"c_name", slot.c_name}, {"bytes", std::to_string(slot.type.bytes())}});
  return list;
}

TemplateData set_data(const Program& program, const TestSet& set, size_t index,
                      TemplateList& arrays) {
  check_fits(set.inputs, test_inputs(program));
  check_fits(set.outputs, program.outputs);
  TemplateList fills, checks;
  TemplateList images, windows;  // of which rows or frames are handed over
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const Slot& slot = program.inputs[i];
    const std::string array = array_name(index, "input", slot);
    arrays.push_back(array_data(array, set.inputs[i]));
    (slot.rows > 0            ? images
     : is_time(program, slot) ? windows
                              : fills)
        .push_back(TemplateObject{{"c_name", slot.c_name},
                                  {"array", array},
                                  {"bytes", std::to_string(slot.type.bytes())}});
  }
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const Slot& slot = program.outputs[i];
    const std::string array = array_name(index, "output", slot);
    arrays.push_back(array_data(array, set.outputs[i]));
    checks.push_back(TemplateObject{{"index", std::to_string(index)},
                                    {"call", check_text(program, slot, array)}});
  }
  return TemplateObject{{"index", std::to_string(index)},
                        {"fills", fills},
                        {"images", images},
                        {"windows", windows},
                        {"checks", checks}};
}

// A window is [outer, frames of the window, inner].
TemplateData time_data(const TimePort& time, const Slot& slot) {
  const auto axis = static_cast<size_t>(time.axis);
  const Shape& shape = slot.type.shape;
  return TemplateObject{{"c_name", slot.c_name},
                        {"c_type", std::string(c_type_of(slot.type.dtype))},
                        {"outer", std::to_string(product(shape, 0, axis))},
                        {"inner", std::to_string(product(shape, axis + 1, shape.size()))},
                        {"frames", std::to_string(time.frames)},
                        {"window", std::to_string(time.window)},
                        {"first", std::to_string(time.window - time.first_call() * time.frames)}};
}

}  // namespace

std::vector<Slot> test_inputs(const Program& program) {
  std::vector<Slot> slots = program.inputs;
  for (Slot& slot : slots)
    if (is_time(program, slot))
      slot.type.shape[static_cast<size_t>(program.graph.time->axis)] = program.graph.time->window;
  return slots;
}

std::string c_string(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '?') {  // ? for what were trigraphs
      literal += fmt::format("\\{}", c);
    } else if (c >= ' ' && c <= '~') {
      literal += c;
    } else {
      literal += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return literal + "\"";
}

Files make_testbench(const Program& program, const std::string& source,
                     const std::vector<TestSet>& sets, double tolerance) {
  TemplateList arrays, set_list;
  for (size_t i = 0; i < sets.size(); ++i)
    set_list.push_back(set_data(program, sets[i], i, arrays));
  const bool stateful = program.state_bytes > 0, half = any_output(program, is_half);
  TemplateObject data = {
      {"name", program.name},
      {"upper", upper(program.name)},
      {"source", source},
      {"target", std::string(program.target->name)},
      {"tolerance", literal(tolerance)},
      {"align", std::to_string(kArenaAlignment)},
      {"data", memory_arguments(program)},
      {"invoke_arguments", memory_arguments(program) + (stateful ? ", state.data()" : "")},
  };
  TemplateList memories;
  for (const Memory& memory : memories_of(program))
    memories.push_back(
        TemplateObject{{"memory", memory.name}, {"memory_upper", upper(memory.name)}});
  data["memories"] = memories;
  data["first_upper"] = upper(memories_of(program)[0].name);
  data["intact"] = listed(memories_of(program), "{}.intact()", " && ");
  data["stateful"] = stateful;
  data["half"] = half;
  data["has_float"] = any_output(program, is_float);
  data["has_integer"] = any_output(program, [](DType dtype) { return !is_float(dtype); });
  data["inputs"] = slots_data(program.inputs);
  data["fed"] = false;
  for (const Slot& slot : program.inputs)
    if (slot.rows > 0)
      data["fed"] = TemplateObject{{"c_name", slot.c_name},
                                   {"c_upper", upper(slot.c_name)},
                                   {"c_type", std::string(c_type_of(slot.type.dtype))}};
  data["time"] = false;
  for (const Slot& slot : program.inputs)
    if (is_time(program, slot)) data["time"] = time_data(*program.graph.time, slot);
  data["whole"] = data["fed"].is_false() && data["time"].is_false();
  data["outputs"] = slots_data(program.outputs);
  data["arrays"] = arrays;
  data["sets"] = set_list;
  Files files;
  files[program.name + "_test.cpp"] = render("test.cpp.in", data);
  if (half)
    for (const std::string& header : header_closure({"float16.h"}))
      files["mote/" + header] = resource("runtime/mote/" + header);
  return files;
}

}  // namespace motec
