#include "data/prepare/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

// 1000 pictures in groups of 1 to 5; one face in twenty is worn wrongly.
Dataset MakeSet() {
  Dataset dataset;
  Random random(4);
  for (int i = 0; i < 1000; ++i) {
    ManifestPicture picture;
    picture.path = "p" + std::to_string(i) + ".jpg";
    picture.group = "g" + std::to_string(i / 5 * 5 + random.Int(0, 4));
    for (int f = random.Int(0, 4); f > 0; --f) {
      ManifestFace face;
      const auto side = static_cast<float>(random.Uniform(10, 150));
      face.face.box = {0, 0, side, side};
      face.face.state = random.Chance(0.05)  ? MaskState::kIncorrect
                        : random.Chance(0.5) ? MaskState::kCorrect
                                             : MaskState::kNone;
      picture.faces.push_back(face);
    }
    dataset.pictures.push_back(picture);
  }
  return dataset;
}

std::map<std::string, DatasetSplit> SplitOfPath(const Dataset& dataset) {
  std::map<std::string, DatasetSplit> splits;
  for (const ManifestPicture& picture : dataset.pictures) splits[picture.path] = picture.split;
  return splits;
}

TEST(SplitTest, KeepsGroupsAndClustersWholeAndReachesShares) {
  Dataset dataset = MakeSet();
  const std::vector<std::vector<size_t>> clusters{{3, 500, 900}, {10, 11}, {900, 901}};
  const SplitReport report = AssignSplits(dataset, clusters, {});
  std::map<std::string, std::set<DatasetSplit>> of_group;
  for (const ManifestPicture& picture : dataset.pictures) of_group[picture.group].insert(picture.split);
  for (const auto& [group, splits] : of_group) EXPECT_EQ(splits.size(), 1u) << group;
  for (const size_t other : {500, 900, 901}) EXPECT_EQ(dataset.pictures[3].split, dataset.pictures[other].split);
  EXPECT_EQ(dataset.pictures[10].split, dataset.pictures[11].split);
  for (const auto& [stratum, counts] : report.strata) {
    const auto total = static_cast<double>(counts[0] + counts[1] + counts[2]);
    EXPECT_NEAR(counts[0] / total, 0.8, 0.1) << stratum << " of " << total;
    EXPECT_GT(counts[1], 0) << stratum;
    EXPECT_GT(counts[2], 0) << stratum;
  }
  EXPECT_NEAR(static_cast<double>(report.pictures[0]), 800, 40);
}

TEST(SplitTest, DependsOnSeedAndNotOnOrder) {
  Dataset a = MakeSet(), b = MakeSet(), c = MakeSet();
  std::reverse(b.pictures.begin(), b.pictures.end());
  SplitOptions other;
  other.seed = 2;
  AssignSplits(a, {}, {});
  AssignSplits(b, {}, {});
  AssignSplits(c, {}, other);
  EXPECT_EQ(SplitOfPath(a), SplitOfPath(b));
  EXPECT_NE(SplitOfPath(a), SplitOfPath(c));
}

TEST(SplitTest, TestStaysTestAndDrawsItsGroupAlong) {
  Dataset dataset = MakeSet();
  for (size_t i = 0; i < 300; ++i) dataset.pictures[i].split = i % 3 == 0 ? DatasetSplit::kTest : DatasetSplit::kTrain;
  const SplitReport report = AssignSplits(dataset, {}, {});
  EXPECT_EQ(report.kept_test, 100u);
  EXPECT_FALSE(report.joined_test.empty());
  for (size_t i = 0; i < 300; i += 3) EXPECT_EQ(dataset.pictures[i].split, DatasetSplit::kTest);
  for (const size_t i : report.joined_test) EXPECT_EQ(dataset.pictures[i].split, DatasetSplit::kTest);
  SplitOptions move;
  move.move_test = true;
  EXPECT_EQ(AssignSplits(dataset, {}, move).kept_test, 0u);
}

TEST(SplitTest, MoreTestThanAskedForLeavesTheOthersTheirProportion) {
  Dataset dataset = MakeSet();
  for (size_t i = 0; i < 300; ++i) dataset.pictures[i].split = DatasetSplit::kTest;
  SplitOptions options;
  options.train = 0.9, options.validation = 0.1, options.test = 0;
  const SplitReport report = AssignSplits(dataset, {}, options);
  EXPECT_EQ(report.pictures[2], 300);
  EXPECT_NEAR(static_cast<double>(report.pictures[1]), 70, 15);
  for (const auto& [stratum, counts] : report.strata) {
    const auto rest = static_cast<double>(counts[0] + counts[1]);
    EXPECT_NEAR(static_cast<double>(counts[1]) / rest, 0.1, 2 / rest + 0.03) << stratum << " of " << rest;
  }
}

TEST(SplitTest, AShareOfZeroStaysEmpty) {
  Dataset dataset = MakeSet();
  SplitOptions options;
  options.train = 0.9;
  options.test = 0;
  const SplitReport report = AssignSplits(dataset, {}, options);
  EXPECT_EQ(report.pictures[2], 0);
  options.validation = -1;
  ExpectError(ErrorKind::kUsage, {"validation", "sum"}, [&] { options.Validate(); });
}

}  // namespace
}  // namespace maskscope
