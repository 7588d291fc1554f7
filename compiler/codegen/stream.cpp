#include "codegen/stream.h"

#include "codegen/call_text.h"
#include "ir/op_def.h"
#include "support/identifier.h"

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
                           {"pushes", calls(region_.run.driver_pushes)}};
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
    return fmt::format("mote::at<{}>(arena, {})", c_type_of(region_.tensors[i].dtype),
                       offset_of(program_, place));
  }

  // "row % 3 * 512": elements before a row.
  std::string in_ring(size_t i, const std::string& row) const {
    const RowTensor& t = region_.tensors[i];
    const bool whole = t.ring == pipeline(i).rows;
    if (!whole && t.ring == 1) return {};
    if (whole && t.ring == 1) return {};
    return fmt::format(" + {}{} * {}", row, whole ? "" : fmt::format(" % {}", t.ring),
                       t.row_elements);
  }

  TemplateData place_data(size_t i) const {
    const RowTensor& t = region_.tensors[i];
    const std::string type(c_type_of(t.dtype));
    std::string where, about;
    if (pipeline(i).staged) {
      const std::string ring = t.ring == 0 ? "" : address(t.place, i) + in_ring(i, "row");
      where = ring.empty()
                  ? address(t.stage, i)
                  : fmt::format("row < s.kept.{} ? {} : {}", name(i), ring, address(t.stage, i));
      about = fmt::format("{} of its {} rows are kept, and the newest", t.ring, pipeline(i).rows);
    } else {
      where = address(t.place, i) + in_ring(i, "row");
      about = t.ring == pipeline(i).rows
                  ? fmt::format("all of its {} rows", t.ring)
                  : fmt::format("{} of its {} rows", t.ring, pipeline(i).rows);
    }
    return TemplateObject{
        {"tensor", name(i)}, {"c_type", type}, {"where", where}, {"about", about}};
  }

  TemplateData keep_data(size_t i) const {
    const RowTensor& t = region_.tensors[i];
    return TemplateObject{
        {"tensor", name(i)},
        {"to", address(t.place, i) + in_ring(i, fmt::format("s.kept.{}", name(i)))},
        {"from", address(t.stage, i)},
        {"elements", std::to_string(t.row_elements)}};
  }

  // The row that a window's row number begins with: "s.made.conv * 2 - 1".
  static std::string begin_text(const RowWindow& w, const std::string& row) {
    std::string text = row;
    if (w.stride != 1) text += fmt::format(" * {}", w.stride);
    if (w.repeat != 1) text += fmt::format(" / {}", w.repeat);
    return text + plus(-w.pad);
  }

  std::string row_text(int tensor, const std::string& row) const {
    size_t i = static_cast<size_t>(tensor);
    while (pipeline(i).alias >= 0) i = static_cast<size_t>(pipeline(i).alias);
    return fmt::format("row_of_{}(arena, s, {})", name(i), row);
  }

  TemplateList calls(const std::vector<int>& nodes) const {
    TemplateList list;
    for (const int n : nodes)
      list.push_back(TemplateObject{{"call", "make_" + step(static_cast<size_t>(n)).name}});
    return list;
  }

  TemplateData function_data(size_t n) const {
    const Pipeline::Node& node = region_.pipeline.nodes[n];
    const Step& s = step(n);
    const RowCall& rows = *s.rows;
    const std::string& out = name(static_cast<size_t>(node.out));
    const std::string row = "s.made." + out;
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
    TemplateObject data = {{"function", "make_" + s.name},
                           {"comment", step_comment(program_, s)},
                           {"ready", ready},
                           {"out", out},
                           {"call", row_call(n)},
                           {"pushes", calls(region_.run.nodes[n].pushes)}};
    data["gathers"] = rows.gathers;
    if (rows.gathers) {
      const size_t x = static_cast<size_t>(node.uses[0].tensor);
      data["c_type"] = std::string(c_type_of(region_.tensors[x].dtype));
      data["count"] = std::to_string(rows.window.count);
      data["begin"] = begin_text(rows.window, row);
      data["dilation"] = std::to_string(rows.window.dilation);
      data["rows"] = std::to_string(pipeline(x).rows);
      data["row_at"] = row_text(node.uses[0].tensor, "row");
    }
    TemplateList keeps;
    for (const int t : region_.run.nodes[n].keeps)
      keeps.push_back(TemplateObject{{"tensor", name(static_cast<size_t>(t))}});
    data["keeps"] = keeps;
    data["keeps_out"] = pipeline(static_cast<size_t>(node.out)).staged &&
                        region_.tensors[static_cast<size_t>(node.out)].ring > 0;
    return data;
  }

  std::string row_call(size_t n) const {
    const Pipeline::Node& node = region_.pipeline.nodes[n];
    const Step& s = step(n);
    const std::string row = "s.made." + name(static_cast<size_t>(node.out));
    std::string text = fmt::format("{}_impl::{}{{}}", program_.name, s.name);
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
