#include "data/collect/near_duplicates.h"

#include "data/duplicates/confirm_views.h"
#include "data/duplicates/print_views.h"
#include "image/transform.h"

namespace maskscope::collect {
namespace {

ViewOptions WholeOnly() {
  ViewOptions options;
  options.parts = false;
  options.rotations = false;
  return options;
}

Image Reduced(const Image& image) {
  const int longest = std::max(image.width, image.height), wanted = ComparedSize().reduce_to_longest_side;
  if (longest <= wanted) return image;
  const auto side = [&](int pixels) { return std::max(1, pixels * wanted / longest); };
  return Resize(image, side(image.width), side(image.height));
}

}  // namespace

NearDuplicates::NearDuplicates(std::filesystem::path folder, std::filesystem::path cache)
    : folder_(std::move(folder)), cache_(std::move(cache)) {}

PicturePrint NearDuplicates::PrintOf(const Image& image) { return MakePicturePrint(image, image.width, image.height); }

std::string NearDuplicates::Find(const Image& image, const PicturePrint& print) const {
  const ViewCode code = PartViews(print, WholeOnly())[kWholeView].code;
  std::optional<ConfirmView> first;
  for (const Known& known : known_) {
    // `known` is alike when laid in this pose.
    int nearest = -1;
    auto least = static_cast<float>(options_.whole_distance);
    for (int pose = 0; pose < kPoses; ++pose) {
      const float distance = CodeDistance(InPose(known.code, pose), code);
      if (distance > least) continue;
      least = distance;
      nearest = pose;
    }
    if (nearest < 0) continue;
    if (!first) first.emplace(Reduced(image), print);
    const ConfirmView second(ReadImage(folder_ / known.path, ComparedSize()).image, *known.print);
    const std::optional<DuplicateKind> kind = JudgeEvidence(Confirm(*first, second, PoseMap(nearest)), options_);
    if (kind == DuplicateKind::kCopy) return known.path;
  }
  return "";
}

void NearDuplicates::Add(const std::string& hash, const std::string& path, const PicturePrint& print) {
  known_.push_back({path, cache_.Add(hash, print), PartViews(print, WholeOnly())[kWholeView].code});
}

void NearDuplicates::AddFile(const std::string& hash, const std::string& path) {
  const PicturePrint* print = cache_.Find(hash);
  Add(hash, path, print != nullptr ? *print : PrintOf(ReadImage(folder_ / path).image));
}

}  // namespace maskscope::collect
