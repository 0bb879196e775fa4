#ifndef MASKSCOPE_TRAIN_DETECTOR_CRITERION_H_
#define MASKSCOPE_TRAIN_DETECTOR_CRITERION_H_

#include <array>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "graph/model_record.h"
#include "train/detector_loss.h"
#include "train/detector_sample.h"
#include "train/run_folder.h"
#include "train/yolo_loss.h"

// How a family of detectors is taught: what a batch should come to, and the loss of what the network says of it.
namespace maskscope {

using DetectorTargets = std::variant<MultiboxTargets, YoloTargets>;

struct CriterionOptions {
  MatchOptions match;
  MultiboxOptions multibox;
  YoloLossOptions yolo;
  void Validate() const;  // Errors: kUsage
};

// The class of each state in a record's scores, background left out; -1 where it has none. A record of faces alone has
// one class, which all are.
std::array<int, kMaskStates> ClassOfStates(const ModelRecord& record);
// The class a labelled face has in this record; -1 where it is not known.
int ClassOfFace(const ModelRecord& record, const std::optional<MaskState>& state);

class DetectorCriterion {
 public:
  virtual ~DetectorCriterion() = default;

  // Of pictures that are all `size` x `size`. Thread-safe.
  virtual DetectorTargets Targets(const std::vector<DetectorSample>& samples, int size) const = 0;

  // Values of the graph that the loss is computed from.
  virtual std::vector<std::string> values() const = 0;

  struct Judgement {
    at::Tensor loss;     // scalar, with its gradient graph
    NamedNumbers parts;  // always the same names
  };
  virtual Judgement Judge(const std::map<std::string, at::Tensor>& values, const DetectorTargets& targets,
                          int size) const = 0;
};

// The one that fits the record's decoding: "retinaface", "ssd_aizoo" or "yolov5_raw". `pictures` tell how rare states
// are. Errors: kUnsupported for another kind.
std::unique_ptr<DetectorCriterion> MakeDetectorCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                         const std::vector<LabelledImage>& pictures);

// Its parts, one file each.
std::unique_ptr<DetectorCriterion> MakeMultiboxCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                         const at::Tensor& class_weights);
std::unique_ptr<DetectorCriterion> MakeYoloCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                     const at::Tensor& class_weights);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_CRITERION_H_
