#ifndef MASKSCOPE_EVALUATE_EVAL_REPORT_H_
#define MASKSCOPE_EVALUATE_EVAL_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluate/crop_scores.h"
#include "evaluate/scene_scores.h"

// Scores as JSON for machines and as Markdown for people.
namespace maskscope {

inline constexpr const char* kEvaluationSchema = "maskscope.evaluation/1";

// {"value":0.91,"low":0.88,"high":0.93,"count":1234}; null where undefined.
nlohmann::ordered_json ToJson(const Estimate& estimate);
nlohmann::ordered_json ToJson(const SceneScores& scores);
nlohmann::ordered_json ToJson(const CropScores& scores);

// Tables with a line about the rules. Percent, with the interval.
std::string SceneMarkdown(const std::vector<SceneScores>& scores, const SceneScoreOptions& options);
std::string CropMarkdown(const std::vector<CropScores>& scores);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_EVAL_REPORT_H_
