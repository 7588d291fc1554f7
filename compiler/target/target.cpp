#include "target/target.h"

#include "support/diag.h"
#include "support/text.h"

namespace motec {
namespace {

constexpr Target kTargets[] = {
#include "target/targets.inc"
};

}  // namespace

std::span<const Target> all_targets() { return kTargets; }

const Target& find_target(std::string_view name) {
  std::vector<std::string> names;
  for (const Target& target : kTargets) {
    if (target.name == name) return target;
    names.emplace_back(target.name);
  }
  const std::string near = nearest(name, names);
  fail({.code = "E1101",
        .message = fmt::format("there is no target '{}'", name),
        .hint = near.empty() ? "`motec targets` lists them"
                             : fmt::format("did you mean '{}'? `motec targets` lists all", near)});
}

}  // namespace motec
