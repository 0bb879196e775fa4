#include "cli/command.h"
#include "cli/explain_commands.h"

namespace maskscope {

void AddAllCommands(CLI::App& root, CommandContext& context) {
  AddDetectCommand(root, context);
  AddClassifyCommand(root, context);
  AddDemoCommand(root, context);
  AddModelCommand(root, context);
  AddTrainCommand(root, context);
  AddEvalCommand(root, context);
  AddExplainCommand(root, context);
  AddCompareCommand(root, context);
  AddDataCommand(root, context);
}

}  // namespace maskscope
