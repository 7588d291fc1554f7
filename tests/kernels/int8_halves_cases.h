// Matrix-vector products by halves of words, which have no ISA parameter.
#pragma once
#include "int8_test.h"
#include "mote/dense_halves_s8.h"

namespace mote_test {

// Weights of all sizes: where many groups of four fit 16 bits, where few do and where none does.
inline int test_halves() {
  Check check{"dense by halves"};
  for (int i = 0; i < 400; ++i) {
    GemmS8Shape s{1, 1 + random_below(i % 4 ? 40 : 150), 1 + random_below(70), 0, 0, 0, 0};
    random_store(s);
    const Fill fill = i % 8 == 0 ? Fill::Low : i % 8 == 1 ? Fill::Ends : Fill::Spread;
    const int8_t most = static_cast<int8_t>(Sizes{63, 64, 90, 127}[random_below(4)]);
    const Bytes x = random_ints<int8_t>(s.k, fill, -128, 127);
    Bytes w = random_ints<int8_t>(int64_t{s.n} * s.k, fill, static_cast<int8_t>(-most), most);
    if (i % 3 == 0) {  // few
      for (int8_t& v : w) v = static_cast<int8_t>(random_below(100) == 0 ? v : v / 4);
    }
    Words bias, mult = random_multipliers(s.n);
    Bytes want;
    for (int32_t n = 0; n < s.n; ++n) {
      bias.push_back(random_below(20001) - 10000);
      int32_t acc = bias[n];
      for (int32_t k = 0; k < s.k; ++k) acc += x[k] * w[n * s.k + k];
      want.push_back(static_cast<int8_t>(requantize(s, acc, mult[n])));
    }
    Words packed(static_cast<size_t>((s.n * s.k + 3) / 4));  // aligned
    int8_t* const bytes = reinterpret_cast<int8_t*>(packed.data());
    pack::pack_halves(w.data(), s.n, s.k, bytes);
    Words wide(static_cast<size_t>(pack::list_wide_groups(w.data(), s.n, s.k, nullptr)));
    pack::list_wide_groups(w.data(), s.n, s.k, wide.data());
    wide.push_back(INT32_MAX);
    Output<int8_t> y(want.size());
    dense_halves_s8<High>(s, x.data(), bytes, wide.data(), bias.data(), mult.data(), y.data());
    check.compare(y, want, "plain", s);
  }
  return check.report();
}

}  // namespace mote_test
