// target/: the table of cores and the commands that build and run for them.
#include "target/target.h"

#include <catch2/catch.hpp>
#include <set>

#include "kernels/kernel.h"
#include "ops/registry.h"
#include "support/diag.h"
#include "target/toolchain.h"

namespace motec {
namespace {

TEST_CASE("names of targets differ, and each is found") {
  std::set<std::string_view> names;
  for (const Target& target : all_targets()) {
    CHECK(names.insert(target.name).second);
    CHECK(&find_target(target.name) == &target);
    CHECK_FALSE(target.about.empty());
  }
}

TEST_CASE("every target has commands to compile, link and run") {
  for (const Target& target : all_targets()) {
    CAPTURE(target.name);
    const Toolchain tools = toolchain_of(target);
    REQUIRE_FALSE(tools.cxx.empty());
    REQUIRE_FALSE(tools.cc.empty());
    REQUIRE_FALSE(tools.link.empty());
    const bool bare = target.family != Family::Host && target.family != Family::Aarch64Linux &&
                      target.family != Family::ArmLinux;
    CHECK(tools.uses_linker_script == bare);
    CHECK(tools.board_sources.empty() == !bare);
    CHECK(tools.run.empty() == (target.family == Family::Host));
    for (const Argv& argv : {tools.cxx, tools.cc, tools.link, tools.link_end, tools.run})
      for (const std::string& word : argv) {
        CHECK_FALSE(word.empty());
        CHECK(word.find(' ') == word.npos);
      }
  }
}

TEST_CASE("commands of some targets") {
  const Toolchain m4 = toolchain_of(find_target("cortex-m4"));
  CHECK(m4.cxx == Argv{"arm-none-eabi-g++", "-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard",
                       "-mfpu=fpv4-sp-d16"});
  CHECK(m4.run.front() == "qemu-system-arm");
  CHECK(m4.run.back() == "-kernel");
  const Toolchain host = toolchain_of(find_target("host"));
  CHECK(host.cxx.front() == "g++");
  CHECK(toolchain_of(find_target("aarch64")).run.front() == "qemu-aarch64");
}

TEST_CASE("a target has a feature only if it has all of its bits") {
  const Target& m4 = find_target("cortex-m4");
  CHECK(m4.has(kNone));
  CHECK(m4.has(kDsp | kFpu));
  CHECK_FALSE(m4.has(kDsp | kMve));
}

TEST_CASE("names of kernel rows differ") {
  std::set<std::string_view> names;
  for (const std::span<const Kernel> table : kernel_tables())
    for (const Kernel& row : table) CHECK(names.insert(row.name).second);
}

}  // namespace
}  // namespace motec
