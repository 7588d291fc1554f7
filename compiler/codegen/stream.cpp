#include "codegen/stream.h"

#include <algorithm>

#include "codegen/call_text.h"
#include "codegen/fed.h"
#include "codegen/shapes.h"
#include "ir/op_def.h"
#include "support/diag.h"

namespace motec {
namespace {

class RegionWriter {
 public:
  RegionWriter(const Program& program, size_t index)
      : program_(program), region_(program.regions[index]), index_(index) {}

  TemplateData data() const {
    TemplateList tensors, places, kept, functions;
    for (size_t i = 0; i < region_.tensors.size(); ++i) {
      tensors.push_back(TemplateObject{{"tensor", name(i)}});
      if (pipeline(i).alias >= 0) continue;
      places.push_back(place_data(i));
      if (pipeline(i).staged) kept.push_back(keep_data(i));
    }
    for (size_t n = 0; n < region_.pipeline.nodes.size(); ++n)
      functions.push_back(function_data(n));
    TemplateObject data = {{"index", std::to_string(index_)},
                           {"tensors", tensors},
                           {"places", places},
                           {"kept", kept},
                           {"functions", functions},
                           {"driver", name(driver())},
                           {"driver_rows", std::to_string(pipeline(driver()).rows)},
                           {"burst", std::to_string(region_.pipeline.burst)},
                           {"pushes", calls(region_.run.driver_pushes)}};
    data["fed"] = false;
    if (region_.fed) data["fed"] = fed_region_data(program_, region_);
    data["keeps_driver"] = pipeline(driver()).staged;
    return data;
  }

 private:
  const Pipeline::Tensor& pipeline(size_t i) const { return region_.pipeline.tensors[i]; }
  size_t driver() const { return static_cast<size_t>(region_.pipeline.driver); }
  const std::string& name(size_t i) const { return region_.tensors[i].name; }
  const Step& step(size_t n) const { return program_.steps[region_.first + n]; }

  static std::string plus(int64_t offset) {
    if (offset == 0) return {};
    return fmt::format(" {} {}", offset < 0 ? '-' : '+', offset < 0 ? -offset : offset);
  }

  std::string address(const Place& place, size_t i) const {
    return fmt::format("mote::at<{}>({})", c_type_of(region_.tensors[i].dtype),
                       address_of(program_, place));
  }

  // Whether its newest row stands where the caller has it.
  bool is_callers(size_t i) const { return region_.takes_rows_in_place() && i == driver(); }

  // Of the newest row of a staged tensor.
  std::string newest_row(size_t i) const {
    return is_callers(i) ? "s.newest" : address(region_.tensors[i].stage, i);
  }

  // "row % 3 * 512": elements before a row.
  std::string in_ring(size_t i, const std::string& row) const {
    const RowTensor& t = region_.tensors[i];
    const bool whole = t.ring == pipeline(i).rows;
    if (t.ring == 1) return {};
    return fmt::format(" + {}{} * {}", row, whole ? "" : fmt::format(" % {}", t.ring),
                       t.row_elements);
  }

  TemplateData place_data(size_t i) const {
    const RowTensor& t = region_.tensors[i];
    const std::string element(c_type_of(t.dtype));
    const std::string type = is_callers(i) ? "const " + element : element;
    std::string where, about;
    if (pipeline(i).staged) {
      std::string newest = newest_row(i);
      if (region_.run.tensors[i].staged > 1)
        newest += fmt::format(" + (row - s.kept.{}) * {}", name(i), t.row_elements);
      where = t.ring == 0 ? newest
                          : fmt::format("row < s.kept.{} ? {} : {}", name(i),
                                        address(t.place, i) + in_ring(i, "row"), newest);
      about = fmt::format("{} of its {} rows are kept, and the newest {}", t.ring, pipeline(i).rows,
                          region_.run.tensors[i].staged);
    } else {
      where = address(t.place, i) + in_ring(i, "row");
      about = t.ring == pipeline(i).rows
                  ? fmt::format("all of its {} rows", t.ring)
                  : fmt::format("{} of its {} rows", t.ring, pipeline(i).rows);
    }
    const std::string nowhere = "nullptr";
    const bool staged = pipeline(i).staged;
    const bool rings = !staged || t.ring > 0;
    return TemplateObject{{"tensor", name(i)},
                          {"c_type", type},
                          {"element", element},
                          {"where", where},
                          {"about", about},
                          {"ring", rings ? address(t.place, i) : nowhere},
                          {"newest", staged ? newest_row(i) : nowhere},
                          {"ring_rows", std::to_string(std::max<int64_t>(t.ring, 1))},
                          {"row_elements", std::to_string(t.row_elements)},
                          {"kept_rows", staged ? "s.kept." + name(i) : "mote::kAllKept"}};
  }

  TemplateData keep_data(size_t i) const {
    const RowTensor& t = region_.tensors[i];
    const std::string counters = fmt::format("s.kept.{0}, s.made.{0}", name(i));
    return TemplateObject{
        {"tensor", name(i)},
        {"keep", t.ring == 0
                     ? fmt::format("s.kept.{0} = s.made.{0}", name(i))
                     : fmt::format("mote::keep_rows({}, {}, {}, {}, {})", address(t.place, i),
                                   t.ring, newest_row(i), t.row_elements, counters)}};
  }

  // The row that a window's row number begins with: "s.made.conv * 2 - 1".
  static std::string begin_text(const RowWindow& w, const std::string& row) {
    std::string text = row;
    if (w.stride != 1) text += fmt::format(" * {}", w.stride);
    if (w.repeat != 1) text += fmt::format(" / {}", w.repeat);
    return text + plus(-w.pad);
  }

  // The tensor in whose rows this one's rows stand.
  size_t place_of(int tensor) const {
    size_t i = static_cast<size_t>(tensor);
    while (pipeline(i).alias >= 0) i = static_cast<size_t>(pipeline(i).alias);
    return i;
  }
  std::string row_text(int tensor, const std::string& row) const {
    return fmt::format("row_of_{}(arena, s, {})", name(place_of(tensor)), row);
  }

  TemplateList calls(const std::vector<int>& nodes) const {
    TemplateList list;
    for (const int n : nodes)
      list.push_back(TemplateObject{{"call", "make_" + step(static_cast<size_t>(n)).name}});
    return list;
  }

  // Whether row `row` of a node's result can be made.
  std::string ready_text(const Pipeline::Node& node, const std::string& row) const {
    std::string ready = fmt::format("{} < {}", row, node.rows);
    for (const Pipeline::Use& use : node.uses) {
      const size_t i = static_cast<size_t>(use.tensor);
      if (pipeline(i).outside && i != driver()) continue;
      const RowWindow& w = use.window;
      const int64_t extent = (w.count - 1) * w.dilation + 1;
      ready += fmt::format(" && mote::has_rows(s.made.{}, {}{}, {})", name(i),
                           begin_text({.stride = w.stride, .repeat = w.repeat}, row),
                           plus(extent - w.pad), pipeline(i).rows);
    }
    return ready;
  }

  RowCall::Batch batch_of(size_t n) const {
    const RowCall::Batch batch = step(n).rows->batch;
    internal_check(batch != RowCall::Batch::Pixels || region_.run.nodes[n].contiguous,
                   "{}: rows of its operand do not lie side by side", step(n).name);
    return batch;
  }

  TemplateData function_data(size_t n) const {
    const Pipeline::Node& node = region_.pipeline.nodes[n];
    const Step& s = step(n);
    const RowCall& rows = *s.rows;
    const size_t out = static_cast<size_t>(node.out);
    const bool grouped = node.group > 1, loops = batch_of(n) == RowCall::Batch::Loop;
    const std::string made = "s.made." + name(out);
    // Within a group, `row` is the row that is made, or the first of them.
    const std::string row = grouped ? "row" : made;
    TemplateObject data = {
        {"function", "make_" + s.name},
        {"comment", step_comment(program_, s)},
        {"ready", ready_text(node, grouped ? fmt::format("({} + n)", made) : made)},
        {"group", std::to_string(node.group)},
        {"out", name(out)},
        {"call", row_call(n, row)},
        {"pushes", calls(region_.run.nodes[n].pushes)}};
    data["single"] = !grouped;
    data["looped"] = grouped && loops;
    data["batched"] = grouped && !loops;
    data["gathers"] = rows.gathers;
    if (rows.gathers) {
      const size_t x = static_cast<size_t>(node.uses[0].tensor);
      data["c_type"] = std::string(c_type_of(region_.tensors[x].dtype));
      data["count"] = std::to_string(rows.window.count);
      data["pointers"] = std::to_string(rows.window.count * (loops ? 1 : node.group));
      data["begin"] = begin_text(rows.window, row);
      data["begin_i"] = begin_text(rows.window, "(row + i)");
      data["dilation"] = std::to_string(rows.window.dilation);
      data["rows"] = std::to_string(pipeline(x).rows);
      data["x"] = name(place_of(node.uses[0].tensor));
    }
    TemplateList keeps;
    for (const int t : region_.run.nodes[n].keeps)
      keeps.push_back(TemplateObject{{"tensor", name(static_cast<size_t>(t))}});
    data["keeps"] = keeps;
    data["keeps_out"] = pipeline(out).staged;
    return data;
  }

  // One call, or that for `n` rows of a group.
  std::string row_call(size_t n, const std::string& row) const {
    const Pipeline::Node& node = region_.pipeline.nodes[n];
    const Step& s = step(n);
    const bool pixels = batch_of(n) == RowCall::Batch::Pixels;
    std::string count;
    if (pixels) count = fmt::format("n * {}", program_.graph.type(s.op.out[0]).shape[2]);
    std::string text = shape_argument(program_, s, count);
    if (s.rows->numbered) text += ", " + row;
    if (s.rows->sums) text += fmt::format(", {}", node.rows);
    // Uses are the operands that are no constants, in their order.
    std::vector<int> tensor_of(s.op.in.size(), -1);
    for (size_t i = 0, use = 0; i < s.op.in.size(); ++i)
      if (s.op.in[i] && !program_.graph.constant(s.op.in[i]))
        tensor_of[i] = node.uses[use++].tensor;
    for (size_t i = 0; i < s.call.operands.size(); ++i) {
      const Operand& operand = s.call.operands[i];
      const bool streams = operand.kind == Operand::Kind::Input && tensor_of[operand.index] >= 0;
      if (streams && operand.index == 0 && s.rows->gathers) {
        text += ", window";
        if (s.rows->batch == RowCall::Batch::Windows) text += ", n";
      } else if (streams) {
        text += ", " + row_text(tensor_of[operand.index], begin_text(s.rows->window, row));
      } else if (operand.kind == Operand::Kind::Output) {
        text += ", " + row_text(node.out, s.rows->sums ? "0" : row);
      } else {
        text += ", " + argument_text(program_, s.arguments[i]);
      }
    }
    return fmt::format("{}({})", s.call.function, text);
  }

  const Program& program_;
  const Region& region_;
  size_t index_;
};

}  // namespace

TemplateData region_data(const Program& program, size_t index) {
  return RegionWriter(program, index).data();
}

}  // namespace motec
