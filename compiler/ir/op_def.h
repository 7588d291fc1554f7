// What an operator is: the behaviour that goes with an Op's data. One OpDef per core operator, each
// defined in one file pair of ops/ and listed in ops/registry.cpp. How an operator becomes a call
// varies by target and is not said here, but in the tables of kernels/.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/fields.h"
#include "ir/graph.h"

namespace motec {

// The operand types (null: absent), and the operands that are known constants.
struct InferCtx {
  std::vector<const Type*> in;
  std::vector<const Tensor*> constant;
};

// Operands (null: absent), and results that are allocated with the inferred types.
struct EvalCtx {
  std::vector<const Tensor*> in = {};
  std::vector<Tensor*> out = {};
  const void* prepared = nullptr;  // what the op's `prepare` made, if it was called
};

struct OpDef {
  std::string_view name;
  // Result types. Fails with E3xxx when the operands do not fit.
  std::vector<Type> (*infer)(const Op&, const InferCtx&);
  // Computes the results on the host, with the runtime's own kernels in their portable form.
  void (*eval)(const Op&, const EvalCtx&);
  // The attributes as text; equal text is equal attributes.
  std::string (*print)(const Op&);
  // Multiply-accumulates. Null: none worth counting.
  int64_t (*macs)(const Op&, const InferCtx&) = nullptr;
  // The results are the first operand's bytes under another type: no code, no memory.
  bool is_view = false;
  // For ops whose result consists of elements of operand 0, moved or repeated but never computed
  // with: the result's dimension in which the operand's dimension `axis` is found, or -1 if it is
  // torn. Null for all other ops.
  int (*moved_axis)(const Op&, const Shape& x, const Shape& y, int axis) = nullptr;
  // What evaluation makes of constant operands before it runs many times: packed weights, for
  // instance. Called where all operands but the first are constants or absent; the first is null
  // unless it is a constant, too. Null: nothing.
  std::shared_ptr<const void> (*prepare)(const Op&, const std::vector<const Tensor*>&) = nullptr;
};

// Adapts f(const Attrs&, const Ctx&) to an untyped slot, so that op files never see std::any.
template <class F>
struct SlotTraits;
template <class R, class A, class C>
struct SlotTraits<R (*)(const A&, const C&)> {
  using Attrs = A;
  using Ctx = C;
};
template <auto F>
constexpr auto typed = [](const Op& op, const typename SlotTraits<decltype(F)>::Ctx& ctx) {
  return F(op.as<typename SlotTraits<decltype(F)>::Attrs>(), ctx);
};
template <class A>
constexpr auto print_attrs = [](const Op& op) { return print_fields(op.as<A>()); };

// For operators without attributes.
struct NoAttrs {
  MOTE_FIELDS()
  bool operator==(const NoAttrs&) const = default;
};
template <>
constexpr auto print_attrs<NoAttrs> = [](const Op&) { return std::string(); };

InferCtx infer_ctx(const Graph& graph, const Op& op);

// Evaluates one op. The kernels expect at least one element to make: empty results are skipped.
void evaluate(const Op& op, const EvalCtx& ctx);

// Fails with `code` unless `ok`: the operands of an operator do not fit.
void require(bool ok, std::string_view code, const std::string& message);

}  // namespace motec
