// The table of targets: what each core has, how code is built for it, and where it can be run.
// A new core is one row in targets.inc.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace motec {

// What kernels may need. A row of kernels/ applies only where the target has all its bits.
enum Feature : uint32_t {
  kNone = 0,
  kFpu = 1u << 0,        // single-precision floating point in hardware
  kDsp = 1u << 1,        // Arm DSP extension: SMLAD and friends
  kMve = 1u << 2,        // Helium, integer and float
  kNeon = 1u << 3,       // Advanced SIMD
  kDot = 1u << 4,        // SDOT and UDOT
  kRvv = 1u << 5,        // RISC-V V 1.0
  kVectorExt = 1u << 6,  // SIMD by way of GCC's and clang's vector extensions
  kRv32 = 1u << 7,       // RISC-V of 32 bits that multiplies, without vectors
};

// The compiler family that builds for a target; toolchain.h knows the commands.
enum class Family : uint8_t { Host, ArmNone, RiscvGcc, RiscvClang, Aarch64Linux, ArmLinux };

struct Target {
  std::string_view name, about;
  uint32_t features;
  Family family;
  std::string_view flags;     // of the compiler, to choose the core
  std::string_view emulator;  // a board of toolchain.cpp, or a -cpu of qemu-user
  bool has(uint32_t needs) const { return (features & needs) == needs; }
};

std::span<const Target> all_targets();

// Fails with E1101 and the nearest name when there is no such target.
const Target& find_target(std::string_view name);

}  // namespace motec
