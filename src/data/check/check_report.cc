#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/check/check.h"

namespace maskscope {
namespace {

using Severity = DataProblem::Severity;

std::string Verdict(const CheckReport& report) {
  if (report.stopped) return "Stopped early: nothing is said about pictures that were not reached.";
  const int64_t errors = report.Count(Severity::kError), warnings = report.Count(Severity::kWarning);
  return fmt::format("{} errors, {} warnings, {} notes.", errors, warnings, report.Count(Severity::kNote));
}

std::string Place(const DataProblem& problem) {
  std::string place = problem.file.empty() ? std::string() : "`" + MarkdownCell(problem.file) + "`";
  if (!problem.where.empty()) place += (place.empty() ? "" : " ") + MarkdownCell(problem.where);
  return place;
}

}  // namespace

std::string CheckMarkdown(const CheckReport& report, size_t examples) {
  int64_t faces = 0;
  for (const int64_t count : report.counts.all.faces) faces += count;
  std::string text =
      fmt::format("# Check of {}\n\n{} pictures, {} faces, {} sets. {}\n{}\n", MarkdownCell(report.source),
                  report.counts.all.pictures, faces, report.counts.by_set.size(),
                  report.decoded ? "Every picture was read and decoded." : "Pictures were only looked for, not opened.",
                  Verdict(report));
  if (!report.kinds.empty()) {
    text += "\n## Problems\n\n| severity | kind | found |\n|---|---|---|\n";
    for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kNote}) {
      for (const auto& [name, kind] : report.kinds) {
        if (kind.severity == severity)
          text += fmt::format("| {} | {} | {} |\n", SeverityName(severity), name, kind.found);
      }
    }
    size_t shown = 0;
    std::string last;
    for (const DataProblem& problem : report.problems) {
      if (problem.kind != last) {
        text += fmt::format("\n### {}: {}\n\n", SeverityName(problem.severity), problem.kind);
        last = problem.kind;
        shown = 0;
      }
      ++shown;
      if (shown <= examples) {
        const std::string place = Place(problem);
        text += "- " + place + (place.empty() ? "" : ": ") + MarkdownCell(problem.message) + "\n";
      } else if (shown == examples + 1) {
        text += fmt::format("- and {} more\n", report.kinds.at(problem.kind).found - static_cast<int64_t>(examples));
      }
    }
  }
  text += "\n## What the set holds\n\n" + CountTables(report.counts);
  text += "\n## Licences\n\n" + LicenceTable(report.counts, report.header);
  return text;
}

std::string CheckJson(const CheckReport& report) {
  nlohmann::ordered_json json{{"schema", "maskscope.check/1"},
                              {"source", report.source},
                              {"decoded", report.decoded},
                              {"stopped", report.stopped},
                              {"errors", report.Count(Severity::kError)},
                              {"warnings", report.Count(Severity::kWarning)},
                              {"notes", report.Count(Severity::kNote)}};
  json["kinds"] = nlohmann::ordered_json::object();
  for (const auto& [name, kind] : report.kinds) {
    json["kinds"][name] = {{"severity", SeverityName(kind.severity)}, {"found", kind.found}, {"listed", kind.listed}};
  }
  json["problems"] = nlohmann::ordered_json::array();
  for (const DataProblem& problem : report.problems) {
    json["problems"].push_back({{"severity", SeverityName(problem.severity)},
                                {"kind", problem.kind},
                                {"file", problem.file},
                                {"where", problem.where},
                                {"message", problem.message}});
  }
  json["counts"] = ToJson(report.counts);
  json["licences"] = nlohmann::ordered_json::object();
  for (const auto& [name, set] : report.header.sets) {
    json["licences"][name] = {{"origin", set.origin}, {"licence", set.licence}};
    const auto own = report.counts.licences.find(name);
    if (own != report.counts.licences.end()) json["licences"][name]["of_single_pictures"] = own->second;
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace maskscope
