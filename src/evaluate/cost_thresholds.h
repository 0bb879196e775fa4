#ifndef MASKSCOPE_EVALUATE_COST_THRESHOLDS_H_
#define MASKSCOPE_EVALUATE_COST_THRESHOLDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/estimate.h"
#include "evaluate/scene_view.h"

// Thresholds by what mistakes cost.
//
// A violation is a face labelled incorrect or none; an alarm is a detection called incorrect or none. Missed: a
// violation without alarm (not found, or called correct). False alarm: an alarm for a face labelled correct, or for no
// face. Unsure: a detection that somebody has to look at, whatever it is; it is neither missed nor a false alarm.
// Ignored faces, faces without a state, and what a set cannot judge (called incorrect where that class does not exist)
// cost nothing.
namespace maskscope {

struct CostOptions {
  double missed = 10;             // of one missed violation
  double false_alarm = 1;         // of one false alarm
  double unsure = 0.25;           // of one look at an unsure face
  bool choose_confidence = true;  // false: the model says no probability, all is sure
  int resamples = 1000;
  uint64_t seed = 1;
  // Every bad field. Errors: kUsage.
  void Validate() const;
};

struct CostPoint {
  double score = 0, confidence = 0;  // thresholds
  int64_t missed = 0, false_alarms = 0, unsure = 0;
  double cost = 0;  // all of it
};

struct CostChoice {
  int64_t faces = 0, violations = 0, pictures = 0;
  CostPoint best, present;
  // Per 100 labelled faces with a state; and how much less the best costs than the present ones, drawn together.
  Estimate best_cost, present_cost, saved;
  std::vector<CostPoint> by_score;       // at the best confidence
  std::vector<CostPoint> by_confidence;  // at the best score; one point where none is chosen
};

// The view's candidates must be from a detector score no higher than the least threshold worth choosing, and judged
// without a threshold of confidence (faces too small or blurred stay unsure). Thresholds are tried in steps of 0.02; of
// equal costs the one nearest to the present is taken. Errors: kBadData when there is no violation or no face labelled
// correct: costs would say nothing.
CostChoice ChooseThresholds(const SceneView& view, double present_score, double present_confidence,
                            const CostOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_COST_THRESHOLDS_H_
