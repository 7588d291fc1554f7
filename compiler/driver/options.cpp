// From the texts of the command line to the options of the compiler.
#include <algorithm>
#include <charconv>

#include "driver/commands.h"
#include "eval/npy.h"
#include "import/tensor_reader.h"
#include "support/diag.h"
#include "support/identifier.h"
#include "support/text.h"

namespace motec {
namespace {

Shape parse_shape(const std::string& text, const std::string& whole) {
  Shape shape;
  if (text.empty()) return shape;  // a scalar
  for (const std::string& item : split(text, ',')) {
    const std::string digits = trim(item);
    int64_t dim = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, dim);
    if (error != std::errc() || end != last || dim < 0) {
      fail({.code = "E1102",
            .message = fmt::format("--input-shape {}: '{}' is no dimension", whole, item),
            .hint = "write it like --input-shape x=1,49,10"});
    }
    shape.push_back(dim);
  }
  return shape;
}

std::optional<QuantizeRequest> quantize_request(const ModelArguments& arguments) {
  const DataArguments& data = arguments.calibration;
  if (arguments.quantize.empty() && data.data.empty()) return {};
  if (arguments.quantize.empty() || data.data.empty()) {
    fail({.code = "E1130",
          .message = arguments.quantize.empty() ? "--calibration is given without --quantize"
                                                : "--quantize is given without --calibration",
          .why = {"ranges of integers are found by running the model on samples"},
          .hint = "use both: --quantize int8 --calibration DATA"});
  }
  check_one_of(arguments.quantize, "--quantize", {"int8", "int4"});
  QuantizeRequest request{data.data, sample_options(data), arguments.labels, {}};
  request.samples.values = SampleOptions::Values::Finite;
  request.quantizer.weight_bits = arguments.quantize == "int4" ? 4 : 8;
  if (arguments.accuracy_budget >= 0) request.quantizer.budget = arguments.accuracy_budget / 100;
  std::vector<std::string> methods = {"auto"};
  for (const RangeMethod method : range_methods()) methods.emplace_back(name_of(method));
  check_one_of(arguments.calibrate, "--calibrate", methods);
  for (const RangeMethod method : range_methods())
    if (name_of(method) == arguments.calibrate) request.quantizer.ranges = method;
  return request;
}

}  // namespace

void check_one_of(const std::string& value, std::string_view option,
                  const std::vector<std::string>& choices) {
  for (const std::string& choice : choices)
    if (value == choice) return;
  const std::string near = nearest(value, choices);
  fail({.code = "E1104",
        .message = fmt::format("{} does not know '{}'", option, value),
        .hint = fmt::format("{}it is one of {}",
                            near.empty() ? "" : fmt::format("did you mean '{}'? ", near),
                            fmt::join(choices, ", "))});
}

std::pair<std::string, std::string> name_and_value(const std::string& text, std::string_view option,
                                                   std::string_view example) {
  const size_t at = text.rfind('=');
  if (at == text.npos || at == 0) {
    fail({.code = "E1102",
          .message = fmt::format("{} {}: there is no name and '='", option, text),
          .hint = fmt::format("write it like {} {}", option, example)});
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

int64_t parse_size(const std::string& text, std::string_view option) {
  int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const std::string unit(end, last);
  int64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "K" || unit == "k" || unit == "KiB") factor = 1024;
  if (unit == "M" || unit == "MiB") factor = 1024 * 1024;
  if (error != std::errc() || value < 0 || !factor || value > (int64_t{1} << 40)) {
    fail({.code = "E1103",
          .message = fmt::format("{} {}: this is no size", option, text),
          .hint = "write bytes, or KiB and MiB as 16K and 2M"});
  }
  return value * factor;
}

std::vector<MemoryLimit> parse_memories(const std::string& text) {
  std::vector<MemoryLimit> memories;
  for (const std::string& item : split(text, ',')) {
    const auto [name, size] = name_and_value(trim(item), "--memory", "dtcm=64K,sram=256K");
    const auto has_name = [&, &name = name](const MemoryLimit& memory) {
      return upper(memory.name) == upper(name);
    };
    std::string fault;
    if (identifier(name) != name) fault = "is no C identifier";
    if (upper(name) == "ARENA" || upper(name) == "STATE" || name == "row")
      fault = "has a meaning of its own";
    if (std::any_of(memories.begin(), memories.end(), has_name)) fault = "is there twice";
    if (!fault.empty()) {
      fail({.code = "E1119",
            .message = fmt::format("--memory {}: the name '{}' {}", text, name, fault),
            .hint = "names become macros and parameters: write them like dtcm=64K,sram=256K"});
    }
    memories.push_back({name, parse_size(size, "--memory")});
  }
  return memories;
}

Tensor read_tensor_by_name(const std::filesystem::path& path) {
  if (path.extension() == ".npy") return read_npy(path);
  if (path.extension() == ".pb") return read_tensor_file(path);
  fail({.code = "E5029",
        .message = fmt::format("{} is neither .npy nor .pb", path.string()),
        .hint = "write it with numpy.save"});
}

void check_one_input(const std::vector<std::string>& names, std::string_view option) {
  if (names.size() < 2) return;
  fail({.code = "E1116",
        .message = fmt::format("{} is for one input of a model, and names {}", option,
                               fmt::join(names, ", ")),
        .hint = "stream one of them, and make others constants with --input-value"});
}

// "x" or "x=3".
StreamTime parse_stream_time(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == text.npos) return {.input = text};
  const std::string number = text.substr(equals + 1);
  int64_t frames = 0;
  const char* end = number.data() + number.size();
  if (std::from_chars(number.data(), end, frames).ptr != end || frames < 1)
    fail({.code = "E1117",
          .message = fmt::format("--stream-time {}: '{}' is no number of frames", text, number),
          .hint = "write the new frames of a call behind the input's name: features=1"});
  return {.input = text.substr(0, equals), .frames = frames};
}

CompileOptions compile_options(const ModelArguments& arguments) {
  check_one_of(arguments.optimize, "--optimize", {"speed", "balanced", "ram", "ram=min", "flash"});
  check_one_of(arguments.io, "--io", {"float", "quantized"});
  check_one_of(arguments.io_layout, "--io-layout", {"model", "nhwc"});
  CompileOptions options;
  options.quantize = quantize_request(arguments);
  options.model = arguments.model;
  options.name = arguments.name;
  options.target = arguments.target;
  options.optimize = arguments.optimize;
  options.integer_io = arguments.io == "quantized";
  options.nhwc_io = arguments.io_layout == "nhwc";
  options.passes = arguments.passes;
  for (const std::string& text : arguments.input_shapes) {
    const auto [name, shape] = name_and_value(text, "--input-shape", "x=1,49,10");
    options.import.input_shapes[name] = parse_shape(shape, text);
  }
  for (const std::string& text : arguments.input_values) {
    const auto [name, file] = name_and_value(text, "--input-value", "axes=axes.npy");
    options.import.input_values[name] = read_tensor_by_name(file);
  }
  for (const std::string& text : arguments.states)
    options.states.push_back(name_and_value(text, "--state", "h_in=h_out"));
  check_one_input(arguments.stream_inputs, "--stream-input");
  if (!arguments.stream_inputs.empty()) options.stream_input = arguments.stream_inputs[0];
  check_one_input(arguments.stream_times, "--stream-time");
  if (!arguments.stream_times.empty()) {
    options.stream_time = parse_stream_time(arguments.stream_times[0]);
    for (const bool both : {options.stream_input.has_value(), !options.states.empty()})
      if (both)
        fail({.code = "E1117",
              .message = "--stream-time goes with neither --stream-input nor --state",
              .hint = "it keeps the past of its input itself; leave out the other option"});
  }
  if (!arguments.arena_limit.empty())
    options.arena_limit = parse_size(arguments.arena_limit, "--arena-limit");
  if (!arguments.flash_limit.empty())
    options.flash_limit = parse_size(arguments.flash_limit, "--flash-limit");
  if (!arguments.memory.empty()) options.memories = parse_memories(arguments.memory);
  if (options.arena_limit && !options.memories.empty()) {
    fail({.code = "E1118",
          .message = "--arena-limit and --memory cannot be given together",
          .hint = "the sizes in --memory are limits already"});
  }
  return options;
}

}  // namespace motec
