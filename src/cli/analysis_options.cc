#include "cli/analysis_options.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/error.h"
#include "base/threads.h"
#include "graph/onnx_io.h"

namespace maskscope {

void AddAnalysisOptions(CLI::App& app, AnalysisOptions& options, bool with_detector) {
  const std::string models = "Models";
  if (with_detector) {
    app.add_option("--detector", options.detector,
                   "face detector to use instead of the shipped one (ONNX; a folder for MTCNN)")
        ->option_text("FILE")
        ->group(models);
  }
  app.add_option("--classifier", options.classifier, "mask classifier to use instead of the shipped one (ONNX)")
      ->option_text("FILE")
      ->group(models);

  const std::string thresholds = "Thresholds (default: what the model's record says)";
  if (with_detector) {
    app.add_option("--score", options.score, "least detector score of a face, 0 to 1")
        ->option_text("S")
        ->group(thresholds);
    app.add_option("--iou", options.iou, "overlap above which the weaker of two boxes goes, 0 to 1")
        ->option_text("IOU")
        ->group(thresholds);
    app.add_option(
           "--detector-size", options.detector_size,
           "longest side of the picture as the detector sees it, pixels:\nlarger finds smaller faces, and takes longer")
        ->option_text("PX")
        ->group(thresholds);
  }
  app.add_option("--min-confidence", options.min_confidence, "below it a face is unsure (low_confidence), 0 to 1")
      ->option_text("P")
      ->group(thresholds);
  app.add_option("--min-face", options.min_face, "a face whose shorter side is less is unsure (small), pixels")
      ->option_text("PX")
      ->group(thresholds);
  app.add_option("--min-sharpness", options.min_sharpness,
                 "a face less sharp is unsure (blurred), variance of the Laplacian")
      ->option_text("V")
      ->group(thresholds);

  const std::string machine = "Machine";
  app.add_option("--threads", options.threads, "cores to use; 0 = all")->option_text("N")->group(machine);
  app.add_option("--in-flight", options.in_flight, "pictures analysed at once; 0 = one a core")
      ->option_text("N")
      ->group(machine);
  app.add_option("--precision", options.precision, "auto, f32 or bf16; auto = bf16 where the CPU has it natively")
      ->option_text("P")
      ->group(machine);
  app.add_option("--max-pixels", options.max_pixels,
                 "refuse larger pictures before decoding them (\"50M\"); default 100M")
      ->option_text("N")
      ->group(machine);
}

AnalyzerOptions ToAnalyzerOptions(const AnalysisOptions& options, size_t pictures) {
  AnalyzerOptions result;
  result.detector.score_threshold = options.score;
  result.detector.nms_iou = options.iou;
  result.detector.longest_side = options.detector_size;
  result.min_confidence = options.min_confidence;
  result.min_face = options.min_face;
  result.min_sharpness = options.min_sharpness;
  result.precision = ParsePrecision(options.precision);
  if (!options.max_pixels.empty()) result.decode.max_pixels = ParseCount(options.max_pixels, "--max-pixels");
  result.threads = ResolveThreads(options.threads, "--threads");
  const int in_flight = options.in_flight == 0 ? result.threads : ResolveThreads(options.in_flight, "--in-flight");
  result.images_in_flight =
      static_cast<int>(std::min<size_t>(static_cast<size_t>(in_flight), std::max<size_t>(pictures, 1)));
  result.Validate();
  return result;
}

bool TellsStates(const std::filesystem::path& detector) {
  const std::filesystem::path file = DetectorFile(detector);
  const auto record = ReadModelRecord(ReadOnnx(file), file.string());
  return record && record->task == ModelTask::kMaskDetector;
}

Analyzer MakeAnalyzer(const AnalysisOptions& options, const AnalyzerOptions& analyzer_options) {
  const auto path = [](const std::string& given, const char* shipped) {
    return given.empty() ? FindShippedModel(shipped) : std::filesystem::path(given);
  };
  const std::filesystem::path detector = path(options.detector, "face-detector.onnx");
  // A detector that tells the states itself needs no second opinion unless one is asked for.
  if (!options.detector.empty() && options.classifier.empty() && TellsStates(detector)) {
    return Analyzer(detector, "", analyzer_options);
  }
  return Analyzer(detector, path(options.classifier, "mask-classifier.onnx"), analyzer_options);
}

int64_t ParseCount(const std::string& text, const std::string& option) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  const std::string_view suffix(rest, static_cast<size_t>(end - rest));
  int64_t unit = 0;
  if (suffix.empty()) unit = 1;
  if (suffix == "k" || suffix == "K") unit = 1'000;
  if (suffix == "M") unit = 1'000'000;
  if (suffix == "G") unit = 1'000'000'000;
  if (code != std::errc() || unit == 0 || value <= 0 || value > std::numeric_limits<int64_t>::max() / unit) {
    throw Error(ErrorKind::kUsage, option + ": found '" + text + "', wanted a number like 2000000, 500k, 50M or 2G");
  }
  return value * unit;
}

}  // namespace maskscope
