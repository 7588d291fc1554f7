/* Uses the emitted header from C. */
#include <stdio.h>

#include "reader.h"

static uint8_t arena[READER_ARENA_BYTES] __attribute__((aligned(READER_ARENA_ALIGN)));

int main(void) {
  float sum = 0;
  for (unsigned i = 0; i < READER_INPUT_IMAGE_ELEMENTS; ++i) reader_input_image(arena)[i] = 0.5f;
  reader_invoke(arena);
  for (unsigned i = 0; i < READER_OUTPUT_PROBABILITIES_ELEMENTS; ++i)
    sum += reader_output_probabilities(arena)[i];
  printf("probabilities sum to %d thousandths\n", (int)(sum * 1000 + 0.5f));
  return sum > 0.999f && sum < 1.001f ? 0 : 1;
}
