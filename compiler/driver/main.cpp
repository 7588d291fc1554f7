#include "driver/cli.h"

int main(int argc, char** argv) { return motec::run_command_line(argc, argv); }
