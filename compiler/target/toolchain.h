// How a program for a target is built and run on this machine: the commands of Debian's
// cross-compilers and of QEMU.
#pragma once
#include <string>
#include <vector>

#include "target/target.h"

namespace motec {

using Argv = std::vector<std::string>;

struct Toolchain {
  Argv cxx, cc;   // compile with the target's flags; -c, -o and sources follow
  Argv link;      // before the objects
  Argv link_end;  // after them
  std::vector<std::string> board_sources;  // C files of tools/board/ that the program needs
  bool uses_linker_script = false;         // link_end wants "-T tools/board/board.ld" added
  Argv run;                                // the program's path follows; empty: run it directly
  Argv run_counted;                        // the same, so that board_instructions() counts
};

Toolchain toolchain_of(const Target& target);

}  // namespace motec
