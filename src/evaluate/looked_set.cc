#include "evaluate/looked_set.h"

#include <atomic>

#include "base/error.h"
#include "base/threads.h"
#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

LookedPicture LookAtOne(const std::filesystem::path& path,
                        const std::function<Result(const Image&, const std::string&)>& analyze,
                        const DecodeOptions& decode) {
  LookedPicture picture;
  picture.path = path;
  try {
    const Image image = ReadImage(path, decode).image;
    picture.result = analyze(image, path.string());
    for (const FaceResult& face : picture.result.faces) {
      FaceLook look;
      look.sharpness = RegionSharpness(image, face.box, kLookSide, &look.brightness);
      picture.looks.push_back(look);
    }
    picture.thumbnail = ToGrey(Resize(image, kThumbnailSide, kThumbnailSide));
  } catch (const Error& error) {
    picture.result = {};
    picture.result.source = path.string();
    picture.result.error = Result::Failure{error.kind(), error.what()};
    picture.looks.clear();
  }
  return picture;
}

}  // namespace

LookedSet LookAt(const std::vector<std::filesystem::path>& paths,
                 const std::function<Result(const Image&, const std::string&)>& analyze, const LookOptions& options) {
  LookedSet set;
  set.score_threshold = options.score_threshold;
  set.pictures.resize(paths.size());
  DecodeOptions decode = options.decode;
  decode.reduce_to_longest_side = 0;  // brightness and sharpness are those of the picture itself
  std::atomic<bool> stopped{false};
  ParallelFor(paths.size(), options.workers, [&](size_t i) {
    if (stopped) return;
    set.pictures[i] = LookAtOne(paths[i], analyze, decode);
    if (options.step && !options.step()) stopped = true;
  });
  if (stopped) throw Error(ErrorKind::kInterrupted, "the evaluation was stopped");
  return set;
}

}  // namespace maskscope
