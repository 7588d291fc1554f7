// Random networks, planned for the goals and with all that can stream in regions: the emitted code
// gives the bytes that the graph evaluates to, in painted arenas between guards, on the host and in
// the emulator. usage: e2e_streams_test [CATCH2 OPTIONS]; MOTE_STREAM_SEED is the first seed.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "codegen/bundle.h"
#include "codegen/testbench.h"
#include "driver/builder.h"
#include "driver/process.h"
#include "eval/evaluator.h"
#include "eval/window.h"
#include "ir/print.h"
#include "passes/stream_time.h"
#include "support/diag.h"
#include "support/files.h"
#include "support/identifier.h"
#include "support/integer_layers.h"
#include "support/row_networks.h"
#include "support/time_networks.h"

namespace motec::test {
namespace {

// Of the largest magnitude of an output: sums are added up in another order.
constexpr double kTolerance = 1e-5;

uint32_t first_seed() {
  const char* text = std::getenv("MOTE_STREAM_SEED");
  return text ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : 1;
}

std::vector<TestSet> test_sets(const Graph& graph, uint32_t seed) {
  std::vector<TestSet> sets;
  for (const std::vector<Tensor>& inputs : extreme_inputs(graph, seed)) {
    sets.push_back({inputs, evaluate(graph, inputs)});
    if (sets.size() == 2) break;  // both random
  }
  return sets;
}

// Several networks in one source, which is faster to compile than one for each.
class Batch {
 public:
  Batch(const Target& target, std::filesystem::path dir) : target_(target), dir_(std::move(dir)) {}

  // Adds a network, planned in one way: each plan costs half a second of compilation.
  void add_rows(uint32_t seed) {
    const Numbers numbers = seed % 4 == 0 ? Numbers::Float : Numbers::Int8;
    const Graph graph = row_network(seed, numbers);
    const std::vector<PlanKind> kinds = plan_kinds(seed);
    const PlanKind& kind = kinds[seed / 4 % kinds.size()];
    const std::string name =
        fmt::format("{}{}_{}", numbers == Numbers::Int8 ? "q" : "f", seed, kind.name);
    const Program program = plan_of(graph, target_, name, kind);
    streamed_ += !program.regions.empty();
    add(program, test_sets(graph, seed));
  }

  // Adds a network that slides along a stream, with windows of it.
  void add_time(uint32_t seed) {
    const Graph graph = time_network(seed);
    Graph sliding = graph;
    try {
      stream_time(sliding, {.input = "x"});
    } catch (const CompileError& error) {
      REQUIRE(error.diags().at(0).code == "E4104");
      return;
    }
    const std::string name = fmt::format("t{}", seed);
    const Program program = plan(sliding, target_, {.name = name});
    ++streamed_;
    std::vector<TestSet> sets = test_sets(graph, seed);
    for (TestSet& set : sets) set.outputs[0] = evaluate_window(sliding, set.inputs)[0];
    add(program, sets);
  }

  std::string write(size_t index) const {
    std::string text = source_ + fmt::format("\nvoid batch_{}(void) {{\n", index);
    for (const std::string& name : names_) text += fmt::format("  {}_test();\n", name);
    const std::string file = fmt::format("batch_{}.cpp", index);
    write_files(dir_, {{file, text + "}\n"}});
    return file;
  }

  const std::vector<std::string>& names() const { return names_; }
  int streamed() const { return streamed_; }

 private:
  void add(const Program& program, const std::vector<TestSet>& sets) {
    const std::string& name = program.name;
    Files files = make_bundle(program, "random");
    files.merge(make_testbench(program, "random", sets, kTolerance));
    write_files(dir_, files);
    names_.push_back(name);
    source_ += fmt::format("#define {}_TEST_NO_MAIN\n", upper(name));
    for (const char* part : {"", "_weights", "_test"})
      source_ += fmt::format("#include \"{}{}.cpp\"\n", name, part);
  }

  const Target& target_;
  std::filesystem::path dir_;
  std::vector<std::string> names_;
  std::string source_;
  int streamed_ = 0;
};

// Builds and runs `count` networks from a seed on in one program.
void run_networks(std::string_view target_name, uint32_t seed, uint32_t count, uint32_t per_batch,
                  void (Batch::*add)(uint32_t seed)) {
  const Target& target = find_target(target_name);
  const TemporaryDirectory dir;
  Builder builder(target, dir.path(), {.cflags = "-O1", .cxx = {}, .jobs = 2});
  try {
    builder.check_tools();
  } catch (const CompileError& missing) {
    WARN("SKIPPED: " << missing.what());
    return;
  }
  std::vector<std::string> sources, names;
  std::string declared, called;
  int streamed = 0;
  for (uint32_t first = seed; first < seed + count; first += per_batch) {
    Batch batch(target, dir.path());
    for (uint32_t s = first; s < std::min(first + per_batch, seed + count); ++s) (batch.*add)(s);
    declared += fmt::format("void batch_{}(void);\n", sources.size());
    called += fmt::format("  batch_{}();\n", sources.size());
    sources.push_back(batch.write(sources.size()));
    names.insert(names.end(), batch.names().begin(), batch.names().end());
    streamed += batch.streamed();
  }
  write_files(
      dir.path(),
      {{"main.cpp", fmt::format("{}int main() {{\n{}  return 0;\n}}\n", declared, called)}});
  sources.push_back("main.cpp");
  builder.build(sources);
  const ProcessResult result = builder.run(300);
  REQUIRE_FALSE(result.timed_out);
  REQUIRE(result.exit_code == 0);
  for (const std::string& name : names) {
    INFO(name << " for " << target.name << " in\n" << result.out);
    CHECK(result.out.find(name + ": PASS\n") != std::string::npos);
  }
  WARN(target.name << ", seeds " << seed << " to " << seed + count - 1 << ": " << streamed
                   << " stream");
  CHECK(streamed * 2 > static_cast<int>(count));
}

// In several programs: what one prints is cut after a few MiB.
TEST_CASE("random networks on the host") {
  constexpr uint32_t kNetworks = 300, kPerProgram = 100;
  for (uint32_t i = 0; i < kNetworks; i += kPerProgram)
    run_networks("host", first_seed() + i, kPerProgram, 20, &Batch::add_rows);
}

TEST_CASE("a sample of them on Cortex-M4") {
  run_networks("cortex-m4", first_seed() + 1000, 40, 10, &Batch::add_rows);
}

TEST_CASE("networks that slide along a stream") {
  run_networks("host", first_seed(), 40, 10, &Batch::add_time);
  run_networks("cortex-m4", first_seed() + 100, 10, 5, &Batch::add_time);
}

}  // namespace
}  // namespace motec::test
