// The part of the start-up that all boards share, and the report of a fault.
#include "startup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void (*__init_array_start[])(void);
extern void (*__init_array_end[])(void);
int main(void);

void board_start(void) {
  memcpy(__data_start, __data_load, (size_t)(__data_end - __data_start));
  memset(__bss_start, 0, (size_t)(__bss_end - __bss_start));
  for (void (**init)(void) = __init_array_start; init < __init_array_end; init++) (*init)();
  exit(main());
}

static void write_hex(unsigned long value) {
  char text[2 + 2 * sizeof value + 1] = "0x";
  for (size_t i = 0; i < 2 * sizeof value; i++) {
    text[2 + i] = "0123456789abcdef"[(value >> (8 * sizeof value - 4 - 4 * i)) & 15];
  }
  text[sizeof text - 1] = 0;
  board_write_error(text);
}

// Nothing here needs the C library's state or much stack: either may be what is broken.
void board_fault(unsigned long pc, const char* cause_name, unsigned long cause) {
  board_write_error("\nfault: exception at pc=");
  write_hex(pc);
  board_write_error(" ");
  board_write_error(cause_name);
  board_write_error("=");
  write_hex(cause);
  board_write_error("\n");
  _exit(1);
}
