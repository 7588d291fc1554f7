#include "plan/fed.h"

#include <algorithm>

#include "ops/move.h"
#include "ops/quantize.h"
#include "plan/search.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr const char* kWhole = "leave out --stream-input, so that the input is filled as a whole";

constexpr const char* kChannelsLast = "take images channels last, with --io-layout nhwc";

class Check {
 public:
  Check(const Program& program, const Values& values, const RowCalls& rows, const std::string& name)
      : program_(program), graph_(program.graph), values_(values), rows_(rows), name_(name) {}

  size_t run() const {
    const Port& port =
        graph_.inputs[find_port(graph_.inputs, name_, "--stream-input", "input", "E1115")];
    check_model();
    const Type& type = graph_.type(port.value);
    if (type.shape.size() == 4 && type.shape[0] != 1)
      refuse({}, {fmt::format("it is a batch of {}, and rows are of one image", type.shape[0])},
             "give the model a batch of 1, with --input-shape or in the model");
    const size_t root = values_.root(port.value);
    check_rows(root);
    return root;
  }

 private:
  [[noreturn]] void refuse(std::string where, std::vector<std::string> why,
                           std::string hint = kWhole) const {
    fail({.code = "E4103",
          .message = fmt::format("the rows of input '{}' cannot be handed over one by one", name_),
          .where = std::move(where),
          .why = std::move(why),
          .hint = std::move(hint)});
  }

  void check_model() const {
    if (!graph_.states.empty()) refuse({}, {"the model keeps a state between calls"});
    if (graph_.inputs.size() > 1)
      refuse({}, {fmt::format("the model has several inputs: {}", names_of(graph_.inputs))},
             "make the others constants with --input-value, or leave out --stream-input");
  }

  static size_t at(int i) { return static_cast<size_t>(i); }

  bool reads(const Step& step, size_t root) const {
    return std::any_of(step.op.in.begin(), step.op.in.end(),
                       [&](ValueId id) { return id && values_.root(id) == root; });
  }

  // The layer that takes the rows as an image: floats are quantized before.
  size_t taker(size_t first) const {
    const Step& step = program_.steps[first];
    if (step.op.def != &ops::quantize) return first;
    const size_t root = values_.root(step.op.out[0]);
    for (size_t t = first + 1; t < program_.steps.size(); ++t)
      if (reads(program_.steps[t], root)) return t;
    return first;
  }

  // All layers from the first to the last that reads it must make a region.
  void check_rows(size_t root) const {
    const auto first = std::find_if(program_.steps.begin(), program_.steps.end(),
                                    [&](const Step& step) { return reads(step, root); });
    if (first == program_.steps.end()) refuse({}, {"no layer reads it"});
    if (values_.last_use(root) >= std::ssize(program_.steps))
      refuse({}, {"it is an output of the model, too"});
    const auto begin = static_cast<size_t>(first - program_.steps.begin());
    const auto last = static_cast<size_t>(values_.last_use(root));
    if (const size_t t = taker(begin); program_.steps[t].op.def == &ops::transpose) {
      refuse(describe(program_.steps[t].op.origin),
             {"the image comes channel by channel (NCHW): it has no rows of all channels",
              "this layer would have to wait for its end"},
             kChannelsLast);
    }
    for (size_t t = begin; t <= last; ++t) {
      std::string why;
      const std::optional<Region> region =
          make_region(program_, values_, rows_, begin, t, {.fed = root}, &why);
      if (region && region->pipeline.tensors[at(region->pipeline.driver)].rows == 1)
        refuse({}, {fmt::format("as {} it has one row", to_string(graph_.values[root].type))},
               kChannelsLast);
      if (region && t - begin < kLongestRegion) continue;
      if (region) why = fmt::format("rows flow through at most {} layers at once", kLongestRegion);
      refuse_step(t, why, last);
    }
  }

  [[noreturn]] void refuse_step(size_t t, std::string why, size_t last) const {
    const Step& step = program_.steps[t];
    std::vector<std::string> all = {std::move(why)};
    if (t < last)
      all.push_back(
          fmt::format("later, {} reads the input again", describe(program_.steps[last].op.origin)));
    refuse(describe(step.op.origin), all);
  }

  const Program& program_;
  const Graph& graph_;
  const Values& values_;
  const RowCalls& rows_;
  const std::string& name_;
};

}  // namespace

size_t fed_input(const Program& program, const Values& values, const RowCalls& rows,
                 const std::string& name) {
  return Check(program, values, rows, name).run();
}

}  // namespace motec
