#include "ir/tensor.h"

#include "mote/float16.h"
#include "support/diag.h"

namespace motec {
namespace {

template <class To>
std::vector<To> converted(const Tensor& tensor) {
  std::vector<To> out(static_cast<size_t>(tensor.elements()));
  dispatch(tensor.dtype, [&]<class T>() {
    const T* in = tensor.data<T>();
    for (size_t i = 0; i < out.size(); ++i) {
      if (tensor.dtype == DType::F16) {
        out[i] = static_cast<To>(mote::float_from_f16(static_cast<uint16_t>(in[i])));
      } else if (tensor.dtype == DType::BF16) {
        out[i] = static_cast<To>(mote::float_from_bf16(static_cast<uint16_t>(in[i])));
      } else {
        out[i] = static_cast<To>(in[i]);
      }
    }
  });
  return out;
}

}  // namespace

Tensor Tensor::zeros(DType dtype, Shape shape) {
  const auto bytes = static_cast<size_t>(element_count(shape) * size_of(dtype));
  return {dtype, std::move(shape), std::vector<std::byte>(bytes)};
}

Tensor f32_tensor(Shape shape, const std::vector<float>& values) {
  internal_check(element_count(shape) == std::ssize(values), "tensor data does not fill its shape");
  return Tensor::of(DType::F32, std::move(shape), values);
}

Tensor s64_tensor(Shape shape, const std::vector<int64_t>& values) {
  internal_check(element_count(shape) == std::ssize(values), "tensor data does not fill its shape");
  return Tensor::of(DType::S64, std::move(shape), values);
}

std::vector<double> to_doubles(const Tensor& tensor) { return converted<double>(tensor); }
std::vector<int64_t> to_int64s(const Tensor& tensor) { return converted<int64_t>(tensor); }

}  // namespace motec
