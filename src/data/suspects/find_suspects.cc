#include "data/suspects/find_suspects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "data/labels.h"
#include "data/suspects/suspects_report.h"

namespace maskscope {
namespace {

// Keeps the rows that `keep` says.
FeatureMatrix Kept(FeatureMatrix matrix, const std::vector<bool>& keep) {
  size_t to = 0;
  for (size_t i = 0; i < matrix.rows; ++i) {
    if (!keep[i]) continue;
    if (to == i) {
      ++to;
      continue;
    }
    const auto from = matrix.values.begin() + static_cast<ptrdiff_t>(i * matrix.columns);
    std::copy_n(from, matrix.columns, matrix.values.begin() + static_cast<ptrdiff_t>(to * matrix.columns));
    ++to;
  }
  matrix.rows = to;
  matrix.values.resize(to * matrix.columns);
  return matrix;
}

void Rank(const Dataset& dataset, const LabelSuspectOptions& options, LabelSuspects& suspects) {
  const std::map<std::string, AllowedStates> states = StatesOfSets(dataset);
  std::vector<LabelledProbabilities> labelled;
  std::array<double, kMaskStates> right{}, count{};
  for (size_t i = 0; i < suspects.faces.size(); ++i) {
    const JudgedFace& face = suspects.faces[i];
    const AllowedStates allowed =
        options.any_state ? AllowedStates{true, true, true} : states.at(dataset.pictures[face.picture].set);
    labelled.push_back({face.label, suspects.probabilities[i], allowed});
    const StateProbabilities& p = suspects.probabilities[i];
    const auto label = static_cast<size_t>(face.label);
    right[label] += *std::max_element(p.begin(), p.end()) == p[label] ? 1 : 0;
    ++count[label];
  }
  for (size_t s = 0; s < right.size(); ++s) {
    suspects.agreement[s] = count[s] > 0 ? right[s] / count[s] : std::numeric_limits<double>::quiet_NaN();
  }
  suspects.ranking = RankLabels(labelled, options.score);
}

using FaceKey = std::pair<std::string, size_t>;  // path, face

std::map<FaceKey, StateProbabilities> ReadPredictions(const std::filesystem::path& file, const Dataset& dataset) {
  std::map<std::string, size_t> faces_of;
  for (const ManifestPicture& picture : dataset.pictures) faces_of[picture.path] = picture.faces.size();
  std::map<FaceKey, StateProbabilities> predictions;
  for (const CsvTable::Row& row : ReadCsv(file, {"path", "face", "correct", "incorrect", "none"}).rows) {
    const std::string where = "line " + std::to_string(row.line);
    const double number = ParseLabelNumber(row.fields[1], file, where + ", face");
    const auto picture = faces_of.find(row.fields[0]);
    if (picture == faces_of.end()) FailLabel(file, where, "no picture '" + row.fields[0] + "' in the set");
    if (number < 0 || number != std::floor(number) || number >= static_cast<double>(picture->second)) {
      FailLabel(file, where, fmt::format("found face {}, wanted 0 to {}", row.fields[1], int64_t(picture->second) - 1));
    }
    StateProbabilities p{};
    double sum = 0;
    for (size_t s = 0; s < p.size(); ++s) {
      sum += p[s] = ParseLabelNumber(row.fields[2 + s], file, where);
      if (p[s] < 0 || p[s] > 1) FailLabel(file, where, "found " + row.fields[2 + s] + ", wanted 0 to 1");
    }
    if (std::abs(sum - 1) > 0.01) FailLabel(file, where, fmt::format("probabilities add up to {}, wanted 1", sum));
    for (double& value : p) value /= sum;
    if (!predictions.emplace(FaceKey{row.fields[0], static_cast<size_t>(number)}, p).second) {
      FailLabel(file, where, "the same face stands in an earlier line");
    }
  }
  return predictions;
}

}  // namespace

LabelSuspects FindLabelSuspects(const Dataset& dataset, const JudgedFaces& judged, const FeatureModel& model,
                                const LabelSuspectOptions& options, Progress* progress,
                                const std::function<bool()>& stop) {
  std::vector<FaceRef> faces;
  for (const JudgedFace& face : judged.faces) {
    faces.push_back({face.picture, face.face, dataset.pictures.at(face.picture).faces.at(face.face).face.box});
  }
  FaceFeatures features = ExtractFeatures(model, dataset, faces, options.features, progress, stop);
  LabelSuspects suspects;
  suspects.problems = std::move(features.problems);
  for (size_t i = 0; i < faces.size(); ++i) {
    if (features.read[i]) suspects.faces.push_back(judged.faces[i]);
  }
  const FeatureMatrix matrix = Kept(std::move(features.matrix), features.read);
  suspects.probabilities = PredictOutOfFold(matrix, suspects.faces, options.out_of_fold, progress, stop);
  Rank(dataset, options, suspects);
  return suspects;
}

LabelSuspects FindLabelSuspects(const Dataset& dataset, const JudgedFaces& judged,
                                const std::filesystem::path& predictions, const LabelSuspectOptions& options) {
  const std::map<FaceKey, StateProbabilities> known = ReadPredictions(predictions, dataset);
  LabelSuspects suspects;
  for (const JudgedFace& face : judged.faces) {
    const auto found = known.find({dataset.pictures.at(face.picture).path, face.face});
    if (found == known.end()) {
      ++suspects.unpredicted;
      continue;
    }
    suspects.faces.push_back(face);
    suspects.probabilities.push_back(found->second);
  }
  Rank(dataset, options, suspects);
  return suspects;
}

void WritePredictions(const std::filesystem::path& file, const Dataset& dataset, const LabelSuspects& suspects) {
  std::string text = "path,face,correct,incorrect,none\n";
  for (size_t i = 0; i < suspects.faces.size(); ++i) {
    const JudgedFace& face = suspects.faces[i];
    const StateProbabilities& p = suspects.probabilities[i];
    text += fmt::format("{},{},{:.6f},{:.6f},{:.6f}\n", CsvField(dataset.pictures[face.picture].path), face.face, p[0],
                        p[1], p[2]);
  }
  WriteFileAtomically(file, text);
}

}  // namespace maskscope
