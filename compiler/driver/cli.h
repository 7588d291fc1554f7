// The command line.
#pragma once

namespace motec {

// Runs motec; returns its exit code: 0 done, 1 the user's model or options are at fault, 70 a bug.
int run_command_line(int argc, char** argv);

}  // namespace motec
