// Cortex-M: vector table, reset, faults, and SysTick as the counter of instructions.
#include "board.h"
#include "startup.h"

// Registers of the system control space, at the same addresses on all cores.
#define MOTE_REGISTER(address) (*(volatile uint32_t*)(address))
#define MOTE_SYST_CSR MOTE_REGISTER(0xE000E010)
#define MOTE_SYST_RVR MOTE_REGISTER(0xE000E014)
#define MOTE_SYST_CVR MOTE_REGISTER(0xE000E018)
#define MOTE_SCB_CCR MOTE_REGISTER(0xE000ED14)
#define MOTE_SCB_CFSR MOTE_REGISTER(0xE000ED28)
#define MOTE_SCB_CPACR MOTE_REGISTER(0xE000ED88)

enum { kMaxCount = 0xFFFFFF };  // of SysTick, which has 24 bits and counts down

extern char __clock_hz[];  // The machine's clock, a symbol that the linker command defines.

static volatile uint32_t wraps;  // of SysTick

// Naked, so that the number of its instructions is known.
enum { kWrapInstructions = 5 };
__attribute__((naked)) static void count_wrap(void) {
  __asm__ volatile(
      "ldr r0, =%c0\n ldr r1, [r0]\n add r1, #1\n str r1, [r0]\n bx lr\n"
      ".ltorg" ::"i"(&wraps));
}

static void start_counter(void) {
  MOTE_SYST_RVR = kMaxCount;
  MOTE_SYST_CVR = 0;
  MOTE_SYST_CSR = 7;  // On, with an interrupt at 0, from the clock of the core.
}

uint64_t board_instructions(void) {
  uint32_t high, low;
  do {
    high = wraps;
    low = MOTE_SYST_CVR;
  } while (high != wraps);
  const uint64_t ticks = ((uint64_t)high << 24) + (kMaxCount + 1 - low);
  // The instructions of 512 ticks at 128 ns each: a whole number for 20, 25 and 32 MHz.
  const uint32_t scale = 4000000000u / (uint32_t)(uintptr_t)__clock_hz;
  // An instruction ends up to a tick, which is less than half an instruction, after the last tick
  // that was counted. Half a tick and half an instruction more keep clear of both its neighbours.
  const uint64_t scaled = ticks * scale + scale / 2 + 256;
  return (scaled >> 9) - (uint64_t)high * kWrapInstructions;
}

long board_semihost(long operation, const void* argument) {
  register long r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void reset(void) {
#ifdef __ARM_FP
  MOTE_SCB_CPACR |= 0xF << 20;  // Coprocessors 10 and 11 are the FPU and MVE.
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
#ifdef __ARM_ARCH_6M__
  MOTE_SCB_CCR |= 1 << 3;  // A core with more runs this code: let it trap unaligned accesses too.
#endif
  start_counter();
  board_start();
}

__attribute__((used)) static void report_fault(const uint32_t* frame) {
  enum { kPc = 6 };  // in r0-r3, r12, lr, pc, xpsr
  board_fault(frame ? frame[kPc] : 0, "CFSR", MOTE_SCB_CFSR);
}

// The core has pushed a frame, unless the stack has overflowed: then there is a new stack and none.
__attribute__((naked)) static void fault(void) {
  __asm__ volatile(
      "mrs r0, msp\n ldr r1, =__heap_start\n cmp r0, r1\n bhs 1f\n"
      "ldr r1, =__stack_top\n mov sp, r1\n mov r0, #0\n"
      "1: bl report_fault\n"
      ".ltorg");
}

__attribute__((section(".vectors"), used)) static const struct {
  const char* stack;
  void (*handlers[15])(void);  // of exceptions 1 to 15
} vectors = {__stack_top,
             {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
              fault, fault, count_wrap}};
