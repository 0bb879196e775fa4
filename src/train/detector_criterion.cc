#include "train/detector_criterion.h"

#include <torch/torch.h>

#include "base/error.h"

namespace maskscope {

namespace {

// Rare classes weigh more, by the root of their rarity; the mean over all faces is 1. [classes]
at::Tensor ClassWeights(const ModelRecord& record, const std::vector<LabelledImage>& pictures) {
  int64_t classes = 0;
  for (const std::string& name : record.classes) classes += name != "background" ? 1 : 0;
  at::Tensor counts = at::zeros({classes}, at::kFloat);
  for (const LabelledImage& picture : pictures) {
    for (const LabelledFace& face : picture.faces) {
      const int of_face = face.ignore ? -1 : ClassOfFace(record, face.state);
      if (of_face >= 0) counts[of_face] += 1;
    }
  }
  const at::Tensor weights = counts.clamp_min(1).rsqrt();
  return weights / ((weights * counts).sum() / counts.sum().clamp_min(1)).clamp_min(1e-6);
}

}  // namespace

void CriterionOptions::Validate() const {
  match.Validate();
  multibox.Validate();
  yolo.Validate();
}

std::array<int, kMaskStates> ClassOfStates(const ModelRecord& record) {
  std::array<int, kMaskStates> classes;
  classes.fill(record.task == ModelTask::kMaskDetector ? -1 : 0);
  if (record.task != ModelTask::kMaskDetector) return classes;
  int next = 0;
  for (const std::string& name : record.classes) {
    if (name == "background") continue;
    if (const auto state = ParseMaskState(name)) classes[static_cast<size_t>(*state)] = next;
    ++next;
  }
  return classes;
}

int ClassOfFace(const ModelRecord& record, const std::optional<MaskState>& state) {
  if (record.task != ModelTask::kMaskDetector) return 0;
  return state ? ClassOfStates(record)[static_cast<size_t>(*state)] : -1;
}

std::unique_ptr<DetectorCriterion> MakeDetectorCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                         const std::vector<LabelledImage>& pictures) {
  const std::string& kind = record.decoding.kind;
  const bool states = record.task == ModelTask::kMaskDetector;
  const at::Tensor weights = states ? ClassWeights(record, pictures) : at::Tensor();
  if (kind == "yolov5_raw") return MakeYoloCriterion(record, options, weights);
  if (kind == "retinaface" || kind == "ssd_aizoo") return MakeMultiboxCriterion(record, options, weights);
  throw Error{ErrorKind::kUnsupported, "model '" + record.name + "': heads of kind '" + kind +
                                           "' cannot be trained; retinaface, ssd_aizoo and yolov5_raw can"};
}

}  // namespace maskscope
