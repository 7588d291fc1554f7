// Reads three handwritten digits and prints them, what the network makes of them, and what that
// costs on this core.
#include <stdint.h>
#include <stdio.h>

#include "board.h"
#include "digits.h"

// Sizes of the image, from the linker script.
extern "C" char __flash_bytes[], __ram_bytes[];

namespace {

// 8x8 pixels of 17 grey levels, '0' to 'g', from the held-out part of scikit-learn's digits
// (UCI, CC BY 4.0).
struct Sample {
  const char* rows[8];
  int digit;
};
constexpr Sample kSamples[] = {
    {{"002c7000", "00fef600", "06a42e10", "08800850", "07800480", "02e00560", "009c4e30",
      "001df900"},
     0},
    {{"01cf5000", "04f8f300", "0031e400", "004eg100", "001aef40", "00000c80", "0484ag40",
      "02cgd600"},
     3},
    {{"001ed400", "03fcbf00", "08b17d00", "01deg100", "000ede20", "002c0980", "003d4c60",
      "0009ed10"},
     8},
};

int grey(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

Digits network;

void show(const Sample& sample) {
  for (const char* row : sample.rows) {
    printf("    ");
    for (int x = 0; x < 8; ++x) {
      const char ink = " .:-=+*#%@"[grey(row[x]) * 9 / 16];
      printf("%c%c", ink, ink);
    }
    printf("\n");
  }
}

int read_digit(const Sample& sample) {
  for (int i = 0; i < 64; ++i) network.image()[i] = (float)grey(sample.rows[i / 8][i % 8]) / 16.0f;
  network.invoke();
  int best = 0;
  for (int d = 1; d < 10; ++d)
    if (network.probabilities()[d] > network.probabilities()[best]) best = d;
  return best;
}

}  // namespace

int main() {
  int right = 0;
  for (const Sample& sample : kSamples) {
    show(sample);
    const int digit = read_digit(sample);
    printf("  -> %d (%.1f %%)\n\n", digit, (double)(100.0f * network.probabilities()[digit]));
    right += digit == sample.digit;
  }
  const uint64_t start = board_instructions();
  const uint64_t overhead = board_instructions() - start;
  network.invoke();
  const uint64_t spent = board_instructions() - start - 2 * overhead;
  printf("RAM:   %u bytes of arena; %u bytes in all but the stack\n", (unsigned)DIGITS_ARENA_BYTES,
         (unsigned)(uintptr_t)__ram_bytes);
  printf("Flash: %u bytes, with printf and start-up code\n", (unsigned)(uintptr_t)__flash_bytes);
  printf("Time:  %lu instructions per inference\n", (unsigned long)spent);
  return right == 3 ? 0 : 1;
}
