#include "cli/explain_commands.h"

namespace maskscope {

void AddExplainCommand(CLI::App& root, CommandContext& context) {
  CLI::App& group =
      AddCommandGroup(root, "explain", "why a model says what it says: maps of what it looks at, and what is inside");
  AddExplainFacesCommand(group, context);
  AddExplainBoxesCommand(group, context);
  AddExplainErrorsCommand(group, context);
  AddExplainFeaturesCommand(group, context);
  AddExplainNetworkCommand(group, context);
}

}  // namespace maskscope
