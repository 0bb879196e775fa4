#include "cli/command.h"

int main(int argc, char** argv) { return maskscope::RunCommandLine(argc, argv); }
