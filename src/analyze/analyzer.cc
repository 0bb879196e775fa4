#include "analyze/analyzer.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "graph/onnx_io.h"
#include "image/transform.h"

namespace maskscope {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::span<const uint8_t>;

double MillisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Input shapes a detector may meet: sides are multiples of 32 or so and the longest is the same for all pictures.
constexpr int kDetectorPlans = 48;
constexpr int kClassifierPlans = 8;

struct LoadedModel {
  std::shared_ptr<Engine> engine;
  ModelRecord record;
};

LoadedModel LoadModel(const std::filesystem::path& path, const EngineOptions& options) {
  Graph graph = ReadOnnx(path);
  const std::optional<ModelRecord> record = ReadModelRecord(graph, path.string());
  if (!record) {
    throw Error(ErrorKind::kBadModel, "'" + path.string() + "' carries no model record (metadata '" + kModelRecordKey +
                                          "'), so how to feed it is not known");
  }
  return {std::make_shared<Engine>(std::move(graph), options), *record};
}

bool IsUsableBox(const Box& box, int width, int height) {
  const Box inside = Clamp(box, width, height);
  return box.x2 > box.x1 && box.y2 > box.y1 && inside.area() > 0;
}

Box Times(const Box& box, float x, float y) { return {box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y}; }

// Fills `result.error` with what `work` throws: a picture that cannot be analysed is a result, not the end of a run.
template <typename Work>
void Guard(Result& result, const Work& work) {
  try {
    work();
    return;
  } catch (const Error& error) {
    result.error = Result::Failure{error.kind(), error.what()};
  } catch (const std::bad_alloc&) {
    result.error = Result::Failure{ErrorKind::kResource, result.source + ": no memory to analyse it"};
  } catch (const std::exception& error) {
    result.error = Result::Failure{ErrorKind::kInternal, result.source + ": " + error.what()};
  }
  result.faces.clear();
}

}  // namespace

void AnalyzerOptions::Validate() const {
  detector.Validate();
  decode.Validate();
  Problems problems;
  if (min_confidence) {
    problems.Require(*min_confidence >= 0 && *min_confidence <= 1, "min_confidence", std::to_string(*min_confidence),
                     "0 to 1");
  }
  if (min_face) problems.Require(*min_face >= 0, "min_face", std::to_string(*min_face), "0 or more");
  if (min_sharpness) {
    problems.Require(*min_sharpness >= 0, "min_sharpness", std::to_string(*min_sharpness), "0 or more");
  }
  problems.Require(threads >= 0 && threads <= 1024, "threads", std::to_string(threads), "0 to 1024");
  problems.Require(images_in_flight >= 0 && images_in_flight <= 1024, "images_in_flight",
                   std::to_string(images_in_flight), "0 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "analyzer options");
}

struct Analyzer::Impl {
  AnalyzerOptions options;
  std::optional<Detector> detector;
  std::optional<Classifier> classifier;

  Impl(const std::filesystem::path& detector_path, const std::filesystem::path& classifier_path,
       const AnalyzerOptions& given)
      : options(given) {
    options.Validate();
    options.threads = ResolveThreads(options.threads, "threads");
    if (options.images_in_flight == 0) options.images_in_flight = options.threads;
    EngineOptions engine;
    engine.precision = options.precision;
    engine.threads = std::max(1, options.threads / options.images_in_flight);
    engine.max_plans = kDetectorPlans;
    detector.emplace(LoadDetector(detector_path, engine, options.detector));
    if (!classifier_path.empty()) {
      engine.max_plans = kClassifierPlans;
      LoadedModel model = LoadModel(classifier_path, engine);
      classifier.emplace(std::move(model.engine), std::move(model.record));
    } else if (detector->record().task != ModelTask::kMaskDetector) {
      throw Error(ErrorKind::kUsage, "'" + detector_path.string() +
                                         "' only finds faces: a classifier is needed to tell their mask states");
    }
  }

  void Detect(const Image& image, Result& result) const {
    const Clock::time_point begin = Clock::now();
    for (Detection& found : detector->Detect(image, result.width, result.height)) {
      FaceResult face;
      face.box = Clamp(found.box, result.width, result.height);
      if (face.box.area() <= 0) continue;  // wholly in the padding
      face.score = found.score;
      face.landmarks = std::move(found.landmarks);
      if (!classifier) TakeDetectorStates(found, face);
      result.faces.push_back(std::move(face));
    }
    result.timing_ms.detect = MillisecondsSince(begin);
  }

  // One-stage: the detector's classes are the states, and its scores all there is to know of their likelihood.
  void TakeDetectorStates(const Detection& found, FaceResult& face) const {
    size_t i = 0;
    for (const std::string& name : detector->record().classes) {
      if (name != "background") face.probabilities.emplace_back(name, found.class_scores[i++]);
    }
    face.best_state = face.probabilities[static_cast<size_t>(found.class_index)].first;
    face.confidence = found.score;
    Judge(face, detector->record().thresholds, std::nullopt);
  }

  std::vector<Box> Regions(const Result& result) const {
    std::vector<Box> regions;
    for (const FaceResult& face : result.faces) {
      regions.push_back(ClassifierRegion(classifier->record().crop, face.box));
    }
    return regions;
  }

  // `regions` are in the frame of the result; `image` may be a reduced copy of that.
  void Classify(const Image& image, std::vector<Box> regions, Result& result) const {
    if (regions.empty()) return;
    const float x = static_cast<float>(image.width) / static_cast<float>(result.width);
    const float y = static_cast<float>(image.height) / static_cast<float>(result.height);
    for (Box& region : regions) region = Times(region, x, y);
    const auto probabilities = classifier->Classify(image, regions);
    const ModelRecord& record = classifier->record();
    std::vector<float> sharpness;
    if (options.min_sharpness.value_or(record.thresholds.min_sharpness) > 0) {
      sharpness = classifier->Sharpness(image, regions);
    }
    for (size_t i = 0; i < regions.size(); ++i) {
      FaceResult& face = result.faces[i];
      size_t best = 0;
      for (size_t c = 0; c < record.classes.size(); ++c) {
        face.probabilities.emplace_back(record.classes[c], probabilities[i][c]);
        if (probabilities[i][c] > probabilities[i][best]) best = c;
      }
      face.best_state = record.classes[best];
      face.confidence = probabilities[i][best];
      Judge(face, record.thresholds, sharpness.empty() ? std::nullopt : std::optional(sharpness[i]));
    }
  }

  // The reason that is the plainest to a person comes first.
  void Judge(FaceResult& face, const Thresholds& thresholds, std::optional<float> sharpness) const {
    if (std::min(face.box.width(), face.box.height()) < options.min_face.value_or(thresholds.min_face)) {
      face.unsure_reason = "small";
    } else if (sharpness && *sharpness < options.min_sharpness.value_or(thresholds.min_sharpness)) {
      face.unsure_reason = "blurred";
    } else if (face.confidence < options.min_confidence.value_or(thresholds.confidence)) {
      face.unsure_reason = "low_confidence";
    }
    face.state = face.unsure_reason.empty() ? face.best_state : "unsure";
  }

  // The longest side a picture must be decoded at so that no crop is enlarged although the file knows more. 0 = what is
  // there is good enough. A crop that already fills three quarters of the classifier's input is: a second decoding
  // would cost more than it tells.
  int LongestSideForCrops(const Image& image, const std::vector<Box>& regions, const Result& result) const {
    constexpr float kGoodEnough = 0.75f;
    const float reduction = static_cast<float>(result.width) / static_cast<float>(image.width);
    const float input = static_cast<float>(classifier->record().input.width);
    float least_reduction = reduction;
    for (const Box& region : regions) {
      if (region.width() / reduction < kGoodEnough * input) {
        least_reduction = std::min(least_reduction, std::max(1.0f, region.width() / input));
      }
    }
    if (least_reduction >= reduction) return 0;
    return static_cast<int>(static_cast<float>(std::max(result.width, result.height)) / least_reduction);
  }

  void Analyze(Bytes bytes, Result& result) const {
    Clock::time_point begin = Clock::now();
    const ImageInfo info = ReadImageInfo(bytes, result.source);
    result.width = info.width;
    result.height = info.height;
    DecodeOptions decode = options.decode;
    decode.reduce_to_longest_side = LeastUsefulLongestSide(detector->record().input, info.width, info.height);
    DecodedImage decoded = DecodeImage(bytes, result.source, decode);
    result.timing_ms.decode = MillisecondsSince(begin);
    Detect(decoded.image, result);
    if (!classifier || result.faces.empty()) return;
    const std::vector<Box> regions = Regions(result);
    if (decoded.reduction > 1) {
      if (const int longest = LongestSideForCrops(decoded.image, regions, result); longest > 0) {
        begin = Clock::now();
        decode.reduce_to_longest_side = longest;
        decoded = DecodeImage(bytes, result.source, decode);
        result.timing_ms.decode += MillisecondsSince(begin);
      }
    }
    begin = Clock::now();
    Classify(decoded.image, regions, result);
    result.timing_ms.classify = MillisecondsSince(begin);
  }
};

Analyzer::Analyzer(const std::filesystem::path& detector, const std::filesystem::path& classifier,
                   const AnalyzerOptions& options)
    : impl_(std::make_shared<Impl>(detector, classifier, options)) {}

Result Analyzer::AnalyzeBytes(std::span<const uint8_t> bytes, const std::string& source) const {
  const Clock::time_point begin = Clock::now();
  Result result;
  result.source = source;
  Guard(result, [&] { impl_->Analyze(bytes, result); });
  result.timing_ms.total = MillisecondsSince(begin);
  return result;
}

Result Analyzer::AnalyzeFile(const std::filesystem::path& path) const {
  const Clock::time_point begin = Clock::now();
  Result result;
  result.source = path.string();
  std::vector<uint8_t> bytes;
  Guard(result, [&] { bytes = ReadFileBytes(path, impl_->options.decode.max_file_bytes); });
  if (!result.error) {
    const double reading = MillisecondsSince(begin);
    result = AnalyzeBytes(bytes, result.source);
    result.timing_ms.decode += reading;
  }
  result.timing_ms.total = MillisecondsSince(begin);
  return result;
}

Result Analyzer::AnalyzeImage(const Image& image, const std::string& source) const {
  const Clock::time_point begin = Clock::now();
  Result result;
  result.source = source;
  result.width = image.width;
  result.height = image.height;
  Guard(result, [&] {
    impl_->Detect(image, result);
    if (!impl_->classifier || result.faces.empty()) return;
    const Clock::time_point classify = Clock::now();
    impl_->Classify(image, impl_->Regions(result), result);
    result.timing_ms.classify = MillisecondsSince(classify);
  });
  result.timing_ms.total = MillisecondsSince(begin);
  return result;
}

Result Analyzer::ClassifyBoxes(const Image& image, const std::vector<Box>& boxes, const std::string& source) const {
  const Clock::time_point begin = Clock::now();
  Result result;
  result.source = source;
  result.width = image.width;
  result.height = image.height;
  Guard(result, [&] {
    const Classifier& used = classifier();
    const Box whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
    std::vector<Box> regions;
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!IsUsableBox(boxes[i], image.width, image.height)) {
        throw Error(ErrorKind::kBadData,
                    source + ": box " + std::to_string(i + 1) + " is [" + std::to_string(boxes[i].x1) + ", " +
                        std::to_string(boxes[i].y1) + ", " + std::to_string(boxes[i].x2) + ", " +
                        std::to_string(boxes[i].y2) + "]; wanted x1 < x2, y1 < y2 and a part of the " +
                        std::to_string(image.width) + " x " + std::to_string(image.height) + " picture");
      }
      regions.push_back(ClassifierRegion(used.record().crop, boxes[i]));
    }
    if (boxes.empty()) regions.push_back(whole);
    for (size_t i = 0; i < regions.size(); ++i) {
      FaceResult face;
      face.box = boxes.empty() ? whole : Clamp(boxes[i], image.width, image.height);
      face.score = 1;
      result.faces.push_back(std::move(face));
    }
    impl_->Classify(image, std::move(regions), result);
  });
  result.timing_ms.classify = result.timing_ms.total = MillisecondsSince(begin);
  return result;
}

const Detector& Analyzer::detector() const { return *impl_->detector; }

bool Analyzer::has_classifier() const { return impl_->classifier.has_value(); }

const Classifier& Analyzer::classifier() const {
  if (!impl_->classifier)
    throw Error(ErrorKind::kUsage, "this analyzer has a detector with mask classes and no classifier");
  return *impl_->classifier;
}

const AnalyzerOptions& Analyzer::options() const { return impl_->options; }

}  // namespace maskscope
