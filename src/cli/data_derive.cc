#include "cli/data_derive.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/data_input.h"

namespace maskscope {

void NoteOrigin(Dataset& dataset, const std::string& source, const std::string& command) {
  if (IsManifestArgument(source)) dataset.header.parents = {ContentHashOfFile(source)};
  dataset.header.recipe.push_back(command);
}

void ReportDropped(const CommandContext& context, const std::string& out, const Dataset& from,
                   const std::vector<DroppedRow>& rows) {
  if (rows.empty()) return context.Say("nothing was left out");
  const std::string file = std::filesystem::path(out).replace_extension().string() + ".dropped.jsonl";
  WriteDropped(file, from, rows);
  std::string reasons;
  for (const auto& [reason, count] : CountDropped(rows)) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", count, reason);
  }
  context.Say(fmt::format("left out: {} (listed in {})", reasons, file));
}

void CheckManifestName(const std::string& out) {
  if (std::filesystem::path(out).extension() == ".jsonl") return;
  throw Error(ErrorKind::kUsage, "OUT: found '" + out + "', wanted a name that ends in .jsonl");
}

}  // namespace maskscope
