#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "data/duplicates/find_duplicates.h"
#include "data/duplicates/group_agreement.h"

namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

double Rounded(double value) { return std::round(value * 1000) / 1000; }

Json PictureJson(const ManifestPicture& picture) {
  return {{"path", picture.path},
          {"set", picture.set},
          {"split", DatasetSplitName(picture.split)},
          {"group", picture.group}};
}

Json PairJson(const Dataset& dataset, const DuplicatePair& pair) {
  const ConfirmEvidence& seen = pair.evidence;
  return {{"first", dataset.pictures[pair.first].path},
          {"second", dataset.pictures[pair.second].path},
          {"kind", DuplicateKindName(pair.kind)},
          {"code_distance", Rounded(pair.code_distance)},
          {"correlation", Rounded(seen.correlation)},
          {"detail", Rounded(seen.detail)},
          {"places", seen.agreement.places},
          {"agreement", Rounded(seen.agreement.mean)},
          {"steady", Rounded(seen.agreement.steady)},
          {"matches", seen.matches},
          {"overlap", {Rounded(seen.overlap_first), Rounded(seen.overlap_second)}},
          {"mirrored", pair.pose.mirrored},
          {"rotation_degrees", Rounded(pair.pose.rotation_degrees)},
          {"scale", Rounded(pair.pose.scale)}};
}

}  // namespace

std::string DuplicatesJson(const Dataset& dataset, const DuplicateReport& report) {
  std::map<size_t, size_t> cluster_of;
  Json clusters = Json::array();
  for (const std::vector<size_t>& cluster : report.clusters) {
    Json pictures = Json::array();
    for (const size_t picture : cluster) {
      cluster_of[picture] = clusters.size();
      pictures.push_back(PictureJson(dataset.pictures[picture]));
    }
    clusters.push_back({{"pictures", std::move(pictures)}, {"pairs", Json::array()}});
  }
  for (const DuplicatePair& pair : report.pairs) {
    clusters[cluster_of.at(pair.first)]["pairs"].push_back(PairJson(dataset, pair));
  }
  Json leaks = Json::array();
  for (const DuplicatePair& leak : FindLeaks(dataset, report)) leaks.push_back(PairJson(dataset, leak));
  Json problems = Json::array();
  for (const DataProblem& problem : report.problems) {
    problems.push_back({{"kind", problem.kind}, {"file", problem.file}, {"message", problem.message}});
  }
  Json groups = Json::array();
  for (const GroupAgreement& row : CompareWithGroups(dataset, report)) {
    groups.push_back({{"sets", row.sets},
                      {"pairs", row.pairs},
                      {"pairs_in_group", row.pairs_in_group},
                      {"grouped_pairs", row.grouped_pairs},
                      {"joined", row.joined},
                      {"groups", row.groups},
                      {"whole", row.whole}});
  }
  const Json all{{"schema", "maskscope.duplicates/1"}, {"pictures", report.pictures},
                 {"candidates", report.candidates},    {"clusters", std::move(clusters)},
                 {"leaks", std::move(leaks)},          {"against_groups", std::move(groups)},
                 {"problems", std::move(problems)}};
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace maskscope
