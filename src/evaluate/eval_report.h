#ifndef MASKSCOPE_EVALUATE_EVAL_REPORT_H_
#define MASKSCOPE_EVALUATE_EVAL_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluate/crop_scores.h"
#include "evaluate/scene_scores.h"
#include "report/table.h"

// Scores as JSON for machines and as Markdown for people.
namespace maskscope {

inline constexpr const char* kEvaluationSchema = "maskscope.evaluation/1";

// {"value":0.91,"low":0.88,"high":0.93,"count":1234}; null where undefined.
nlohmann::ordered_json ToJson(const Estimate& estimate);
nlohmann::ordered_json ToJson(const SceneScores& scores);
nlohmann::ordered_json ToJson(const CropScores& scores);

// The file of numbers: schema, what was measured, a list of sets. `kind`: "scenes" or "crops".
nlohmann::ordered_json EvaluationJson(const std::string& kind, const std::string& split, const std::string& precision,
                                      const nlohmann::ordered_json& models, const std::vector<SceneScores>& scores);
nlohmann::ordered_json EvaluationJson(const std::string& kind, const std::string& split, const std::string& precision,
                                      const nlohmann::ordered_json& models, const std::vector<CropScores>& scores);
// Each where a name is given ("" = not). Errors: kOutput.
void WriteEvalFiles(const std::string& json_file, const std::string& markdown_file, const nlohmann::ordered_json& json,
                    const std::string& markdown);

// "91.3 (89.4–93.1)": percent with its interval; a dash where undefined.
std::string PercentText(const Estimate& estimate);

// One line a quantity, one column a set; what the quantities are is in SceneRules.
Table SceneTable(const std::vector<SceneScores>& scores, const SceneScoreOptions& options);
std::string SceneRules(const SceneScoreOptions& options, bool states);
// One line a set of faces, and of crops that are none; no rows where there are none of them.
struct CropTables {
  Table faces, others;
};
CropTables MakeCropTables(const std::vector<CropScores>& scores);
inline constexpr const char* kCropRules =
    "By the likeliest state; strict: unsure counts as wrong. Mask: correct and incorrect together. Intervals by "
    "bootstrap.";

// The tables with a line about the rules, and who is taken for what.
std::string SceneMarkdown(const std::vector<SceneScores>& scores, const SceneScoreOptions& options);
std::string CropMarkdown(const std::vector<CropScores>& scores);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_EVAL_REPORT_H_
