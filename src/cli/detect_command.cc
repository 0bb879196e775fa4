#include "cli/command.h"
namespace maskscope {
void AddDetectCommand(CLI::App&, CommandContext&) {}
void AddClassifyCommand(CLI::App&, CommandContext&) {}
void AddModelCommand(CLI::App&, CommandContext&) {}
}  // namespace maskscope
