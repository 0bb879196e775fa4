#include "analyze/head_decoder.h"

#include <cmath>

#include "base/error.h"

namespace maskscope {

void Candidates::Add(size_t anchor, const Box& box, float score, int class_index) {
  const bool proper = std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) &&
                      std::isfinite(box.y2) && box.x2 > box.x1 && box.y2 > box.y1;
  if (!proper) return;
  anchors.push_back(anchor);
  boxes.push_back(box);
  scores.push_back(score);
  classes.push_back(class_index);
}

void FailOutput(const ModelRecord& record, const std::string& output, const Shape& found, const std::string& wanted) {
  throw Error(ErrorKind::kBadModel, "model '" + record.name + "': output '" + output + "' is " + ToString(found) +
                                        ", but the record's decoding wants " + wanted);
}

std::vector<int> FaceColumns(const ModelRecord& record) {
  std::vector<int> columns;
  for (size_t i = 0; i < record.classes.size(); ++i) {
    if (record.classes[i] != "background") columns.push_back(static_cast<int>(i));
  }
  if (columns.empty()) {
    throw Error(ErrorKind::kBadModel, "model '" + record.name + "': its record names no class besides background");
  }
  return columns;
}

std::unique_ptr<HeadDecoder> MakeHeadDecoder(const ModelRecord& record) {
  const std::string& kind = record.decoding.kind;
  if (kind == "yolov5" || kind == "yolov5_raw" || kind == "yolov8") return MakeYoloDecoder(record);
  if (kind == "scrfd" || kind == "yunet") return MakePointDecoder(record);
  return MakePriorDecoder(record);
}

}  // namespace maskscope
