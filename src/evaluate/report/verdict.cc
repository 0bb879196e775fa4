#include "evaluate/report/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace maskscope {
namespace {

// Parts with fewer faces say too little to be named.
constexpr int64_t kFewestFaces = 30;

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string WithInterval(const Estimate& estimate) {
  return fmt::format("{} (95 %: {:.1f}–{:.1f})", Percent(estimate.value), 100 * estimate.interval.low,
                     100 * estimate.interval.high);
}

struct NamedPart {
  std::string text;
  Estimate share;
};

const Estimate& ShareOf(const Measurements& m, const SliceScores& part) { return m.states ? part.right : part.found; }

// The part of each axis that is best, or worst; the axes in the order of that. The axis of what covers the mouth is of
// bare faces alone and not comparable.
std::vector<NamedPart> Extremes(const Measurements& m, bool best) {
  std::vector<NamedPart> all;
  const auto better = [best](const Estimate& a, const Estimate& b) {
    return best ? a.value > b.value : a.value < b.value;
  };
  for (const ScoredAxis& axis : m.slices) {
    if (axis.file == "occluder") continue;
    const SliceScores* top = nullptr;
    int parts = 0;
    for (const SliceScores& part : axis.parts) {
      const Estimate& share = ShareOf(m, part);
      if (!share.defined() || share.count < kFewestFaces) continue;
      ++parts;
      if (top == nullptr || better(share, ShareOf(m, *top))) top = &part;
    }
    if (parts > 1) all.push_back({axis.name + " " + top->name, ShareOf(m, *top)});
  }
  std::stable_sort(all.begin(), all.end(),
                   [&](const NamedPart& a, const NamedPart& b) { return better(a.share, b.share); });
  if (all.size() > 2) all.resize(2);
  return all;
}

std::string ListParts(const std::vector<NamedPart>& parts) {
  std::string text;
  for (const NamedPart& part : parts) {
    text += (text.empty() ? "" : " and ") + fmt::format("“{}” ({})", part.text, Percent(part.share.value));
  }
  return text;
}

std::string Strengths(const Measurements& m) {
  const std::vector<NamedPart> best = Extremes(m, true), worst = Extremes(m, false);
  if (best.empty()) return "";
  return fmt::format(" By the share of faces {}, it is best at {} and worst at {}.",
                     m.view.crops ? "judged rightly"
                     : m.states   ? "found and judged rightly"
                                  : "found",
                     ListParts(best), ListParts(worst));
}

std::string WeakestState(const Measurements& m) {
  size_t weakest = 0;
  int defined = 0;
  for (size_t s = 0; s < kMaskStates; ++s) {
    if (!m.overall.f1[s].defined()) continue;
    if (defined == 0 || m.overall.f1[s].value < m.overall.f1[weakest].value) weakest = s;
    ++defined;
  }
  if (defined < 2) return "";
  return fmt::format(" The state it knows least is “{}”: F1 {} on {} faces.",
                     MaskStateName(static_cast<MaskState>(weakest)), WithInterval(m.overall.f1[weakest]),
                     m.overall.f1[weakest].count);
}

std::string MostFrequentMistake(const Measurements& m) {
  int64_t most = 0, labelled_in_all = 0;
  size_t actual = 0, called = 0;
  for (size_t a = 0; a < kMaskStates; ++a) {
    for (size_t c = 0; c < kMaskStates; ++c) {
      const int64_t count = m.answers.counts[a][c];
      if (a == c || count <= most) continue;
      most = count;
      actual = a;
      called = c;
    }
  }
  if (most == 0) return "";
  for (size_t c = 0; c < kMaskStates; ++c) labelled_in_all += m.answers.counts[actual][c];
  return fmt::format(" Its most frequent wrong state: {} of {} faces labelled “{}” are called “{}”.", most,
                     labelled_in_all, MaskStateName(static_cast<MaskState>(actual)),
                     MaskStateName(static_cast<MaskState>(called)));
}

// Bare or wrongly worn, yet called correct.
std::string MissedViolations(const Measurements& m) {
  int64_t violations = 0, missed = 0;
  for (const MaskState state : {MaskState::kIncorrect, MaskState::kNone}) {
    const auto& row = m.answers.counts[static_cast<size_t>(state)];
    for (const int64_t count : row) violations += count;
    violations -= row[AnswerCounts::kMissedColumn];
    missed += row[static_cast<size_t>(MaskState::kCorrect)];
  }
  if (violations == 0) return "";
  return fmt::format(" Of {} bare or wrongly masked faces{} it passes {} ({}) as correct.", violations,
                     m.view.crops ? "" : " that it finds", missed,
                     Percent(static_cast<double>(missed) / static_cast<double>(violations)));
}

std::string Trust(const Measurements& m) {
  const Calibration& c = m.calibration;
  if (!c.says_confidence || !c.error.defined()) return "";
  double confidence = 0, right = 0;
  for (size_t i = 0; i < c.confidence.size(); ++i) {
    confidence += c.confidence[i];
    right += c.right[i] ? 1 : 0;
  }
  const double count = static_cast<double>(c.confidence.size());
  const std::string error = fmt::format("expected calibration error {}", Percent(c.error.value));
  if (c.error.value < 0.03) return fmt::format(" Its probabilities can be taken at their word ({}).", error);
  return fmt::format(" It is {} certain than it is right: {} on average against {} ({}).",
                     confidence > right ? "more" : "less", Percent(confidence / count), Percent(right / count), error);
}

}  // namespace

std::string Verdict(const Measurements& m) {
  std::string text;
  if (m.overall.faces == 0) {
    return fmt::format(
        "There is no labelled face in these {} pictures: nothing can be said of the model but how much "
        "it shows on them.",
        m.overall.pictures);
  }
  if (m.view.crops) {
    text = fmt::format("Of {} face crops it judges {} rightly.", m.overall.faces, WithInterval(m.overall.right));
  } else {
    text = fmt::format("In {} pictures it finds {} of {} labelled faces", m.overall.pictures,
                       WithInterval(m.overall.recall), m.overall.faces);
    if (m.overall.precision.defined()) {
      text += fmt::format("; {} of what it shows is a labelled face", WithInterval(m.overall.precision));
    }
    text += ".";
    if (m.states && m.overall.state_accuracy.defined()) {
      text += fmt::format(" The state of those found is right in {}; found and right, of all faces: {}.",
                          WithInterval(m.overall.state_accuracy), WithInterval(m.overall.right));
    }
  }
  text += Strengths(m);
  if (m.states) text += WeakestState(m) + MostFrequentMistake(m) + MissedViolations(m) + Trust(m);
  return text;
}

}  // namespace maskscope
