#include "ops/store.h"

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

void check_integer_operands(std::string_view name, const std::vector<const Type*>& in,
                            const Store& store, int64_t channels) {
  const auto is_narrow = [](const Type& type) {
    return type.dtype == DType::S8 || type.dtype == DType::S16;
  };
  internal_check(is_narrow(*in[0]) && is_narrow(*in[1]), "{} of {} and {}", name, to_string(*in[0]),
                 to_string(*in[1]));
  internal_check(in[2]->dtype == DType::S32 && in[2]->shape == Shape{channels},
                 "{}: bias {} for {} channels", name, to_string(*in[2]), channels);
  internal_check(in[3]->dtype == DType::S32 && in[3]->elements() == channels * params_of(store),
                 "{}: multipliers {} for {} channels", name, to_string(*in[3]), channels);
}

}  // namespace motec
