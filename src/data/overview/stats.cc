#include "data/overview/stats.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "image/decode.h"
#include "image/quality.h"

namespace maskscope {
namespace {

constexpr size_t kBatch = 256;           // pictures opened at once
constexpr int kSideForBrightness = 320;  // pixels: a mean needs no more

struct Opened {
  ManifestPicture picture;
  std::vector<int> bins;  // one a face; -1 = the box shows nothing of the picture
  int width = 0, height = 0;
  std::string failure;
};

// Mean luma in the box, or -1 where it lies outside.
int BrightnessBin(const std::vector<uint8_t>& grey, int width, int height, const Box& box) {
  const auto low = [](float edge, int side) {
    return static_cast<int>(std::clamp(std::floor(edge), 0.f, static_cast<float>(side)));
  };
  const auto high = [](float edge, int side) {
    return static_cast<int>(std::clamp(std::ceil(edge), 0.f, static_cast<float>(side)));
  };
  const int x1 = low(box.x1, width), y1 = low(box.y1, height), x2 = high(box.x2, width), y2 = high(box.y2, height);
  if (x2 <= x1 || y2 <= y1) return -1;
  int64_t sum = 0;
  for (int y = y1; y < y2; ++y) {
    for (int x = x1; x < x2; ++x)
      sum += grey[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
  const int64_t mean = sum / (static_cast<int64_t>(x2 - x1) * (y2 - y1));
  return static_cast<int>(mean * kBrightnessBins / 256);
}

void Open(const std::filesystem::path& root, Opened& opened) {
  try {
    DecodeOptions options;
    options.reduce_to_longest_side = kSideForBrightness;
    const DecodedImage decoded = ReadImage(root / opened.picture.path, options);
    opened.width = decoded.full_width;
    opened.height = decoded.full_height;
    const Image& image = decoded.image;
    const std::vector<uint8_t> grey = ToGrey(image);
    const float sx = static_cast<float>(image.width) / static_cast<float>(decoded.full_width);
    const float sy = static_cast<float>(image.height) / static_cast<float>(decoded.full_height);
    for (const ManifestFace& face : opened.picture.faces) {
      Box box = face.face.box;
      if (opened.picture.kind == PictureKind::kFaceCrop) {
        box = {0, 0, static_cast<float>(decoded.full_width), static_cast<float>(decoded.full_height)};
      }
      opened.bins.push_back(
          BrightnessBin(grey, image.width, image.height, {box.x1 * sx, box.y1 * sy, box.x2 * sx, box.y2 * sy}));
    }
  } catch (const Error& error) {
    opened.failure = error.what();
  }
}

void Count(Opened& opened, DataStats& stats) {
  ManifestPicture& picture = opened.picture;
  stats.digest.Add(picture);
  if (picture.width == 0 && opened.width > 0) {
    picture.width = opened.width;
    picture.height = opened.height;
  }
  stats.counts.Add(picture);
  if (picture.kind == PictureKind::kScene) ++stats.faces_in_picture[static_cast<int64_t>(picture.faces.size())];
  for (size_t i = 0; i < picture.faces.size(); ++i) {
    const LabelledFace& face = picture.faces[i].face;
    const float height =
        picture.kind == PictureKind::kFaceCrop ? static_cast<float>(picture.height) : face.box.height();
    if (height > 0) stats.heights[{picture.set, FaceKind(face)}].push_back(height);
    if (i >= opened.bins.size() || opened.bins[i] < 0) continue;
    const auto bin = static_cast<size_t>(opened.bins[i]);
    ++stats.brightness[bin][static_cast<size_t>(FaceKind(face))];
    ++stats.brightness_of_set[picture.set][bin];
  }
  if (opened.failure.empty()) return;
  if (stats.unreadable++ == 0) stats.first_unreadable = opened.failure;
}

}  // namespace

void StatsOptions::Validate() const {
  Problems problems;
  problems.Require(workers >= 0 && workers <= 1024, "workers", std::to_string(workers), "0 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "statistics");
}

std::string BrightnessBinName(int bin) {
  constexpr int kStep = 256 / kBrightnessBins;
  return std::to_string(bin * kStep) + "-" + std::to_string((bin + 1) * kStep - 1);
}

DataStats CollectStats(PictureStream stream, const StatsOptions& options, Progress* progress,
                       const std::function<bool()>& stop) {
  options.Validate();
  DataStats stats;
  stats.source = stream.source;
  stats.header = stream.header;
  stats.decoded = options.decode;
  if (progress != nullptr) progress->Start("counting", stream.total, "pictures");
  for (bool more = true; more && !stats.stopped;) {
    std::vector<Opened> batch(kBatch);
    size_t count = 0;
    while (count < kBatch && (more = stream.next(&batch[count].picture))) ++count;
    batch.resize(count);
    if (options.decode) {
      ParallelFor(count, options.workers, [&](size_t i) {
        Open(stream.root, batch[i]);
        if (progress != nullptr) progress->Step();
      });
    }
    for (Opened& opened : batch) Count(opened, stats);
    if (progress != nullptr && !options.decode) progress->Step(static_cast<int64_t>(count));
    stats.stopped = stop && stop();
  }
  if (progress != nullptr) progress->Finish();
  for (auto& [key, heights] : stats.heights) std::sort(heights.begin(), heights.end());
  return stats;
}

}  // namespace maskscope
