#include <algorithm>
#include <optional>

#include "ir/op_def.h"
#include "plan/replay_memory.h"

namespace motec {
namespace {

class WholeStep {
 public:
  WholeStep(Replay& replay, size_t t)
      : r_(replay),
        step_(replay.program.steps[t]),
        site_{replay.program.graph, step_.op},
        scratch_(scratch_of(replay, t)) {
    for (size_t i = 0; i < step_.arguments.size(); ++i) {
      const Operand& operand = step_.call.operands[i];
      const Argument& argument = step_.arguments[i];
      const bool arena = argument.place.kind == Place::Kind::Arena;
      if (!arena && argument.place.kind != Place::Kind::State) continue;
      if (operand.kind == Operand::Kind::Input)
        reads_.push_back({stretch(step_.op.in[operand.index], argument.place), operand.index});
      if (operand.kind == Operand::Kind::Output)
        writes_.push_back({stretch(step_.op.out[operand.index], argument.place), operand.index});
    }
  }

  void run() {
    // Scratch may be written before anything is read, and a result, where the kernel declares
    // nothing, too.
    write_scratch();
    read_all(true);
    const Part* x = nullptr;
    for (const Part& write : writes_) {
      const Part* overlapped = write.index == 0 ? overlapped_operand(write) : nullptr;
      if (overlapped) {
        write_in_order(*overlapped, write);
        x = overlapped;
      } else {
        r_.memory.write(write.at, "its result", step_.name);
      }
    }
    for (const Part& write : writes_) r_.memory.read(write.at, "its result", step_.name);
    if (scratch_.bytes > 0) r_.memory.read(scratch_, "its scratch", step_.name);
    read_all(false, x);
  }

 private:
  struct Part {
    Stretch at;
    size_t index;  // of the operand or result
  };

  Stretch stretch(ValueId id, const Place& place) const {
    return {place, 0, r_.program.graph.type(id).bytes(), r_.tags.value(r_.values.root(id))};
  }

  void write_scratch() {
    if (scratch_.bytes > 0) r_.memory.write(scratch_, "its scratch", step_.name);
  }

  bool in_place(const Part& read) const {
    const Kernel& kernel = *step_.selection.kernel;
    return kernel.in_place && (kernel.in_place(site_) >> read.index & 1) &&
           std::any_of(writes_.begin(), writes_.end(), [&](const Part& write) {
             return write.index == 0 && r_.memory.same(read.at, write.at);
           });
  }

  // At the end all but what the result has taken over is still there.
  void read_all(bool before, const Part* except = nullptr) {
    for (const Part& part : reads_)
      if (before || (&part != except && !in_place(part)))
        r_.memory.read(part.at, fmt::format("operand {}", part.index), step_.name);
  }

  const Part* overlapped_operand(const Part& write) const {
    for (const Part& read : reads_)
      if (read.index == 0 && r_.memory.meet(read.at, write.at) && !in_place(read)) return &read;
    return nullptr;
  }

  static Stretch part_of(const Part& whole, int64_t offset, int64_t bytes) {
    return {whole.at.place, whole.at.offset + offset, bytes,
            whole.at.tag + static_cast<uint32_t>(offset)};
  }

  // Each part of the result is written before the operand's elements for it are read, unless the
  // kernel declares the opposite.
  void write_in_order(const Part& x, const Part& y) {
    const Kernel& kernel = *step_.selection.kernel;
    if (kernel.order) {
      const std::optional<PixelOrder> order = kernel.order(site_, kernel);
      internal_check(order.has_value(), "{} may not overlap its operand", step_.name);
      write_pixels(*order, x, y);
      return;
    }
    const std::optional<RowCall> rows =
        kernel.by_rows ? kernel.by_rows(site_, kernel, 1) : std::nullopt;
    internal_check(rows && rows->gathers, "{} may not overlap its operand", step_.name);
    const int64_t x_rows = site_.in(0).shape[1], y_rows = site_.out(0).shape[1];
    const int64_t x_bytes = x.at.bytes / x_rows, y_bytes = y.at.bytes / y_rows;
    for (int64_t row = 0; row < y_rows; ++row) {
      r_.memory.write(part_of(y, row * y_bytes, y_bytes), "its result", step_.name);
      write_scratch();
      for (int64_t k = 0, at = rows->window.begin(row); k < rows->window.count;
           ++k, at += rows->window.dilation)
        if (at >= 0 && at < x_rows)
          r_.memory.read(part_of(x, at * x_bytes, x_bytes), "its operand", step_.name);
    }
  }

  void write_pixels(const PixelOrder& o, const Part& x, const Part& y) {
    const int64_t pixels = o.y[1] * o.y[2];
    for (int64_t first = 0; first < pixels; first += o.pixels) {
      const int64_t end = std::min(first + o.pixels, pixels);
      const Stretch result = part_of(y, first * o.y[3], (end - first) * o.y[3]);
      write_scratch();
      if (!o.gathers) r_.memory.write(result, "its result", step_.name);
      for (int64_t p = first; p < end; ++p) read_window(o, x, p);
      if (o.gathers) r_.memory.write(result, "its result", step_.name);
    }
  }

  void read_window(const PixelOrder& o, const Part& x, int64_t p) {
    const int64_t row = p / o.y[2] * o.stride[0] - o.pad[0];
    const int64_t column = p % o.y[2] * o.stride[1] - o.pad[1];
    const int64_t left = std::max<int64_t>(column, 0);
    const int64_t right = std::min(column + o.reach[1], o.x[2]);
    for (int64_t r = std::max<int64_t>(row, 0); r < std::min(row + o.reach[0], o.x[1]); ++r)
      if (left < right)
        r_.memory.read(part_of(x, (r * o.x[2] + left) * o.x[3], (right - left) * o.x[3]),
                       "its operand", step_.name);
  }

  Replay& r_;
  const Step& step_;
  Site site_;
  Stretch scratch_;
  std::vector<Part> reads_, writes_;
};

}  // namespace

void replay_step(Replay& replay, size_t t) { WholeStep(replay, t).run(); }

}  // namespace motec
