#include "cli/command.h"
#include "cli/eval_options.h"

namespace maskscope {

void AddEvalCommand(CLI::App& root, CommandContext& context) {
  CLI::App& group = AddCommandGroup(root, "eval", "measure models on labelled pictures");
  AddEvalScenesCommand(group, context);
  AddEvalCropsCommand(group, context);
  AddEvalThresholdsCommand(group, context);
  AddEvalCorruptCommand(group, context);
  AddEvalSiteCommand(group, context);
}

}  // namespace maskscope
