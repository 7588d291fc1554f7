// From the paths that a user gives to sources of samples.
#include <algorithm>
#include <charconv>
#include <optional>

#include "driver/sample_source.h"
#include "eval/npy.h"
#include "support/diag.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

using Sources = std::vector<std::shared_ptr<const SampleSource>>;
using Columns = SampleSource::Columns;
using Role = DataPort::Role;

constexpr std::string_view kLayouts =
    "DATA is a directory with test_data_set_*/input_*.pb, an .npy, .npz, image or WAV file, or a "
    "directory of those";

// How deep folders of images and sound are searched: links may close a circle.
constexpr int kDeepest = 8;

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

[[noreturn]] void fail_absent(const fs::path& path) {
  fail({.code = "E1001",
        .message = fmt::format("cannot read {}", path.string()),
        .why = {"there is no such file or directory"}});
}

// "x=x.npy" in two; empty where the text is a path itself.
std::optional<std::pair<std::string, fs::path>> named(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == text.npos || at == 0 || is_there(text)) return {};
  return std::pair(text.substr(0, at), fs::path(text.substr(at + 1)));
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

std::vector<fs::path> set_directories(const std::vector<fs::path>& entries) {
  std::vector<fs::path> dirs;
  for (const fs::path& path : entries)
    if (path.filename().string().starts_with("test_data_set_") && is_folder(path))
      dirs.push_back(path);
  return dirs;
}

// The files of these endings in `path`, if it is not one itself, and in the folders below.
std::vector<fs::path> media_files(const fs::path& path, const std::vector<std::string>& extensions,
                                  int depth = 0) {
  if (!is_folder(path)) return with_extension({path}, extensions);
  std::vector<fs::path> files;
  if (depth > kDeepest) return files;
  for (const fs::path& entry : sorted_entries(path)) {
    const std::vector<fs::path> more = media_files(entry, extensions, depth + 1);
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

std::vector<std::string> media_extensions() {
  std::vector<std::string> all = image_extensions();
  all.insert(all.end(), audio_extensions().begin(), audio_extensions().end());
  return all;
}

// Series of a directory's images, and of its sound.
std::vector<SeriesPtr> media_series(const fs::path& data, const DataPort& port,
                                    const SampleOptions& options) {
  const fs::path base = is_folder(data) ? data : data.parent_path();
  std::vector<SeriesPtr> series;
  if (auto files = media_files(data, image_extensions()); !files.empty())
    series.push_back(image_series(std::move(files), base, port, options.image));
  if (const auto files = media_files(data, audio_extensions()); !files.empty())
    series.push_back(audio_series(files, base, port, options.audio));
  return series;
}

class Opener {
 public:
  Opener(const DataPorts& ports, const SampleOptions& options) : ports_(ports), options_(options) {}

  Sources open(const fs::path& data) {
    if (is_folder(data)) {
      open_directory(data);
    } else if (data.extension() == ".npy") {
      add_npy(data);
    } else if (data.extension() == ".npz") {
      add_npz(data);
    } else if (!is_there(data)) {
      fail_absent(data);
    }
    if (sources_.empty()) add_media(data);
    return std::move(sources_);
  }

 private:
  void add(Columns columns, const std::string& name) {
    sources_.push_back(std::make_shared<SampleSource>(std::move(columns), ports_, name));
  }

  void add_npy(const fs::path& path) {
    const DataPort& input = only_input(ports_, path.string());
    add({{&input, npy_series(path, input)}}, path.filename().string());
  }

  void add_media(const fs::path& data) {
    if (media_files(data, media_extensions()).empty()) return;
    const DataPort& input = only_input(ports_, data.string());
    for (SeriesPtr series : media_series(data, input, options_))
      add({{&input, std::move(series)}}, base_name(data));
  }

  const DataPort* port_of(const std::string& name) const {
    const DataPort* port = find_port(ports_.inputs, name);
    return port ? port : find_port(ports_.outputs, name);
  }

  void add_npz(const fs::path& path) {
    const std::string file = path.filename().string();
    Columns columns;
    for (auto& [name, tensor] : read_npz(path)) {
      const DataPort* port = port_of(name);
      if (!port) {
        fail({.code = "E5024",
              .message = fmt::format("{} holds '{}', which is no input or output", file, name),
              .hint = fmt::format("the inputs are: {}; the outputs: {}", names_of(ports_.inputs),
                                  names_of(ports_.outputs))});
      }
      if (port->role == Role::Given || port->role == Role::StateInput)
        columns[port] = tensor_series(std::move(tensor), *port, file);
    }
    add(std::move(columns), file);
  }

  void add_pb(const fs::path& dir) {
    Columns columns;
    for (const fs::path& path : with_extension(sorted_entries(dir), {".pb"})) {
      for (const bool is_input : {true, false}) {
        const std::vector<DataPort>& list = is_input ? ports_.inputs : ports_.outputs;
        const std::optional<size_t> at = position(path, is_input ? "input_" : "output_");
        if (!at) continue;
        if (*at >= list.size()) {
          fail({.code = "E5026",
                .message = fmt::format("{}: the model has {} {}", path.string(), list.size(),
                                       is_input ? "inputs" : "outputs")});
        }
        const DataPort& port = list[*at];
        if (port.role != Role::Frozen) columns[&port] = pb_series(path, port);
      }
    }
    add(std::move(columns), base_name(dir));
  }

  void open_directory(const fs::path& dir) {
    const std::vector<fs::path> entries = sorted_entries(dir);
    if (const std::vector<fs::path> dirs = set_directories(entries); !dirs.empty()) {
      for (const fs::path& path : dirs) add_pb(path);
      return;
    }
    if (!with_extension(entries, {".pb"}).empty()) return add_pb(dir);
    for (const fs::path& path : with_extension(entries, {".npz"})) add_npz(path);
    const std::vector<fs::path> arrays = with_extension(entries, {".npy"});
    const bool all_named = std::all_of(arrays.begin(), arrays.end(), [&](const fs::path& path) {
      return port_of(path.stem().string());
    });
    if (!arrays.empty() && all_named) {
      Columns columns;
      for (const fs::path& path : arrays) {
        const DataPort* port = port_of(path.stem().string());
        if (port->role == Role::Given || port->role == Role::StateInput)
          columns[port] = npy_series(path, *port);
      }
      add(std::move(columns), base_name(dir));
    } else {
      for (const fs::path& path : arrays) add_npy(path);
    }
  }

  const DataPorts& ports_;
  const SampleOptions& options_;
  Sources sources_;
};

SeriesPtr series_of_input(const fs::path& path, const DataPort& port,
                          const SampleOptions& options) {
  if (!is_there(path)) fail_absent(path);
  if (path.extension() == ".npy") return npy_series(path, port);
  if (path.extension() == ".pb") return pb_series(path, port);
  const std::vector<SeriesPtr> series = media_series(path, port, options);
  if (series.size() == 1) return series[0];
  fail({.code = "E5034",
        .message = fmt::format("{} is nothing that one input can be read from", path.string()),
        .hint = "INPUT=PATH takes an .npy file, or images or sound"});
}

// Each text gives one input.
Sources open_named(const std::vector<std::string>& data, const DataPorts& ports,
                   const SampleOptions& options) {
  Columns columns;
  for (const std::string& text : data) {
    const auto pair = named(text);
    if (!pair) {
      fail({.code = "E5035",
            .message = fmt::format("{} does not say which input it is for, but others do", text),
            .hint = "write INPUT=PATH for each, or for none"});
    }
    const DataPort* port = find_port(ports.inputs, pair->first);
    if (!port) {
      fail({.code = "E5036",
            .message = fmt::format("{}: '{}' is no input", text, pair->first),
            .hint = fmt::format("the inputs are: {}", names_of(ports.inputs))});
    }
    if (!columns.emplace(port, series_of_input(pair->second, *port, options)).second) {
      fail({.code = "E5036", .message = fmt::format("input '{}' is given twice", port->name)});
    }
  }
  std::string name;
  for (const std::string& text : data) name += (name.empty() ? "" : " ") + base_name(text);
  return {std::make_shared<SampleSource>(std::move(columns), ports, name)};
}

std::vector<fs::path> files_of(const fs::path& data) {
  if (!is_folder(data)) return {data};
  const std::vector<fs::path> entries = sorted_entries(data);
  std::vector<fs::path> files = with_extension(entries, {".pb", ".npy", ".npz"});
  for (const fs::path& dir : set_directories(entries)) {
    const std::vector<fs::path> tensors = with_extension(sorted_entries(dir), {".pb"});
    files.insert(files.end(), tensors.begin(), tensors.end());
  }
  return files.empty() ? media_files(data, media_extensions()) : files;
}

}  // namespace

Samples open_samples(const std::vector<std::string>& data, const DataPorts& ports,
                     const SampleOptions& options) {
  Samples samples;
  samples.ports_ = ports;
  samples.options_ = options;
  const std::string all = fmt::format("{}", fmt::join(data, ", "));
  with_context(fmt::format("reading data from {}", all), [&] {
    if (std::any_of(data.begin(), data.end(), [](const auto& text) { return named(text); })) {
      samples.sources_ = open_named(data, samples.ports_, options);
    } else {
      for (const std::string& path : data) {
        Sources more = Opener(samples.ports_, options).open(path);
        std::move(more.begin(), more.end(), std::back_inserter(samples.sources_));
      }
    }
    for (const auto& source : samples.sources_) samples.count_ += source->count();
    if (samples.count_ > 0) return;
    fail({.code = "E5027",
          .message = fmt::format("{} holds no data", all),
          .hint = std::string(kLayouts)});
  });
  return samples;
}

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

std::vector<fs::path> with_extension(const std::vector<fs::path>& paths,
                                     const std::vector<std::string>& extensions) {
  std::vector<fs::path> found;
  for (const fs::path& path : paths) {
    std::string ending = path.extension().string();
    for (char& c : ending)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::error_code error;
    const bool fits = std::find(extensions.begin(), extensions.end(), ending) != extensions.end();
    if (fits && fs::is_regular_file(path, error)) found.push_back(path);
  }
  return found;
}

std::vector<fs::path> sample_files(const std::vector<std::string>& data) {
  std::vector<fs::path> files;
  for (const std::string& text : data) {
    const auto pair = named(text);
    const std::vector<fs::path> more = files_of(pair ? pair->second : fs::path(text));
    files.insert(files.end(), more.begin(), more.end());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace motec
