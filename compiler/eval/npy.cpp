#include "eval/npy.h"

#include <zip.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <memory>

#include "support/diag.h"
#include "support/files.h"
#include "support/text.h"

namespace motec {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they are stored");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMaxBytes = std::numeric_limits<int32_t>::max();

struct Row {
  std::string_view descr;  // without the byte order
  DType dtype;
};

constexpr Row kTypes[] = {
    {"b1", DType::Bool}, {"i1", DType::S8},  {"u1", DType::U8},   {"i2", DType::S16},
    {"u2", DType::U16},  {"i4", DType::S32}, {"u4", DType::U32},  {"i8", DType::S64},
    {"u8", DType::U64},  {"f2", DType::F16}, {"V2", DType::BF16}, {"f4", DType::F32},
    {"f8", DType::F64},
};

[[noreturn]] void fail_damaged(const std::string& what, std::string reason) {
  fail({.code = "E5010",
        .message = fmt::format("{} is no array of NumPy", what),
        .why = {std::move(reason)},
        .hint = "write it with numpy.save"});
}

// A header is the text of a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape':
// (1, 3), }. This reads the values of its three keys.
class Header {
 public:
  Header(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  DType dtype() const {
    const std::string_view value = value_of("descr");
    const bool quoted = value.size() > 1 && (value[0] == '\'' || value[0] == '"');
    const size_t end = quoted ? value.find(value[0], 1) : value.npos;
    if (end == value.npos) fail_type("a structure");
    std::string_view descr = value.substr(1, end - 1);
    if (descr == "bfloat16") return DType::BF16;
    const char order = descr.empty() ? ' ' : descr[0];
    if (order == '<' || order == '|' || order == '=') {
      for (const Row& row : kTypes)
        if (row.descr == descr.substr(1)) return row.dtype;
    }
    if (order == '>') {
      fail(
          {.code = "E5011",
           .message = fmt::format("{}: big-endian elements ('{}') are not supported", what_, descr),
           .hint = "save it after x.astype(x.dtype.newbyteorder('<'))"});
    }
    fail_type(fmt::format("'{}'", descr));
  }

  bool fortran_order() const {
    const std::string_view value = value_of("fortran_order");
    if (value.starts_with("True")) return true;
    if (value.starts_with("False")) return false;
    fail_damaged(what_, "its 'fortran_order' is neither True nor False");
  }

  Shape shape() const {
    const std::string_view value = value_of("shape");
    const size_t end = value.find(')');
    if (!value.starts_with('(') || end == value.npos)
      fail_damaged(what_, "its 'shape' is no tuple");
    Shape shape;
    for (const std::string& item : split(value.substr(1, end - 1), ',')) {
      const std::string digits = trim(item);
      if (digits.empty()) continue;  // after the last comma
      int64_t dim = 0;
      const char* last = digits.data() + digits.size();
      const auto [stop, error] = std::from_chars(digits.data(), last, dim);
      // Python 2 wrote long integers with an L.
      const bool ends = stop == last || (stop + 1 == last && *stop == 'L');
      if (error != std::errc() || !ends || dim < 0)
        fail_damaged(what_, fmt::format("its 'shape' holds '{}'", digits));
      shape.push_back(dim);
    }
    return shape;
  }

 private:
  std::string_view value_of(std::string_view key) const {
    for (const char quote : {'\'', '"'}) {
      const std::string quoted = fmt::format("{0}{1}{0}", quote, key);
      const size_t at = text_.find(quoted);
      if (at == text_.npos) continue;
      const size_t colon = text_.find_first_not_of(' ', at + quoted.size());
      if (colon == text_.npos || text_[colon] != ':') continue;
      const size_t value = text_.find_first_not_of(' ', colon + 1);
      if (value != text_.npos) return text_.substr(value);
    }
    fail_damaged(what_, fmt::format("its header has no '{}'", key));
  }

  [[noreturn]] void fail_type(const std::string& found) const {
    fail({.code = "E5011",
          .message = fmt::format("{}: elements of type {} are not supported", what_, found),
          .hint =
              "supported are bool, float16, bfloat16, float32, float64 and (u)int8 to (u)int64"});
  }

  std::string_view text_;
  const std::string& what_;
};

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

int64_t checked_bytes(const Shape& shape, DType dtype, const std::string& what) {
  int64_t bytes = size_of(dtype);
  bool empty = false;
  for (const int64_t dim : shape) {
    empty |= dim == 0;
    if (dim > 0 && bytes > kMaxBytes / dim)
      bytes = kMaxBytes + int64_t{1};
    else
      bytes *= std::max<int64_t>(dim, 1);
    if (bytes > kMaxBytes) break;
  }
  empty |= std::find(shape.begin(), shape.end(), 0) != shape.end();
  if (bytes > kMaxBytes && !empty) {
    fail({.code = "E5012",
          .message = fmt::format("{}: an array of shape {} is larger than 2 GiB", what,
                                 to_string(shape))});
  }
  return empty ? 0 : bytes;
}

// Fortran order is the C order of the transposed array.
Tensor from_fortran(const Tensor& tensor) {
  Tensor out = Tensor::zeros(tensor.dtype, tensor.shape);
  const auto item = static_cast<size_t>(size_of(tensor.dtype));
  Shape index(tensor.shape.size());
  for (int64_t at = 0; at < tensor.elements(); ++at) {
    int64_t from = 0, stride = 1;
    for (size_t d = 0; d < index.size(); stride *= tensor.shape[d++]) from += index[d] * stride;
    std::memcpy(out.bytes.data() + static_cast<size_t>(at) * item,
                tensor.bytes.data() + static_cast<size_t>(from) * item, item);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == tensor.shape[d];) index[d] = 0;
  }
  return out;
}

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

[[noreturn]] void fail_archive(const std::filesystem::path& path, std::string reason) {
  fail({.code = "E5014",
        .message = fmt::format("cannot read the archive {}", path.string()),
        .why = {std::move(reason)},
        .hint = "write it with numpy.savez"});
}

std::string read_entry(zip_t* zip, zip_uint64_t index, const std::string& name,
                       const std::filesystem::path& path) {
  const std::unique_ptr<zip_file_t, CloseZip> file(zip_fopen_index(zip, index, 0));
  if (!file) fail_archive(path, fmt::format("'{}': {}", name, zip_strerror(zip)));
  // The size is what unpacking gives, not what the archive claims.
  std::string bytes;
  std::string chunk(size_t{1} << 20, '\0');
  for (;;) {
    const zip_int64_t n = zip_fread(file.get(), chunk.data(), chunk.size());
    if (n < 0) fail_archive(path, fmt::format("'{}': {}", name, zip_file_strerror(file.get())));
    if (n == 0) return bytes;
    bytes.append(chunk, 0, static_cast<size_t>(n));
    if (std::ssize(bytes) > kMaxBytes) fail_archive(path, fmt::format("'{}' exceeds 2 GiB", name));
  }
}

}  // namespace

NpyHead parse_npy_head(std::string_view bytes, int64_t file_bytes, const std::string& what) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 10)
    fail_damaged(what, "it does not start with the signature of one");
  const auto version = static_cast<uint8_t>(bytes[6]);
  if (version < 1 || version > 3) fail_damaged(what, fmt::format("its version is {}", version));
  const size_t length_bytes = version == 1 ? 2 : 4, begin = 8 + length_bytes;
  const size_t length = bytes.size() < begin ? 0 : little_endian(bytes.substr(8, length_bytes));
  if (bytes.size() < begin || length > bytes.size() - begin)
    fail_damaged(what, "it ends within its header");
  const Header header(bytes.substr(begin, length), what);
  const Type type{.dtype = header.dtype(), .shape = header.shape()};
  const int64_t want = checked_bytes(type.shape, type.dtype, what);
  const auto offset = static_cast<int64_t>(begin + length);
  if (file_bytes - offset != want) {
    fail({.code = "E5013",
          .message = fmt::format("{}: {} takes {} bytes, but the file holds {}", what,
                                 to_string(type), want, file_bytes - offset),
          .hint = "the file is damaged; write it again"});
  }
  return {type, header.fortran_order() && want > 0, offset};
}

Tensor parse_npy(std::string_view bytes, const std::string& what) {
  const NpyHead head = parse_npy_head(bytes, std::ssize(bytes), what);
  const std::string_view data = bytes.substr(static_cast<size_t>(head.offset));
  Tensor tensor{head.type.dtype, head.type.shape, std::vector<std::byte>(data.size())};
  if (!data.empty()) std::memcpy(tensor.bytes.data(), data.data(), data.size());
  return head.is_fortran ? from_fortran(tensor) : tensor;
}

Tensor read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path), path.string());
}

std::string serialize_npy(const Tensor& tensor) {
  constexpr size_t kAlignment = 64;  // of the data, so that the file can be mapped
  std::string descr, dims;
  for (const Row& row : kTypes)
    if (row.dtype == tensor.dtype)
      descr = fmt::format("{}{}", size_of(row.dtype) == 1 ? '|' : '<', row.descr);
  for (const int64_t dim : tensor.shape) dims += fmt::format("{},", dim);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
  const size_t fixed = kMagic.size() + 4;
  header.append((kAlignment - (fixed + header.size() + 1) % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  return bytes;
}

std::vector<std::pair<std::string, Tensor>> read_npz(const std::filesystem::path& path) {
  int code = 0;
  const std::unique_ptr<zip_t, CloseZip> zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!zip) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail_archive(path, reason);
  }
  std::vector<std::pair<std::string, Tensor>> arrays;
  const zip_int64_t count = zip_get_num_entries(zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* raw = zip_get_name(zip.get(), index, 0);
    std::string name = raw ? raw : "";
    const std::string bytes = read_entry(zip.get(), index, name, path);
    const std::string what = fmt::format("{}: '{}'", path.string(), name);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    arrays.emplace_back(name, parse_npy(bytes, what));
  }
  return arrays;
}

}  // namespace motec
