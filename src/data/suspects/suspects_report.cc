#include "data/suspects/suspects_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/csv.h"
#include "base/error.h"
#include "data/formats/collection_dataset.h"

namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

Json Rounded(double value) { return std::isfinite(value) ? Json(std::round(value * 1e4) / 1e4) : Json(nullptr); }

Json ByState(const StateProbabilities& values) {
  Json json = Json::object();
  for (size_t s = 0; s < values.size(); ++s) json[std::string(MaskStateName(MaskState(s)))] = Rounded(values[s]);
  return json;
}

const ManifestPicture& PictureOf(const SuspectsReport& report, size_t picture) {
  return report.dataset->pictures.at(picture);
}

Box LabelBox(const SuspectsReport& report, const JudgedFace& face) {
  return PictureOf(report, face.picture).faces.at(face.face).face.box;
}

std::string BoxColumns(const Box& box) {
  return fmt::format("{:.6g},{:.6g},{:.6g},{:.6g}", box.x1, box.y1, box.x2, box.y2);
}

Json BoxJson(const Box& box) {
  Json json = Json::array();
  for (const float edge : {box.x1, box.y1, box.x2, box.y2}) json.push_back(std::round(double(edge) * 100) / 100);
  return json;
}

// Suspects of a kind count their ranks from 1.
template <typename Use>
void ForEachBox(const SuspectsReport& report, const Use& use) {
  if (report.boxes == nullptr) return;
  size_t rank = 0;
  for (size_t i = 0; i < report.boxes->suspects.size(); ++i) {
    const BoxSuspect& suspect = report.boxes->suspects[i];
    rank = i > 0 && report.boxes->suspects[i - 1].kind == suspect.kind ? rank + 1 : 1;
    use(suspect, rank);
  }
}

Json SummaryJson(const SuspectsReport& report) {
  const LabelRanking& ranking = report.labels->ranking;
  Json joint = Json::array();
  for (const auto& row : ranking.confident_joint) joint.push_back(row);
  Json problems = Json::array();
  for (const DataProblem& problem : report.labels->problems) {
    problems.push_back({{"kind", problem.kind}, {"file", problem.file}, {"message", problem.message}});
  }
  return {{"judged", report.labels->faces.size()},
          {"candidates", ranking.candidates},
          {"not_judged",
           {{"small", report.judged->small},
            {"ignored", report.judged->ignored},
            {"without_state", report.judged->without_state},
            {"without_prediction", report.labels->unpredicted},
            {"unreadable_pictures", report.labels->problems.size()}}},
          {"agreement", ByState(report.labels->agreement)},
          {"threshold", ByState(ranking.threshold)},
          {"confident_joint", std::move(joint)},
          {"problems", std::move(problems)}};
}

}  // namespace

void FillHashes(const SuspectsReport& report, Dataset& dataset, int threads) {
  std::set<size_t> named;
  const auto& ranked = report.labels->ranking.ranked;
  for (size_t i = 0; i < std::min(report.listed, ranked.size()); ++i) {
    named.insert(report.labels->faces[ranked[i].index].picture);
  }
  ForEachBox(report, [&named](const BoxSuspect& suspect, size_t) { named.insert(suspect.picture); });
  Dataset part;
  part.root = dataset.root;
  for (const size_t p : named) part.pictures.push_back(dataset.pictures.at(p));
  FillOptions options;
  options.workers = threads;
  FillPictures(part, options);
  size_t at = 0;
  for (const size_t p : named) dataset.pictures[p] = std::move(part.pictures[at++]);
}

std::string SuspectsCsv(const SuspectsReport& report) {
  std::string text = "kind,rank,set,path,hash,face,x1,y1,x2,y2,given,suggested,correct,incorrect,none,score\n";
  const auto& ranked = report.labels->ranking.ranked;
  for (size_t i = 0; i < std::min(report.listed, ranked.size()); ++i) {
    const JudgedFace& face = report.labels->faces[ranked[i].index];
    const ManifestPicture& picture = PictureOf(report, face.picture);
    const StateProbabilities& p = ranked[i].probability;
    text +=
        fmt::format("label,{},{},{},{},{},{},{},{},{:.4f},{:.4f},{:.4f},{:.4f}\n", i + 1, CsvField(picture.set),
                    CsvField(picture.path), picture.hash, face.face, BoxColumns(LabelBox(report, face)),
                    MaskStateName(face.label), MaskStateName(ranked[i].suggested), p[0], p[1], p[2], ranked[i].score);
  }
  ForEachBox(report, [&](const BoxSuspect& suspect, size_t rank) {
    const ManifestPicture& picture = PictureOf(report, suspect.picture);
    const bool missed = suspect.kind == BoxSuspectKind::kMissed;
    const std::optional<MaskState> given = missed ? std::nullopt : picture.faces.at(suspect.face).face.state;
    text += fmt::format("{},{},{},{},{},{},{},{},,,,,{:.4f}\n", BoxSuspectKindName(suspect.kind), rank,
                        CsvField(picture.set), CsvField(picture.path), picture.hash,
                        missed ? "" : std::to_string(suspect.face), BoxColumns(suspect.box),
                        given ? MaskStateName(*given) : "", suspect.score);
  });
  return text;
}

std::string SuspectsJson(const SuspectsReport& report) {
  Json labels = Json::array(), boxes = Json::array();
  const auto& ranked = report.labels->ranking.ranked;
  for (size_t i = 0; i < std::min(report.listed, ranked.size()); ++i) {
    const JudgedFace& face = report.labels->faces[ranked[i].index];
    const ManifestPicture& picture = PictureOf(report, face.picture);
    labels.push_back({{"rank", i + 1},
                      {"set", picture.set},
                      {"path", picture.path},
                      {"hash", picture.hash},
                      {"face", face.face},
                      {"box", BoxJson(LabelBox(report, face))},
                      {"given", MaskStateName(face.label)},
                      {"suggested", MaskStateName(ranked[i].suggested)},
                      {"probabilities", ByState(ranked[i].probability)},
                      {"score", Rounded(ranked[i].score)}});
  }
  ForEachBox(report, [&](const BoxSuspect& suspect, size_t rank) {
    const ManifestPicture& picture = PictureOf(report, suspect.picture);
    Json box{{"kind", BoxSuspectKindName(suspect.kind)},
             {"rank", rank},
             {"set", picture.set},
             {"path", picture.path},
             {"hash", picture.hash}};
    if (suspect.kind != BoxSuspectKind::kMissed) box["face"] = suspect.face;
    box["box"] = BoxJson(suspect.box);
    if (suspect.kind == BoxSuspectKind::kMisplaced) box["found"] = BoxJson(suspect.found);
    box["score"] = Rounded(suspect.score);
    boxes.push_back(std::move(box));
  });
  Json all{{"schema", "maskscope.suspects/1"},
           {"source", report.source},
           {"probabilities_from", report.probabilities_from},
           {"summary", SummaryJson(report)},
           {"labels", std::move(labels)}};
  if (report.boxes != nullptr) all["boxes"] = std::move(boxes);
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

LabelPatch SuspectsPatch(const SuspectsReport& report, const PatchChoice& choice) {
  LabelPatch patch;
  patch.author = choice.author;
  patch.created = choice.date;
  patch.manifest = choice.manifest_hash;
  const auto& ranked = report.labels->ranking.ranked;
  for (size_t i = 0; i < std::min(report.listed, ranked.size()); ++i) {
    const JudgedFace& face = report.labels->faces[ranked[i].index];
    if (ranked[i].suggested == face.label) continue;  // its set has no other state
    const ManifestPicture& picture = PictureOf(report, face.picture);
    const double p = ranked[i].probability[static_cast<size_t>(ranked[i].suggested)];
    LabelEdit edit;
    edit.kind = EditKind::kRelabel;
    edit.accept = choice.accept_above && p >= *choice.accept_above;
    edit.path = picture.path, edit.hash = picture.hash, edit.face = face.face, edit.box = LabelBox(report, face);
    edit.from = face.label, edit.to = ranked[i].suggested;
    edit.reason =
        fmt::format("rank {}, score {:.3f}, p({}) {:.3f}", i + 1, ranked[i].score, MaskStateName(*edit.to), p);
    edit.date = choice.date;
    patch.edits.push_back(std::move(edit));
  }
  ForEachBox(report, [&](const BoxSuspect& suspect, size_t rank) {
    const ManifestPicture& picture = PictureOf(report, suspect.picture);
    LabelEdit edit;
    edit.kind = suspect.kind == BoxSuspectKind::kMissed      ? EditKind::kAdd
                : suspect.kind == BoxSuspectKind::kMisplaced ? EditKind::kMove
                                                             : EditKind::kIgnore;
    edit.path = picture.path, edit.hash = picture.hash, edit.box = suspect.box, edit.new_box = suspect.found;
    if (edit.kind != EditKind::kAdd) {
      edit.face = suspect.face;
      edit.from = picture.faces.at(suspect.face).face.state;
    }
    edit.reason = fmt::format("{} {}, score {:.3f}", BoxSuspectKindName(suspect.kind), rank, suspect.score);
    edit.date = choice.date;
    patch.edits.push_back(std::move(edit));
  });
  return patch;
}

}  // namespace maskscope
