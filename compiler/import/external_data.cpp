#include "import/external_data.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "support/diag.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

struct Reference {
  std::string location;
  int64_t offset = 0;
  int64_t length = -1;  // -1: to the end of the file
};

int64_t parse_number(const std::string& text, const std::string& key, const std::string& what) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    fail({.code = "E2306",
          .message = fmt::format("{}: external data '{}' is '{}', not a size", what, key, text)});
  }
  return value;
}

Reference parse_reference(const onnx::TensorProto& proto, const std::string& what) {
  Reference reference;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") reference.location = entry.value();
    if (entry.key() == "offset") reference.offset = parse_number(entry.value(), "offset", what);
    if (entry.key() == "length") reference.length = parse_number(entry.value(), "length", what);
  }
  return reference;
}

bool is_inside(const fs::path& path, const fs::path& dir) {
  const auto [dir_end, ignored] = std::mismatch(dir.begin(), dir.end(), path.begin(), path.end());
  return dir_end == dir.end();
}

}  // namespace

std::string read_external_data(const onnx::TensorProto& proto, const fs::path& model_dir,
                               const std::string& what) {
  const Reference reference = parse_reference(proto, what);
  std::error_code error;
  const fs::path dir = fs::canonical(model_dir, error);
  const fs::path path = fs::weakly_canonical(dir / reference.location, error);
  if (error || model_dir.empty() || reference.location.empty() ||
      fs::path(reference.location).is_absolute() || !is_inside(path, dir)) {
    fail({.code = "E2305",
          .message = fmt::format("{}: its data are in '{}', outside the model's directory", what,
                                 reference.location),
          .why = {"a model may only refer to files beside it"},
          .hint = "move the file beside the model and export it with a relative location"});
  }
  const bool is_file = fs::is_regular_file(path, error);  // opening a pipe would wait
  std::ifstream in;
  if (is_file) in.open(path, std::ios::binary | std::ios::ate);
  if (!in.is_open()) {
    fail({.code = "E2306",
          .message = fmt::format("{}: cannot read its data from {}", what, path.string())});
  }
  const int64_t size = in.tellg();
  const int64_t length = reference.length < 0 ? size - reference.offset : reference.length;
  if (reference.offset > size || length > size - reference.offset) {
    fail({.code = "E2306",
          .message =
              fmt::format("{}: {} bytes at offset {} are beyond the end of {} ({} bytes)", what,
                          std::max<int64_t>(length, 0), reference.offset, path.string(), size)});
  }
  std::string bytes(static_cast<size_t>(std::max<int64_t>(length, 0)), '\0');
  in.seekg(reference.offset);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace motec
