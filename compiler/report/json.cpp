#include "report/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/op_def.h"
#include "plan/placement.h"
#include "report/facts.h"
#include "report/quantization.h"

namespace motec {
namespace {

using Json = nlohmann::ordered_json;

// One number per tensor, a list per channel, null without quantization.
template <class T>
Json per_channel(const std::vector<T>& values) {
  if (values.size() == 1) return values[0];
  return values;
}

Json number_or_null(const std::optional<int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

// The name of the memory, if there are several, that a buffer is in.
void add_memory(const Program& program, const Buffer& buffer, Json& json) {
  if (!program.memories.empty()) json["memory"] = program.memories[buffer.memory].name;
}

Json slot_json(const Program& program, const Slot& slot) {
  Json json = {{"name", slot.name},
               {"c_name", slot.c_name},
               {"dtype", std::string(name_of(slot.type.dtype))},
               {"shape", slot.type.shape},
               {"elements", slot.type.elements()},
               {"scale", nullptr},
               {"zero_point", nullptr},
               {"arena_offset", nullptr}};
  if (slot.place.kind == Place::Kind::Arena) {
    json["arena_offset"] = program.buffers[slot.place.buffer].offset;
    add_memory(program, program.buffers[slot.place.buffer], json);
  }
  if (slot.type.quant) {
    json["scale"] = per_channel(slot.type.quant->scale);
    json["zero_point"] = per_channel(slot.type.quant->zero_point);
  }
  return json;
}

Json slots_json(const Program& program, const std::vector<Slot>& slots) {
  Json list = Json::array();
  for (const Slot& slot : slots) list.push_back(slot_json(program, slot));
  return list;
}

// The input whose rows the caller hands over; null where there is none.
Json stream_input_json(const Program& program) {
  for (const Slot& slot : program.inputs) {
    if (slot.rows == 0) continue;
    const int64_t elements = slot.type.elements() / slot.rows;
    return {{"name", slot.name},
            {"c_name", slot.c_name},
            {"rows", slot.rows},
            {"row_elements", elements},
            {"row_bytes", slot.type.bytes() / slot.rows}};
  }
  return nullptr;
}

// The input that moves on from call to call; null where there is none.
Json stream_time_json(const Program& program) {
  const auto& time = program.graph.time;
  if (!time) return nullptr;
  return {{"name", time->input},
          {"axis", time->axis},
          {"frames", time->frames},
          {"window", time->window},
          {"first_call", time->first_call()}};
}

Json candidate_json(const Choice& choice) {
  Json json = {{"name", std::string(choice.kernel->name)},
               {"cost", nullptr},
               {"flash_bytes", choice.flash_bytes},
               {"scratch_bytes", choice.scratch_bytes},
               {"refused", nullptr}};
  if (choice.cost > 0) json["cost"] = choice.cost;
  if (!choice.refused.empty()) json["refused"] = choice.refused;
  return json;
}

Json layer_json(const Program& program, const Step& step) {
  Json nodes = Json::array(), buffers = Json::array(), candidates = Json::array();
  if (!step.op.origin.node.empty()) nodes.push_back(step.op.origin.node);
  for (const size_t i : buffers_of(step)) {
    const Buffer& buffer = program.buffers[i];
    buffers.push_back({{"name", buffer.name}, {"offset", buffer.offset}, {"bytes", buffer.bytes}});
    add_memory(program, buffer, buffers.back());
  }
  for (const Choice& choice : step.selection.candidates)
    candidates.push_back(candidate_json(choice));
  return {{"name", step.name},
          {"onnx_nodes", nodes},
          {"onnx_op", step.op.origin.op_type},
          {"op", std::string(step.op.def->name)},
          {"kernel", std::string(step.selection.kernel->name)},
          {"function", step.call.function},
          {"shares_body", step.shares_body},
          {"output", result_type(program, step)},
          {"macs", step.macs},
          {"weights_bytes", step.weights_bytes},
          {"scratch_bytes", step.call.scratch_bytes},
          {"est_cycles", number_or_null(step.est_cycles)},
          {"buffers", buffers},
          {"candidates", candidates}};
}

Json memory_json(const Program& program) {
  Json buffers = Json::array();
  const bool several = !program.memories.empty();
  const std::vector<int64_t> accesses = several ? accessed_bytes(program) : std::vector<int64_t>{};
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    buffers.push_back({{"name", buffer.name},
                       {"bytes", buffer.bytes},
                       {"offset", buffer.offset},
                       {"first", buffer.first},
                       {"last", buffer.last}});
    add_memory(program, buffer, buffers.back());
    if (several) buffers.back()["accessed_bytes"] = accesses[i];
  }
  Json memories = Json::array();
  for (const Memory& memory : program.memories)
    memories.push_back({{"name", memory.name},
                        {"bytes", memory.bytes},
                        {"limit_bytes", memory.limit_bytes},
                        {"lower_bound", memory.lower_bound},
                        {"optimal", memory.optimal}});
  Json json = {
      {"arena_bytes", program.arena_bytes}, {"arena_lower_bound", program.arena_lower_bound},
      {"state_bytes", program.state_bytes}, {"weights_bytes", program.weights_bytes()},
      {"optimal", program.arena_optimal},   {"buffers", buffers}};
  if (several) json["memories"] = memories;
  return json;
}

Json plans_json(const Program& program) {
  Json plans = Json::array();
  for (const Candidate& candidate : program.candidates) {
    Json regions = Json::array();
    for (const Candidate::Part& part : candidate.regions)
      regions.push_back({{"first", program.steps[part.first].name},
                         {"last", program.steps[part.last].name},
                         {"group", part.group},
                         {"staged", part.staged}});
    Json json = {{"regions", regions},
                 {"arena_bytes", candidate.arena_bytes},
                 {"est_cycles", number_or_null(candidate.est_cycles)},
                 {"refused", nullptr}};
    if (!candidate.refused.empty()) json["refused"] = candidate.refused;
    plans.push_back(json);
  }
  return plans;
}

Json row_stops_json(const Program& program) {
  Json stops = Json::array();
  for (const RowStop& stop : program.row_stops)
    stops.push_back({{"layer", program.steps[stop.step].name}, {"why", stop.why}});
  return stops;
}

Json notes_json(const Program& program) {
  Json notes = Json::array();
  for (const Note& note : program.graph.notes)
    notes.push_back({{"node", note.origin.node}, {"op", note.origin.op_type}, {"text", note.text}});
  return notes;
}

Json model_json(const Program& program, const ReportContext& context) {
  Json layers = Json::array();
  for (const Step& step : program.steps) layers.push_back(layer_json(program, step));
  const Pruned& pruned = program.graph.pruned;
  Json json = {{"model", context.model},
               {"name", program.name},
               {"target", std::string(program.target->name)},
               {"optimize", context.optimize},
               {"inputs", slots_json(program, program.inputs)},
               {"outputs", slots_json(program, program.outputs)},
               {"stream_input", stream_input_json(program)},
               {"stream_time", stream_time_json(program)},
               {"memory", memory_json(program)},
               {"totals",
                {{"macs", program.macs()},
                 {"est_cycles", number_or_null(program.est_cycles())},
                 {"parameters", parameters(program)}}},
               {"pruned",
                {{"channels", pruned.channels},
                 {"macs", pruned.macs},
                 {"weights_bytes", pruned.weight_bytes}}},
               {"layers", layers},
               {"plans", plans_json(program)},
               {"rows_stop_before", row_stops_json(program)},
               {"notes", notes_json(program)},
               {"files", context.files}};
  if (context.quantization)
    json["quantization"] = Json::parse(quantization_json(*context.quantization, context.classes));
  return json;
}

}  // namespace

SharedMemory shared_memory(std::span<const ModelReport> models) {
  SharedMemory shared;
  for (const ModelReport& model : models) {
    shared.arena_bytes = std::max(shared.arena_bytes, model.program->arena_bytes);
    const std::vector<Memory>& memories = model.program->memories;
    shared.memories.resize(memories.size());
    for (size_t m = 0; m < memories.size(); ++m) {
      shared.memories[m].name = memories[m].name;
      shared.memories[m].bytes = std::max(shared.memories[m].bytes, memories[m].bytes);
    }
    shared.state_bytes += model.program->state_bytes;
    shared.weights_bytes += model.program->weights_bytes();
  }
  if (!shared.memories.empty()) shared.arena_bytes = 0;
  for (const Memory& memory : shared.memories) shared.arena_bytes += memory.bytes;
  return shared;
}

std::string report_json(std::span<const ModelReport> models) {
  Json report;
  if (models.size() == 1) {
    report = model_json(*models[0].program, models[0].context);
  } else {
    const SharedMemory shared = shared_memory(models);
    report["memory"] = {{"arena_bytes", shared.arena_bytes},
                        {"state_bytes", shared.state_bytes},
                        {"weights_bytes", shared.weights_bytes}};
    for (const Memory& memory : shared.memories)
      report["memory"]["memories"].push_back({{"name", memory.name}, {"bytes", memory.bytes}});
    report["models"] = Json::array();
    for (const ModelReport& model : models)
      report["models"].push_back(model_json(*model.program, model.context));
  }
  // Names in a model may be no UTF-8.
  return report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace motec
