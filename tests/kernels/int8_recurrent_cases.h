// Recurrent layers of one ISA against those of ScalarS8, which recurrent_s8_test.cpp holds to their
// definition.
#pragma once
#include "int8_test.h"
#include "mote/gru_s8.h"
#include "mote/lstm_s8.h"

namespace mote_test {

// The results of a layer whose weights, by [rows][k], are packed for the ISA.
template <class AnyIsa, class T>
std::vector<T> recurrent_results(const RecurrentS8Shape& s, int32_t gates, const std::vector<T>& x,
                                 const Bytes& w, const Bytes& r, const Words& bias,
                                 const Words& mult, const std::vector<int16_t>& tanh,
                                 Check& check) {
  constexpr pack::GemmLayout l = AnyIsa::kGateLayout;
  const int32_t rows = gates * s.hidden, d = s.directions;
  Bytes pw(static_cast<size_t>(d * pack::gemm_bytes(l, rows, s.inputs)));
  Bytes pr(static_cast<size_t>(d * gates * pack::gemm_bytes(l, s.hidden, s.hidden)));
  pack::pack_gemm(l, w.data(), d, rows, s.inputs, pw.data());
  pack::pack_gemm(l, r.data(), d * gates, s.hidden, s.hidden, pr.data());
  std::vector<T> y(static_cast<size_t>(s.steps * d * s.batch * s.hidden));
  Scratch scratch(recurrent_s8_scratch(s, gates, l));
  int32_t* const memory = reinterpret_cast<int32_t*>(scratch.data());
  const int32_t *b = bias.data(), *m = mult.data();
  if (gates == 3) {
    gru_s8<AnyIsa, T>(s, x.data(), pw.data(), pr.data(), b, b, m, m, tanh.data(), y.data(), nullptr,
                      memory);
  } else {
    lstm_s8<AnyIsa, T>(s, x.data(), pw.data(), pr.data(), b, b, m, m, tanh.data(), y.data(),
                       nullptr, nullptr, memory);
  }
  check.expect(scratch.intact(), "a recurrent layer wrote beyond its scratch");
  return y;
}

// With inputs and results of T.
template <class T>
int test_recurrent(const char* name, int cases) {
  Check check{name};
  std::vector<int16_t> tanh;  // any curve that rises
  for (int32_t i = 0; i < kTanhEntries; ++i) {
    const int32_t left = 256 - i;
    tanh.push_back(static_cast<int16_t>(32767 - left * left / 2));
  }
  for (int i = 0; i < cases; ++i) {
    RecurrentS8Shape s{};
    s.steps = 1 + random_below(4), s.batch = 1 + random_below(2);
    s.inputs = 1 + random_below(i % 4 ? 20 : 70), s.hidden = 1 + random_below(i % 3 ? 12 : 40);
    s.directions = 1 + random_below(2), s.has_y = 1, s.linear_before_reset = random_below(2);
    s.w_shift = random_below(2), s.y_mult = 1 << (20 + random_below(5)), s.y_zp = 3;
    const int32_t gates = 3 + i % 2, rows = s.directions * gates * s.hidden;
    const Fill fill = i % 8 == 0 ? Fill::Ends : Fill::Spread;
    const std::vector<T> x =
        random_ints<T>(s.steps * s.batch * s.inputs, fill, sizeof(T) == 1 ? -128 : -32768,
                       sizeof(T) == 1 ? 127 : 32767);
    const Bytes w = random_ints<int8_t>(rows * s.inputs, fill, -127, 127);
    const Bytes r = random_ints<int8_t>(rows * s.hidden, fill, -127, 127);
    const Words bias = random_ints<int32_t>(rows, Fill::Spread, -100000, 100000);
    Words mult = random_multipliers(rows);
    const std::vector<T> want =
        recurrent_results<isa::ScalarS8>(s, gates, x, w, r, bias, mult, tanh, check);
    Output<T> y(want.size());
    const std::vector<T> got = recurrent_results<Isa>(s, gates, x, w, r, bias, mult, tanh, check);
    for (size_t j = 0; j < got.size(); ++j) y.y[j] = got[j];
    check.compare(y, want, "y", s);
  }
  return check.report();
}

inline int test_recurrent() {
  return test_recurrent<int8_t>("gru, lstm", 80) + test_recurrent<int16_t>("gru, lstm int16", 40);
}

}  // namespace mote_test
