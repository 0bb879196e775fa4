#include "data/check/check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "data/check/check_classes.h"
#include "data/check/check_index.h"
#include "data/check/check_picture.h"
#include "data/check/problem_list.h"

namespace maskscope {
namespace {

using Severity = DataProblem::Severity;

constexpr size_t kBatch = 256;  // pictures read ahead and opened at once

// One picture and what was found about it, by whichever thread.
struct Checked {
  ManifestPicture picture;
  PictureFile file;
  std::vector<DataProblem> faces;
};

// The next pictures; a line that cannot be understood becomes a problem. False at the end.
bool ReadBatch(PictureStream& stream, ProblemList& problems, std::vector<Checked>& batch) {
  batch.clear();
  while (batch.size() < kBatch) {
    Checked next;
    try {
      if (!stream.next(&next.picture)) return false;
      batch.push_back(std::move(next));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
      problems.Add(Severity::kError, "bad_line", stream.source, "", error.what());
    }
  }
  return true;
}

void FillSize(const Checked& checked, ManifestPicture& picture) {
  if (picture.width != 0 || checked.file.width == 0) return;
  picture.width = checked.file.width;
  picture.height = checked.file.height;
}

}  // namespace

void CheckOptions::Validate() const {
  Problems problems;
  problems.Require(workers >= 0 && workers <= 1024, "workers", std::to_string(workers), "0 to 1024");
  problems.Require(tiny_side >= 0, "tiny_side", std::to_string(tiny_side), "0 pixels or more");
  problems.Require(same_face_iou >= 0.5f && same_face_iou <= 1, "same_face_iou", std::to_string(same_face_iou),
                   "0.5 to 1");
  problems.Require(share_difference >= 0 && share_difference <= 1, "share_difference", std::to_string(share_difference),
                   "0 to 1");
  problems.Require(share_faces >= 1, "share_faces", std::to_string(share_faces), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "checking data");
}

PictureStream StreamOf(const std::filesystem::path& manifest) {
  const auto reader = std::make_shared<ManifestReader>(manifest);
  return {manifest.string(), reader->header(), reader->root(), 0,
          [reader](ManifestPicture* picture) { return reader->Next(picture); }};
}

PictureStream StreamOf(const Dataset& dataset, const std::string& source) {
  return {source, dataset.header, dataset.root, static_cast<int64_t>(dataset.pictures.size()),
          [&dataset, at = size_t{0}](ManifestPicture* picture) mutable {
            if (at == dataset.pictures.size()) return false;
            *picture = dataset.pictures[at++];
            return true;
          }};
}

int64_t CheckReport::Count(Severity severity) const {
  int64_t sum = 0;
  for (const auto& [name, kind] : kinds) sum += kind.severity == severity ? kind.found : 0;
  return sum;
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      break;
  }
  return "error";
}

void ProblemList::MoveTo(CheckReport& report) {
  std::stable_sort(problems_.begin(), problems_.end(), [](const DataProblem& a, const DataProblem& b) {
    return a.severity != b.severity ? a.severity > b.severity : a.kind < b.kind;
  });
  report.problems = std::move(problems_);
  report.kinds = std::move(kinds_);
}

CheckReport CheckPictures(PictureStream stream, const CheckOptions& options, Progress* progress,
                          const std::function<bool()>& stop, const std::vector<DataProblem>& found) {
  options.Validate();
  CheckReport report;
  report.source = stream.source;
  report.header = stream.header;
  report.decoded = options.decode;
  ProblemList problems(options.listed);
  for (const DataProblem& problem : found) problems.Add(problem);
  std::error_code code;
  if (!std::filesystem::is_directory(stream.root, code)) {
    problems.Add(Severity::kError, "no_root", stream.root.string(), "root",
                 "the folder of the pictures does not exist");
  }
  CheckIndex index;
  RootGuard guard(stream.root);
  if (progress != nullptr) progress->Start("checking", stream.total, "pictures");
  std::vector<Checked> batch;
  for (bool more = true; more && !report.stopped;) {
    more = ReadBatch(stream, problems, batch);
    ParallelFor(batch.size(), options.workers, [&](size_t i) {
      Checked& checked = batch[i];
      checked.file = InspectFile(stream.root, checked.picture, options, guard);
      checked.faces = CheckFaces(checked.picture, checked.file, options);
      if (progress != nullptr) progress->Step();
    });
    for (Checked& checked : batch) {
      for (DataProblem& problem : checked.file.problems) problems.Add(std::move(problem));
      for (DataProblem& problem : checked.faces) problems.Add(std::move(problem));
      FillSize(checked, checked.picture);
      report.counts.Add(checked.picture);
      index.Add(checked.picture);
    }
    report.stopped = stop && stop();
  }
  if (progress != nullptr) progress->Finish();
  index.Report(problems);
  CheckClasses(report.counts, report.header, options, problems);
  if (report.counts.all.pictures == 0) {
    problems.Add(Severity::kWarning, "empty", stream.source, "", "the set holds no picture");
  }
  problems.MoveTo(report);
  return report;
}

}  // namespace maskscope
