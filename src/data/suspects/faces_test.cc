#include "data/suspects/faces.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace maskscope {
namespace {

ManifestPicture Picture(const std::string& path, const std::string& group, std::vector<MaskState> states) {
  ManifestPicture picture;
  picture.path = path, picture.set = "s", picture.group = group, picture.split = DatasetSplit::kTrain;
  for (const MaskState state : states) {
    ManifestFace face;
    face.face.box = {0, 0, 50, 50};
    face.face.state = state;
    picture.faces.push_back(face);
  }
  return picture;
}

Dataset ManyPictures() {
  Dataset dataset;
  for (int i = 0; i < 300; ++i) {
    const auto state = static_cast<MaskState>(i % 10 == 0 ? 1 : i % 2 * 2);
    dataset.pictures.push_back(
        Picture(std::to_string(i) + ".jpg", i % 3 == 0 ? "g" + std::to_string(i / 9) : "", {state, MaskState::kNone}));
    if (i % 7 == 0) dataset.pictures.back().hash = "sha256:" + std::to_string(i / 14);
  }
  return dataset;
}

TEST(Folds, NeverSplitGroups) {
  const Dataset dataset = ManyPictures();
  const JudgedFaces judged = ChooseFaces(dataset, {}, {{1, 200, 13}, {2, 4}});
  ASSERT_EQ(judged.faces.size(), 600u);
  for (const int folds : {2, 5, 10}) {
    const std::vector<int> fold_of = AssignFolds(judged.faces, folds, 3);
    std::map<std::string, std::set<int>> seen;
    for (size_t i = 0; i < fold_of.size(); ++i) {
      const size_t p = judged.faces[i].picture;
      const ManifestPicture& picture = dataset.pictures[p];
      seen[picture.path].insert(fold_of[i]);
      if (!picture.group.empty()) seen["group " + picture.group].insert(fold_of[i]);
      if (!picture.hash.empty()) seen[picture.hash].insert(fold_of[i]);
      if (p == 1 || p == 200 || p == 13) seen["cluster"].insert(fold_of[i]);
    }
    for (const auto& [what, in] : seen) EXPECT_EQ(in.size(), 1u) << what << " is in several of " << folds << " folds";
    EXPECT_EQ(fold_of, AssignFolds(judged.faces, folds, 3));
  }
}

TEST(Folds, HoldEveryClassInLikeShares) {
  const JudgedFaces judged = ChooseFaces(ManyPictures(), {});
  const std::vector<int> fold_of = AssignFolds(judged.faces, 5, 1);
  std::array<std::array<int, 3>, 5> count{};
  std::array<int, 3> total{};
  for (size_t i = 0; i < fold_of.size(); ++i) {
    const auto label = static_cast<size_t>(judged.faces[i].label);
    ++count.at(static_cast<size_t>(fold_of[i]))[label];
    ++total[label];
  }
  for (const auto& fold : count) {
    for (size_t s = 0; s < 3; ++s) EXPECT_NEAR(fold[s] / double(total[s]), 0.2, 0.1);
  }
}

TEST(Folds, NeedGroups) {
  Dataset dataset;
  dataset.pictures = {Picture("a.jpg", "g", {MaskState::kNone}), Picture("b.jpg", "g", {MaskState::kCorrect})};
  const JudgedFaces judged = ChooseFaces(dataset, {});
  ExpectError(ErrorKind::kUsage, {"2 folds", "1 groups"}, [&] { AssignFolds(judged.faces, 2, 1); });
}

TEST(Faces, WhatIsNotJudgedIsCounted) {
  Dataset dataset;
  dataset.pictures = {Picture("a.jpg", "", {MaskState::kNone, MaskState::kNone, MaskState::kNone, MaskState::kNone}),
                      Picture("test.jpg", "", {MaskState::kNone})};
  auto& faces = dataset.pictures[0].faces;
  faces[0].face.ignore = true;
  faces[1].face.state.reset();
  faces[2].face.box = {0, 0, 31, 100};
  dataset.pictures[1].split = DatasetSplit::kTest;
  const JudgedFaces judged = ChooseFaces(dataset, {});
  EXPECT_EQ(judged.ignored, 1);
  EXPECT_EQ(judged.without_state, 1);
  EXPECT_EQ(judged.small, 1);
  ASSERT_EQ(judged.faces.size(), 1u);
  EXPECT_EQ(judged.faces[0].face, 3u);
}

TEST(Clusters, ComeFromADuplicatesReport) {
  Dataset dataset;
  dataset.pictures = {Picture("a.jpg", "", {}), Picture("b.jpg", "", {})};
  TestFolder folder;
  folder.Write("d.json",
               R"({"schema":"maskscope.duplicates/1","clusters":[{"pictures":[{"path":"b.jpg"},{"path":"a.jpg"}]}]})");
  EXPECT_EQ(ReadClusters(folder / "d.json", dataset), (std::vector<std::vector<size_t>>{{1, 0}}));
  folder.Write("other.json", R"({"schema":"maskscope.duplicates/1","clusters":[{"pictures":[{"path":"c.jpg"}]}]})");
  ExpectError(ErrorKind::kBadData, {"other.json", "c.jpg"}, [&] { ReadClusters(folder / "other.json", dataset); });
  for (const char* text :
       {"", "[]", "{}", R"({"schema":1})", R"({"schema":"maskscope.duplicates/1","clusters":[3]})"}) {
    folder.Write("bad.json", text);
    ExpectError(ErrorKind::kBadData, {"bad.json"}, [&] { ReadClusters(folder / "bad.json", dataset); });
  }
}

}  // namespace
}  // namespace maskscope
