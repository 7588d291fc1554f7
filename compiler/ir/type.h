// Element types and shapes: what a value is, without its data.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace motec {

enum class DType : uint8_t { Bool, S8, U8, S16, U16, S32, U32, S64, U64, F16, BF16, F32, F64 };

int64_t size_of(DType dtype);             // bytes per element
std::string_view name_of(DType dtype);    // ONNX and numpy spelling: "float32"
std::string_view c_type_of(DType dtype);  // emitted C: "float", "int8_t"; float16 is "uint16_t"
bool is_float(DType dtype);               // F16, BF16, F32, F64
bool is_signed_int(DType dtype);
bool is_integer(DType dtype);  // signed or unsigned; not Bool

using Shape = std::vector<int64_t>;

int64_t element_count(const Shape& shape);  // 1 for a scalar
std::string to_string(const Shape& shape);  // "[1,3,32,32]"
// Product of the dimensions in [begin, end).
int64_t product(const Shape& shape, size_t begin, size_t end);
// Row-major strides, in elements.
Shape strides_of(const Shape& shape);

// Affine quantization: real = scale * (q - zero_point). One entry is per tensor; more are per
// channel along `axis`.
struct Quant {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  int axis = -1;
  bool operator==(const Quant&) const = default;
};

struct Type {
  DType dtype = DType::F32;
  Shape shape;
  std::optional<Quant> quant = {};
  int64_t elements() const { return element_count(shape); }
  int64_t bytes() const { return elements() * size_of(dtype); }
  bool operator==(const Type&) const = default;
};

std::string to_string(const Type& type);  // "float32[1,3,32,32]"

}  // namespace motec
