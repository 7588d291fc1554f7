// A tensor with its data: constants, evaluation results, test vectors. Row-major, host byte order.
#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "ir/type.h"

namespace motec {

struct Tensor {
  DType dtype = DType::F32;
  Shape shape;
  std::vector<std::byte> bytes;

  static Tensor zeros(DType dtype, Shape shape);
  template <class T>
  static Tensor of(DType dtype, Shape shape, const std::vector<T>& values) {
    Tensor t = zeros(dtype, std::move(shape));
    if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }

  int64_t elements() const { return element_count(shape); }
  Type type() const { return {.dtype = dtype, .shape = shape}; }
  // The elements as T, which must be the C type of `dtype`.
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes.data());
  }
  template <class T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <class T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<size_t>(elements())};
  }
  bool operator==(const Tensor&) const = default;
};

using TensorPtr = std::shared_ptr<const Tensor>;

Tensor f32_tensor(Shape shape, const std::vector<float>& values);
Tensor s64_tensor(Shape shape, const std::vector<int64_t>& values);

// Every element converted to double or int64_t; any dtype. For attributes that ONNX passes as
// tensors, and for comparing results.
std::vector<double> to_doubles(const Tensor& tensor);
std::vector<int64_t> to_int64s(const Tensor& tensor);

// Calls body.template operator()<T>() with the C++ type that holds elements of `dtype`. Float16 and
// bfloat16 are handed over as uint16_t bits: only data movement may be done on them.
template <class Body>
decltype(auto) dispatch(DType dtype, Body body) {
  switch (dtype) {
    case DType::S8:
      return body.template operator()<int8_t>();
    case DType::Bool:
    case DType::U8:
      return body.template operator()<uint8_t>();
    case DType::S16:
      return body.template operator()<int16_t>();
    case DType::F16:
    case DType::BF16:
    case DType::U16:
      return body.template operator()<uint16_t>();
    case DType::S32:
      return body.template operator()<int32_t>();
    case DType::U32:
      return body.template operator()<uint32_t>();
    case DType::S64:
      return body.template operator()<int64_t>();
    case DType::U64:
      return body.template operator()<uint64_t>();
    case DType::F64:
      return body.template operator()<double>();
    case DType::F32:
      break;
  }
  return body.template operator()<float>();
}

}  // namespace motec
