#include "codegen/emit.h"

#include <algorithm>
#include <set>

#include "codegen/call_text.h"
#include "codegen/fed.h"
#include "codegen/memories.h"
#include "codegen/shapes.h"
#include "codegen/stream.h"
#include "ir/op_def.h"
#include "kernels/shape_members.h"
#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace {

// A name of the model's for a comment: whatever it holds, it must not end the comment or the line.
std::string comment_text(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool printable = static_cast<unsigned char>(c) >= ' ' && c != '\\' && c != 0x7f;
    const char last = text.empty() ? ' ' : text.back();
    if ((c == '/' && last == '*') || (c == '*' && last == '/')) text += ' ';
    text += printable ? c : '?';
  }
  return text;
}

TemplateData slot_data(const Program& program, const Slot& slot, std::string_view direction) {
  TemplateObject data = {{"onnx_name", comment_text(slot.name)},
                         {"c_name", slot.c_name},
                         {"c_upper", upper(slot.c_name)},
                         {"c_type", std::string(c_type_of(slot.type.dtype))},
                         {"type", to_string(slot.type)},
                         {"elements", std::to_string(slot.type.elements())},
                         {"bytes", std::to_string(slot.type.bytes())},
                         {"direction_upper", upper(direction)}};
  data["by_rows"] = slot.rows > 0;
  if (slot.rows == 0) {
    data["memory"] = memories_of(program)[program.buffers[slot.place.buffer].memory].name;
    data["offset"] = std::to_string(offset_of(program, slot.place));
  } else {
    data["rows"] = std::to_string(slot.rows);
    data["row_elements"] = std::to_string(slot.type.elements() / slot.rows);
  }
  data["quantized"] = slot.type.quant.has_value();
  if (slot.type.quant) {
    data["scale"] = literal(slot.type.quant->scale[0]);
    data["zero_point"] = fmt::format("({})", slot.type.quant->zero_point[0]);
  }
  return data;
}

TemplateData constant_data(const Constant& constant, std::string values) {
  return TemplateObject{{"constant", constant.name},
                        {"c_type", std::string(c_type_of(constant.tensor.dtype))},
                        {"elements", std::to_string(constant.tensor.elements())},
                        {"bytes", std::to_string(constant.tensor.type().bytes())},
                        {"values", std::move(values)}};
}

TemplateObject common_data(const Program& program, const std::string& source) {
  return {{"name", program.name},
          {"upper", upper(program.name)},
          {"source", comment_text(source)},
          {"target", std::string(program.target->name)}};
}

// A C++ accessor is the tensor's name; where an input and an output have the same one, the input's
// gets a suffix.
bool clashes(const Program& program) {
  for (const Slot& in : program.inputs)
    for (const Slot& out : program.outputs)
      if (in.c_name == out.c_name) return true;
  return false;
}

}  // namespace

TemplateData model_data(const Program& program, const std::string& source) {
  TemplateObject data = common_data(program, source);
  const bool stateful = program.state_bytes > 0;
  TemplateList inputs, outputs, slots, headers, constants, steps, buffers;
  TemplateData fed = false;
  for (const Slot& slot : program.inputs) {
    if (slot.rows == 0) inputs.push_back(slot_data(program, slot, "input"));
    if (slot.rows > 0) fed = slot_data(program, slot, "input");
    slots.push_back(slot_data(program, slot, "input"));
  }
  for (const Slot& slot : program.outputs) {
    outputs.push_back(slot_data(program, slot, "output"));
    slots.push_back(slot_data(program, slot, "output"));
  }
  for (const std::string& header : headers_of(program))
    headers.push_back(TemplateObject{{"header", header}});
  for (const Constant& constant : program.constants)
    constants.push_back(constant_data(constant, {}));
  TemplateList regions;
  auto region = program.regions.begin();
  for (size_t t = 0; t < program.steps.size(); ++t) {
    const Step& step = program.steps[t];
    if (region == program.regions.end() || t < region->first) {
      steps.push_back(TemplateObject{{"comment", step_comment(program, step)},
                                     {"call", call_text(program, step)}});
      continue;
    }
    const auto index = static_cast<size_t>(region - program.regions.begin());
    TemplateData streams = region_data(program, index);
    if (region->fed) {
      // What comes before depends on nothing and runs with the first row.
      streams.set("before", steps);
      steps.clear();
      fed.set("region", std::to_string(index));
    } else {
      steps.push_back(TemplateObject{
          {"comment",
           fmt::format("{} to {}, row by row", step.name, program.steps[region->last].name)},
          {"call", fmt::format("{}_impl::stream_{}::run(arena)", program.name, index)}});
    }
    regions.push_back(streams);
    t = region->last;
    ++region;
  }
  std::set<std::string> checks;
  for (const Step& step : program.steps)
    checks.insert(step.call.checks.begin(), step.call.checks.end());
  const std::vector<Memory> memories = memories_of(program);
  TemplateList asserts;
  for (const std::string& check : checks) asserts.push_back(TemplateObject{{"check", check}});
  for (const Buffer& buffer : program.buffers)
    buffers.push_back(TemplateObject{{"buffer", identifier(buffer.name)},
                                     {"memory_upper", upper(memories[buffer.memory].name)},
                                     {"offset", std::to_string(buffer.offset)},
                                     {"bytes", std::to_string(buffer.bytes)}});
  data["class"] = camel(program.name);
  add_memories_data(program, data);
  data["arena_align"] = std::to_string(kArenaAlignment);
  data["state_bytes"] = std::to_string(program.state_bytes);
  data["stateful"] = stateful;
  data["input_suffix"] = clashes(program) ? "_in" : "";
  data["time"] = false;
  if (const auto& time = program.graph.time)
    data["time"] = TemplateObject{{"onnx_name", comment_text(time->input)},
                                  {"frames", std::to_string(time->frames)},
                                  {"window", std::to_string(time->window)},
                                  {"first_call", std::to_string(time->first_call())}};
  data["inputs"] = inputs;
  data["fed"] = std::move(fed);
  data["outputs"] = outputs;
  data["slots"] = slots;
  data["headers"] = headers;
  data["constants"] = constants;
  add_shapes_data(program, data);
  data["steps"] = steps;
  data["regions"] = regions;
  data["buffers"] = buffers;
  data["asserts"] = asserts;
  return data;
}

TemplateData weights_data(const Program& program, const std::string& source) {
  TemplateObject data = common_data(program, source);
  TemplateList constants;
  for (const Constant& constant : program.constants)
    constants.push_back(constant_data(constant, initializer(constant.tensor)));
  data["align"] = std::to_string(kArenaAlignment);
  data["constants"] = constants;
  return data;
}

std::vector<std::string> headers_of(const Program& program) {
  std::vector<std::string> headers = {"arena.h"};
  if (!program.regions.empty()) headers.push_back("stream.h");
  for (const Step& step : program.steps)
    headers.insert(headers.end(), step.call.headers.begin(), step.call.headers.end());
  std::sort(headers.begin(), headers.end());
  headers.erase(std::unique(headers.begin(), headers.end()), headers.end());
  return headers;
}

std::string initializer(const Tensor& tensor) {
  constexpr size_t kLine = 100;
  std::string text, line = " ";
  dispatch(tensor.dtype, [&]<class T>() {
    for (const T value : tensor.values<T>()) {
      std::string item;
      if constexpr (std::is_floating_point_v<T>) {
        item = literal(value);
      } else if constexpr (sizeof(T) == 8) {
        // The least int64_t is no literal; hexadecimal bits are.
        item = fmt::format("{}({:#x}u)", std::is_signed_v<T> ? "(int64_t)" : "",
                           static_cast<uint64_t>(value));
        if (value >= 0) item = fmt::format("{}{}", value, std::is_signed_v<T> ? "" : "u");
      } else if constexpr (sizeof(T) == 4 && std::is_signed_v<T>) {
        item = literal(value);
      } else {
        item = fmt::format("{}{}", value, sizeof(T) == 4 ? "u" : "");
      }
      if (line.size() + item.size() + 2 > kLine) text += line + "\n", line = " ";
      line += " " + item + ",";
    }
  });
  return text + line + "\n";
}

}  // namespace motec
