// The tables by which an op becomes a call of the runtime. A kernel is a row: which op and types it
// serves, what the target must have, when it refuses, what it costs, and how it is called.
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op_def.h"
#include "target/target.h"

namespace motec {

// An op where it stands in a graph.
struct Site {
  const Graph& graph;
  const Op& op;
  const Type& in(size_t i) const { return graph.type(op.in[i]); }
  const Type& out(size_t i) const { return graph.type(op.out[i]); }
  bool has_in(size_t i) const { return i < op.in.size() && op.in[i]; }
};

// What is passed to a kernel, in the order of its parameters.
struct Operand {
  enum class Kind : uint8_t { Input, Output, Weights, Scratch, Null };
  Kind kind = Kind::Null;
  size_t index = 0;            // of the op's operand or result
  Tensor weights = {};         // packed for the kernel
  std::string_view name = {};  // of the weights: "weights", "bias"; becomes part of a C name

  static Operand input(size_t i) { return {Kind::Input, i}; }
  static Operand output(size_t i) { return {Kind::Output, i}; }
  static Operand packed(std::string_view name, Tensor t) {
    return {Kind::Weights, 0, std::move(t), name};
  }
  static Operand scratch() { return {Kind::Scratch}; }
  static Operand null() { return {}; }
};

// One member of a shape struct: "int32_t", "in_h", "32" or "int32_t", "dims[3]", "{1, 2, 3}".
struct ShapeMember {
  std::string type, name, value;
};

// One call of emitted code: function(Shape{}, operands...).
struct Call {
  std::string
      function;  // with template arguments: "mote::conv2d_f32<mote::isa::Neon, mote::fn::Relu>"
  std::vector<std::string> headers;  // below mote/: "conv2d_f32.h", "isa/neon.h"
  std::vector<ShapeMember> shape;
  std::vector<Operand> operands;
  int64_t scratch_bytes = 0;
  DType scratch_dtype = DType::F32;      // what the kernel takes a pointer to
  std::vector<std::string> checks = {};  // conditions that emitted code asserts
};

// Whether a tensor has rows. A row is everything at one index of axis 1 of [1, H, W, C].
inline bool is_image(const Type& type) { return type.shape.size() == 4 && type.shape[0] == 1; }

// Which rows of an operand go into a row of the result: row r takes `count` rows from r * stride /
// repeat - pad on, every `dilation`-th of them; rows outside the operand are padding.
struct RowWindow {
  int64_t count = 1, stride = 1, repeat = 1, dilation = 1, pad = 0;
  int64_t begin(int64_t row) const { return row * stride / repeat - pad; }
  int64_t end(int64_t row) const { return begin(row) + (count - 1) * dilation + 1; }
};

// How a kernel makes its result row by row.
struct RowCall {
  Call call;             // makes one row; operands as those of the whole call, but rows of them
  RowWindow window;      // of the operands that are no constants
  bool gathers = false;  // operand 0 is passed as `window.count` pointers to rows, null for padding
  bool numbered = false;  // the number of the row follows the shape
  // The result is complete after the last row of operand 0 and is not made of rows; the call takes
  // one row of the operand, and scratch stays from the first row to the last.
  bool sums = false;
  // Rows of operand 0 and of the result. 0: they are images. Others are made of rows, too, as
  // whatever they are reshaped to has its elements in the same order.
  int64_t x_rows = 0, y_rows = 0;
  // How a call makes several rows. Loop: by one call for each. Pixels: `call` makes as many pixels
  // as the member `m` of its shape says, from rows side by side. Windows: by one call with the
  // pointers of all rows' windows and the number of rows.
  enum class Batch : uint8_t { Loop, Pixels, Windows };
  Batch batch = Batch::Loop;
};

// In which order a kernel makes the pixels of its result: row after row, `pixels` of them at a
// time, each of the pixels of operand 0 under a window. Shapes are NHWC, with one image.
struct PixelOrder {
  Shape x, y;
  std::array<int64_t, 2> stride{1, 1}, pad{};  // of the window: rows, columns; top, left
  std::array<int64_t, 2> reach{1, 1};  // rows and columns from its first to its last, inclusive
  int64_t pixels = 1;
  bool gathers = false;  // the inputs of these pixels are read before any of them is written
};
// How far below operand 0 the result may begin, if all that is still to be read is to lie above
// what has been written. Elements are bytes.
int64_t overlap_distance(const PixelOrder& order);

// How a kernel has its weights in flash: as they are, or made into more bytes to save cycles, which
// only Goal::Speed takes.
enum class Weights : uint8_t { Plain, Expanded };

struct Kernel {
  std::string_view name;  // <op><variant>_<dtype>_<isa>
  const OpDef* op;
  uint32_t needs;        // Feature bits
  std::string_view isa;  // struct in mote::isa, or empty where the kernel has no ISA parameter
  // Why the kernel does not serve this op; empty: it does.
  std::string (*refuses)(const Site&);
  Call (*lower)(const Site&, const Kernel&);
  // Relative cost on a target; the cheapest row is taken.
  double (*cost)(const Site&, const Kernel&);
  // Operands (bit i: operand i) whose memory the first result may take over when they die here,
  // having as many bytes. The kernel reads every element before it writes that place.
  uint32_t (*in_place)(const Site&) = nullptr;
  // The same result row by row, up to `group` rows at a time; empty where it cannot be made so.
  // Null: never.
  std::optional<RowCall> (*by_rows)(const Site&, const Kernel&, int64_t group) = nullptr;
  // The order in which the result is made, of elements of one byte, if operand 0 may be overwritten
  // on the way. Empty: it may not. Null: as `by_rows` says, if the kernel makes rows in their
  // order, one at a time.
  std::optional<PixelOrder> (*order)(const Site&, const Kernel&) = nullptr;
  Weights weights = Weights::Plain;
};

// Every row for an op, portable ones included.
std::vector<const Kernel*> kernels_of(const OpDef& op);
std::span<const std::span<const Kernel>> kernel_tables();

// What --optimize asks for. Of the rows that serve an op on the target,
//   Speed     takes the fewest cycles;
//   Balanced  the fewest cycles among those within a quarter of the least flash;
//   Ram       the least scratch among those that Balanced chooses from, within a tenth of the
//             fewest cycles of these;
//   Flash     the fewest cycles among those within an eighth (and 256 bytes) of the least flash: a
//             second kernel's code would cost more than the padding of its rival's weights.
// Rows of more than twice the fewest cycles (Flash: four times) are left out of all but Speed.
//   LeastRam  as Ram.
enum class Goal : uint8_t { Speed, Balanced, Ram, LeastRam, Flash };

// A candidate that selection looked at.
struct Choice {
  const Kernel* kernel;
  std::string refused;  // why it was not taken, if another than its cost is the reason
  double cost = 0;
  int64_t flash_bytes = 0, scratch_bytes = 0;
};

struct Selection {
  const Kernel* kernel = nullptr;
  Call call;                       // of the kernel
  std::vector<Choice> candidates;  // all of them, for the report
};

// Fails with E4001 when no row serves the op. `weights` is the most that Goal::Speed may take.
Selection select_kernel(const Site& site, const Target& target, Goal goal = Goal::Balanced,
                        Weights weights = Weights::Expanded);

}  // namespace motec
