// What a program that runs on one of the emulated boards may use besides the C library.
//
// A board is a machine of qemu-system and the files of this folder: they bring up the core, call
// main(), carry standard output, and end the emulator with main's result as its exit status.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The number of instructions executed since some moment before main(), exact to the instruction,
// under the emulator option -icount with the shift of the board:
//
//   Cortex-M   -icount shift=7   An instruction takes 128 ns, more than two ticks of SysTick (31 to
//                                50 ns each), so that each can be told apart. At shift=0 it would
//                                be one of 32 to 50 instructions.
//   RISC-V     -icount shift=0   The value of minstret.
//
// Without -icount the value means nothing. The call itself takes some tens of instructions, always
// the same number in one program; subtract what two successive calls differ by:
//
//   uint64_t start = board_instructions();
//   uint64_t overhead = board_instructions() - start;
//   work();
//   uint64_t spent = board_instructions() - start - 2 * overhead;
uint64_t board_instructions(void);

#ifdef __cplusplus
}
#endif
