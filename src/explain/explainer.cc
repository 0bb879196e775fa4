#include "explain/explainer.h"

#include <algorithm>
#include <cmath>

#include "analyze/head_decoder.h"
#include "base/error.h"

namespace maskscope {
namespace {

constexpr int kRegionSide = 112;  // pixels at which heat in regions is counted, and maps of boxes are cut out

// Softmax of logits / temperature, as Classifier has it.
std::vector<float> Probabilities(const float* logits, size_t classes, float temperature) {
  const double greatest = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (size_t i = 0; i < classes; ++i) sum += std::exp((logits[i] - greatest) / temperature);
  std::vector<float> probabilities;
  for (size_t i = 0; i < classes; ++i) {
    probabilities.push_back(static_cast<float>(std::exp((logits[i] - greatest) / temperature) / sum));
  }
  return probabilities;
}

size_t ClassIndex(const std::vector<std::string>& classes, const std::string& name, const std::string& model) {
  const auto found = std::ranges::find(classes, name);
  if (found != classes.end()) return static_cast<size_t>(found - classes.begin());
  std::string list;
  for (const std::string& known : classes) list += (list.empty() ? "" : ", ") + known;
  const std::string near = NearestWord(name, classes);
  throw Error(ErrorKind::kUsage, "class: model '" + model + "' has no '" + name + "', only " + list +
                                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

Layer LayerFor(const Probe& probe, const Score& score, const std::string& name) {
  return name.empty() ? ChooseLayer(probe.graph(), probe.inferred(), score)
                      : FindLayer(probe.graph(), probe.inferred(), name);
}

void Name(const std::vector<std::string>& classes, const std::vector<float>& scores, Explanation& explanation) {
  for (size_t i = 0; i < classes.size(); ++i) explanation.scores.emplace_back(classes[i], scores[i]);
  const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
  explanation.predicted = classes[static_cast<size_t>(best)];
}

void MeasureHeat(const FaceFrame& face, Explanation& explanation) {
  const FaceFrame in_crop = ToCrop(face, explanation.region, kRegionSide, kRegionSide);
  explanation.regions = MeasureRegions(explanation.map, kRegionSide, kRegionSide, in_crop);
}

// A folder's pictures can have hundreds of sizes; the probes of a few are kept, in no particular order.
constexpr size_t kMostProbes = 16;

template <typename Probes>
std::shared_ptr<const Probe> FindProbe(Probes& probes, std::mutex& mutex, const Graph& graph, InputSize size) {
  const std::lock_guard lock(mutex);
  const std::pair<int, int> key{size.width, size.height};
  if (const auto found = probes.find(key); found != probes.end()) return found->second;
  if (probes.size() >= kMostProbes) probes.erase(probes.begin());
  const auto probe = std::make_shared<const Probe>(graph, Shape{1, 3, size.height, size.width});
  probes[key] = probe;
  return probe;
}

// The part of a map over a network's input that lies over `region`, a box in pixels of the input.
CamMap CutOut(const CamMap& map, InputSize input, const Box& region, int side) {
  const CamMap whole = ResizeCam(map, input.width, input.height);
  CamMap cut{side, side, {}};
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const float px = region.x1 + (static_cast<float>(x) + 0.5f) / static_cast<float>(side) * region.width();
      const float py = region.y1 + (static_cast<float>(y) + 0.5f) / static_cast<float>(side) * region.height();
      const bool inside =
          px >= 0 && py >= 0 && px < static_cast<float>(input.width) && py < static_cast<float>(input.height);
      cut.values.push_back(
          inside ? whole.values[static_cast<size_t>(py) * static_cast<size_t>(input.width) + static_cast<size_t>(px)]
                 : 0);
    }
  }
  return cut;
}

// The anchor that a box came from: the candidate that lies closest on it, of several that lie alike the one of its
// score.
size_t AnchorOf(const Candidates& candidates, const Box& box_in_input, float score) {
  constexpr float kLeastIou = 0.5f, kScoreWeight = 0.1f;
  double best = 0;
  size_t anchor = 0;
  for (size_t i = 0; i < candidates.boxes.size(); ++i) {
    const float iou = Iou(candidates.boxes[i], box_in_input);
    const double likeness = iou - kScoreWeight * std::abs(candidates.scores[i] - score);
    if (iou < kLeastIou || likeness <= best) continue;
    best = likeness;
    anchor = candidates.anchors[i];
  }
  if (best > 0) return anchor;
  throw Error(ErrorKind::kUsage, "the detector finds no such box in the picture");
}

Box ToInput(const Box& box, const Placement& placement) {
  return {box.x1 * placement.scale_x + placement.offset_x, box.y1 * placement.scale_y + placement.offset_y,
          box.x2 * placement.scale_x + placement.offset_x, box.y2 * placement.scale_y + placement.offset_y};
}

}  // namespace

float Explanation::ScoreOf(const std::string& name) const {
  for (const auto& [known, score] : scores) {
    if (known == name) return score;
  }
  return 0;
}

FaceFrame ToCrop(const FaceFrame& face, const Box& region, int width, int height) {
  const float x = static_cast<float>(width) / region.width(), y = static_cast<float>(height) / region.height();
  FaceFrame result{{(face.box.x1 - region.x1) * x, (face.box.y1 - region.y1) * y, (face.box.x2 - region.x1) * x,
                    (face.box.y2 - region.y1) * y},
                   {}};
  for (const Point& point : face.landmarks) {
    result.landmarks.push_back({(point.x - region.x1) * x, (point.y - region.y1) * y});
  }
  return result;
}

ClassifierExplainer::ClassifierExplainer(Graph graph, ModelRecord record)
    : graph_(std::move(graph)), record_(std::move(record)) {
  if (record_.task != ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found a detector, wanted a classifier");
  }
  if (graph_.outputs.size() != 1 || record_.classes.empty()) {
    throw Error(ErrorKind::kBadModel,
                "model '" + record_.name + "': a classifier has one output and names its classes");
  }
}

std::shared_ptr<const Probe> ClassifierExplainer::ProbeFor(InputSize size) const {
  return FindProbe(probes_, mutex_, graph_, size);
}

Explanation ClassifierExplainer::Explain(const Image& image, const Box& region, const FaceFrame& face,
                                         const ExplainOptions& options) const {
  const InputSize size = ClassifierInputSize(record_.input, region);
  const std::shared_ptr<const Probe> held = ProbeFor(size);
  const Probe& probe = *held;
  const size_t classes = record_.classes.size();
  const std::string output = probe.graph().outputs[0].name;
  if (ElementCount(probe.inferred().shapes.at(output)) != static_cast<int64_t>(classes)) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': output '" + output + "' is " +
                                          ToString(probe.inferred().shapes.at(output)) + ", but the record names " +
                                          std::to_string(classes) + " classes");
  }
  std::vector<float> input(static_cast<size_t>(ElementCount(probe.input_shape())));
  FillClassifierInput(record_.input, image, region, size, input.data());
  const auto probabilities = [&](const float* data) {
    return Probabilities(probe.Run(data).Get(output).data, classes, record_.temperature);
  };

  Explanation explanation;
  explanation.region = region;
  Name(record_.classes, probabilities(input.data()), explanation);
  explanation.target = options.target.empty() ? explanation.predicted : options.target;
  const size_t target = ClassIndex(record_.classes, explanation.target, record_.name);
  const Score score = {{output, static_cast<int64_t>(target), 1}};
  explanation.layer = LayerFor(probe, score, options.layer);
  explanation.map = ComputeCam(options.method, probe, input.data(), score, explanation.layer);
  MeasureHeat(face, explanation);
  if (options.measure_trust) {
    explanation.faithfulness = MeasureFaithfulness(
        explanation.map, input, size.width, size.height, [&](const float* data) { return probabilities(data)[target]; },
        options.faithfulness);
  }
  return explanation;
}

DetectorExplainer::DetectorExplainer(Graph graph, ModelRecord record)
    : graph_(std::move(graph)), record_(std::move(record)) {
  if (record_.task == ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found a classifier, wanted a detector");
  }
  if (record_.decoding.kind == "mtcnn") {
    throw Error(
        ErrorKind::kUnsupported,
        "model '" + record_.name + "': the boxes of a cascade come from three networks and cannot be explained");
  }
  decoder_ = MakeHeadDecoder(record_);
  for (const std::string& name : record_.classes) {
    if (name != "background") classes_.push_back(name);
  }
}

DetectorExplainer::~DetectorExplainer() = default;

std::shared_ptr<const Probe> DetectorExplainer::ProbeFor(InputSize size) const {
  return FindProbe(probes_, mutex_, graph_, size);
}

Explanation DetectorExplainer::Explain(const Image& image, const Detection& found,
                                       const ExplainOptions& options) const {
  const InputSize size = DetectorInputSize(record_.input, image.width, image.height);
  const std::shared_ptr<const Probe> held = ProbeFor(size);
  const Probe& probe = *held;
  std::vector<float> input(static_cast<size_t>(ElementCount(probe.input_shape())));
  const Placement placement = FillDetectorInput(record_.input, image, input.data());
  const RunResult run = probe.Run(input.data());
  const size_t anchor = AnchorOf(decoder_->Find(run, size), ToInput(found.box, placement), found.score);
  const auto scores = [&](const RunResult& any) {
    Detection described;
    decoder_->Describe(any, size, anchor, described);
    return described.class_scores;
  };

  Explanation explanation;
  explanation.region = ClassifierRegion({.margin = 0.5f, .square = true}, found.box);
  Name(classes_, scores(run), explanation);
  explanation.target = options.target.empty() ? explanation.predicted : options.target;
  const size_t target = ClassIndex(classes_, explanation.target, record_.name);
  const Score score = decoder_->ScoreTerms(run, size, anchor, static_cast<int>(target));
  explanation.layer = LayerFor(probe, score, options.layer);
  const CamMap whole = ComputeCam(options.method, probe, input.data(), score, explanation.layer);
  explanation.map = CutOut(whole, size, ToInput(explanation.region, placement), kRegionSide);
  MeasureHeat({found.box, found.landmarks}, explanation);
  if (options.measure_trust) {
    explanation.faithfulness = MeasureFaithfulness(
        whole, input, size.width, size.height, [&](const float* data) { return scores(probe.Run(data))[target]; },
        options.faithfulness);
  }
  return explanation;
}

}  // namespace maskscope
