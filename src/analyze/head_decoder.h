#ifndef MASKSCOPE_ANALYZE_HEAD_DECODER_H_
#define MASKSCOPE_ANALYZE_HEAD_DECODER_H_

#include <memory>
#include <vector>

#include "analyze/detector.h"
#include "analyze/preprocess.h"
#include "graph/score_term.h"

// From what a detector's heads say to likely faces, one class for each family of heads. Internal to analyze and
// explain.
namespace maskscope {

// Anchors whose best class is above the threshold, boxes in pixels of the input. All vectors are equally long.
struct Candidates {
  std::vector<size_t> anchors;
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<int> classes;  // of the record's, background left out

  // Leaves out boxes that are not finite or have no area.
  void Add(size_t anchor, const Box& box, float score, int class_index);
};

// Thread-safe.
class HeadDecoder {
 public:
  virtual ~HeadDecoder() = default;
  // Errors: kBadModel where an output is missing or of another shape than the record says.
  virtual Candidates Find(const RunResult& run, InputSize input) const = 0;
  // Fills class_scores and landmarks (in pixels of the input) of a candidate's anchor.
  virtual void Describe(const RunResult& run, InputSize input, size_t anchor, Detection& detection) const = 0;
  // The outputs' values that the score of a class at an anchor is made of; a product counts by its derivatives.
  virtual Score ScoreTerms(const RunResult& run, InputSize input, size_t anchor, int class_index) const = 0;
};

// Columns of the scores that stand for something to be found: every class but "background". Errors: kBadModel.
std::vector<int> FaceColumns(const ModelRecord& record);

// Errors: kBadModel for a kind that is no single network's.
std::unique_ptr<HeadDecoder> MakeHeadDecoder(const ModelRecord& record);
std::unique_ptr<HeadDecoder> MakePriorDecoder(const ModelRecord& record);  // retinaface, ssd_aizoo, ssd
std::unique_ptr<HeadDecoder> MakeYoloDecoder(const ModelRecord& record);   // yolov5, yolov5_raw, yolov8
std::unique_ptr<HeadDecoder> MakePointDecoder(const ModelRecord& record);  // scrfd, yunet

// Throws Error{kBadModel} "model 'M': output 'O' is SHAPE, but the record's decoding wants WANTED".
[[noreturn]] void FailOutput(const ModelRecord& record, const std::string& output, const Shape& found,
                             const std::string& wanted);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_HEAD_DECODER_H_
