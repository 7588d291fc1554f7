#include "import/tensor_reader.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "import/external_data.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

static_assert(std::endian::native == std::endian::little, "ONNX data are little-endian");

struct Row {
  int onnx_type;
  DType dtype;
};

// The numbers of TensorProto.DataType.
constexpr Row kTypes[] = {
    {onnx::TensorProto::FLOAT, DType::F32},     {onnx::TensorProto::UINT8, DType::U8},
    {onnx::TensorProto::INT8, DType::S8},       {onnx::TensorProto::UINT16, DType::U16},
    {onnx::TensorProto::INT16, DType::S16},     {onnx::TensorProto::INT32, DType::S32},
    {onnx::TensorProto::INT64, DType::S64},     {onnx::TensorProto::BOOL, DType::Bool},
    {onnx::TensorProto::FLOAT16, DType::F16},   {onnx::TensorProto::DOUBLE, DType::F64},
    {onnx::TensorProto::UINT32, DType::U32},    {onnx::TensorProto::UINT64, DType::U64},
    {onnx::TensorProto::BFLOAT16, DType::BF16},
};

constexpr int kUint4 = 21, kInt4 = 22;  // since IR version 10; libonnx may be older

// Names of the types that mote does not have, for messages.
std::string onnx_type_name(int type) {
  switch (type) {
    case onnx::TensorProto::STRING:
      return "string";
    case onnx::TensorProto::COMPLEX64:
      return "complex64";
    case onnx::TensorProto::COMPLEX128:
      return "complex128";
    case 17:
      return "float8e4m3fn";
    case 18:
      return "float8e4m3fnuz";
    case 19:
      return "float8e5m2";
    case 20:
      return "float8e5m2fnuz";
    case kUint4:
      return "uint4";
    case kInt4:
      return "int4";
    case 23:
      return "float4e2m1";
    default:
      return fmt::format("number {}", type);
  }
}

[[noreturn]] void fail_size(const std::string& what, const Tensor& tensor, int64_t want,
                            int64_t have, std::string_view unit) {
  fail({.code = "E2303",
        .message = fmt::format("{}: {} needs {} {}, but the model holds {}", what,
                               to_string(tensor.type()), want, unit, have),
        .why = {"the file is damaged, or its producer wrote a wrong shape"},
        .hint = "export the model again"});
}

void copy_bytes(Tensor& tensor, std::string_view bytes, const std::string& what) {
  if (std::ssize(bytes) != std::ssize(tensor.bytes))
    fail_size(what, tensor, tensor.type().bytes(), std::ssize(bytes), "bytes");
  std::memcpy(tensor.bytes.data(), bytes.data(), bytes.size());
}

// Two numbers to a byte, the first in the low bits.
void unpack_four_bits(Tensor& tensor, std::string_view bytes, const std::string& what) {
  const int64_t n = tensor.elements(), want = n / 2 + n % 2;
  if (std::ssize(bytes) != want) fail_size(what, tensor, want, std::ssize(bytes), "bytes");
  const int sign = tensor.dtype == DType::S8 ? 8 : 0;
  for (int64_t i = 0; i < n; ++i) {
    const int byte = static_cast<unsigned char>(bytes[static_cast<size_t>(i / 2)]);
    const int bits = i % 2 ? byte >> 4 : byte & 15;
    tensor.bytes[static_cast<size_t>(i)] = static_cast<std::byte>((bits ^ sign) - sign);
  }
}

// The bytes that int32_data holds, one in each number.
std::string bytes_of_field(const onnx::TensorProto& proto) {
  std::string bytes;
  for (const int32_t value : proto.int32_data()) bytes += static_cast<char>(value);
  return bytes;
}

template <class Field>
void copy_field(Tensor& tensor, const Field& field, const std::string& what) {
  if (field.size() != tensor.elements())
    fail_size(what, tensor, tensor.elements(), field.size(), "elements");
  dispatch(tensor.dtype, [&]<class T>() {
    std::transform(field.begin(), field.end(), tensor.data<T>(),
                   [](auto value) { return static_cast<T>(value); });
  });
}

}  // namespace

DType dtype_from_onnx(int onnx_type, const std::string& what) {
  for (const Row& row : kTypes)
    if (row.onnx_type == onnx_type) return row.dtype;
  fail({.code = "E2301",
        .message =
            fmt::format("{}: element type {} is not supported", what, onnx_type_name(onnx_type)),
        .hint = "supported are bool, float16, bfloat16, float, double and (u)int8 to (u)int64"});
}

bool has_four_bits(int onnx_type) { return onnx_type == kUint4 || onnx_type == kInt4; }

DType stored_dtype_from_onnx(int onnx_type, const std::string& what) {
  if (has_four_bits(onnx_type)) return onnx_type == kInt4 ? DType::S8 : DType::U8;
  return dtype_from_onnx(onnx_type, what);
}

void check_dims(const Shape& shape, DType dtype, const std::string& what) {
  constexpr int64_t kLimit = std::numeric_limits<int32_t>::max();
  int64_t bytes = size_of(dtype);
  bool too_large = false;  // dimensions beside one of 0 count, too: strides are made of them
  for (const int64_t dim : shape) {
    if (dim < 0) {
      fail({.code = "E2302",
            .message =
                fmt::format("{}: shape {} has a negative dimension", what, to_string(shape))});
    }
    too_large |= dim > kLimit || bytes > kLimit / std::max<int64_t>(dim, 1);
    if (!too_large && dim > 0) bytes *= dim;
  }
  if (too_large) {
    fail({.code = "E2302",
          .message = fmt::format("{}: a tensor of shape {} is larger than 2 GiB", what,
                                 to_string(shape))});
  }
}

Tensor read_tensor(const onnx::TensorProto& proto, const std::filesystem::path& model_dir) {
  const std::string what =
      proto.name().empty() ? "a tensor" : fmt::format("tensor '{}'", proto.name());
  const DType dtype = stored_dtype_from_onnx(proto.data_type(), what);
  const Shape shape(proto.dims().begin(), proto.dims().end());
  check_dims(shape, dtype, what);
  if (proto.has_segment()) {
    fail(
        {.code = "E2304", .message = fmt::format("{}: segmented tensors are not supported", what)});
  }
  // The size is compared with what the file holds before memory is taken for it.
  const bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  const std::string bytes = external ? read_external_data(proto, model_dir, what) : std::string();
  const int64_t held = external ? std::ssize(bytes) : static_cast<int64_t>(proto.ByteSizeLong());
  const Type type{.dtype = dtype, .shape = shape};
  if (type.elements() > 0 && held * 8 < type.elements()) {
    Tensor empty{dtype, shape, {}};
    fail_size(what, empty, type.bytes(), held, "bytes");
  }
  Tensor tensor = Tensor::zeros(dtype, shape);
  if (has_four_bits(proto.data_type())) {
    const std::string field = external || proto.has_raw_data() ? "" : bytes_of_field(proto);
    unpack_four_bits(tensor,
                     external               ? bytes
                     : proto.has_raw_data() ? proto.raw_data()
                                            : field,
                     what);
  } else if (external) {
    copy_bytes(tensor, bytes, what);
  } else if (proto.has_raw_data()) {
    copy_bytes(tensor, proto.raw_data(), what);
  } else if (dtype == DType::F32) {
    copy_field(tensor, proto.float_data(), what);
  } else if (dtype == DType::F64) {
    copy_field(tensor, proto.double_data(), what);
  } else if (dtype == DType::S64) {
    copy_field(tensor, proto.int64_data(), what);
  } else if (dtype == DType::U64 || dtype == DType::U32) {
    copy_field(tensor, proto.uint64_data(), what);
  } else {
    copy_field(tensor, proto.int32_data(), what);
  }
  return tensor;
}

Tensor read_sparse_tensor(const onnx::SparseTensorProto& proto,
                          const std::filesystem::path& model_dir) {
  const std::string what = fmt::format("sparse tensor '{}'", proto.values().name());
  const Tensor values = read_tensor(proto.values(), model_dir);
  const Tensor indices = read_tensor(proto.indices(), model_dir);
  const Shape shape(proto.dims().begin(), proto.dims().end());
  check_dims(shape, values.dtype, what);
  const int64_t n = values.elements();
  const auto rank = static_cast<int64_t>(shape.size());
  const bool linear = indices.shape == Shape{n};
  if (indices.dtype != DType::S64 || (!linear && indices.shape != Shape{n, rank})) {
    fail({.code = "E2303",
          .message = fmt::format("{}: indices {} do not fit {} values", what,
                                 to_string(indices.type()), n)});
  }
  Tensor dense = Tensor::zeros(values.dtype, shape);
  const Shape strides = strides_of(shape);
  const auto item = static_cast<size_t>(size_of(values.dtype));
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = linear ? indices.data<int64_t>()[i] : 0;
    bool is_inside = true;
    for (int64_t d = 0; !linear && is_inside && d < rank; ++d) {
      const int64_t index = indices.data<int64_t>()[i * rank + d];
      is_inside = index >= 0 && index < shape[static_cast<size_t>(d)];
      if (is_inside) at += index * strides[static_cast<size_t>(d)];
    }
    if (!is_inside || at < 0 || at >= dense.elements())
      fail({.code = "E2303", .message = fmt::format("{}: index of value {} is outside", what, i)});
    std::memcpy(dense.bytes.data() + static_cast<size_t>(at) * item,
                values.bytes.data() + static_cast<size_t>(i) * item, item);
  }
  return dense;
}

Tensor read_tensor_file(const std::filesystem::path& path) {
  onnx::TensorProto proto;
  if (!proto.ParseFromString(read_file(path))) {
    fail({.code = "E5002",
          .message = fmt::format("{} is no serialized tensor", path.string()),
          .hint = "test sets hold TensorProto messages, as onnx.numpy_helper writes them"});
  }
  return with_context(fmt::format("reading {}", path.string()),
                      [&] { return read_tensor(proto, {}); });
}

std::string serialize_tensor(const Tensor& tensor, const std::string& name) {
  onnx::TensorProto proto;
  proto.set_name(name);
  for (const int64_t dim : tensor.shape) proto.add_dims(dim);
  for (const Row& row : kTypes)
    if (row.dtype == tensor.dtype) proto.set_data_type(row.onnx_type);
  proto.set_raw_data(tensor.bytes.data(), tensor.bytes.size());
  return proto.SerializeAsString();
}

}  // namespace motec
