// Sweeps transposed convolution, in several ISAs and by rows, against a naive scatter in double
// precision. Inputs and weights are multiples of 1/8, so that every sum is exact in float and
// results must be equal.
#include <catch2/catch.hpp>
#include <random>

#include "mote/conv_transpose_f32.h"
#include "mote/isa/vec.h"
#include "ops/conv_transpose.h"

namespace motec {
namespace {

struct Random {
  std::mt19937 engine{7};
  int64_t operator()(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % static_cast<uint32_t>(high - low + 1));
  }
  Tensor tensor(const Shape& shape) {
    Tensor t = Tensor::zeros(DType::F32, shape);
    for (int64_t i = 0; i < t.elements(); ++i)
      t.data<float>()[i] = static_cast<float>((*this)(-8, 8)) / 8;
    return t;
  }
};

struct Case {
  ConvTranspose2dAttrs attrs;
  Tensor x, w, bias;
};

Case random_case(Random& random) {
  Case c;
  ConvTranspose2dAttrs& a = c.attrs;
  a.groups = random(0, 3) ? 1 : random(2, 3);
  const int64_t in_c = random(1, 6), out_c = random(0, 1) ? random(1, 5) : random(6, 20);
  std::array<int64_t, 2> size{}, kernel{};
  for (size_t i = 0; i < 2; ++i) {
    size[i] = random(1, 8);
    kernel[i] = random(1, 5);
    a.stride[i] = random(1, 4);
    a.dilation[i] = random(0, 2) ? 1 : random(2, 4);
    const int64_t full = a.stride[i] * (size[i] - 1) + a.dilation[i] * (kernel[i] - 1) + 1;
    a.pad[i] = random(0, std::min<int64_t>(full - 1, 4));
    a.out[i] = std::max<int64_t>(1, full - a.pad[i] + random(-3, 2));
  }
  if (random(0, 5) == 0) {  // a column of pixels, which runs as a row
    size[1] = kernel[1] = a.out[1] = 1;
    a.pad[1] = 0;
  }
  c.x = random.tensor({random(1, 2), size[0], size[1], in_c * a.groups});
  c.w = random.tensor({out_c * a.groups, kernel[0], kernel[1], in_c});
  c.bias = random.tensor({out_c * a.groups});
  return c;
}

// Every product of an input and a weight is added where it belongs.
std::vector<double> naive(const Case& c) {
  const ConvTranspose2dAttrs& a = c.attrs;
  const Shape &x = c.x.shape, &w = c.w.shape;
  const int64_t out_c = w[0], group_out = out_c / a.groups, group_in = w[3];
  std::vector<double> y(static_cast<size_t>(x[0] * a.out[0] * a.out[1] * out_c));
  for (size_t i = 0; i < y.size(); ++i) y[i] = c.bias.data<float>()[i % static_cast<size_t>(out_c)];
  for (int64_t i = 0; i < c.x.elements(); ++i) {
    const int64_t channel = i % x[3], ix = i / x[3] % x[2], iy = i / x[3] / x[2] % x[1];
    const int64_t b = i / x[3] / x[2] / x[1], group = channel / group_in;
    for (int64_t k = 0; k < w[1] * w[2]; ++k) {
      const int64_t oy = iy * a.stride[0] - a.pad[0] + k / w[2] * a.dilation[0];
      const int64_t ox = ix * a.stride[1] - a.pad[1] + k % w[2] * a.dilation[1];
      if (oy < 0 || ox < 0 || oy >= a.out[0] || ox >= a.out[1]) continue;
      for (int64_t o = group * group_out; o < (group + 1) * group_out; ++o) {
        const int64_t weight = (o * w[1] * w[2] + k) * group_in + channel % group_in;
        y[static_cast<size_t>(((b * a.out[0] + oy) * a.out[1] + ox) * out_c + o)] +=
            static_cast<double>(c.x.data<float>()[i]) * c.w.data<float>()[weight];
      }
    }
  }
  return y;
}

constexpr float kGuard = 12345.0f;

// The rows that contribute to output row `oy`, by kernel row.
std::vector<const float*> rows_of(const mote::ConvTranspose2dShape& s, const float* image,
                                  int32_t oy) {
  std::vector<const float*> rows(static_cast<size_t>(s.kernel_h));
  for (int32_t k = 0; k < s.kernel_h; ++k) {
    const int32_t at = oy + s.pad_top - k * s.dilation_h;
    if (at >= 0 && at % s.stride_h == 0 && at / s.stride_h < s.in_h)
      rows[static_cast<size_t>(k)] = image + at / s.stride_h * s.in_w * s.in_c;
  }
  return rows;
}

template <class Isa>
void check_isa(const Case& c, const std::vector<double>& want) {
  const mote::ConvTranspose2dShape s = conv_transpose2d_shape(c.attrs, c.x.shape, c.w.shape);
  const int64_t nr = mote::gemm_nr<Isa>();
  const std::vector<float> w = pack_conv_transpose2d(s, c.w, nr);
  std::vector<float> bias(c.bias.values<float>().begin(), c.bias.values<float>().end());
  bias.resize(bias.size() + static_cast<size_t>(nr));
  std::vector<float> whole(want.size() + 1, kGuard), by_rows(want.size() + 1, kGuard);
  const float* x = c.x.data<float>();
  mote::conv_transpose2d_f32<Isa, mote::fn::Identity>(s, x, w.data(), bias.data(), whole.data());
  float* row = by_rows.data();
  for (int32_t b = 0; b < s.batch; ++b) {
    for (int32_t oy = 0; oy < s.out_h; ++oy, row += s.out_w * s.out_c) {
      const float* image = x + b * s.in_h * s.in_w * s.in_c;
      mote::conv_transpose2d_row_f32<Isa, mote::fn::Identity>(s, rows_of(s, image, oy).data(),
                                                              w.data(), bias.data(), row);
    }
  }
  int failures = whole.back() != kGuard || by_rows.back() != kGuard;
  for (size_t i = 0; i < want.size(); ++i) failures += whole[i] != want[i] || by_rows[i] != want[i];
  INFO(Isa::kName << ' ' << print_fields(c.attrs) << " x " << to_string(c.x.shape) << " w "
                  << to_string(c.w.shape));
  CHECK(failures == 0);
}

TEST_CASE("transposed convolution agrees with a naive scatter") {
  Random random;
  for (int i = 0; i < 1500; ++i) {
    const Case c = random_case(random);
    const std::vector<double> want = naive(c);
    check_isa<mote::isa::Scalar>(c, want);
    check_isa<mote::isa::ScalarTile<3, 2>>(c, want);
    check_isa<mote::isa::Vec>(c, want);
  }
}

TEST_CASE("the core op of transposed convolution applies bias and activation") {
  Random random;
  for (int i = 0; i < 100; ++i) {
    Case c = random_case(random);
    const std::vector<double> want = naive(c);
    c.attrs.act = {UnaryFn::Relu, 0, 0};
    Op op{&ops::conv_transpose2d, c.attrs, {}, {}, {}};
    const Type x = c.x.type(), w = c.w.type(), bias = c.bias.type();
    const std::vector<Type> types = ops::conv_transpose2d.infer(op, {{&x, &w, &bias}, {}});
    Tensor y = Tensor::zeros(types[0].dtype, types[0].shape);
    ops::conv_transpose2d.eval(op, {{&c.x, &c.w, &c.bias}, {&y}});
    REQUIRE(y.elements() == std::ssize(want));
    int failures = 0;
    for (size_t k = 0; k < want.size(); ++k)
      failures += y.data<float>()[k] != std::max(want[k], 0.0);
    CHECK(failures == 0);
  }
}

}  // namespace
}  // namespace motec
