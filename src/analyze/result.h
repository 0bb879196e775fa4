#ifndef MASKSCOPE_ANALYZE_RESULT_H_
#define MASKSCOPE_ANALYZE_RESULT_H_

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/image.h"

namespace maskscope {

inline constexpr const char* kResultSchema = "maskscope.result/1";

struct FaceResult {
  Box box;                       // pixels of the upright full-size picture, clamped to it
  float score = 0;               // detector, 0..1
  std::vector<Point> landmarks;  // 5 or none
  std::string state;             // "correct" | "incorrect" | "none" | "unsure"
  std::string best_state;        // the likeliest of the classes, also where `state` is unsure (not in the JSON)
  float confidence = 0;          // probability of best_state
  std::vector<std::pair<std::string, float>> probabilities;  // class order of the model
  std::string unsure_reason;                                 // "" | "small" | "blurred" | "low_confidence"
};

struct Timing {
  double decode = 0, detect = 0, classify = 0, total = 0;  // milliseconds
};

// What is said of one picture. A picture that cannot be analysed is a Result with `error`, not the end of the run.
struct Result {
  std::string source;
  int width = 0, height = 0;  // upright, full size
  std::vector<FaceResult> faces;
  Timing timing_ms;
  struct Failure {
    ErrorKind kind;
    std::string message;
  };
  std::optional<Failure> error;
};

// One line of maskscope.result/1 (fixed field names and order; non-UTF-8 source names are replaced by U+FFFD).
nlohmann::ordered_json ToJson(const Result& result);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_RESULT_H_
