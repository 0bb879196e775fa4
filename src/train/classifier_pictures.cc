#include "train/classifier_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/csv.h"
#include "base/files.h"
#include "data/labels.h"
#include "image/contact_sheet.h"
#include "image/encode.h"
#include "metrics/classification.h"
#include "report/metrics_charts.h"
#include "train/run_charts.h"

namespace maskscope {

namespace {

constexpr int kColumns = 8;
constexpr size_t kTiles = 16;
constexpr int kTileSide = 128;

// [sample, state], rows that add up to 1.
std::vector<double> Probabilities(const ValidationResult& result) {
  std::vector<double> probabilities(result.logits.size());
  for (size_t first = 0; first < probabilities.size(); first += kMaskStates) {
    const float most = *std::max_element(&result.logits[first], &result.logits[first] + kMaskStates);
    double sum = 0;
    for (size_t c = 0; c < kMaskStates; ++c) {
      probabilities[first + c] = std::exp((result.logits[first + c] - most) / result.temperature);
      sum += probabilities[first + c];
    }
    for (size_t c = 0; c < kMaskStates; ++c) probabilities[first + c] /= sum;
  }
  return probabilities;
}

int Best(const std::vector<double>& probabilities, size_t sample) {
  const auto row = probabilities.begin() + static_cast<std::ptrdiff_t>(sample * kMaskStates);
  return static_cast<int>(std::max_element(row, row + kMaskStates) - row);
}

std::string StateAndShare(const ModelRecord& record, int state, double share) {
  return fmt::format("{} {:.2f}", record.classes.at(static_cast<size_t>(state)), share);
}

void WriteSheet(const std::vector<SheetTile>& tiles, const std::filesystem::path& path) {
  if (tiles.empty()) return;
  WriteImage(MakeContactSheet(tiles, kColumns, kTileSide), path);
}

// The validation faces dealt out evenly: the first ones are all of one set.
std::vector<size_t> Spread(size_t samples) {
  std::vector<size_t> chosen;
  const size_t count = std::min(samples, kTiles);
  for (size_t i = 0; i < count; ++i) chosen.push_back(i * samples / count);
  return chosen;
}

void WriteValidationSheets(const ValidationResult& result, const std::vector<double>& probabilities,
                           const ModelRecord& record, const RunFolder& folder) {
  std::vector<SheetTile> given, found, wrong;
  const auto tile = [&](size_t sample) {
    const Image picture = PictureOfInput(result.inputs[sample], record.input);
    const int best = Best(probabilities, sample);
    const std::string label = record.classes.at(static_cast<size_t>(result.labels[sample]));
    const std::string guess =
        StateAndShare(record, best, probabilities[sample * kMaskStates + static_cast<size_t>(best)]);
    return std::array<SheetTile, 3>{SheetTile{picture, {label}}, SheetTile{picture, {guess}},
                                    SheetTile{picture, {"is " + label, guess}}};
  };
  for (const size_t sample : Spread(result.labels.size())) {
    const auto tiles = tile(sample);
    given.push_back(tiles[0]);
    found.push_back(tiles[1]);
  }
  std::vector<size_t> mistakes;
  for (size_t i = 0; i < result.labels.size(); ++i) {
    if (Best(probabilities, i) != result.labels[i]) mistakes.push_back(i);
  }
  const auto surety = [&](size_t i) {
    return probabilities[i * kMaskStates + static_cast<size_t>(Best(probabilities, i))];
  };
  std::stable_sort(mistakes.begin(), mistakes.end(), [&](size_t a, size_t b) { return surety(a) > surety(b); });
  if (mistakes.size() > 2 * kTiles) mistakes.resize(2 * kTiles);
  for (const size_t sample : mistakes) wrong.push_back(tile(sample)[2]);
  WriteSheet(given, folder.path() / "val_batch0_labels.jpg");
  WriteSheet(found, folder.path() / "val_batch0_pred.jpg");
  WriteSheet(wrong, folder.path() / "val_wrong.jpg");
}

void WriteValidationTable(const ValidationResult& result, const std::vector<double>& probabilities,
                          const ModelRecord& record, const RunFolder& folder) {
  std::string text = "picture,label";
  for (const std::string& state : record.classes) text += ",p_" + state;
  text += "\n";
  for (size_t i = 0; i < result.labels.size(); ++i) {
    text += CsvField(i < result.names.size() ? result.names[i] : "") + "," +
            record.classes.at(static_cast<size_t>(result.labels[i]));
    for (size_t c = 0; c < kMaskStates; ++c) text += fmt::format(",{:.6f}", probabilities[i * kMaskStates + c]);
    text += "\n";
  }
  WriteFileAtomically(folder.path() / "validation.csv", text);
}

void WriteValidationCharts(const ValidationResult& result, const std::vector<double>& probabilities,
                           const ModelRecord& record, const RunFolder& folder) {
  ConfusionMatrix confusion(kMaskStates);
  std::vector<double> confidence;
  std::vector<bool> right;
  for (size_t i = 0; i < result.labels.size(); ++i) {
    const int best = Best(probabilities, i);
    confusion.Add(result.labels[i], best);
    confidence.push_back(probabilities[i * kMaskStates + static_cast<size_t>(best)]);
    right.push_back(best == result.labels[i]);
  }
  WriteChart(ConfusionChart(confusion, record.classes, ConfusionShare::kOfActual), folder, "confusion_matrix");
  WriteChart(F1Chart(result.labels, probabilities, record.classes), folder, "f1_curve");
  WriteChart(ReliabilityDiagram(confidence, right), folder, "reliability");
}

}  // namespace

Image PictureOfInput(const at::Tensor& input, const Preprocessing& rule) {
  const int64_t height = input.size(1), width = input.size(2);
  const at::Tensor values = input.contiguous();
  Image picture(static_cast<int>(width), static_cast<int>(height));
  const int64_t plane = height * width;
  const float* const source = values.data_ptr<float>();
  for (int64_t c = 0; c < 3; ++c) {
    const auto channel = static_cast<size_t>(c);
    const int64_t target = rule.channels == ChannelOrder::kRgb ? c : 2 - c;
    for (int64_t p = 0; p < plane; ++p) {
      const float pixel = source[c * plane + p] * rule.std[channel] + rule.mean[channel];
      picture.pixels[static_cast<size_t>(p * 3 + target)] =
          static_cast<uint8_t>(std::clamp(pixel + 0.5f, 0.0f, 255.0f));
    }
  }
  return picture;
}

void WriteBatchPicture(const at::Tensor& pictures, const at::Tensor& targets, const ModelRecord& record,
                       const std::filesystem::path& path) {
  std::vector<SheetTile> tiles;
  for (int64_t i = 0; i < std::min<int64_t>(pictures.size(0), kTiles); ++i) {
    const auto state = targets[i].argmax().item<int64_t>();
    tiles.push_back({PictureOfInput(pictures[i], record.input),
                     {StateAndShare(record, static_cast<int>(state), targets[i][state].item<double>())}});
  }
  WriteSheet(tiles, path);
}

void DrawValidation(const ValidationResult& result, const ModelRecord& record, const RunFolder& folder) {
  const std::vector<double> probabilities = Probabilities(result);
  WriteValidationSheets(result, probabilities, record, folder);
  WriteValidationTable(result, probabilities, record, folder);
  WriteValidationCharts(result, probabilities, record, folder);
}

}  // namespace maskscope
