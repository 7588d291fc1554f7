#include "target/toolchain.h"

#include <algorithm>

#include "support/diag.h"
#include "support/text.h"

namespace motec {
namespace {

// A machine of qemu-system: memories of 4 MiB each. On Cortex-M the vectors stand at the start of
// flash unless they have a place of their own.
struct Board {
  std::string_view name, qemu, machine;
  uint32_t vectors, flash, ram;
  int64_t clock_hz;  // of SysTick; 0: the core counts instructions itself
};

// clang-format off
constexpr Board kBoards[] = {
    {"mps2-an385", "qemu-system-arm", "-M mps2-an385", 0x00000000, 0x00000100, 0x20000000, 25000000},
    {"mps2-an386", "qemu-system-arm", "-M mps2-an386", 0x00000000, 0x00000100, 0x20000000, 25000000},
    {"mps2-an500", "qemu-system-arm", "-M mps2-an500", 0x00000000, 0x00000100, 0x20000000, 25000000},
    {"mps2-an505", "qemu-system-arm", "-M mps2-an505", 0x10000000, 0x10000100, 0x38000000, 20000000},
    {"mps3-an547", "qemu-system-arm", "-M mps3-an547", 0x00000000, 0x70000000, 0x31000000, 32000000},
    {"rv32imc",    "qemu-system-riscv32", "-M virt -m 16M -bios none -cpu rv32,a=false,f=false,d=false", 0x80000000, 0x80000100, 0x80400000, 0},
    {"rv32imac",   "qemu-system-riscv32", "-M virt -m 16M -bios none -cpu rv32,f=false,d=false",         0x80000000, 0x80000100, 0x80400000, 0},
    {"rv32imafc",  "qemu-system-riscv32", "-M virt -m 16M -bios none -cpu rv32,d=false",                 0x80000000, 0x80000100, 0x80400000, 0},
    {"rv64imafdc", "qemu-system-riscv64", "-M virt -m 16M -bios none -cpu rv64",                         0x80000000, 0x80000100, 0x80400000, 0},
    {"rv32gcv",    "qemu-system-riscv32", "-M virt -m 16M -bios none -cpu rv32,v=true,vext_spec=v1.0,elen=64,vlen=128", 0x80000000, 0x80000100, 0x80400000, 0},
    {"rv64gcv",    "qemu-system-riscv64", "-M virt -m 16M -bios none -cpu rv64,v=true,vext_spec=v1.0,elen=64,vlen=128", 0x80000000, 0x80000100, 0x80400000, 0},
};
// clang-format on

constexpr uint32_t kMemory = 4u << 20;

void add(Argv& to, std::string_view words) {
  for (const std::string& word : split(words, ' '))
    if (!word.empty()) to.push_back(word);
}

Argv joined(std::string_view first, std::string_view second) {
  Argv argv;
  add(argv, first);
  add(argv, second);
  return argv;
}

void add_board(Toolchain& tools, const Target& target) {
  const auto* board = std::find_if(std::begin(kBoards), std::end(kBoards),
                                   [&](const Board& b) { return b.name == target.emulator; });
  internal_check(board != std::end(kBoards), "{} has no board", target.name);
  const auto define = [&tools](std::string_view name, uint64_t value) {
    tools.link_end.push_back(fmt::format("-Wl,--defsym=__{}={:#x}", name, value));
  };
  add(tools.link_end, "-nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments");
  define("vectors", board->vectors);
  define("flash", board->flash);
  define("flash_size", kMemory - board->flash % kMemory);
  define("ram", board->ram);
  define("ram_size", kMemory);
  if (board->clock_hz) define("clock_hz", static_cast<uint64_t>(board->clock_hz));
  tools.link_end.push_back("-lm");
  tools.uses_linker_script = true;
  tools.board_sources = {board->clock_hz ? "cortexm.c" : "riscv.c", "start.c", "syscalls.c"};
  tools.run = joined(board->qemu, board->machine);
  add(tools.run,
      "-display none -monitor none -serial none -semihosting-config enable=on,target=native");
  tools.run_counted = tools.run;
  // SysTick ticks at tens of MHz: 128 ns per instruction are more than two ticks.
  add(tools.run_counted, board->clock_hz ? "-icount shift=7" : "-icount shift=0");
  tools.run.push_back("-kernel");
  tools.run_counted.push_back("-kernel");
}

void add_linux(Toolchain& tools, const Target& target, std::string_view prefix,
               std::string_view qemu) {
  tools.cxx = joined(fmt::format("{}g++", prefix), target.flags);
  tools.cc = joined(fmt::format("{}gcc", prefix), target.flags);
  tools.link = tools.cxx;
  add(tools.link_end, "-static -Wl,--gc-sections -lm");
  if (!qemu.empty()) tools.run = joined(qemu, fmt::format("-cpu {}", target.emulator));
  tools.run_counted = tools.run;
}

}  // namespace

Toolchain toolchain_of(const Target& target) {
  Toolchain tools;
  switch (target.family) {
    case Family::Host:
      add_linux(tools, target, "", "");
      return tools;
    case Family::Aarch64Linux:
      add_linux(tools, target, "aarch64-linux-gnu-", "qemu-aarch64");
      return tools;
    case Family::ArmLinux:
      add_linux(tools, target, "arm-linux-gnueabihf-", "qemu-arm");
      return tools;
    case Family::ArmNone:
      tools.cxx = joined("arm-none-eabi-g++", target.flags);
      tools.cc = joined("arm-none-eabi-gcc", target.flags);
      tools.link = tools.cxx;
      break;
    case Family::RiscvGcc: {
      const std::string flags =
          fmt::format("{} -mcmodel=medany --specs=picolibc.specs", target.flags);
      tools.cxx = joined("riscv64-unknown-elf-g++", flags);
      tools.cc = joined("riscv64-unknown-elf-gcc", flags);
      tools.link = tools.cc;  // g++ would look for a libstdc++ that Debian does not have
      break;
    }
    case Family::RiscvClang: {
      // Debian's GCC 12 knows no vector intrinsics: clang compiles, GCC links without naming V.
      // GNU ld 2.40 cannot read clang's DWARF 5.
      const std::string bits(target.name.substr(0, 4) == "rv32" ? "32" : "64");
      const std::string flags = fmt::format(
          "--target=riscv{}-unknown-elf {} -mcmodel=medany "
          "-isystem /usr/lib/picolibc/riscv64-unknown-elf/include -ftls-model=local-exec "
          "-fdebug-default-version=4",
          bits, target.flags);
      tools.cxx = joined("clang++-19", flags);
      tools.cc = joined("clang-19", flags);
      tools.link =
          joined("riscv64-unknown-elf-gcc --specs=picolibc.specs -mcmodel=medany",
                 bits == "32" ? "-march=rv32imafdc -mabi=ilp32d" : "-march=rv64imafdc -mabi=lp64d");
      break;
    }
  }
  add_board(tools, target);
  return tools;
}

}  // namespace motec
