#include "driver/dataset.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "eval/evaluator.h"
#include "eval/npy.h"
#include "import/tensor_reader.h"
#include "support/diag.h"
#include "support/identifier.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

using Role = DataPort::Role;

constexpr std::string_view kLayouts =
    "DATA is a directory with test_data_set_*/input_*.pb, an .npy or .npz file, or a directory of "
    "those";

// Directory entries in the order of their names, numbers in them by value: set_2 before set_10.
std::vector<fs::path> sorted_entries(const fs::path& dir) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  if (error) {
    fail({.code = "E1001",
          .message = fmt::format("cannot read {}", dir.string()),
          .why = {error.message()}});
  }
  const auto number = [](const fs::path& path) {
    const std::string stem = path.stem().string();
    size_t digits = stem.size();
    while (digits > 0 && stem[digits - 1] >= '0' && stem[digits - 1] <= '9') --digits;
    uint64_t value = 0;
    std::from_chars(stem.data() + digits, stem.data() + stem.size(), value);
    return std::tuple(stem.substr(0, digits), value, path.filename().string());
  };
  std::sort(entries.begin(), entries.end(),
            [&](const fs::path& a, const fs::path& b) { return number(a) < number(b); });
  return entries;
}

bool has_extension(const fs::path& path, std::string_view extension) {
  std::error_code error;
  return path.extension() == extension && fs::is_regular_file(path, error);
}

std::vector<fs::path> with_extension(const std::vector<fs::path>& paths,
                                     std::string_view extension) {
  std::vector<fs::path> found;
  for (const fs::path& path : paths)
    if (has_extension(path, extension)) found.push_back(path);
  return found;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string base_name(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

const DataPort* find_port(const std::vector<DataPort>& ports, const std::string& name) {
  for (const DataPort& port : ports)
    if (port.name == name) return &port;
  for (const DataPort& port : ports)
    if (identifier(port.name) == name) return &port;
  return nullptr;
}

std::string names_of(const std::vector<DataPort>& ports) {
  std::string names;
  for (const DataPort& port : ports) names += (names.empty() ? "'" : ", '") + port.name + "'";
  return names;
}

// How many samples of `type` a tensor holds along its first axis; empty: it does not fit.
std::optional<int64_t> sample_count(const Tensor& tensor, const Type& type) {
  if (tensor.dtype != type.dtype) return {};
  if (tensor.shape == type.shape) return 1;
  if (tensor.shape.empty()) return {};
  const Shape rest(tensor.shape.begin() + 1, tensor.shape.end());
  if (rest == type.shape) return tensor.shape[0];
  if (type.shape.empty() || rest != Shape(type.shape.begin() + 1, type.shape.end())) return {};
  if (type.shape[0] == 0 || tensor.shape[0] % type.shape[0] != 0) return {};
  return tensor.shape[0] / type.shape[0];
}

int64_t checked_count(const Tensor& tensor, const DataPort& port, const std::string& file) {
  if (const std::optional<int64_t> count = sample_count(tensor, port.type)) return *count;
  Diag diag{.code = "E5020",
            .message = fmt::format("'{}' is {}, but the data are {}", port.name,
                                   to_string(port.type), to_string(tensor.type())),
            .where = file};
  if (tensor.dtype != port.type.dtype)
    diag.hint = fmt::format("convert them: x.astype('{}')", name_of(port.type.dtype));
  else
    diag.hint = "arrays may have one leading axis of samples more than the model's";
  fail(std::move(diag));
}

Tensor sample(const Tensor& tensor, const Type& type, int64_t index) {
  Tensor out{type.dtype, type.shape, {}};
  const auto bytes = static_cast<ptrdiff_t>(type.bytes());
  const auto begin = tensor.bytes.begin() + index * bytes;
  out.bytes.assign(begin, begin + bytes);
  return out;
}

// A test cannot set the state: it begins with a reset.
void check_state(const Tensor& tensor, const DataPort& port, const std::string& file) {
  const bool zeros = std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                                 [](std::byte b) { return b == std::byte{0}; });
  const bool is_input = port.role == Role::StateInput;
  if (!is_input || zeros) return;
  fail({.code = "E5028",
        .message = fmt::format("'{}' is a state, which starts at zeros, but the data have others",
                               port.name),
        .where = file});
}

// Tensors found by port, where each may hold several samples, become sets.
std::vector<DataSet> make_sets(const std::map<const DataPort*, Tensor>& found,
                               const DataPorts& ports, const std::string& name) {
  std::vector<const DataPort*> outputs;
  const auto expected =
      std::count_if(ports.outputs.begin(), ports.outputs.end(),
                    [](const DataPort& port) { return port.role == Role::Given; });
  std::string missing;
  for (const DataPort& port : ports.inputs)
    if (port.role == Role::Given && !found.count(&port))
      missing += (missing.empty() ? "'" : ", '") + port.name + "'";
  for (const DataPort& port : ports.outputs)
    if (port.role == Role::Given && found.count(&port)) outputs.push_back(&port);
  if (!missing.empty()) {
    fail({.code = "E5021",
          .message = fmt::format("{} has no data for input {}", name, missing),
          .hint = fmt::format("the inputs are: {}", names_of(ports.inputs))});
  }
  if (!outputs.empty() && std::ssize(outputs) != expected) {
    fail({.code = "E5022",
          .message = fmt::format("{} has expected values for {} of {} outputs", name,
                                 outputs.size(), expected),
          .hint = fmt::format("give all or none of: {}", names_of(ports.outputs))});
  }
  int64_t count = -1;
  for (const auto& [port, tensor] : found) {
    if (port->role != Role::Given) {
      check_state(tensor, *port, name);
      continue;
    }
    const int64_t n = checked_count(tensor, *port, name);
    if (count >= 0 && n != count) {
      fail({.code = "E5023",
            .message = fmt::format("{}: '{}' has {} samples, others have {}", name, port->name, n,
                                   count)});
    }
    count = n;
  }
  std::vector<DataSet> sets;
  for (int64_t i = 0; i < std::max<int64_t>(count, 0); ++i) {
    DataSet set{.name = count > 1 ? fmt::format("{}[{}]", name, i) : name};
    for (const DataPort& port : ports.inputs)
      if (port.role == Role::Given) set.inputs.push_back(sample(found.at(&port), port.type, i));
    for (const DataPort* port : outputs)
      set.outputs.push_back(sample(found.at(port), port->type, i));
    sets.push_back(std::move(set));
  }
  if (count < 0) sets.push_back({.name = name});  // a model without inputs
  return sets;
}

std::vector<DataSet> sets_by_name(const NamedTensors& arrays, const DataPorts& ports,
                                  const std::string& file) {
  std::map<const DataPort*, Tensor> found;
  for (const auto& [name, tensor] : arrays) {
    const DataPort* port = find_port(ports.inputs, name);
    if (!port) port = find_port(ports.outputs, name);
    if (!port) {
      fail({.code = "E5024",
            .message = fmt::format("{} holds '{}', which is no input or output", file, name),
            .hint = fmt::format("the inputs are: {}; the outputs: {}", names_of(ports.inputs),
                                names_of(ports.outputs))});
    }
    found[port] = tensor;
  }
  return make_sets(found, ports, file);
}

const DataPort& only_input(const DataPorts& ports, const std::string& file) {
  const DataPort* only = nullptr;
  int wanted = 0;
  for (const DataPort& port : ports.inputs)
    if (port.role == Role::Given) only = &port, ++wanted;
  if (wanted != 1) {
    fail({.code = "E5025",
          .message = fmt::format("{} is one array, but the model has {} inputs", file, wanted),
          .hint = fmt::format("use an .npz file with the names {}", names_of(ports.inputs))});
  }
  return *only;
}

std::vector<DataSet> sets_of_npy(const fs::path& path, const DataPorts& ports) {
  const DataPort& input = only_input(ports, path.string());
  return make_sets({{&input, read_npy(path)}}, ports, path.filename().string());
}

std::vector<DataSet> sets_of_npz(const fs::path& path, const DataPorts& ports) {
  return sets_by_name(read_npz(path), ports, path.filename().string());
}

// "input_12.pb" -> 12
std::optional<size_t> position(const fs::path& path, std::string_view prefix) {
  const std::string stem = path.stem().string();
  if (!stem.starts_with(prefix)) return {};
  size_t value = 0;
  const char* last = stem.data() + stem.size();
  const auto [end, error] = std::from_chars(stem.data() + prefix.size(), last, value);
  if (error != std::errc() || end != last) return {};
  return value;
}

DataSet set_of_pb(const fs::path& dir, const DataPorts& ports) {
  std::map<const DataPort*, Tensor> found;
  for (const fs::path& path : with_extension(sorted_entries(dir), ".pb")) {
    for (const bool is_input : {true, false}) {
      const std::vector<DataPort>& list = is_input ? ports.inputs : ports.outputs;
      const std::optional<size_t> at = position(path, is_input ? "input_" : "output_");
      if (!at) continue;
      if (*at >= list.size()) {
        fail({.code = "E5026",
              .message = fmt::format("{}: the model has {} {}", path.string(), list.size(),
                                     is_input ? "inputs" : "outputs")});
      }
      const DataPort& port = list[*at];
      if (port.role == Role::Frozen) continue;
      Tensor tensor = read_tensor_file(path);
      // One file is one tensor, never several samples.
      if (tensor.dtype != port.type.dtype || tensor.shape != port.type.shape) {
        fail({.code = "E5020",
              .message = fmt::format("'{}' is {}, but the data are {}", port.name,
                                     to_string(port.type), to_string(tensor.type())),
              .where = path.string()});
      }
      found[&port] = std::move(tensor);
    }
  }
  return make_sets(found, ports, base_name(dir)).at(0);
}

bool is_state(const Graph& graph, size_t index, int StatePair::*port) {
  return std::any_of(graph.states.begin(), graph.states.end(),
                     [&](const StatePair& pair) { return pair.*port == static_cast<int>(index); });
}

bool all_named(const std::vector<fs::path>& paths, const DataPorts& ports) {
  return std::all_of(paths.begin(), paths.end(), [&](const fs::path& path) {
    const std::string name = path.stem().string();
    return find_port(ports.inputs, name) || find_port(ports.outputs, name);
  });
}

std::vector<fs::path> set_directories(const std::vector<fs::path>& entries) {
  std::vector<fs::path> dirs;
  for (const fs::path& path : entries)
    if (path.filename().string().starts_with("test_data_set_") && is_folder(path))
      dirs.push_back(path);
  return dirs;
}

std::vector<DataSet> sets_of_directory(const fs::path& dir, const DataPorts& ports) {
  const std::vector<fs::path> entries = sorted_entries(dir);
  std::vector<DataSet> sets;
  const auto add = [&sets](std::vector<DataSet> more) {
    std::move(more.begin(), more.end(), std::back_inserter(sets));
  };
  if (const std::vector<fs::path> dirs = set_directories(entries); !dirs.empty()) {
    for (const fs::path& path : dirs) sets.push_back(set_of_pb(path, ports));
    return sets;
  }
  if (!with_extension(entries, ".pb").empty()) return {set_of_pb(dir, ports)};
  for (const fs::path& path : with_extension(entries, ".npz")) add(sets_of_npz(path, ports));
  const std::vector<fs::path> arrays = with_extension(entries, ".npy");
  if (!arrays.empty() && all_named(arrays, ports)) {
    NamedTensors named;
    for (const fs::path& path : arrays) named.emplace_back(path.stem().string(), read_npy(path));
    add(sets_by_name(named, ports, base_name(dir)));
  } else {
    for (const fs::path& path : arrays) add(sets_of_npy(path, ports));
  }
  return sets;
}

}  // namespace

DataPorts data_ports(const Graph& graph, const std::vector<std::string>& model_inputs) {
  DataPorts ports;
  for (const std::string& name : model_inputs) {
    DataPort port{.name = name, .type = {}, .role = Role::Frozen};
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      if (graph.inputs[i].name != name) continue;
      port.type = graph.type(graph.inputs[i].value);
      port.role = is_state(graph, i, &StatePair::input) ? Role::StateInput : Role::Given;
    }
    ports.inputs.push_back(std::move(port));
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const bool state = is_state(graph, i, &StatePair::output);
    ports.outputs.push_back({graph.outputs[i].name, graph.type(graph.outputs[i].value),
                             state ? Role::StateOutput : Role::Given});
  }
  return ports;
}

std::vector<DataSet> read_data(const fs::path& data, const DataPorts& ports) {
  return with_context(fmt::format("reading data from {}", data.string()), [&] {
    std::vector<DataSet> sets;
    if (is_folder(data)) {
      sets = sets_of_directory(data, ports);
    } else if (data.extension() == ".npy") {
      sets = sets_of_npy(data, ports);
    } else if (data.extension() == ".npz") {
      sets = sets_of_npz(data, ports);
    } else if (!is_there(data)) {
      fail({.code = "E1001",
            .message = fmt::format("cannot read {}", data.string()),
            .why = {"there is no such file or directory"}});
    }
    if (sets.empty()) {
      fail({.code = "E5027",
            .message = fmt::format("{} holds no data", data.string()),
            .hint = std::string(kLayouts)});
    }
    return sets;
  });
}

int64_t fill_expected(std::vector<DataSet>& sets, const Graph& graph, const DataPorts& ports) {
  int64_t filled = 0;
  for (DataSet& set : sets) {
    if (!set.outputs.empty()) continue;
    ++filled;
    std::vector<Tensor> inputs;
    size_t next = 0;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const Type& type = graph.type(graph.inputs[i].value);
      inputs.push_back(is_state(graph, i, &StatePair::input) ? Tensor::zeros(type.dtype, type.shape)
                                                             : set.inputs.at(next++));
    }
    std::vector<Tensor> results = evaluate(graph, inputs);
    for (size_t i = 0; i < results.size(); ++i)
      if (ports.outputs[i].role == Role::Given) set.outputs.push_back(std::move(results[i]));
  }
  return filled;
}

std::vector<fs::path> data_files(const fs::path& data) {
  if (!is_folder(data)) return {data};
  const std::vector<fs::path> entries = sorted_entries(data);
  std::vector<fs::path> files;
  for (const fs::path& dir : set_directories(entries)) {
    const std::vector<fs::path> tensors = with_extension(sorted_entries(dir), ".pb");
    files.insert(files.end(), tensors.begin(), tensors.end());
  }
  for (const std::string_view extension : {".pb", ".npy", ".npz"}) {
    const std::vector<fs::path> found = with_extension(entries, extension);
    files.insert(files.end(), found.begin(), found.end());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace motec
