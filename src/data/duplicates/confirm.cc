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

constexpr int kLongSide = 256;  // pixels, halved from level to level
constexpr int kDetailRadius = 3;
constexpr int kFeatures = 400;
constexpr double kAgree = 0.7;  // places that agree so well on average need no second opinion

int LongSide(int level) { return kLongSide >> level; }

}  // namespace

struct ConfirmView::Features {
  std::vector<cv::KeyPoint> points;  // in pixels of the grey copy, upright also where it was mirrored for the features
  cv::Mat descriptors;
};

struct ConfirmView::State {
  struct Level {
    int width = 0, height = 0;
    std::vector<uint8_t> grey, detail;
  };
  std::array<Level, kLevels> levels;
  int level = 0;
  std::array<Features, 2> features;
  std::array<std::once_flag, 2> made;
};

ConfirmView::ConfirmView(const Image& image, const PicturePrint& print) : state_(std::make_unique<State>()) {
  const float longest = std::max(print.content.width(), print.content.height());
  constexpr float kEnlarged = 1.28f;  // by no more than this
  while (state_->level + 1 < kLevels && longest * kEnlarged < static_cast<float>(LongSide(state_->level))) {
    ++state_->level;
  }
  const float x = static_cast<float>(image.width) / static_cast<float>(print.width);
  const float y = static_cast<float>(image.height) / static_cast<float>(print.height);
  const Box& box = print.content;
  const Box content{box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y};
  for (int i = 0; i < kLevels; ++i) {
    State::Level& level = state_->levels[i];
    const float scale = static_cast<float>(LongSide(i)) / longest;
    level.width = std::max(16, static_cast<int>(box.width() * scale + 0.5f));
    level.height = std::max(16, static_cast<int>(box.height() * scale + 0.5f));
    level.grey = ToGrey(CropResize(image, content, level.width, level.height));
    if (i >= state_->level) level.detail = DetailOf(grey(i), kDetailRadius);
  }
}
ConfirmView::~ConfirmView() = default;
ConfirmView::ConfirmView(ConfirmView&&) noexcept = default;
ConfirmView& ConfirmView::operator=(ConfirmView&&) noexcept = default;

int ConfirmView::level() const { return state_->level; }
GreyView ConfirmView::grey(int level) const {
  const State::Level& at = state_->levels[level];
  return {at.grey, at.width, at.height};
}
GreyView ConfirmView::detail(int level) const {
  const State::Level& at = state_->levels[level];
  return {at.detail, at.width, at.height};
}

const ConfirmView::Features& ConfirmView::features(bool mirrored) const {
  Features& features = state_->features[mirrored];
  std::call_once(state_->made[mirrored], [&] {
    State::Level& level = state_->levels[0];
    const cv::Mat upright(level.height, level.width, CV_8UC1, level.grey.data());
    cv::Mat picture;  // its own pixels: a flip in place would mirror the grey copy
    if (mirrored) {
      cv::flip(upright, picture, 1);
    } else {
      picture = upright;
    }
    const auto orb = cv::ORB::create(kFeatures, 1.2f, 8, 15, 0, 2, cv::ORB::HARRIS_SCORE, 31, 10);
    orb->detectAndCompute(picture, cv::noArray(), features.points, features.descriptors);
    if (!mirrored) return;
    for (cv::KeyPoint& point : features.points) point.pt.x = static_cast<float>(level.width - 1) - point.pt.x;
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
  const GreyView one = first.grey(0), other = second.grey(0);
  const double w1 = one.width, h1 = one.height, w2 = other.width, h2 = other.height;
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

ConfirmEvidence Measure(const ConfirmView& first, const ConfirmView& second, const Affine& start, int level) {
  constexpr int kSamples = 64, kSteps = 5;  // points a side
  // On brightness, then on detail, which has a narrow peak; or on detail at once, where the start is good already and
  // brightness misleads (corners that a turn left black).
  const GreyView detail = first.detail(level), other_detail = second.detail(level);
  const Alignment coarse = Align(first.grey(level), second.grey(level), start, kSamples * 3 / 4, kSteps);
  Alignment aligned = Align(detail, other_detail, coarse.map, kSamples, kSteps);
  if (aligned.correlation < 0.6) {
    const Alignment at_once = Align(detail, other_detail, start, kSamples, kSteps);
    if (at_once.correlation > aligned.correlation) aligned = at_once;
  }
  ConfirmEvidence evidence;
  evidence.map = aligned.map;
  evidence.detail = aligned.correlation;
  evidence.agreement = ComparePlaces(detail, other_detail, aligned.map);
  const Alignment last = Correlate(first.grey(level), second.grey(level), aligned.map, kSamples);
  evidence.correlation = last.correlation;
  evidence.overlap_first = last.overlap;
  evidence.overlap_second = Correlate(second.grey(level), first.grey(level), aligned.map.Inverse(), 32).overlap;
  return evidence;
}

}  // namespace

ConfirmEvidence Confirm(const ConfirmView& first, const ConfirmView& second, const Affine& guess, bool features) {
  const int level = std::max(first.level(), second.level());
  ConfirmEvidence best = Measure(first, second, guess, level);
  if (best.agreement.mean >= kAgree || !features) return best;
  int matches = 0;
  const Affine by_features = MapByFeatures(first, second, guess.Mirrors(), &matches);
  if (matches < 8 || by_features.Mirrors() != guess.Mirrors()) return best;
  const ConfirmEvidence other = Measure(first, second, by_features, level);
  if (other.detail > best.detail) best = other;
  best.matches = matches;
  return best;
}

}  // namespace maskscope
