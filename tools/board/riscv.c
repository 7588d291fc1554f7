// RISC-V in machine mode: reset, traps, and the counter of instructions.
#include "board.h"
#include "startup.h"

// The reset code stands first in flash, where the machine begins.
__asm__(
    ".section .vectors, \"ax\"\n"
    ".option push\n"
    ".option arch, +zicsr\n"
    ".global _start\n"
    "_start:\n"
    ".option push\n"
    ".option norelax\n"  // gp cannot be loaded relative to itself.
    "  la gp, __global_pointer$\n"
    ".option pop\n"
    "  la sp, __stack_top\n"
    "  la tp, __tls_base\n"
    "  la t0, trap\n"
    "  csrw mtvec, t0\n"
    "  li t0, 0x2200\n"  // mstatus.FS and VS: the floating-point and vector units are on.
    "  csrs mstatus, t0\n"
    // The flash of this machine is RAM. A locked entry of the memory protection lets nothing below
    // __ram be written, so that an overflow of the stack is a fault before it reaches the code.
    "  la t0, __ram\n"
    "  srli t0, t0, 2\n"
    "  csrw pmpaddr0, t0\n"
    "  li t0, 0x8d\n"  // locked, up to that address, executable, readable
    "  csrw pmpcfg0, t0\n"
    "  j board_start\n"
    ".balign 4\n"
    "trap:\n"
    "  la sp, __stack_top\n"  // It may be the stack that is broken.
    "  csrr a0, mepc\n"
    "  csrr a1, mcause\n"
    "  j report_trap\n"
    ".option pop\n"
    ".text\n");

// The emulator knows a call of it by these three uncompressed instructions, within one page.
__asm__(
    ".section .text.board_semihost, \"ax\"\n"
    ".option push\n"
    ".option norvc\n"
    ".balign 16\n"
    ".global board_semihost\n"
    "board_semihost:\n"
    "  slli zero, zero, 0x1f\n"
    "  ebreak\n"
    "  srai zero, zero, 7\n"
    "  ret\n"
    ".option pop\n"
    ".text\n");

__attribute__((used)) void report_trap(unsigned long pc, unsigned long cause);
void report_trap(unsigned long pc, unsigned long cause) { board_fault(pc, "mcause", cause); }

uint64_t board_instructions(void) {
#if __riscv_xlen == 32
  uint32_t high, low, high_again;
  do {
    __asm__ volatile(
        ".option push\n .option arch, +zicsr\n"
        "csrr %0, minstreth\n csrr %1, minstret\n csrr %2, minstreth\n"
        ".option pop"
        : "=r"(high), "=r"(low), "=r"(high_again));
  } while (high != high_again);
  return (uint64_t)high << 32 | low;
#else
  uint64_t count;
  __asm__ volatile(
      ".option push\n .option arch, +zicsr\n"
      "csrr %0, minstret\n"
      ".option pop"
      : "=r"(count));
  return count;
#endif
}
