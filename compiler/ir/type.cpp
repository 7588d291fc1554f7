#include "ir/type.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/diag.h"

namespace motec {
namespace {

struct Row {
  DType dtype;
  int64_t bytes;
  std::string_view name, c_type;
};

// clang-format off
constexpr Row kRows[] = {
    {DType::Bool, 1, "bool",     "uint8_t"},
    {DType::S8,   1, "int8",     "int8_t"},
    {DType::U8,   1, "uint8",    "uint8_t"},
    {DType::S16,  2, "int16",    "int16_t"},
    {DType::U16,  2, "uint16",   "uint16_t"},
    {DType::S32,  4, "int32",    "int32_t"},
    {DType::U32,  4, "uint32",   "uint32_t"},
    {DType::S64,  8, "int64",    "int64_t"},
    {DType::U64,  8, "uint64",   "uint64_t"},
    {DType::F16,  2, "float16",  "uint16_t"},
    {DType::BF16, 2, "bfloat16", "uint16_t"},
    {DType::F32,  4, "float32",  "float"},
    {DType::F64,  8, "float64",  "double"},
};
// clang-format on

const Row& row_of(DType dtype) {
  const Row& row = kRows[static_cast<size_t>(dtype)];
  internal_check(row.dtype == dtype, "the table of element types is out of order");
  return row;
}

}  // namespace

int64_t size_of(DType dtype) { return row_of(dtype).bytes; }
std::string_view name_of(DType dtype) { return row_of(dtype).name; }
std::string_view c_type_of(DType dtype) { return row_of(dtype).c_type; }

bool is_float(DType dtype) { return dtype >= DType::F16; }

bool is_signed_int(DType dtype) {
  return dtype == DType::S8 || dtype == DType::S16 || dtype == DType::S32 || dtype == DType::S64;
}

bool is_integer(DType dtype) { return !is_float(dtype) && dtype != DType::Bool; }

int64_t element_count(const Shape& shape) { return product(shape, 0, shape.size()); }

int64_t product(const Shape& shape, size_t begin, size_t end) {
  int64_t n = 1;
  for (size_t i = begin; i < end; ++i) n *= shape[i];
  return n;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
  return strides;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

std::string to_string(const Type& type) {
  return fmt::format("{}{}", name_of(type.dtype), to_string(type.shape));
}

}  // namespace motec
