// motec targets: the table of targets.
#include "driver/commands.h"
#include "target/target.h"

namespace motec {

int targets_command(Terminal& terminal) {
  TextTable table({"target", "description"});
  for (const Target& target : all_targets())
    table.add({std::string(target.name), std::string(target.about)});
  terminal.print(table.text(terminal.palette()));
  return 0;
}

}  // namespace motec
