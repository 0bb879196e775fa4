#include "cli/data_derive.h"

#include <fmt/format.h>

#include "base/error.h"

namespace maskscope {

void NoteOrigin(Dataset& dataset, const std::string& source, const DataInput& input, const std::string& command) {
  if (IsManifestInput(source, input)) dataset.header.parents = {ContentHashOfFile(source)};
  dataset.header.recipe.push_back(command + WordsOf(input));
}

void SayDropped(const CommandContext& context, const std::vector<DroppedRow>& rows, const std::string& file) {
  if (rows.empty()) return context.Say("nothing was left out");
  std::string reasons;
  for (const auto& [reason, count] : CountDropped(rows)) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", count, reason);
  }
  context.Say(fmt::format("left out: {} (listed in {})", reasons, file));
}

void ReportDropped(const CommandContext& context, const std::string& out, const Dataset& from,
                   const std::vector<DroppedRow>& rows) {
  const std::string file = std::filesystem::path(out).replace_extension().string() + ".dropped.jsonl";
  if (!rows.empty()) WriteDropped(file, from, rows);
  SayDropped(context, rows, file);
}

}  // namespace maskscope
