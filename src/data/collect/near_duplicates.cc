#include "data/collect/near_duplicates.h"

#include "image/decode.h"
#include "image/transform.h"

namespace maskscope::collect {
namespace {

constexpr int kComparedSide = 320;  // pixels; 256 of them are compared

ViewOptions WholeOnly() {
  ViewOptions options;
  options.parts = false;
  options.rotations = false;
  return options;
}

// The picture no larger than a comparison needs, and where its content then lies.
ConfirmView MakeView(const Image& image, const Box& content, int full_width, int full_height) {
  const double x = static_cast<double>(image.width) / full_width, y = static_cast<double>(image.height) / full_height;
  const Box scaled{static_cast<float>(content.x1 * x), static_cast<float>(content.y1 * y),
                   static_cast<float>(content.x2 * x), static_cast<float>(content.y2 * y)};
  return ConfirmView(image, scaled);
}

Image Reduced(const Image& image) {
  const int longest = std::max(image.width, image.height);
  if (longest <= kComparedSide) return image;
  const auto side = [&](int pixels) { return std::max(1, pixels * kComparedSide / longest); };
  return Resize(image, side(image.width), side(image.height));
}

}  // namespace

NearDuplicates::NearDuplicates(std::filesystem::path folder, std::filesystem::path cache)
    : folder_(std::move(folder)), cache_(std::move(cache)) {}

PicturePrint NearDuplicates::PrintOf(const Image& image) { return MakePicturePrint(image, image.width, image.height); }

std::string NearDuplicates::Find(const Image& image, const PicturePrint& print) const {
  const std::vector<PrintView> queries = QueryViews(print, WholeOnly());
  std::optional<ConfirmView> first;
  for (const Known& known : known_) {
    const PrintView* nearest = nullptr;
    const PrintView* asked = nullptr;
    int least = options_.whole_distance + 1;
    for (const PrintView& query : queries) {
      for (const PrintView& view : known.views) {
        const int distance = HashDistance(query.hash, view.hash);
        if (distance < least) {
          least = distance;
          nearest = &view;
          asked = &query;
        }
      }
    }
    if (nearest == nullptr) continue;
    if (!first) first = MakeView(Reduced(image), print.content, print.width, print.height);
    DecodeOptions decode;
    decode.reduce_to_longest_side = kComparedSide;
    const Image other = ReadImage(folder_ / known.path, decode).image;
    const ConfirmView second = MakeView(other, known.content, known.width, known.height);
    const ConfirmEvidence evidence = Confirm(*first, second, nearest->map.After(asked->map.Inverse()));
    if (evidence.detail >= options_.least_detail && evidence.correlation >= options_.least_correlation) {
      return known.path;
    }
  }
  return "";
}

void NearDuplicates::Add(const std::string& hash, const std::string& path, const PicturePrint& print) {
  cache_.Add(hash, print);
  known_.push_back({path, print.content, print.width, print.height, IndexedViews(print, WholeOnly())});
}

void NearDuplicates::AddFile(const std::string& hash, const std::string& path) {
  std::optional<PicturePrint> print = cache_.Find(hash);
  if (!print) print = PrintOf(ReadImage(folder_ / path).image);
  Add(hash, path, *print);
}

}  // namespace maskscope::collect
