// Operators that work element by element.
#include <cmath>
#include <limits>

#include "import/importers.h"
#include "ops/cast.h"
#include "ops/select.h"
#include "support/diag.h"

namespace motec {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <UnaryFn fn>
void import_unary(Node& n) {
  n.set(n.unary(fn, n.in(0)));
}

template <BinaryFn fn>
void import_binary(Node& n) {
  n.set(n.binary(fn, n.in(0), n.in(1)));
}

// Max, Min, Sum: any number of operands.
template <BinaryFn fn>
void import_variadic(Node& n) {
  ValueId y = n.in(0);
  for (size_t i = 1; i < n.in_count(); ++i) y = n.binary(fn, y, n.in(i));
  n.set(y);
}

void import_mean(Node& n) {
  import_variadic<BinaryFn::Add>(n);
  const ValueId sum = n.results()[0];
  n.set(n.binary(BinaryFn::Mul, sum,
                 n.scalar(n.type(sum).dtype, 1.0 / static_cast<double>(n.in_count()))));
}

// Functions with one or two float attributes.
template <UnaryFn fn>
void with_alpha(Node& n, float otherwise) {
  n.set(n.unary(fn, n.in(0), n.attr_float("alpha", otherwise)));
}
void import_leaky_relu(Node& n) { with_alpha<UnaryFn::LeakyRelu>(n, 0.01f); }
void import_elu(Node& n) { with_alpha<UnaryFn::Elu>(n, 1.0f); }
void import_celu(Node& n) { with_alpha<UnaryFn::Celu>(n, 1.0f); }
void import_thresholded_relu(Node& n) { with_alpha<UnaryFn::ThresholdedRelu>(n, 1.0f); }

void import_selu(Node& n) {
  n.set(n.unary(UnaryFn::Selu, n.in(0), n.attr_float("alpha", 1.67326319217681884765625f),
                n.attr_float("gamma", 1.05070102214813232421875f)));
}

void import_hard_sigmoid(Node& n) {
  n.set(n.unary(UnaryFn::HardSigmoid, n.in(0), n.attr_float("alpha", 0.2f),
                n.attr_float("beta", 0.5f)));
}

void import_shrink(Node& n) {
  n.set(n.unary(UnaryFn::Shrink, n.in(0), n.attr_float("lambd", 0.5f), n.attr_float("bias", 0.0f)));
}

void import_gelu(Node& n) {
  const std::string approximate = n.attr_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    n.unsupported(fmt::format("approximate='{}'", approximate));
  n.set(n.unary(approximate == "tanh" ? UnaryFn::GeluTanh : UnaryFn::Gelu, n.in(0)));
}

void import_is_inf(Node& n) {
  n.set(n.unary(UnaryFn::IsInf, n.in(0), static_cast<float>(n.attr_int("detect_positive", 1)),
                static_cast<float>(n.attr_int("detect_negative", 1))));
}

// Clip-6 has its bounds as attributes, Clip-11 as optional operands.
void import_clip(Node& n) {
  ValueId x = n.in(0);
  if (n.opset() < 11) {
    n.set(
        n.unary(UnaryFn::Clip, x, n.attr_float("min", -kInfinity), n.attr_float("max", kInfinity)));
    return;
  }
  const bool known = (!n.has(1) || n.constant(n.in(1))) && (!n.has(2) || n.constant(n.in(2)));
  if (known && n.dtype(0) == DType::F32) {
    const auto bound = [&n](size_t i, float otherwise) {
      return n.has(i) ? static_cast<float>(n.scalar_in(i, "a bound")) : otherwise;
    };
    n.set(n.unary(UnaryFn::Clip, x, bound(1, -kInfinity), bound(2, kInfinity)));
    return;
  }
  if (n.has(1)) x = n.binary(BinaryFn::Max, x, n.in(1));
  if (n.has(2)) x = n.binary(BinaryFn::Min, x, n.in(2));
  n.set(x == n.in(0) ? n.unary(UnaryFn::Identity, x) : x);
}

// The slope is broadcast to x in one direction only.
void import_prelu(Node& n) { n.set(n.binary(BinaryFn::PRelu, n.in(0), n.in(1))); }

// Pow-12 takes an exponent of another type; the result has the base's. An exponent of 2 is by far
// the commonest, and a square needs no library.
void import_pow(Node& n) {
  const ValueId x = n.in(0);
  ValueId e = n.in(1);
  const Tensor* exponent = n.constant(e);
  const bool real = is_float(n.dtype(0));
  if (exponent && exponent->elements() == 1 && exponent->shape.size() <= n.rank(0) && real) {
    const double value = to_doubles(*exponent)[0];
    if (value == 1.0) return n.set(n.unary(UnaryFn::Identity, x));
    if (value == 2.0) return n.set(n.binary(BinaryFn::Mul, x, x));
    if (value == 0.5) return n.set(n.unary(UnaryFn::Sqrt, x));
    if (value == -1.0) return n.set(n.unary(UnaryFn::Reciprocal, x));
  }
  // An integer base with a real exponent: computed in float, as ONNX's own reference does.
  if (!real && is_float(n.dtype(1))) {
    const ValueId y = n.binary(BinaryFn::Pow, n.add(ops::cast, CastAttrs{DType::F64}, {x}),
                               n.add(ops::cast, CastAttrs{DType::F64}, {e}));
    return n.set(n.add(ops::cast, CastAttrs{n.dtype(0)}, {y}));
  }
  if (n.dtype(1) != n.dtype(0)) e = n.add(ops::cast, CastAttrs{n.dtype(0)}, {e});
  n.set(n.binary(BinaryFn::Pow, x, e));
}

void import_mod(Node& n) {
  const bool fmod = n.attr_int("fmod", 0) != 0;
  n.set(n.binary(fmod ? BinaryFn::Fmod : BinaryFn::Mod, n.in(0), n.in(1)));
}

void import_bit_shift(Node& n) {
  const std::string direction = n.attr_string("direction");
  n.require(direction == "LEFT" || direction == "RIGHT",
            fmt::format("BitShift: direction is '{}', neither LEFT nor RIGHT", direction));
  n.set(
      n.binary(direction == "LEFT" ? BinaryFn::ShiftLeft : BinaryFn::ShiftRight, n.in(0), n.in(1)));
}

void import_where(Node& n) { n.set(n.add(ops::select, NoAttrs{}, {n.in(0), n.in(1), n.in(2)})); }

void import_cast(Node& n) {
  const DType to = n.attr_dtype("to");
  ValueId x = n.add(ops::cast, CastAttrs{to}, {n.in(0)});
  // Half precision rounds; arithmetic goes on in float.
  if (to == DType::F16 || to == DType::BF16) x = n.add(ops::cast, CastAttrs{DType::F32}, {x});
  n.set(x);
}

void import_cast_like(Node& n) { n.set(n.add(ops::cast, CastAttrs{n.dtype(1)}, {n.in(0)})); }

// Inference: nothing is dropped, and the mask is all true.
void import_dropout(Node& n) {
  if (n.has(2) && n.scalar_in(2, "training_mode") != 0 &&
      (!n.has(1) || n.scalar_in(1, "ratio") != 0))
    n.unsupported("training mode", {}, "export the model in inference mode");
  n.set(n.unary(UnaryFn::Identity, n.in(0)));
  if (n.wants(1)) {
    Tensor mask = Tensor::zeros(DType::Bool, n.shape(0));
    std::fill(mask.bytes.begin(), mask.bytes.end(), std::byte{1});
    n.set(1, n.constant(std::move(mask)));
  }
}

constexpr Importer kImporters[] = {
    // clang-format off
    {"Abs",             import_unary<UnaryFn::Abs>},
    {"Acos",            import_unary<UnaryFn::Acos>},
    {"Acosh",           import_unary<UnaryFn::Acosh>},
    {"Add",             import_binary<BinaryFn::Add>},
    {"And",             import_binary<BinaryFn::And>},
    {"Asin",            import_unary<UnaryFn::Asin>},
    {"Asinh",           import_unary<UnaryFn::Asinh>},
    {"Atan",            import_unary<UnaryFn::Atan>},
    {"Atanh",           import_unary<UnaryFn::Atanh>},
    {"BitShift",        import_bit_shift},
    {"BitwiseAnd",      import_binary<BinaryFn::BitwiseAnd>},
    {"BitwiseNot",      import_unary<UnaryFn::BitwiseNot>},
    {"BitwiseOr",       import_binary<BinaryFn::BitwiseOr>},
    {"BitwiseXor",      import_binary<BinaryFn::BitwiseXor>},
    {"Cast",            import_cast},
    {"CastLike",        import_cast_like},
    {"Ceil",            import_unary<UnaryFn::Ceil>},
    {"Celu",            import_celu},
    {"Clip",            import_clip},
    {"Cos",             import_unary<UnaryFn::Cos>},
    {"Cosh",            import_unary<UnaryFn::Cosh>},
    {"Div",             import_binary<BinaryFn::Div>},
    {"Dropout",         import_dropout},
    {"Elu",             import_elu},
    {"Equal",           import_binary<BinaryFn::Equal>},
    {"Erf",             import_unary<UnaryFn::Erf>},
    {"Exp",             import_unary<UnaryFn::Exp>},
    {"Floor",           import_unary<UnaryFn::Floor>},
    {"Gelu",            import_gelu},
    {"Greater",         import_binary<BinaryFn::Greater>},
    {"GreaterOrEqual",  import_binary<BinaryFn::GreaterOrEqual>},
    {"HardSigmoid",     import_hard_sigmoid},
    {"HardSwish",       import_unary<UnaryFn::HardSwish>},
    {"Identity",        import_unary<UnaryFn::Identity>},
    {"IsInf",           import_is_inf},
    {"IsNaN",           import_unary<UnaryFn::IsNaN>},
    {"LeakyRelu",       import_leaky_relu},
    {"Less",            import_binary<BinaryFn::Less>},
    {"LessOrEqual",     import_binary<BinaryFn::LessOrEqual>},
    {"Log",             import_unary<UnaryFn::Log>},
    {"Max",             import_variadic<BinaryFn::Max>},
    {"Mean",            import_mean},
    {"Min",             import_variadic<BinaryFn::Min>},
    {"Mish",            import_unary<UnaryFn::Mish>},
    {"Mod",             import_mod},
    {"Mul",             import_binary<BinaryFn::Mul>},
    {"Neg",             import_unary<UnaryFn::Neg>},
    {"Not",             import_unary<UnaryFn::Not>},
    {"Or",              import_binary<BinaryFn::Or>},
    {"PRelu",           import_prelu},
    {"Pow",             import_pow},
    {"Reciprocal",      import_unary<UnaryFn::Reciprocal>},
    {"Relu",            import_unary<UnaryFn::Relu>},
    {"Round",           import_unary<UnaryFn::Round>},
    {"Selu",            import_selu},
    {"Shrink",          import_shrink},
    {"Sigmoid",         import_unary<UnaryFn::Sigmoid>},
    {"Sign",            import_unary<UnaryFn::Sign>},
    {"Sin",             import_unary<UnaryFn::Sin>},
    {"Sinh",            import_unary<UnaryFn::Sinh>},
    {"Softplus",        import_unary<UnaryFn::Softplus>},
    {"Softsign",        import_unary<UnaryFn::Softsign>},
    {"Sqrt",            import_unary<UnaryFn::Sqrt>},
    {"Sub",             import_binary<BinaryFn::Sub>},
    {"Sum",             import_variadic<BinaryFn::Add>},
    {"Tan",             import_unary<UnaryFn::Tan>},
    {"Tanh",            import_unary<UnaryFn::Tanh>},
    {"ThresholdedRelu", import_thresholded_relu},
    {"Where",           import_where},
    {"Xor",             import_binary<BinaryFn::Xor>},
    // clang-format on
};

}  // namespace

std::span<const Importer> elementwise_importers() { return kImporters; }

}  // namespace motec
