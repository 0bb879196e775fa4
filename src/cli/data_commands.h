#ifndef MASKSCOPE_CLI_DATA_COMMANDS_H_
#define MASKSCOPE_CLI_DATA_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "cli/command.h"

// `maskscope data VERB`: one file a verb, data_VERB_command.cc; listed in data_command.cc.
namespace maskscope {

void AddDataBalanceCommand(CLI::App& data, CommandContext& context);
void AddDataCleanCommand(CLI::App& data, CommandContext& context);
void AddDataCropsCommand(CLI::App& data, CommandContext& context);
void AddDataDuplicatesCommand(CLI::App& data, CommandContext& context);
void AddDataRelabelCommand(CLI::App& data, CommandContext& context);
void AddDataSuspectsCommand(CLI::App& data, CommandContext& context);
void AddDataSplitCommand(CLI::App& data, CommandContext& context);
void AddDataCollectCommand(CLI::App& data, CommandContext& context);
void AddDataConvertCommand(CLI::App& data, CommandContext& context);
void AddDataCheckCommand(CLI::App& data, CommandContext& context);
void AddDataMergeCommand(CLI::App& data, CommandContext& context);
void AddDataShowCommand(CLI::App& data, CommandContext& context);
void AddDataStatsCommand(CLI::App& data, CommandContext& context);
void AddDataSynthesiseCommand(CLI::App& data, CommandContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_DATA_COMMANDS_H_
