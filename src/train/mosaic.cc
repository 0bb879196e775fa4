#include "train/mosaic.h"

#include "image/transform.h"

namespace maskscope {

namespace {

constexpr double kLeastShare = 0.25;  // of the side that a field gets: less shows nothing of a picture

}  // namespace

DetectorSample DrawMosaic(const std::array<Image, kMosaicPictures>& sources,
                          const std::array<const LabelledImage*, kMosaicPictures>& labels,
                          const DetectorSampleOptions& options, Random& random) {
  const auto split = [&] {
    return static_cast<int>(random.Uniform(kLeastShare, 1 - kLeastShare) * static_cast<double>(options.size));
  };
  const int split_x = split(), split_y = split();
  const uint8_t fill = static_cast<uint8_t>(random.Chance(0.5) ? 0 : random.Int(0, 255));
  DetectorSample sample;
  sample.image = Image(options.size, options.size);
  for (size_t i = 0; i < kMosaicPictures; ++i) {
    const bool right = i % 2 == 1, lower = i >= 2;
    const int x = right ? split_x : 0, y = lower ? split_y : 0;
    const int width = right ? options.size - split_x : split_x, height = lower ? options.size - split_y : split_y;
    const Box window = DrawWindow(sources[i], *labels[i], width, height, options, random);
    Paste(CropResize(sources[i], window, width, height, fill), x, y, sample.image);
    const Box place{static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width),
                    static_cast<float>(y + height)};
    PlaceLabels(*labels[i], window, place, options, sample);
  }
  ChangeAppearance(options, random, sample);
  return sample;
}

}  // namespace maskscope
