// What the files of the board support share: the way from the reset to main() and out again.
//
// reset (cortexm.c, riscv.c) -> board_start (start.c) -> main -> _exit (syscalls.c).
#pragma once

// From board.ld. Their addresses are the values.
extern char __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
extern char __heap_start[], __stack_limit[], __stack_top[];

// Calls the emulator: an operation of Arm's semihosting, which RISC-V adopted. Of the core.
long board_semihost(long operation, const void* argument);

// Continues a reset once there is a stack and the core's units are enabled.
__attribute__((noreturn)) void board_start(void);

// Reports an exception of the core on standard error and exits with status 1. `cause` is the
// register that tells the kind of fault; its name is `cause_name`.
__attribute__((noreturn)) void board_fault(unsigned long pc, const char* cause_name,
                                           unsigned long cause);

// Writes to standard error, without the C library.
void board_write_error(const char* text);
