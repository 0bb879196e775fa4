#include "evaluate/cost_thresholds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr int kSteps = 50;  // of 0..1

// One detection, and what it is worth.
struct Candidate {
  size_t picture = 0;
  double score = 0, confidence = 0;
  bool always_unsure = false;  // too small or blurred
  bool alarm = false;
  bool violation = false;  // the face it found is one
};

struct Problem {
  std::vector<Candidate> candidates;
  std::vector<int64_t> violations;  // of each picture
  std::vector<int64_t> faces;       // with a state, not ignored, of each picture
};

bool IsViolation(MaskState state) { return state != MaskState::kCorrect; }

// Matching is greedy by score, so a detection's face is the same at every threshold it passes.
Problem Match(const SceneView& view) {
  Problem problem;
  problem.violations.resize(view.pictures.size());
  problem.faces.resize(view.pictures.size());
  for (size_t i = 0; i < view.pictures.size(); ++i) {
    for (const LabelledFace& face : view.pictures[i].truth->faces) {
      if (face.ignore || !face.state) continue;
      ++problem.faces[i];
      problem.violations[i] += IsViolation(*face.state);
    }
  }
  SceneView candidates = view;
  for (ScenePicture& picture : candidates.pictures) picture.answer = picture.candidates;
  for (const FaceRow& row : MatchAnswers(candidates)) {
    if (row.detection < 0 || row.kind == FaceRow::Kind::kIgnored || row.undecided) continue;
    const LabelledFace* face = TruthOf(candidates, row);
    if (face != nullptr && !face->state) continue;
    const FaceResult& found = *DetectionOf(candidates, row);
    problem.candidates.push_back({static_cast<size_t>(row.picture), found.score, found.confidence, row.predicted.unsure,
                                  IsViolation(row.predicted.best), face != nullptr && IsViolation(*face->state)});
  }
  return problem;
}

struct Counts {
  int64_t missed = 0, false_alarms = 0, unsure = 0;
};

// What happens in each picture at these thresholds.
std::vector<Counts> CountAt(const Problem& problem, double score, double confidence) {
  std::vector<Counts> counts(problem.violations.size());
  for (size_t i = 0; i < counts.size(); ++i) counts[i].missed = problem.violations[i];
  for (const Candidate& one : problem.candidates) {
    if (one.score < score) continue;
    Counts& at = counts[one.picture];
    if (one.always_unsure || one.confidence < confidence) {
      ++at.unsure;
      at.missed -= one.violation;
    } else if (one.alarm) {
      at.missed -= one.violation;
      at.false_alarms += !one.violation;
    }
  }
  return counts;
}

double CostOf(const Counts& counts, const CostOptions& options) {
  return options.missed * static_cast<double>(counts.missed) +
         options.false_alarm * static_cast<double>(counts.false_alarms) +
         options.unsure * static_cast<double>(counts.unsure);
}

CostPoint PointAt(const Problem& problem, double score, double confidence, const CostOptions& options) {
  Counts sum;
  for (const Counts& one : CountAt(problem, score, confidence)) {
    sum.missed += one.missed;
    sum.false_alarms += one.false_alarms;
    sum.unsure += one.unsure;
  }
  return {score, confidence, sum.missed, sum.false_alarms, sum.unsure, CostOf(sum, options)};
}

double Step(int k) { return static_cast<double>(k) / kSteps; }

// Costs per 100 faces at both thresholds, and the difference, for any weights of the pictures.
void EstimateCosts(const SceneView& view, const Problem& problem, const CostOptions& options, CostChoice& choice) {
  const std::vector<Counts> best = CountAt(problem, choice.best.score, choice.best.confidence);
  const std::vector<Counts> present = CountAt(problem, choice.present.score, choice.present.confidence);
  const auto costs = [&](const std::vector<int>& weight) {
    double best_cost = 0, present_cost = 0, faces = 0;
    for (size_t i = 0; i < weight.size(); ++i) {
      best_cost += weight[i] * CostOf(best[i], options);
      present_cost += weight[i] * CostOf(present[i], options);
      faces += static_cast<double>(weight[i] * problem.faces[i]);
    }
    const double scale = faces > 0 ? 100 / faces : std::nan("");
    return std::vector<double>{best_cost * scale, present_cost * scale, (present_cost - best_cost) * scale};
  };
  const Resampler resampler(view.Groups(), options.resamples, options.seed);
  const std::vector<double> values = costs(std::vector<int>(view.pictures.size(), 1));
  const std::vector<Interval> intervals = resampler.Intervals(3, costs);
  const std::array<Estimate*, 3> targets{&choice.best_cost, &choice.present_cost, &choice.saved};
  for (size_t i = 0; i < targets.size(); ++i) {
    targets[i]->value = values[i];
    targets[i]->interval = intervals[i];
    targets[i]->count = choice.faces;
  }
}

}  // namespace

void CostOptions::Validate() const {
  Problems problems;
  const auto cost = [&](double value, const char* field) {
    problems.Require(std::isfinite(value) && value >= 0, field, std::to_string(value), "0 or more");
  };
  cost(missed, "missed cost");
  cost(false_alarm, "false alarm cost");
  cost(unsure, "unsure cost");
  problems.Require(missed + false_alarm > 0, "costs", "0 for both mistakes", "at least one above 0");
  problems.Require(resamples > 0, "resamples", std::to_string(resamples), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "costs");
}

CostChoice ChooseThresholds(const SceneView& view, double present_score, double present_confidence,
                            const CostOptions& options) {
  options.Validate();
  const Problem problem = Match(view);
  CostChoice choice;
  choice.pictures = static_cast<int64_t>(view.pictures.size());
  for (size_t i = 0; i < problem.faces.size(); ++i) {
    choice.faces += problem.faces[i];
    choice.violations += problem.violations[i];
  }
  if (choice.violations == 0 || choice.violations == choice.faces) {
    throw Error(ErrorKind::kBadData, "thresholds by cost: found " + std::to_string(choice.faces) +
                                         " labelled faces, of them " + std::to_string(choice.violations) +
                                         " incorrect or none; wanted both violations and faces labelled correct");
  }
  choice.present = PointAt(problem, present_score, present_confidence, options);
  choice.best = choice.present;
  const int confidences = options.choose_confidence ? kSteps : 0;
  const auto distance = [&](const CostPoint& point) {
    return std::abs(point.score - present_score) + std::abs(point.confidence - present_confidence);
  };
  for (int s = 1; s < kSteps; ++s) {
    for (int c = 0; c <= confidences; ++c) {
      const CostPoint point = PointAt(problem, Step(s), Step(c), options);
      if (point.cost < choice.best.cost ||
          (point.cost == choice.best.cost && distance(point) < distance(choice.best))) {
        choice.best = point;
      }
    }
  }
  for (int s = 1; s < kSteps; ++s) {
    choice.by_score.push_back(PointAt(problem, Step(s), choice.best.confidence, options));
  }
  for (int c = 0; c <= confidences; ++c) {
    choice.by_confidence.push_back(PointAt(problem, choice.best.score, Step(c), options));
  }
  EstimateCosts(view, problem, options, choice);
  return choice;
}

}  // namespace maskscope
