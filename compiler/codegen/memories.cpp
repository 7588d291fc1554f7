#include "codegen/memories.h"

#include <fmt/format.h>

#include "support/identifier.h"

namespace motec {
namespace {

void add_one_arena(const std::string& prefix, TemplateObject& data) {
  data["arena_type"] = "void*";
  data["arena_value"] = "arena";
  data["arena_local"] = "";
  data["memories_struct"] = "";
  data["plain_constructor"] = "";
  data["accessor_parameters"] = "void* arena";
  data["fed_parameters"] = "void* arena";
  data["const_accessor_parameters"] = "const void* arena";
  data["arena_parts"] = fmt::format(": {0}_ARENA_BYTES bytes, aligned to {0}_ARENA_ALIGN", prefix);
  data["its_size"] = "its size";
  data["shared_part"] = "an arena";
  data["class_arena"] = "with an arena of its own";
  data["member_declarations"] = fmt::format(
      "alignas({0}_ARENA_ALIGN) uint8_t arena_[{0}_ARENA_BYTES ? {0}_ARENA_BYTES : 1]", prefix);
}

void add_several(const Program& program, const std::string& prefix, TemplateObject& data) {
  const std::vector<Memory>& memories = program.memories;
  std::string parts = ", which is in several memories:\n";
  for (const Memory& memory : memories)
    parts += fmt::format(" *   {0}: {1}_{2}_BYTES bytes, aligned to {1}_{2}_ALIGN\n", memory.name,
                         prefix, upper(memory.name));
  const std::string impl = program.name + "_impl", names = listed(memories, "{}");
  data["arena_parts"] = parts + " * Functions take a pointer to each; one to 0 bytes may be null";
  data["arena_type"] = "const Memories&";
  data["arena_value"] = fmt::format("{{ {} }}", names);
  data["arena_local"] = fmt::format("  const {}::Memories arena = {{ {} }};\n", impl, names);
  data["memories_struct"] =
      fmt::format("\nstruct Memories {{\n{}}};\n", listed(memories, "  void* {};\n", ""));
  data["accessor_parameters"] = listed(memories, "[[maybe_unused]] void* {}");
  data["const_accessor_parameters"] = listed(memories, "[[maybe_unused]] const void* {}");
  data["fed_parameters"] = listed(memories, "void* {}");
  data["its_size"] = fmt::format("the size of {}, likewise of others", memories[0].name);
  data["shared_part"] = memories[0].name;
  data["class_arena"] = "with memories of the caller's";
  data["member_declarations"] = "void " + listed(memories, "*{}_");
  const std::string constructor =
      fmt::format("explicit {}({}) : {}", camel(program.name), listed(memories, "void *{}"),
                  listed(memories, "{0}_({0})"));
  data["constructor"] = constructor;
  bool has_other = program.state_bytes > 0;
  for (const Slot& slot : program.inputs) has_other |= slot.rows > 0;
  data["plain_constructor"] = has_other ? "" : "\n  " + constructor + " {}";
}

}  // namespace

std::string listed(const std::vector<Memory>& memories, std::string_view pattern,
                   std::string_view separator) {
  std::string list;
  for (const Memory& memory : memories) {
    if (!list.empty()) list += separator;
    list += fmt::format(fmt::runtime(pattern), memory.name);
  }
  return list;
}

void add_memories_data(const Program& program, TemplateObject& data) {
  const std::vector<Memory> memories = memories_of(program);
  const std::string prefix = upper(program.name);
  const bool stateful = program.state_bytes > 0;
  TemplateList list;
  for (const Memory& memory : memories)
    list.push_back(TemplateObject{{"memory_upper", upper(memory.name)},
                                  {"memory_bytes", std::to_string(memory.bytes)}});
  const std::string parameters = listed(memories, "void *{}");
  const std::string members = listed(memories, "{}_");
  data["memories"] = list;
  data["first_upper"] = upper(memories[0].name);
  data["parameters"] = parameters;
  data["const_parameters"] = listed(memories, "const void *{}");
  data["invoke_parameters"] = parameters + (stateful ? ", void *state" : "");
  data["members"] = members;
  data["invoke_members"] = members + (stateful ? ", state_" : "");
  data["constructor"] = camel(program.name) + "()";
  if (program.memories.empty()) {
    add_one_arena(prefix, data);
  } else {
    add_several(program, prefix, data);
  }
}

}  // namespace motec
