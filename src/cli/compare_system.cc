#include "cli/compare_system.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <set>

#include "base/error.h"
#include "cli/analysis_options.h"
#include "cli/eval_models.h"
#include "evaluate/analyze_set.h"
#include "evaluate/predictions.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShipped = "shipped";
constexpr float kPredictionScore = 0.5f;  // from which a prediction is an answer

[[noreturn]] void Fail(const std::string& text, const std::string& what) {
  throw Error(ErrorKind::kUsage, "--system '" + text + "': " + what);
}

std::vector<std::string> SplitParts(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

template <typename Number>
Number ParseValue(const std::string& value, const std::string& text, const char* wanted) {
  Number number{};
  const auto [rest, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code != std::errc() || rest != value.data() + value.size()) {
    Fail(text, "found '" + value + "', wanted " + wanted);
  }
  return number;
}

bool IsModel(const fs::path& path) {
  return path == kShipped || path.extension() == ".onnx" || path.extension() == ".safetensors" ||
         fs::exists(path / "pnet.onnx");
}

fs::path ShippedOr(const std::string& file, const char* shipped) {
  return file == kShipped ? FindShippedModel(shipped) : fs::path(file);
}

std::string NameOf(const fs::path& path) {
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

System OpenPredictions(const SystemSpec& spec, const std::vector<LabelledImage>& images) {
  PredictionOptions options;
  options.source = spec.detector;
  Predictions read = ReadPredictions(images, options);
  const float score = spec.score.value_or(kPredictionScore);
  System system;
  system.all = std::move(read.results);
  system.answers = WithScoreFrom(system.all, score);
  system.notes = std::move(read.notes);
  system.settings = fmt::format("{} ({}), score from {:g}", NameOf(spec.detector), read.format, score);
  return system;
}

// Any detector by its record, with a classifier behind it or alone.
Analyze MakeAnalyze(const SystemSpec& spec, const AnalyzerOptions& settings, std::string* said) {
  const fs::path file = ShippedOr(spec.detector, "face-detector.onnx");
  // What tells the states itself, and carries its record, is run as `detect` runs it.
  if (spec.classifier.empty() && spec.record.empty() && file.extension() == ".onnx" && TellsStates(file)) {
    const auto analyzer = std::make_shared<Analyzer>(file, "", settings);
    if (said != nullptr) {
      *said = fmt::format("{}, score from {:g}; states its own", NameOf(file),
                          settings.detector.score_threshold.value_or(analyzer->detector().record().thresholds.score));
    }
    return [analyzer](const fs::path& path) { return analyzer->AnalyzeFile(path); };
  }
  Detector detector = LoadDescribedDetector(file, spec.record, settings.detector, settings.precision);
  std::optional<Analyzer> judge;
  if (!spec.classifier.empty()) {
    AnalyzerOptions judging = settings;
    judging.detector = {};
    judge =
        Analyzer(FindShippedModel("face-detector.onnx"), ShippedOr(spec.classifier, "mask-classifier.onnx"), judging);
  }
  if (said != nullptr) {
    *said = fmt::format("{}, score from {:g}", NameOf(file),
                        settings.detector.score_threshold.value_or(detector.record().thresholds.score));
    if (spec.size) *said += fmt::format(", longest side {} px", *spec.size);
    if (judge) *said += "; states by " + judge->classifier().record().name;
  }
  const auto lone = std::make_shared<LoneDetector>(std::move(detector), std::move(judge));
  return [lone, decode = settings.decode](const fs::path& path) { return lone->AnalyzeFile(path, decode); };
}

}  // namespace

SystemSpec ParseSystem(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    Fail(text, "wanted NAME=PARTS, such as ours=shipped or mtcnn=mtcnn/,shipped");
  }
  SystemSpec spec;
  spec.name = text.substr(0, equals);
  const std::vector<std::string> parts = SplitParts(text.substr(equals + 1));
  spec.detector = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.starts_with("score=")) {
      spec.score = ParseValue<float>(part.substr(6), text, "a score, 0 to 1");
      if (!(*spec.score >= 0 && *spec.score <= 1)) Fail(text, "found '" + part + "', wanted a score, 0 to 1");
    } else if (part.starts_with("size=")) {
      spec.size = ParseValue<int>(part.substr(5), text, "pixels");
    } else if (part.ends_with(".json")) {
      spec.record = part;
    } else if (part == kShipped || part.ends_with(".onnx")) {
      spec.classifier = part;
    } else {
      Fail(text, "found the part '" + part +
                     "', wanted a record (.json), a classifier (.onnx or 'shipped'), score=S or size=PX");
    }
  }
  if (spec.detector == kShipped && spec.classifier.empty()) spec.classifier = kShipped;
  spec.predictions = !IsModel(spec.detector);
  if (spec.predictions && (!spec.classifier.empty() || !spec.record.empty() || spec.size)) {
    Fail(text, "'" + spec.detector + "' is no model, so it is read as predictions; they take score=S alone");
  }
  return spec;
}

void CheckNames(const std::vector<SystemSpec>& specs) {
  std::set<std::string> names;
  for (const SystemSpec& spec : specs) {
    if (!names.insert(spec.name).second) {
      throw Error(ErrorKind::kUsage, "--system: two are named '" + spec.name + "'");
    }
  }
}

System OpenSystem(const SystemSpec& spec, const std::vector<LabelledImage>& images, AnalyzerOptions settings,
                  float candidate_score) {
  if (spec.predictions) return OpenPredictions(spec, images);
  settings.detector.score_threshold = spec.score;
  settings.detector.longest_side = spec.size;
  System system;
  system.answer = MakeAnalyze(spec, settings, &system.settings);
  settings.detector.score_threshold = candidate_score;
  system.candidates = MakeAnalyze(spec, settings, nullptr);
  return system;
}

}  // namespace maskscope
