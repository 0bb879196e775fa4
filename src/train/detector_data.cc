#include "train/detector_data.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "data/formats/labelled_parts.h"
#include "image/decode.h"

namespace maskscope {

namespace {

constexpr float kSameFace = 0.5f;   // IoU from which detection and label are one face
constexpr float kOtherFace = 0.2f;  // IoU below which they are two

}  // namespace

DetectorData ReadDetectorData(const std::filesystem::path& collection, double validation_share, uint64_t seed) {
  TrainingParts<LabelledImage> parts = ReadTrainingScenes(collection, {validation_share, seed});
  DetectorData data{std::move(parts.train), std::move(parts.validation)};
  for (const auto* part : {&data.train, &data.validation}) {
    if (part->empty()) {
      throw Error{ErrorKind::kBadData, "'" + collection.string() + "': no pictures fall into the " +
                                           (part == &data.train ? "training" : "validation") +
                                           " part of its train rows (validation share " +
                                           std::to_string(validation_share) + ")"};
    }
  }
  return data;
}

void TeacherOptions::Validate() const {
  Problems problems;
  problems.Require(ignore_score >= 0, "ignore_score", std::to_string(ignore_score), "0 or more");
  problems.Require(landmark_score >= 0, "landmark_score", std::to_string(landmark_score), "0 or more");
  problems.Require(longest_side >= 64 && longest_side <= 8192, "longest_side", std::to_string(longest_side),
                   "64 to 8192");
  problems.ThrowIfAny(ErrorKind::kUsage, "completing labels");
}

void CompleteLabels(const std::vector<Detection>& found, const TeacherOptions& options, LabelledImage& picture) {
  const size_t labelled = picture.faces.size();
  for (const Detection& detection : found) {
    float best = 0;
    LabelledFace* nearest = nullptr;
    for (size_t i = 0; i < labelled; ++i) {
      const float iou = Iou(detection.box, picture.faces[i].box);
      if (iou > best) {
        best = iou;
        nearest = &picture.faces[i];
      }
    }
    if (best >= kSameFace && detection.score >= options.landmark_score && nearest->landmarks.empty()) {
      nearest->landmarks = detection.landmarks;
    } else if (best < kOtherFace && detection.score >= options.ignore_score) {
      LabelledFace unlabelled;
      unlabelled.box = detection.box;
      unlabelled.ignore = true;
      picture.faces.push_back(std::move(unlabelled));
    }
  }
}

void CompleteLabels(const Detector& teacher, const TeacherOptions& options, int workers,
                    const std::function<void()>& picture_done, std::vector<LabelledImage>& pictures) {
  options.Validate();
  ParallelFor(pictures.size(), workers, [&](size_t i) {
    const Image image = ReadImage(pictures[i].path).image;
    CompleteLabels(teacher.Detect(image, image.width, image.height), options, pictures[i]);
    if (picture_done) picture_done();
  });
}

}  // namespace maskscope
