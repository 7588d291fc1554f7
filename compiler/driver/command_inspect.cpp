// motec inspect: what a model holds, and what would block its compilation.
#include <optional>

#include "driver/commands.h"
#include "import/model_info.h"
#include "ir/op_def.h"
#include "kernels/kernel.h"
#include "report/facts.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr std::string_view kOpenDimension = "E2020";

bool is_open(const CompileError& error) {
  for (const Diag& diag : error.diags())
    if (diag.code == kOpenDimension) return true;
  return false;
}

// What was found on the way to a graph: the graph, if there is one, and all that stands in the way
// of a compilation.
struct Findings {
  std::optional<Graph> graph;
  std::vector<Diag> blocks;
  bool assumed = false;  // open dimensions were taken as 1 for the graph
};

void add(std::vector<Diag>& to, const CompileError& error, bool without_open) {
  for (const Diag& diag : error.diags())
    if (!without_open || diag.code != kOpenDimension) to.push_back(diag);
}

CompileOptions with_closed_dimensions(CompileOptions options, const ModelInfo& info) {
  for (const PortInfo& port : info.inputs) {
    if (!port.is_open || !port.has_shape || options.import.input_shapes.count(port.name)) continue;
    Shape shape;
    for (const std::string& dim : port.dims) {
      const bool known = dim.find_first_not_of("0123456789") == dim.npos;
      shape.push_back(known ? std::stoll(dim) : 1);
    }
    options.import.input_shapes[port.name] = shape;
  }
  return options;
}

Findings load(const CompileOptions& options, const ModelInfo& info) {
  Findings findings;
  try {
    findings.graph = load_graph(options);
    return findings;
  } catch (const CompileError& error) {
    add(findings.blocks, error, false);
    if (!is_open(error)) return findings;
  }
  findings.assumed = true;
  // The other faults of the first attempt are found again, and more beyond the open dimensions.
  std::erase_if(findings.blocks, [](const Diag& diag) { return diag.code != kOpenDimension; });
  try {
    findings.graph = load_graph(with_closed_dimensions(options, info));
  } catch (const CompileError& error) {
    add(findings.blocks, error, true);
  }
  return findings;
}

// Ops that no kernel of the target serves.
void add_missing_kernels(Findings& findings, const Target& target) {
  for (const Op& op : findings.graph->ops) {
    bool empty = true;
    for (const ValueId id : op.out) empty &= findings.graph->type(id).elements() == 0;
    if (op.def->is_view || empty) continue;
    try {
      select_kernel({*findings.graph, op}, target);
    } catch (const CompileError& error) {
      add(findings.blocks, error, false);
    }
  }
}

std::string layers_text(const Graph& graph, const Palette& palette, int64_t& macs) {
  TextTable table({"layer", "op", "result", "MACs", "weights"});
  for (const Op& op : graph.ops) {
    if (op.def->is_view) continue;
    int64_t weights = 0;
    for (const ValueId id : op.in)
      if (const Tensor* tensor = graph.constant(id)) weights += tensor->type().bytes();
    const int64_t work = op.def->macs ? op.def->macs(op, infer_ctx(graph, op)) : 0;
    macs += work;
    table.add({op.origin.node, std::string(op.def->name), to_string(graph.type(op.out[0])),
               grouped(work), grouped(weights)});
  }
  return table.empty() ? "" : table.text(palette);
}

std::string blocks_text(const Findings& findings, const Palette& palette) {
  if (findings.blocks.empty())
    return fmt::format("{}nothing blocks its compilation{}\n", palette.good, palette.reset);
  std::string text = fmt::format("{}what blocks its compilation{}\n", palette.bad, palette.reset);
  for (const Diag& diag : findings.blocks) {
    text += fmt::format("  {}: {}\n", diag.code, diag.message);
    if (!diag.where.empty()) text += fmt::format("    where: {}\n", diag.where);
    for (const std::string& why : diag.why) text += fmt::format("    why:   {}\n", why);
    if (!diag.hint.empty()) text += fmt::format("    hint:  {}\n", diag.hint);
  }
  return text;
}

std::string head_text(const ModelInfo& info, const std::string& file, const Palette& palette) {
  std::string text = fmt::format("{}{}{}", palette.bold, file, palette.reset);
  for (const auto& [domain, version] : info.opsets) text += fmt::format(", {} {}", domain, version);
  if (!info.producer.empty()) text += fmt::format(", by {}", info.producer);
  text += "\n";
  for (const PortInfo& port : info.inputs)
    text += fmt::format("  input   {} {}\n", port.name, port.type);
  for (const PortInfo& port : info.outputs)
    text += fmt::format("  output  {} {}\n", port.name, port.type);
  std::string ops;
  for (const auto& [name, count] : info.operators)
    ops += fmt::format("{}{}{}", ops.empty() ? "" : ", ", name,
                       count > 1 ? fmt::format(" x{}", count) : "");
  return text + fmt::format("  nodes   {}\n  parameters {}\n", ops, grouped(info.parameters));
}

}  // namespace

int inspect_command(const ModelArguments& arguments, Terminal& terminal) {
  const CompileOptions options = compile_options(arguments);
  const Target& target = find_target(options.target);
  const ModelInfo info = read_model_info(options.model);
  terminal.progress(fmt::format("importing {}", options.model.filename().string()));
  Findings findings = load(options, info);
  std::string text = head_text(info, options.model.filename().string(), terminal.palette());
  if (findings.graph) {
    add_missing_kernels(findings, target);
    int64_t macs = 0;
    const std::string layers = layers_text(*findings.graph, terminal.palette(), macs);
    text += fmt::format("  MACs    {}{}\n\n{}\n", grouped(macs),
                        findings.assumed ? " with open dimensions taken as 1" : "", layers);
  }
  terminal.print(text + blocks_text(findings, terminal.palette()));
  return 0;
}

}  // namespace motec
