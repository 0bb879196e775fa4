#ifndef MASKSCOPE_EVALUATE_LOOKED_SET_H_
#define MASKSCOPE_EVALUATE_LOOKED_SET_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "analyze/result.h"
#include "evaluate/face_looks.h"
#include "image/decode.h"

namespace maskscope {

inline constexpr int kThumbnailSide = 16;  // pixels

// A picture, labelled or not, with what was said of it and how its faces look.
struct LookedPicture {
  std::filesystem::path path;
  Result result;                   // with faces that were almost found; or an error
  std::vector<FaceLook> looks;     // of result.faces
  std::vector<uint8_t> thumbnail;  // luma, [kThumbnailSide * kThumbnailSide]; empty after an error
};

struct LookedSet {
  std::vector<LookedPicture> pictures;
  double score_threshold = 0.5;  // from which a face counts as found
  bool IsFound(const FaceResult& face) const { return face.score >= static_cast<float>(score_threshold); }
};

struct LookOptions {
  double score_threshold = 0.5;
  DecodeOptions decode;
  int workers = 1;             // pictures at once
  std::function<bool()> step;  // after each picture, by several threads at once; false stops
};

// analyze(picture, source) -> result, from a score below the threshold on. Every picture is read once. What is wrong
// with a picture is in its result. Errors: kInterrupted.
LookedSet LookAt(const std::vector<std::filesystem::path>& paths,
                 const std::function<Result(const Image&, const std::string&)>& analyze, const LookOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_LOOKED_SET_H_
