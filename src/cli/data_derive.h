#ifndef MASKSCOPE_CLI_DATA_DERIVE_H_
#define MASKSCOPE_CLI_DATA_DERIVE_H_

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/data_input.h"
#include "data/manifest.h"
#include "data/prepare/dropped.h"

// What commands that make a manifest out of another share.
namespace maskscope {

// Notes in the header what the set was made of and by which command (without the options of the input).
void NoteOrigin(Dataset& dataset, const std::string& source, const DataInput& input, const std::string& command);

// Says how many of each reason there are, and that `file` lists them.
void SayDropped(const CommandContext& context, const std::vector<DroppedRow>& rows, const std::string& file);

// "set.jsonl" -> "set.dropped.jsonl": written when `rows` is not empty. Says how many of each reason there are.
void ReportDropped(const CommandContext& context, const std::string& out, const Dataset& from,
                   const std::vector<DroppedRow>& rows);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_DATA_DERIVE_H_
