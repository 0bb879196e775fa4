#include "cli/data_commands.h"

namespace maskscope {

void AddDataCommand(CLI::App& root, CommandContext& context) {
  CLI::App& data = AddCommandGroup(root, "data", "gather, check, clean, split and show labelled pictures");
  AddDataConvertCommand(data, context);
  AddDataCheckCommand(data, context);
  AddDataMergeCommand(data, context);
  AddDataDuplicatesCommand(data, context);
  AddDataSplitCommand(data, context);
  AddDataCropsCommand(data, context);
  AddDataCleanCommand(data, context);
  AddDataBalanceCommand(data, context);
  AddDataSuspectsCommand(data, context);
  AddDataRelabelCommand(data, context);
  AddDataStatsCommand(data, context);
  AddDataShowCommand(data, context);
  AddDataCollectCommand(data, context);
  AddDataSynthesiseCommand(data, context);
}

}  // namespace maskscope
