#include <torch/torch.h>

#include "train/detector_criterion.h"
#include "train/yolo_targets.h"

namespace maskscope {

namespace {

at::Tensor FloatRows(const std::vector<float>& values, int64_t columns) {
  at::Tensor rows = at::empty({static_cast<int64_t>(values.size()) / columns, columns}, at::kFloat);
  std::copy(values.begin(), values.end(), rows.data_ptr<float>());
  return rows;
}

at::Tensor Whole(const std::vector<int64_t>& values) {
  at::Tensor row = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), row.data_ptr<int64_t>());
  return row;
}

// Grows by one picture after the other.
struct Lists {
  std::vector<int64_t> row, level, classes;
  std::vector<float> cell, stride, anchor, box;

  void Add(const YoloMatch& match, int64_t first_row, int match_stride, const Box& face, int face_class) {
    row.push_back(first_row + match.row);
    level.push_back(match.level);
    classes.push_back(face_class);
    cell.insert(cell.end(), {static_cast<float>(match.column), static_cast<float>(match.line)});
    stride.push_back(static_cast<float>(match_stride));
    anchor.insert(anchor.end(), match.anchor.begin(), match.anchor.end());
    box.insert(box.end(), {(face.x1 + face.x2) / 2, (face.y1 + face.y2) / 2, face.width(), face.height()});
  }
};

class YoloCriterion : public DetectorCriterion {
 public:
  YoloCriterion(const ModelRecord& record, const CriterionOptions& options, const at::Tensor& class_weights)
      : record_(record), options_(options), class_weights_(options.yolo.weigh_states ? class_weights : at::Tensor()) {}

  DetectorTargets Targets(const std::vector<DetectorSample>& samples, int size) const override {
    YoloTargets targets;
    targets.level_rows = YoloLevelRows(record_.decoding, size, size);
    int64_t rows = 0;
    for (const int64_t of_level : targets.level_rows) rows += of_level;
    targets.silent = at::zeros({static_cast<int64_t>(samples.size()), rows}, at::kBool);
    Lists lists;
    for (size_t i = 0; i < samples.size(); ++i) {
      const DetectorSample& sample = samples[i];
      const YoloPictureTargets matched = MatchYolo(record_.decoding, size, size, sample.faces, sample.ignored,
                                                   options_.yolo.greatest_ratio, options_.match);
      const int64_t first = static_cast<int64_t>(i) * rows;
      for (const YoloMatch& match : matched.matches) {
        const TrainingFace& face = sample.faces[static_cast<size_t>(match.face)];
        lists.Add(match, first, record_.decoding.strides[static_cast<size_t>(match.level)], face.box,
                  ClassOfFace(record_, face.state));
      }
      std::copy(matched.silent.begin(), matched.silent.end(), targets.silent.data_ptr<bool>() + first);
    }
    targets.row = Whole(lists.row);
    targets.level = Whole(lists.level);
    targets.classes = Whole(lists.classes);
    targets.cell = FloatRows(lists.cell, 2);
    targets.stride = FloatRows(lists.stride, 1);
    targets.anchor = FloatRows(lists.anchor, 2);
    targets.box = FloatRows(lists.box, 4);
    return targets;
  }

  std::vector<std::string> values() const override { return {record_.decoding.boxes_output}; }

  Judgement Judge(const std::map<std::string, at::Tensor>& values, const DetectorTargets& targets,
                  int size) const override {
    const YoloLoss loss = ComputeYoloLoss(values.at(record_.decoding.boxes_output), std::get<YoloTargets>(targets),
                                          size, options_.yolo, class_weights_);
    return {loss.total, {{"box_loss", loss.box}, {"objectness_loss", loss.objectness}, {"class_loss", loss.class_}}};
  }

 private:
  ModelRecord record_;
  CriterionOptions options_;
  at::Tensor class_weights_;
};

}  // namespace

std::unique_ptr<DetectorCriterion> MakeYoloCriterion(const ModelRecord& record, const CriterionOptions& options,
                                                     const at::Tensor& class_weights) {
  return std::make_unique<YoloCriterion>(record, options, class_weights);
}

}  // namespace maskscope
