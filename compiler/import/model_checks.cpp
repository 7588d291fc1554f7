#include "import/model_checks.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "support/diag.h"

namespace motec {
namespace {

// There is no newest one: most operators do not change, and those that do are refused one by one.
constexpr int64_t kOldestOpset = 7;

// How far functions may be nested, and how many nodes all calls together may stand for.
constexpr int kMaxDepth = 64;
constexpr int64_t kMaxNodes = 200'000;

std::string node_text(const onnx::NodeProto& node, int index) {
  return fmt::format("node '{}' ({}, node {})", node.name(), node.op_type(), index);
}

// Names that a node reads, those of its subgraphs included.
void collect_reads(const onnx::NodeProto& node, std::vector<std::string>& reads) {
  for (const std::string& name : node.input())
    if (!name.empty()) reads.push_back(name);
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (!attribute.has_g()) continue;
    const onnx::GraphProto& body = attribute.g();
    std::set<std::string> own;
    for (const auto& input : body.input()) own.insert(input.name());
    for (const auto& tensor : body.initializer()) own.insert(tensor.name());
    for (const auto& inner : body.node()) own.insert(inner.output().begin(), inner.output().end());
    std::vector<std::string> inner_reads;
    for (const auto& inner : body.node()) collect_reads(inner, inner_reads);
    for (const auto& output : body.output()) inner_reads.push_back(output.name());
    for (std::string& name : inner_reads)
      if (!own.count(name)) reads.push_back(std::move(name));
  }
}

// Adds up what calls stand for, each function once.
class FunctionChecks {
 public:
  explicit FunctionChecks(const onnx::ModelProto& model) {
    for (const auto& function : model.functions())
      functions_[{plain(function.domain()), function.name()}] = &function;
  }

  struct Cost {
    int64_t nodes = 0;
    int depth = 0;
  };

  template <class Nodes>
  Cost cost_of(const Nodes& nodes, int depth) {
    Cost sum;
    for (const onnx::NodeProto& node : nodes) {
      const auto it = functions_.find({plain(node.domain()), node.op_type()});
      add(sum, it == functions_.end() ? Cost{1, 0} : cost_of_call(*it->second, depth));
      for (const auto& attribute : node.attribute())
        if (attribute.has_g()) add(sum, cost_of(attribute.g().node(), depth));
      if (sum.nodes > kMaxNodes) {
        fail(
            {.code = "E2013",
             .message = fmt::format("calls of functions stand for more than {} nodes", kMaxNodes)});
      }
    }
    return sum;
  }

 private:
  static std::string plain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

  static void add(Cost& sum, const Cost& cost) {
    sum.nodes += cost.nodes;
    sum.depth = std::max(sum.depth, cost.depth);
  }

  Cost cost_of_call(const onnx::FunctionProto& function, int depth) {
    const auto [it, is_new] = known_.try_emplace(&function);
    if (is_new) {
      const Cost body =
          depth < kMaxDepth ? cost_of(function.node(), depth + 1) : Cost{0, kMaxDepth};
      it->second = Cost{body.nodes, body.depth + 1};
    } else if (!it->second) {
      fail({.code = "E2013", .message = fmt::format("function {} calls itself", function.name())});
    }
    if (depth + it->second->depth > kMaxDepth) {
      fail({.code = "E2013",
            .message = fmt::format("functions are nested more than {} deep", kMaxDepth)});
    }
    return *it->second;
  }

  std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*> functions_;
  std::map<const onnx::FunctionProto*, std::optional<Cost>> known_;  // empty: being looked at
};

}  // namespace

void check_functions(const onnx::ModelProto& model) {
  FunctionChecks(model).cost_of(model.graph().node(), 0);
}

onnx::ModelProto parse_model(const std::string& bytes) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) {
    fail(
        {.code = "E2001",
         .message = "the file is no ONNX model: its bytes cannot be decoded",
         .why = {fmt::format("it holds {} bytes that are no valid protobuf message", bytes.size())},
         .hint = "check that the file is complete; models in Git LFS must be pulled first"});
  }
  if (!model.has_graph() || model.graph().node_size() + model.graph().output_size() == 0) {
    fail({.code = "E2002",
          .message = "the file is no ONNX model: it has no graph",
          .hint = "check that the file is an .onnx model"});
  }
  for (const auto& import : model.opset_import()) {
    const bool own = import.domain().empty() || import.domain() == "ai.onnx";
    if (own && import.version() < kOldestOpset) {
      fail({.code = "E2003",
            .message = fmt::format("the model is of operator set {}", import.version()),
            .why = {fmt::format("sets below {} broadcast differently", kOldestOpset)},
            .hint = "convert it with onnx.version_converter, or export it again"});
    }
  }
  return model;
}

std::vector<int> execution_order(const onnx::GraphProto& graph,
                                 const std::vector<std::string>& outer) {
  std::map<std::string, int> maker;  // -1: there from the start
  for (const std::string& name : outer) maker[name] = -1;
  for (const auto& input : graph.input()) maker[input.name()] = -1;
  for (const auto& tensor : graph.initializer()) maker[tensor.name()] = -1;
  for (const auto& tensor : graph.sparse_initializer()) maker[tensor.values().name()] = -1;
  std::set<std::string> made;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& name : graph.node(i).output()) {
      if (name.empty()) continue;
      if (!made.insert(name).second) {
        fail({.code = "E2011",
              .message = fmt::format("'{}' is made twice", name),
              .where = node_text(graph.node(i), i)});
      }
      maker[name] = i;
    }
  }
  std::vector<std::vector<int>> users(static_cast<size_t>(graph.node_size()));
  std::vector<int> missing(static_cast<size_t>(graph.node_size()));
  std::vector<Diag> dangling;
  for (int i = 0; i < graph.node_size(); ++i) {
    std::vector<std::string> reads;
    collect_reads(graph.node(i), reads);
    for (const std::string& name : reads) {
      const auto it = maker.find(name);
      if (it == maker.end()) {
        dangling.push_back(
            {.code = "E2010",
             .message = fmt::format("operand '{}' is made by no node, and is no input "
                                    "or initializer",
                                    name),
             .where = node_text(graph.node(i), i)});
      } else if (it->second >= 0) {
        users[static_cast<size_t>(it->second)].push_back(i);
        ++missing[static_cast<size_t>(i)];
      }
    }
  }
  for (const auto& output : graph.output()) {
    if (!maker.count(output.name())) {
      dangling.push_back({.code = "E2010",
                          .message = fmt::format("output '{}' is made by no node", output.name())});
    }
  }
  if (!dangling.empty()) throw CompileError(std::move(dangling));
  // Kahn's algorithm, lowest index first, so that a sorted model keeps its order.
  std::set<int> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (missing[static_cast<size_t>(i)] == 0) ready.insert(i);
  std::vector<int> order;
  while (!ready.empty()) {
    const int i = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(i);
    for (const int user : users[static_cast<size_t>(i)])
      if (--missing[static_cast<size_t>(user)] == 0) ready.insert(user);
  }
  if (static_cast<int>(order.size()) < graph.node_size()) {
    Diag diag{.code = "E2012", .message = "the graph has a cycle"};
    for (int i = 0; i < graph.node_size() && diag.why.size() < 5; ++i)
      if (missing[static_cast<size_t>(i)] > 0)
        diag.why.push_back(fmt::format("{} waits for its own result", node_text(graph.node(i), i)));
    fail(std::move(diag));
  }
  return order;
}

}  // namespace motec
