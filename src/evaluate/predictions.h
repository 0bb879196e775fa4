#ifndef MASKSCOPE_EVALUATE_PREDICTIONS_H_
#define MASKSCOPE_EVALUATE_PREDICTIONS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analyze/result.h"
#include "data/dataset.h"

// What another program found, read from its files, so that it can be measured like a model of ours.
namespace maskscope {

struct PredictionOptions {
  // A file or a folder:
  //   x.jsonl      what `maskscope detect` writes (maskscope.result/1): states with probabilities
  //   x.json       COCO results: a list of {image_id, category_id, bbox, score}; or a whole COCO object with images,
  //                categories and annotations that have a score
  //   a folder     of .txt, one a picture, named like it: YOLO's "class x y width height score" in shares of the
  //                picture, or "class score x1 y1 x2 y2" in pixels, the class a name
  std::filesystem::path source;
  // Class numbers -> names for COCO lists and YOLO: in order from 0, or "NUMBER=NAME". Empty: classes.txt or data.yaml
  // in the folder, the file's own categories.
  std::vector<std::string> names;
  // Class names -> correct, incorrect, none, face or ignore (left out). Empty: those known for annotations, and
  // face_mask = correct. Where face_mask occurs beside it, "face" is none: a face without a rightly worn mask.
  std::optional<ClassMap> classes;
};

struct Predictions {
  std::string format;              // "COCO results", "YOLO text", "detection text", "maskscope.result/1"
  std::vector<Result> results;     // of images[i]; no faces where nothing was said of it
  std::vector<std::string> notes;  // for the user: pictures that nobody asked for, pictures without predictions ...
};

// A picture is met by its name with or without folder and ending, as long as only one is meant; a number by a name that
// is that number. A file that says one score gives it to the detection, its state is then certain. Errors: kNotFound;
// kBadData naming file, line or entry, what was found and what was wanted: a name that could be several pictures, no
// picture met at all, class names unknown (with the nearest), scores outside 0..1 or not numbers, empty boxes.
Predictions ReadPredictions(const std::vector<LabelledImage>& images, const PredictionOptions& options);

// The same without faces below `score`.
std::vector<Result> WithScoreFrom(const std::vector<Result>& results, double score);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_PREDICTIONS_H_
