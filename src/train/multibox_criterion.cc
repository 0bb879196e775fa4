#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "train/detector_criterion.h"

// RetinaFace and AIZOO's SSD: priors that are matched with faces.
namespace maskscope {

namespace {

constexpr const char* kScoreLogits = "score_logits";
constexpr const char* kStateLogits = "state_logits";
constexpr const char* kClassLogits = "cls_logits";

class MultiboxCriterion : public DetectorCriterion {
 public:
  MultiboxCriterion(const ModelRecord& record, const CriterionOptions& options, const at::Tensor& class_weights)
      : record_(record),
        options_(options),
        class_weights_(class_weights),
        sigmoid_(record.decoding.kind == "ssd_aizoo"),
        states_(record.task == ModelTask::kMaskDetector) {}

  DetectorTargets Targets(const std::vector<DetectorSample>& samples, int size) const override;

  std::vector<std::string> values() const override {
    const Decoding& decoding = record_.decoding;
    if (sigmoid_) return {decoding.boxes_output, kClassLogits};
    std::vector<std::string> names{decoding.boxes_output, kScoreLogits};
    if (!decoding.landmarks_output.empty()) names.push_back(decoding.landmarks_output);
    if (states_) names.emplace_back(kStateLogits);
    return names;
  }

  Judgement Judge(const std::map<std::string, at::Tensor>& values, const DetectorTargets& targets, int) const override;

 private:
  const std::vector<Prior>& PriorsFor(int size) const;
  void WriteTargets(const DetectorSample& sample, const std::vector<Prior>& priors, int64_t row,
                    MultiboxTargets& targets) const;

  ModelRecord record_;
  CriterionOptions options_;
  at::Tensor class_weights_;
  bool sigmoid_, states_;
  mutable std::mutex mutex_;
  mutable std::map<int, std::vector<Prior>> priors_;  // by input side; entries never change once made
};

const std::vector<Prior>& MultiboxCriterion::PriorsFor(int size) const {
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = priors_.try_emplace(size);
  if (fresh) place->second = MakePriors(record_.decoding, size, size);
  return place->second;
}

void MultiboxCriterion::WriteTargets(const DetectorSample& sample, const std::vector<Prior>& priors, int64_t row,
                                     MultiboxTargets& targets) const {
  const int64_t anchors = static_cast<int64_t>(priors.size());
  const int size = sample.image.width;
  const AnchorTargets matched = MatchAnchors(priors, size, size, sample.faces, sample.ignored, options_.match);
  auto* roles = targets.roles.data_ptr<int8_t>() + row * anchors;
  auto* boxes = targets.boxes.data_ptr<float>() + row * anchors * 4;
  auto* landmarks = targets.landmarks.data_ptr<float>() + row * anchors * 10;
  auto* states = targets.states.data_ptr<int64_t>() + row * anchors;
  auto* has_landmarks = targets.has_landmarks.data_ptr<bool>() + row * anchors;
  for (size_t a = 0; a < priors.size(); ++a) {
    roles[a] = static_cast<int8_t>(matched.roles[a]);
    if (matched.face[a] < 0) continue;
    const TrainingFace& face = sample.faces[static_cast<size_t>(matched.face[a])];
    const auto code = EncodeBox(face.box, priors[a], size, size, record_.decoding.variances);
    std::copy(code.begin(), code.end(), boxes + 4 * a);
    has_landmarks[a] = face.landmarks.size() == 5;
    states[a] = ClassOfFace(record_, face.state);
    for (size_t k = 0; k < face.landmarks.size() && k < 5; ++k) {
      const auto point = EncodePoint(face.landmarks[k], priors[a], size, size, record_.decoding.variances);
      landmarks[10 * a + 2 * k] = point[0];
      landmarks[10 * a + 2 * k + 1] = point[1];
    }
  }
}

DetectorTargets MultiboxCriterion::Targets(const std::vector<DetectorSample>& samples, int size) const {
  const std::vector<Prior>& priors = PriorsFor(size);
  const auto batch = static_cast<int64_t>(samples.size()), anchors = static_cast<int64_t>(priors.size());
  MultiboxTargets targets;
  targets.roles = at::empty({batch, anchors}, at::kChar);
  targets.boxes = at::zeros({batch, anchors, 4}, at::kFloat);
  targets.landmarks = at::zeros({batch, anchors, 10}, at::kFloat);
  targets.has_landmarks = at::zeros({batch, anchors}, at::kBool);
  targets.states = at::full({batch, anchors}, -1, at::kLong);
  for (int64_t i = 0; i < batch; ++i) WriteTargets(samples[static_cast<size_t>(i)], priors, i, targets);
  return targets;
}

DetectorCriterion::Judgement MultiboxCriterion::Judge(const std::map<std::string, at::Tensor>& values,
                                                      const DetectorTargets& targets, int) const {
  const auto& wanted = std::get<MultiboxTargets>(targets);
  const at::Tensor& boxes = values.at(record_.decoding.boxes_output);
  if (sigmoid_) {
    const MultiboxLoss loss =
        ComputeClassMultiboxLoss(boxes, values.at(kClassLogits), wanted, options_.multibox, class_weights_);
    return {loss.total, {{"face_loss", loss.face}, {"box_loss", loss.box}}};
  }
  const std::string& landmarks = record_.decoding.landmarks_output;
  const MultiboxLoss loss = ComputeMultiboxLoss(
      boxes, values.at(kScoreLogits), landmarks.empty() ? at::Tensor() : values.at(landmarks), wanted,
      options_.multibox, states_ ? StateOutput{values.at(kStateLogits), class_weights_} : StateOutput{});
  Judgement judgement{loss.total, {{"face_loss", loss.face}, {"box_loss", loss.box}, {"landmark_loss", loss.landmark}}};
  if (states_) judgement.parts.emplace_back("state_loss", loss.state);
  return judgement;
}

}  // namespace

std::unique_ptr<DetectorCriterion> MakeMultiboxCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                         const at::Tensor& class_weights) {
  return std::make_unique<MultiboxCriterion>(record, options, class_weights);
}

}  // namespace maskscope
