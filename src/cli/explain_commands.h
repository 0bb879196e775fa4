#ifndef MASKSCOPE_CLI_EXPLAIN_COMMANDS_H_
#define MASKSCOPE_CLI_EXPLAIN_COMMANDS_H_

#include "cli/command.h"

// `maskscope explain` and its parts.
namespace maskscope {

void AddExplainCommand(CLI::App& root, CommandContext& context);
void AddExplainFacesCommand(CLI::App& group, CommandContext& context);
void AddExplainBoxesCommand(CLI::App& group, CommandContext& context);
void AddExplainErrorsCommand(CLI::App& group, CommandContext& context);
void AddExplainFeaturesCommand(CLI::App& group, CommandContext& context);
void AddExplainNetworkCommand(CLI::App& group, CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_EXPLAIN_COMMANDS_H_
