#include "data/duplicates/confirm.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <opencv2/calib3d.hpp>
#include <opencv2/features2d.hpp>
#include <vector>

#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr int kLongSide = 256;  // pixels
constexpr int kDetailRadius = 5;
constexpr int kFeatures = 400;
constexpr int kSamples = 96;  // points a side of the final comparison

}  // namespace

struct ConfirmView::Features {
  std::vector<cv::KeyPoint> points;  // in pixels of the grey copy, upright also where it was mirrored for the features
  cv::Mat descriptors;
};

struct ConfirmView::State {
  int width = 0, height = 0;
  std::vector<uint8_t> grey, detail;
  std::array<Features, 2> features;
  std::array<std::once_flag, 2> made;
};

ConfirmView::ConfirmView(const Image& image, const Box& content) : state_(std::make_unique<State>()) {
  const float scale = kLongSide / std::max(content.width(), content.height());
  state_->width = std::max(16, static_cast<int>(content.width() * scale + 0.5f));
  state_->height = std::max(16, static_cast<int>(content.height() * scale + 0.5f));
  state_->grey = ToGrey(CropResize(image, content, state_->width, state_->height));
  state_->detail = DetailOf(grey(), kDetailRadius);
}
ConfirmView::~ConfirmView() = default;
ConfirmView::ConfirmView(ConfirmView&&) noexcept = default;
ConfirmView& ConfirmView::operator=(ConfirmView&&) noexcept = default;

GreyView ConfirmView::grey() const { return {state_->grey, state_->width, state_->height}; }
GreyView ConfirmView::detail() const { return {state_->detail, state_->width, state_->height}; }

const ConfirmView::Features& ConfirmView::features(bool mirrored) const {
  Features& features = state_->features[mirrored];
  std::call_once(state_->made[mirrored], [&] {
    const cv::Mat upright(state_->height, state_->width, CV_8UC1, state_->grey.data());
    cv::Mat picture;  // its own pixels: a flip in place would mirror the grey copy
    if (mirrored) {
      cv::flip(upright, picture, 1);
    } else {
      picture = upright;
    }
    const auto orb = cv::ORB::create(kFeatures, 1.2f, 8, 15, 0, 2, cv::ORB::HARRIS_SCORE, 31, 10);
    orb->detectAndCompute(picture, cv::noArray(), features.points, features.descriptors);
    if (!mirrored) return;
    for (cv::KeyPoint& point : features.points) point.pt.x = static_cast<float>(state_->width - 1) - point.pt.x;
  });
  return features;
}

namespace {

// The affine map most features agree on, as a map of unit squares; `matches` stays 0 when there is none to speak of.
Affine MapByFeatures(const ConfirmView& first, const ConfirmView& second, bool mirrored, int* matches) {
  *matches = 0;
  const auto& a = first.features(mirrored);
  const auto& b = second.features(false);
  if (a.descriptors.rows < 8 || b.descriptors.rows < 8) return {};
  std::vector<cv::DMatch> pairs;
  cv::BFMatcher(cv::NORM_HAMMING, true).match(a.descriptors, b.descriptors, pairs);
  std::vector<cv::Point2f> from, to;
  for (const cv::DMatch& pair : pairs) {
    if (pair.distance > 64) continue;
    from.push_back(a.points[pair.queryIdx].pt);
    to.push_back(b.points[pair.trainIdx].pt);
  }
  if (from.size() < 8) return {};
  std::vector<uint8_t> agree;
  const cv::Mat found = cv::estimateAffine2D(from, to, agree, cv::RANSAC, 3.0, 1000, 0.995, 5);
  if (found.empty()) return {};
  const double w1 = first.grey().width, h1 = first.grey().height, w2 = second.grey().width, h2 = second.grey().height;
  const auto at = [&](int row, int column) { return found.at<double>(row, column); };
  const Affine map{at(0, 0) * w1 / w2, at(0, 1) * h1 / w2, (at(0, 2) + 0.5 * (1 - at(0, 0) - at(0, 1))) / w2,
                   at(1, 0) * w1 / h2, at(1, 1) * h1 / h2, (at(1, 2) + 0.5 * (1 - at(1, 0) - at(1, 1))) / h2};
  // Few wrong matches agree by squeezing everything into a line or a dot.
  const double area = std::abs(map.Determinant());
  const double longest = std::max(std::hypot(at(0, 0), at(1, 0)), std::hypot(at(0, 1), at(1, 1)));
  const double pixel_area = std::abs(at(0, 0) * at(1, 1) - at(0, 1) * at(1, 0));
  if (area < 0.04 || area > 25 || pixel_area < 0.35 * longest * longest) return {};
  // Only matches that lie apart count: a pattern repeats itself within a few pixels.
  std::vector<uint8_t> fields(size_t{64} * 64, 0);
  for (size_t i = 0; i < agree.size(); ++i) {
    if (agree[i] == 0) continue;
    uint8_t& field = fields[size_t(from[i].y / 6) % 64 * 64 + size_t(from[i].x / 6) % 64];
    *matches += field == 0;
    field = 1;
  }
  return map;
}

ConfirmEvidence Measure(const ConfirmView& first, const ConfirmView& second, const Affine& start) {
  ConfirmEvidence evidence;
  // Coarse on brightness, fine on detail: detail has a narrow peak.
  Alignment aligned = AlignUphill(first.grey(), second.grey(), start, 32, 0.015, 2);
  const Alignment coarse = Correlate(first.detail(), second.detail(), aligned.map, 64);
  if (coarse.correlation > 0.15) {
    aligned = AlignUphill(first.detail(), second.detail(), aligned.map, 48, 0.006, 2);
  }
  evidence.map = aligned.map;
  evidence.detail = Correlate(first.detail(), second.detail(), aligned.map, kSamples).correlation;
  const Alignment last = Correlate(first.grey(), second.grey(), aligned.map, kSamples);
  evidence.correlation = last.correlation;
  evidence.overlap_first = last.overlap;
  evidence.overlap_second = Correlate(second.grey(), first.grey(), aligned.map.Inverse(), 32).overlap;
  return evidence;
}

}  // namespace

ConfirmEvidence Confirm(const ConfirmView& first, const ConfirmView& second, const Affine& guess) {
  ConfirmEvidence best = Measure(first, second, guess);
  int matches = 0;
  const Affine by_features = MapByFeatures(first, second, guess.Mirrors(), &matches);
  if (matches >= 8 && by_features.Mirrors() == guess.Mirrors()) {
    ConfirmEvidence other = Measure(first, second, by_features);
    if (other.detail > best.detail) best = other;
    best.matches = matches;
  }
  return best;
}

}  // namespace maskscope
