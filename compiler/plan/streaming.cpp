#include "plan/streaming.h"

#include <algorithm>
#include <map>
#include <set>

#include "support/identifier.h"

namespace motec {
namespace {

class Builder {
 public:
  Builder(const Program& program, const Values& values, const RowCalls& rows, size_t first,
          size_t last)
      : program_(program), graph_(program.graph), values_(values), rows_(rows) {
    region_.first = first;
    region_.last = last;
  }

  // Why it is none, or nothing.
  std::string build(const RegionOptions& options) {
    fed_ = options.fed;
    for (size_t t = region_.first; t <= region_.last; ++t)
      if (std::string why = add_step(t); !why.empty()) return why;
    region_.pipeline.driver = region_.pipeline.nodes[0].uses[0].tensor;
    if (fed_) feed();
    if (options.group > 1) make_groups(options.group);
    if (!run()) return "rows would have to wait for one another";
    share_rows_in_place();
    if (options.group == 1 && (options.staged || fed_)) stage(options.staged);
    if (!pixels_lie_together()) return "rows of an operand do not lie side by side";
    UniqueNames names;
    for (size_t i = 0; i < region_.tensors.size(); ++i) {
      RowTensor& t = region_.tensors[i];
      const int32_t maker = values_.maker(t.root);
      t.ring = region_.run.tensors[i].rows;
      t.name = names.make(maker < 0 ? graph_.values[t.root].name
                                    : program_.steps[static_cast<size_t>(maker)].name);
    }
    return {};
  }

  Region take() { return std::move(region_); }

 private:
  Pipeline::Tensor& tensor(int i) { return region_.pipeline.tensors[static_cast<size_t>(i)]; }

  int add_tensor(size_t root, const Type& type, int64_t rows) {
    const int index = static_cast<int>(region_.tensors.size());
    region_.tensors.push_back(
        {.root = root, .name = {}, .dtype = type.dtype, .row_elements = type.elements() / rows});
    region_.pipeline.tensors.push_back({.rows = rows, .row_bytes = type.bytes() / rows});
    tensor_of_[root] = index;
    return index;
  }

  std::string add_step(size_t t) {
    const Step& step = program_.steps[t];
    if (!rows_[t]) return "it does not work row by row";
    const RowCall& call = *rows_[t];
    Pipeline::Node node;
    node.sums = call.sums;
    for (size_t i = 0; i < step.op.in.size(); ++i) {
      const ValueId id = step.op.in[i];
      if (!id || graph_.constant(id)) continue;
      const size_t root = values_.root(id);
      if (values_.in_state(root)) return "an operand lives in the state";
      const auto known = tensor_of_.find(root);
      int operand = known == tensor_of_.end() ? -1 : known->second;
      // A sum may flatten its operand, as it takes the rows that have been made. To all others,
      // what they read has as many rows.
      const Type& type = call.sums && root != fed_ ? graph_.values[root].type : graph_.type(id);
      if (summed_.contains(root)) return "an operand is a sum over all rows";
      const int64_t rows = call.x_rows ? call.x_rows : type.shape.size() == 4 ? type.shape[1] : 1;
      if (operand < 0) {
        if (!call.x_rows && !is_image(type)) return "an operand is no image";
        operand = add_tensor(root, type, rows);
        tensor(operand).outside = true;
      }
      if (tensor(operand).rows != rows) return "an operand is reshaped";
      if (call.sums && (!is_image(type) || type.shape[1] == 1)) return "there is nothing to sum up";
      node.uses.push_back({operand, call.window});
    }
    if (node.uses.empty()) return "it has no operand";
    const ValueId out = step.op.out[0];
    const size_t root = values_.root(out);
    if (values_.in_state(root)) return "the result lives in the state";
    const Type& type = graph_.type(out);
    const int64_t rows = call.y_rows ? call.y_rows : call.sums ? 1 : type.shape[1];
    node.out = add_tensor(root, type, rows);
    node.rows = call.sums ? tensor(node.uses[0].tensor).rows : rows;
    tensor(node.out).whole =
        call.sums || values_.last_use(root) > static_cast<int32_t>(region_.last);
    if (call.sums) summed_.insert(root);
    region_.pipeline.nodes.push_back(std::move(node));
    return {};
  }

  // All that does not stand whole is staged; enough of the driver comes for a group of the first
  // node.
  void make_groups(int64_t group) {
    Pipeline& p = region_.pipeline;
    for (Pipeline::Tensor& t : p.tensors) t.staged = t.staged || (!t.outside && !t.whole);
    for (Pipeline::Node& node : p.nodes) node.group = group;
    region_.group = group;
    p.burst = group * p.nodes[0].uses[0].window.stride;
  }

  // Kernels that take pixels of several rows take them from one address on. Rows that another node
  // has used before them stand in a ring by then.
  bool pixels_lie_together() const {
    for (size_t n = 0; n < region_.pipeline.nodes.size(); ++n)
      if (rows_[region_.first + n]->batch == RowCall::Batch::Pixels &&
          !region_.run.nodes[n].contiguous)
        return false;
    return true;
  }

  void feed() {
    region_.fed = true;
    region_.pipeline.driver = tensor_of_.at(*fed_);
    Pipeline::Tensor& driver = tensor(region_.pipeline.driver);
    driver.outside = false;
    driver.staged = true;  // the caller's row
  }

  bool run() {
    region_.run = run_pipeline(region_.pipeline);
    return region_.run.complete;
  }

  // An operand of one row that is used up by one node may be made where that node's row will be.
  void share_rows_in_place() {
    const Pipeline before = region_.pipeline;
    std::vector<int> users(region_.tensors.size(), 0);
    for (const Pipeline::Node& node : region_.pipeline.nodes)
      for (const Pipeline::Use& use : node.uses) ++users[static_cast<size_t>(use.tensor)];
    bool shared = false;
    for (size_t n = 0; n < region_.pipeline.nodes.size(); ++n) {
      const Pipeline::Node& node = region_.pipeline.nodes[n];
      const Step& step = program_.steps[region_.first + n];
      const Kernel& kernel = *step.selection.kernel;
      if (!kernel.in_place || node.sums) continue;
      const uint32_t allowed = kernel.in_place(Site{graph_, step.op});
      size_t use = 0;
      for (size_t i = 0; i < step.op.in.size(); ++i) {
        if (!step.op.in[i] || graph_.constant(step.op.in[i])) continue;
        const int operand = node.uses[use++].tensor;
        Pipeline::Tensor& x = tensor(operand);
        const size_t index = static_cast<size_t>(operand);
        // Staged rows of which none is kept are used up, too; rows from the caller stay as they
        // are.
        const bool callers = region_.fed && operand == region_.pipeline.driver;
        const bool used_up = !x.outside && !callers && !x.whole && users[index] == 1 &&
                             region_.run.tensors[index].rows == (x.staged ? 0 : 1);
        if (!(allowed >> i & 1) || !used_up || x.row_bytes != tensor(node.out).row_bytes) continue;
        x.alias = node.out;
        x.staged = false;
        shared = true;
        break;
      }
    }
    if (!shared || run()) return;
    region_.pipeline = before;
    run();
  }

  // Gives newest rows a place of their own where fewer rows have to be kept then.
  void stage(bool all) {
    const PipelineRun plain = region_.run;
    const int driver = region_.pipeline.driver;
    for (size_t i = 0; all && i < region_.tensors.size(); ++i) {
      Pipeline::Tensor& t = region_.pipeline.tensors[i];
      if (!t.outside && !t.whole && t.alias < 0 && plain.tensors[i].rows > 1) t.staged = true;
    }
    run();
    for (size_t i = 0; i < region_.tensors.size(); ++i) {
      Pipeline::Tensor& t = region_.pipeline.tensors[i];
      const bool gains = region_.run.tensors[i].rows < plain.tensors[i].rows;
      if (t.staged && !gains && static_cast<int>(i) != driver) t.staged = false;
    }
    run();
  }

  const Program& program_;
  const Graph& graph_;
  const Values& values_;
  const RowCalls& rows_;
  Region region_;
  std::map<size_t, int> tensor_of_;  // by root
  std::set<size_t> summed_;          // roots
  std::optional<size_t> fed_;        // root
};

// Whether a call takes the step's weights as they are: a column of weights may be packed otherwise
// than the row that the whole kernel makes of it.
bool has_weights_of(const Program& program, const Step& step, const Call& call) {
  for (size_t i = 0; i < call.operands.size(); ++i) {
    if (call.operands[i].kind != Operand::Kind::Weights) continue;
    const Place& place = step.arguments[i].place;
    if (place.kind != Place::Kind::Constant ||
        !(program.constants[place.buffer].tensor == call.operands[i].weights))
      return false;
  }
  return true;
}

}  // namespace

RowCalls row_calls(const Program& program, int64_t group) {
  RowCalls rows;
  for (const Step& step : program.steps) {
    const Kernel& kernel = *step.selection.kernel;
    rows.push_back(kernel.by_rows && step.op.out.size() == 1
                       ? kernel.by_rows(Site{program.graph, step.op}, kernel, group)
                       : std::nullopt);
    if (rows.back() && !has_weights_of(program, step, rows.back()->call)) rows.back().reset();
    if (!rows.back()) continue;
    for (Operand& operand : rows.back()->call.operands) operand.weights = {};  // the step has them
  }
  return rows;
}

std::optional<Region> make_region(const Program& program, const Values& values,
                                  const RowCalls& rows, size_t first, size_t last,
                                  const RegionOptions& options, std::string* why) {
  Builder builder(program, values, rows, first, last);
  const std::string refused = builder.build(options);
  if (why) *why = refused;
  if (!refused.empty()) return {};
  return builder.take();
}

}  // namespace motec
