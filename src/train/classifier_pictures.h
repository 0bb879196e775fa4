#ifndef MASKSCOPE_TRAIN_CLASSIFIER_PICTURES_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_PICTURES_H_

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "graph/model_record.h"
#include "image/image.h"
#include "train/run_folder.h"

// What a classifier's training leaves for people to look at.
namespace maskscope {

// A network's input [3, height, width] as a picture again.
Image PictureOfInput(const at::Tensor& input, const Preprocessing& rule);

// The first 16 pictures of a batch ([batch, 3, size, size] normalised) with their targets ([batch, states]) as a sheet.
// Errors: kOutput.
void WriteBatchPicture(const at::Tensor& pictures, const at::Tensor& targets, const ModelRecord& record,
                       const std::filesystem::path& path);

struct ValidationResult {
  const std::vector<at::Tensor>& inputs;  // [3, size, size], normalised
  const std::vector<int>& labels;
  const std::vector<std::string>& names;  // of the pictures; may be empty
  const std::vector<float>& logits;       // [sample, state]
  double temperature;
};
// val_batch0_labels.jpg, val_batch0_pred.jpg, val_wrong.jpg (the wrong ones that it was surest of), validation.csv
// (picture, label and a probability a state), confusion_matrix, f1_curve and
// reliability as .svg and .csv. Errors: kOutput.
void DrawValidation(const ValidationResult& result, const ModelRecord& record, const RunFolder& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_PICTURES_H_
