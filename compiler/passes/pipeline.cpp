#include "passes/pipeline.h"

#include <span>

#include "eval/evaluator.h"
#include "ir/print.h"
#include "ir/rewriter.h"
#include "ir/verify.h"
#include "passes/compare.h"
#include "passes/passes.h"
#include "support/diag.h"

namespace motec {
namespace {

// clang-format off
constexpr Pass kPasses[] = {
    {"simplify",              simplify},               // first: identities hide patterns from all others
    {"merge-common",          merge_common},           // before recognize, which compares operands by identity
    {"recognize-activations", recognize_activations},  // before sink-transposes, which moves ops apart
    {"sink-transposes",       sink_transposes},        // before the folds, which expect channels innermost
    {"quantize-islands",      quantize_islands},       // between sink-transposes, which brings layers together, and
                                                       // fold-affine, which changes weights
    {"note-float",            note_float},             // what quantize-islands left
    {"fold-affine",           fold_affine},            // before fuse-activations, which ends a layer's linear part
    {"fold-pads",             fold_pads},              // after fold-affine: a shift cannot pass a padded convolution
    {"fuse-activations",      fuse_activations},
    {"merge-common-late",     merge_common},           // rewriting may leave equal ops behind
    {"drop-dead",             drop_dead},              // last of the rewriting: nothing unused reaches the planner
    {"prune-channels",        prune_channels},         // after drop-dead: dead ops would still read channels
};

// What of them changes weights or tells activations. The quantizer must see weights as they will be
// rounded, and activations apart from what makes their operand.
constexpr Pass kBeforeQuantizer[] = {
    {"simplify",              simplify},
    {"merge-common",          merge_common},
    {"recognize-activations", recognize_activations},
    {"sink-transposes",       sink_transposes},
    {"fold-affine",           fold_affine},
    {"fold-pads",             fold_pads},
    {"merge-common-late",     merge_common},
    {"drop-dead",             drop_dead},
};
// clang-format on

bool wants_dump(const PassOptions& options, std::string_view when, std::string_view pass) {
  return options.dump == "all" || options.dump == fmt::format("{}:{}", when, pass);
}

void check_dump(const PassOptions& options) {
  if (options.dump.empty() || options.dump == "all") return;
  std::string names;
  for (const Pass& pass : kPasses) {
    if (wants_dump(options, "after", pass.name) || wants_dump(options, "before", pass.name)) return;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", pass.name);
  }
  fail({.code = "E1120",
        .message = fmt::format("--dump={} names no pass", options.dump),
        .hint = fmt::format("use all, or after:PASS or before:PASS with one of {}", names)});
}

}  // namespace

void prepare_for_quantizer(Graph& graph) {
  verify(graph, "import");
  PassCtx ctx{std::numeric_limits<int64_t>::max()};
  for (const Pass& pass : kBeforeQuantizer) {
    pass.run(graph, ctx);
    verify(graph, pass.name);
  }
}

void run_passes(Graph& graph, const PassOptions& options) {
  check_dump(options);
  verify(graph, "import");
  PassCtx ctx{options.rewrite_limit};
  for (const Pass& pass : kPasses) {
    if (pass.run == prune_channels && !options.prune) continue;
    if (wants_dump(options, "before", pass.name))
      fmt::print(stderr, "// before {}\n{}", pass.name, print(graph));
    const Graph before = options.verify_each ? graph : Graph{};
    pass.run(graph, ctx);
    verify(graph, pass.name);
    if (options.verify_each) expect_same_results(before, graph, pass.name);
    if (wants_dump(options, "after", pass.name))
      fmt::print(stderr, "// after {}\n{}", pass.name, print(graph));
  }
}

}  // namespace motec
