#ifndef MASKSCOPE_EXPLAIN_EXPLAINER_H_
#define MASKSCOPE_EXPLAIN_EXPLAINER_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyze/detector.h"
#include "analyze/preprocess.h"
#include "explain/cam.h"
#include "explain/face_regions.h"
#include "explain/faithfulness.h"
#include "graph/model_record.h"

// Why a model says what it says of one face.
namespace maskscope {

class HeadDecoder;

struct ExplainOptions {
  CamMethod method = CamMethod::kGradCam;
  std::string layer;           // node, value or number (FindLayer); "" = ChooseLayer
  std::string target;          // class to explain; "" = the one predicted
  bool measure_trust = false;  // deletion and insertion curves
  FaithfulnessOptions faithfulness;
};

// A map and what it was made of. The map lies over the crop: for a classifier what the network saw, for a detector the
// box and half of it on each side.
struct Explanation {
  Box region;  // the crop, in pixels of the picture; may reach outside
  CamMap map;
  Layer layer;
  std::string target;                                 // class that the map is of
  std::string predicted;                              // class with the greatest score
  std::vector<std::pair<std::string, float>> scores;  // 0..1, one a class, background left out
  std::optional<RegionShares> regions;                // absent without landmarks or heat
  std::optional<Faithfulness> faithfulness;           // with measure_trust

  float ScoreOf(const std::string& name) const;  // 0 for a class that is not there
};

// A face as it lies in its crop of width x height pixels.
FaceFrame ToCrop(const FaceFrame& face, const Box& region, int width, int height);

// Opens a classifier for explaining. Thread-safe.
class ClassifierExplainer {
 public:
  // Errors: kBadModel when the record is of another task or the graph has not one output of the classes' number.
  ClassifierExplainer(Graph graph, ModelRecord record);

  // `region` of `image` is what the classifier is fed (ClassifierRegion, or a whole picture that is a crop already).
  // `face`, in pixels of `image`, has landmarks or not. Errors: kUsage (layer, class), kUnsupported (no spatial layer,
  // an operator without a gradient), those of Engine.
  Explanation Explain(const Image& image, const Box& region, const FaceFrame& face,
                      const ExplainOptions& options) const;

  const ModelRecord& record() const { return record_; }
  const Graph& graph() const { return graph_; }

 private:
  std::shared_ptr<const Probe> ProbeFor(InputSize size) const;

  Graph graph_;
  ModelRecord record_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<int, int>, std::shared_ptr<const Probe>> probes_;
};

// Opens a detector for explaining, box by box. Thread-safe.
class DetectorExplainer {
 public:
  // Errors: kBadModel; kUnsupported for a cascade, whose boxes come from three networks.
  DetectorExplainer(Graph graph, ModelRecord record);
  ~DetectorExplainer();

  // `found` comes from a Detector of the same model and record, for this very `image` (not a reduced copy): it is the
  // candidate whose box and score are the nearest. Errors: as above; kUsage where no candidate overlaps it.
  Explanation Explain(const Image& image, const Detection& found, const ExplainOptions& options) const;

  const ModelRecord& record() const { return record_; }

 private:
  std::shared_ptr<const Probe> ProbeFor(InputSize size) const;

  Graph graph_;
  ModelRecord record_;
  std::unique_ptr<HeadDecoder> decoder_;
  std::vector<std::string> classes_;  // background left out
  mutable std::mutex mutex_;
  mutable std::map<std::pair<int, int>, std::shared_ptr<const Probe>> probes_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_EXPLAINER_H_
