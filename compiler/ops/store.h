// How an integer operator makes its result from int32 sums: the compiler's side of
// runtime/mote/requant.h.
#pragma once
#include "ir/fields.h"
#include "ir/tensor.h"
#include "mote/requant.h"

namespace motec {

enum class StoreForm : uint8_t { High, Wide, Raw };
std::string_view name_of(StoreForm form);

struct Store {
  StoreForm form = StoreForm::High;
  DType out = DType::S8;  // int8, int16, or int32 with Raw
  int32_t zp = 0, lo = -128, hi = 127, shift = 0;
  MOTE_FIELDS(form, out, zp, lo, hi, shift)
  bool operator==(const Store&) const = default;
};

// The template argument of kernels: "mote::High".
std::string requant_type(const Store& store);
// Entries of the multipliers per channel: 1, 2 for Wide, 0 for Raw.
int64_t params_of(const Store& store);

// Calls body.template operator()<Rq>() with the C++ type of requant_type().
template <class Body>
void with_requant(const Store& store, Body body) {
  const bool wide = store.form == StoreForm::Wide, s16 = store.out == DType::S16;
  if (store.form == StoreForm::Raw) {
    body.template operator()<mote::Raw>();
  } else if (wide && s16) {
    body.template operator()<mote::Wide<int16_t>>();
  } else if (wide) {
    body.template operator()<mote::Wide<int8_t>>();
  } else if (s16) {
    body.template operator()<mote::High16>();
  } else {
    body.template operator()<mote::High>();
  }
}

// Whether activations may have the type: int8 or int16.
bool is_narrow_signed(DType dtype);

// Calls body(data) with a typed pointer to a tensor of int8 or int16.
template <class T, class Body>
void with_narrow(T& tensor, Body body) {
  tensor.dtype == DType::S8 ? body(tensor.template data<int8_t>())
                            : body(tensor.template data<int16_t>());
}

// Calls body(x, w) with typed pointers to an operand of int8 or int16 and to weights of either
// type.
template <class Body>
void with_integers(const Tensor& x, const Tensor& w, Body body) {
  with_narrow(x, [&](const auto* px) { with_narrow(w, [&](const auto* pw) { body(px, pw); }); });
}

// Weights without zero points: int8 if all lie in -127 .. 127, as kernels ask, int16 otherwise.
Tensor weights_tensor(const Shape& shape, const std::vector<int64_t>& values);

Tensor s32_vector(const std::vector<int32_t>& values);

// Copies zp, lo, hi and shift into a runtime shape.
template <class S>
void fill_store(S& s, const Store& store) {
  s.zp = store.zp;
  s.lo = store.lo;
  s.hi = store.hi;
  s.shift = store.shift;
}

// Checks the operands that the integer matrix operators share: x int8 or int16, w int8 or int16,
// bias and multipliers int32. These ops are made by passes, so that a misfit is a bug.
void check_integer_operands(std::string_view name, const std::vector<const Type*>& in,
                            const Store& store, int64_t channels);

}  // namespace motec
