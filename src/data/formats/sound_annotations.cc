#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/formats.h"

namespace maskscope {
namespace {

struct Kind {
  int64_t count = 0;
  DataProblem first;
};

std::string Place(const DataProblem& problem) {
  return "'" + problem.file + "'" + (problem.where.empty() ? "" : ", " + problem.where) + ": " + problem.message;
}

std::string Lines(const std::map<std::string, Kind>& kinds) {
  std::string text;
  for (const auto& [name, kind] : kinds) {
    text += fmt::format("\n  {} {}{}{}", kind.count, name, kind.count > 1 ? ", the first: " : ": ", Place(kind.first));
  }
  return text;
}

}  // namespace

Dataset ReadSoundAnnotations(const ImportOptions& options) {
  std::map<std::string, Kind> errors, others;
  Dataset dataset = ReadAnnotations(options, [&](const DataProblem& problem) {
    Kind& kind = (problem.severity == DataProblem::Severity::kError ? errors : others)[problem.kind];
    if (kind.count++ == 0) kind.first = problem;
  });
  const std::string source = options.source.string();
  if (!errors.empty()) {
    throw Error(ErrorKind::kBadData,
                fmt::format("'{}' has errors:{}\n'maskscope data check' lists them all, 'maskscope data convert "
                            "--skip-bad' makes a set without what is bad",
                            source, Lines(errors)));
  }
  if (dataset.pictures.empty()) throw Error(ErrorKind::kBadData, "'" + source + "' holds no labelled picture");
  for (const auto& [name, kind] : others) {
    const bool note = kind.first.severity == DataProblem::Severity::kNote;
    Log(note ? LogLevel::kInfo : LogLevel::kWarning, "'{}': {} {}{}{}", source, kind.count, name,
        kind.count > 1 ? ", the first: " : ": ", Place(kind.first));
  }
  return dataset;
}

}  // namespace maskscope
