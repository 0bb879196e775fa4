#include "evaluate/label_first.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace maskscope {
namespace {

constexpr double kSayUnclear = 0.45;   // about 0.8 against 0.2
constexpr double kSayEdge = 0.5;       // a quarter of the threshold away
constexpr double kCopyDifference = 3;  // mean of luma differences of thumbnails of pictures that are near copies
constexpr float kCopyIou = 0.7f;       // of each face with one of the other picture

double Unclear(const FaceResult& face) {
  double entropy = 0;
  for (const auto& [name, p] : face.probabilities) {
    if (p > 0) entropy -= static_cast<double>(p) * std::log(static_cast<double>(p));
  }
  const size_t classes = face.probabilities.size();
  return classes < 2 ? 0 : entropy / std::log(static_cast<double>(classes));
}

void AddUnlike(double value, const SiteDistribution& distribution, const char* below, const char* above,
               std::vector<std::string>& unlike) {
  if (distribution.other.values.size() < kLeastToCompare) return;
  if (value < distribution.other.percent1) unlike.push_back(below);
  if (value > distribution.other.percent99) unlike.push_back(above);
}

// "correct 0.52, none 0.45"
std::string TwoLikeliest(const FaceResult& face) {
  std::vector<std::pair<std::string, float>> sorted = face.probabilities;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(sorted.size(), 2); ++i) {
    text += fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", sorted[i].first, sorted[i].second);
  }
  return text;
}

// What there is to say of a picture: each kind of reason by its strongest face, and how many more there are.
class Reasons {
 public:
  void Add(const std::string& kind, double strength, const std::string& text) {
    for (Reason& reason : reasons_) {
      if (reason.kind != kind) continue;
      ++reason.faces;
      if (strength > reason.strength) {
        reason.strength = strength;
        reason.text = text;
      }
      return;
    }
    reasons_.push_back({kind, strength, text, 1});
  }

  std::string Text(bool any_face) const {
    if (reasons_.empty()) return any_face ? "nothing stands out" : "no face found, nor almost";
    std::string text;
    for (const Reason& reason : reasons_) {
      text += (text.empty() ? "" : "; ") + reason.text;
      if (reason.faces > 1) text += fmt::format(" (and {} more)", reason.faces - 1);
    }
    return text;
  }

 private:
  struct Reason {
    std::string kind;
    double strength;
    std::string text;
    int faces;
  };
  std::vector<Reason> reasons_;
};

void AddReasons(const FaceResult& face, const FaceLesson& lesson, bool found, Reasons& reasons) {
  if (lesson.unclear >= kSayUnclear) {
    reasons.Add("unclear", lesson.unclear, "state unclear: " + TwoLikeliest(face));
  }
  if (lesson.edge >= kSayEdge) {
    reasons.Add(found ? "barely" : "almost", lesson.edge,
                fmt::format("{} found: score {:.2f}", found ? "barely" : "almost", face.score));
  }
  for (const std::string& how : lesson.unlike) {
    reasons.Add(how, lesson.worth(), fmt::format("a face {} than 99 % of the others", how));
  }
}

PictureToLabel Judge(const LookedSet& site, size_t index, const SiteComparison& comparison) {
  const LookedPicture& picture = site.pictures[index];
  PictureToLabel judged{index, 0, "", {}};
  std::vector<double> worths;
  Reasons reasons;
  double best = -1;
  for (size_t i = 0; i < picture.result.faces.size(); ++i) {
    const FaceResult& face = picture.result.faces[i];
    const bool found = site.IsFound(face);
    FaceLesson lesson = LessonOf(face, picture.looks[i], site.score_threshold, comparison);
    // What was not found may be no face: how it looks and what it is called says the less, the farther it is.
    const double worth = found ? lesson.worth() : lesson.worth() * lesson.edge;
    worths.push_back(worth);
    if (found || lesson.edge >= kSayEdge) AddReasons(face, lesson, found, reasons);
    if (worth > best) {
      best = worth;
      judged.face = i;
    }
  }
  std::sort(worths.rbegin(), worths.rend());
  double weight = 1;
  for (const double worth : worths) {
    judged.worth += weight * worth;
    weight /= 2;
  }
  judged.reason = reasons.Text(!worths.empty());
  return judged;
}

std::vector<Box> FoundBoxes(const LookedSet& site, const LookedPicture& picture) {
  std::vector<Box> boxes;
  for (const FaceResult& face : picture.result.faces) {
    if (site.IsFound(face)) boxes.push_back(face.box);
  }
  return boxes;
}

// The same sight with the same faces at the same places.
bool IsNearCopy(const LookedSet& site, const LookedPicture& a, const LookedPicture& b) {
  if (a.result.width != b.result.width || a.result.height != b.result.height) return false;
  double difference = 0;
  for (size_t i = 0; i < a.thumbnail.size(); ++i) difference += std::abs(int{a.thumbnail[i]} - int{b.thumbnail[i]});
  if (difference > kCopyDifference * static_cast<double>(a.thumbnail.size())) return false;
  const std::vector<Box> in_a = FoundBoxes(site, a), in_b = FoundBoxes(site, b);
  return in_a.size() == in_b.size() && std::all_of(in_a.begin(), in_a.end(), [&](const Box& box) {
           return std::any_of(in_b.begin(), in_b.end(), [&](const Box& one) { return Iou(box, one) >= kCopyIou; });
         });
}

}  // namespace

double FaceLesson::worth() const { return unclear + edge / 2 + static_cast<double>(unlike.size()) / 3; }

FaceLesson LessonOf(const FaceResult& face, const FaceLook& look, double score_threshold,
                    const SiteComparison& comparison) {
  FaceLesson lesson;
  lesson.unclear = Unclear(face);
  if (score_threshold > 0) {
    lesson.edge = std::max(0.0, 1 - std::abs(double{face.score} - score_threshold) / (score_threshold / 2));
  }
  AddUnlike(face.box.height(), comparison.of(SiteQuantity::kHeight), "smaller", "larger", lesson.unlike);
  AddUnlike(look.brightness, comparison.of(SiteQuantity::kBrightness), "darker", "brighter", lesson.unlike);
  AddUnlike(look.sharpness, comparison.of(SiteQuantity::kSharpness), "less sharp", "sharper", lesson.unlike);
  return lesson;
}

std::vector<PictureToLabel> RankToLabel(const LookedSet& site, const SiteComparison& comparison, size_t spread) {
  std::vector<PictureToLabel> ranked;
  for (size_t i = 0; i < site.pictures.size(); ++i) {
    if (!site.pictures[i].result.error) ranked.push_back(Judge(site, i, comparison));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.worth > b.worth; });
  std::vector<PictureToLabel> first, rest;
  for (PictureToLabel& one : ranked) {
    const auto copy = [&](const PictureToLabel& other) {
      return IsNearCopy(site, site.pictures[one.picture], site.pictures[other.picture]);
    };
    const bool taken = first.size() < spread && std::none_of(first.begin(), first.end(), copy);
    (taken ? first : rest).push_back(std::move(one));
  }
  first.insert(first.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  return first;
}

}  // namespace maskscope
