// Arrays and serialized tensors as series of one port's tensors.
#include <fstream>
#include <optional>

#include "driver/sample_source.h"
#include "eval/npy.h"
#include "import/tensor_reader.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

// How many samples of `want` an array holds along its first axis; empty: it does not fit.
std::optional<int64_t> sample_count(const Type& array, const Type& want) {
  if (array.dtype != want.dtype) return {};
  if (array.shape == want.shape) return 1;
  if (array.shape.empty()) return {};
  const Shape rest(array.shape.begin() + 1, array.shape.end());
  if (rest == want.shape) return array.shape[0];
  if (want.shape.empty() || rest != Shape(want.shape.begin() + 1, want.shape.end())) return {};
  if (want.shape[0] == 0 || array.shape[0] % want.shape[0] != 0) return {};
  return array.shape[0] / want.shape[0];
}

Diag misfit(const Type& array, const DataPort& port, const std::string& file) {
  return {.code = "E5020",
          .message = fmt::format("'{}' is {}, but the data are {}", port.name, to_string(port.type),
                                 to_string(array)),
          .where = file};
}

int64_t checked_count(const Type& array, const DataPort& port, const std::string& file) {
  if (const std::optional<int64_t> count = sample_count(array, port.type)) return *count;
  Diag diag = misfit(array, port, file);
  if (array.dtype != port.type.dtype)
    diag.hint = fmt::format("convert them: x.astype('{}')", name_of(port.type.dtype));
  else
    diag.hint = "arrays may have one leading axis of samples more than the model's";
  fail(std::move(diag));
}

class TensorSeries : public Series {
 public:
  TensorSeries(Tensor tensor, const DataPort& port, const std::string& file)
      : tensor_(std::move(tensor)),
        type_(port.type),
        count_(checked_count(tensor_.type(), port, file)) {}
  int64_t count() const override { return count_; }
  Tensor read(int64_t index) const override {
    const auto bytes = static_cast<ptrdiff_t>(type_.bytes());
    const auto begin = tensor_.bytes.begin() + index * bytes;
    return {type_.dtype, type_.shape, {begin, begin + bytes}};
  }

 private:
  Tensor tensor_;
  Type type_;
  int64_t count_;
};

// An array in C order stays in its file: of 500 images, few are in memory at a time.
class NpySeries : public Series {
 public:
  NpySeries(fs::path path, const NpyHead& head, const DataPort& port)
      : path_(std::move(path)),
        type_(port.type),
        offset_(head.offset),
        count_(checked_count(head.type, port, path_.filename().string())) {}
  int64_t count() const override { return count_; }
  Tensor read(int64_t index) const override {
    Tensor tensor = Tensor::zeros(type_.dtype, type_.shape);
    std::ifstream in(path_, std::ios::binary);
    in.seekg(offset_ + index * type_.bytes());
    in.read(reinterpret_cast<char*>(tensor.bytes.data()), type_.bytes());
    if (in) return tensor;
    fail({.code = "E1001",
          .message = fmt::format("cannot read {}", path_.string()),
          .why = {"it has changed since it was opened"}});
  }

 private:
  fs::path path_;
  Type type_;
  int64_t offset_;
  int64_t count_;
};

class PbSeries : public Series {
 public:
  PbSeries(fs::path path, const DataPort& port) : path_(std::move(path)), port_(port) {}
  int64_t count() const override { return 1; }
  Tensor read(int64_t) const override {
    Tensor tensor = read_tensor_file(path_);
    if (tensor.dtype != port_.type.dtype || tensor.shape != port_.type.shape)
      fail(misfit(tensor.type(), port_, path_.string()));
    return tensor;
  }

 private:
  fs::path path_;
  DataPort port_;
};

}  // namespace

SeriesPtr tensor_series(Tensor tensor, const DataPort& port, const std::string& file) {
  return std::make_shared<TensorSeries>(std::move(tensor), port, file);
}

SeriesPtr npy_series(const fs::path& path, const DataPort& port) {
  constexpr size_t kHeadBytes = 4096;  // numpy's own are 128 bytes
  std::string head_bytes(kHeadBytes, '\0');
  std::error_code error;
  const auto file_bytes = static_cast<int64_t>(fs::file_size(path, error));
  std::ifstream in(path, std::ios::binary);
  in.read(head_bytes.data(), kHeadBytes);
  head_bytes.resize(static_cast<size_t>(in.gcount()));
  // What cannot be read, or is unusual, is left to the reader of whole files.
  if (error || in.bad() || file_bytes < static_cast<int64_t>(kHeadBytes))
    return tensor_series(read_npy(path), port, path.filename().string());
  const NpyHead head = parse_npy_head(head_bytes, file_bytes, path.string());
  if (head.is_fortran) return tensor_series(read_npy(path), port, path.filename().string());
  return std::make_shared<NpySeries>(path, head, port);
}

SeriesPtr pb_series(const fs::path& path, const DataPort& port) {
  return std::make_shared<PbSeries>(path, port);
}

}  // namespace motec
