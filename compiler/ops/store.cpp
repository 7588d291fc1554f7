#include "ops/store.h"

#include <algorithm>

#include "support/diag.h"

namespace motec {

std::string_view name_of(StoreForm form) {
  constexpr std::string_view kNames[] = {"High", "Wide", "Raw"};
  return kNames[static_cast<size_t>(form)];
}

std::string requant_type(const Store& store) {
  switch (store.form) {
    case StoreForm::Raw:
      return "mote::Raw";
    case StoreForm::Wide:
      return fmt::format("mote::Wide<{}>", c_type_of(store.out));
    case StoreForm::High:
      break;
  }
  return store.out == DType::S16 ? "mote::High16" : "mote::High";
}

int64_t params_of(const Store& store) {
  return store.form == StoreForm::Raw ? 0 : store.form == StoreForm::Wide ? 2 : 1;
}

bool is_narrow_signed(DType dtype) { return dtype == DType::S8 || dtype == DType::S16; }

Tensor weights_tensor(const Shape& shape, const std::vector<int64_t>& values) {
  const bool narrow =
      std::all_of(values.begin(), values.end(), [](int64_t v) { return v >= -127 && v <= 127; });
  Tensor weights = Tensor::zeros(narrow ? DType::S8 : DType::S16, shape);
  dispatch(weights.dtype, [&]<class T>() {
    std::transform(values.begin(), values.end(), weights.data<T>(),
                   [](int64_t v) { return static_cast<T>(v); });
  });
  return weights;
}

Tensor s32_vector(const std::vector<int32_t>& values) {
  return Tensor::of<int32_t>(DType::S32, {std::ssize(values)}, values);
}

void check_integer_operands(std::string_view name, const std::vector<const Type*>& in,
                            const Store& store, int64_t channels) {
  internal_check(is_narrow_signed(in[0]->dtype) && is_narrow_signed(in[1]->dtype),
                 "{} of {} and {}", name, to_string(*in[0]), to_string(*in[1]));
  internal_check(in[2]->dtype == DType::S32 && in[2]->shape == Shape{channels},
                 "{}: bias {} for {} channels", name, to_string(*in[2]), channels);
  internal_check(in[3]->dtype == DType::S32 && in[3]->elements() == channels * params_of(store),
                 "{}: multipliers {} for {} channels", name, to_string(*in[3]), channels);
}

}  // namespace motec
