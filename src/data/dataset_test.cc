#include "data/dataset.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace maskscope {
namespace {

TEST(MaskStateTest, NamesGoBothWays) {
  for (const MaskState state : {MaskState::kCorrect, MaskState::kIncorrect, MaskState::kNone}) {
    EXPECT_EQ(ParseMaskState(MaskStateName(state)), state);
  }
  EXPECT_FALSE(ParseMaskState("unsure").has_value());
  EXPECT_FALSE(ParseMaskState("Correct").has_value());
}

TEST(IsValidationGroupTest, TakesAboutItsShareAndKeepsGroupsWhole) {
  int taken = 0, taken_with_other_seed = 0, both = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string group = "s" + std::to_string(i);
    const bool one = IsValidationGroup(group, 0.1, 1), other = IsValidationGroup(group, 0.1, 2);
    EXPECT_EQ(one, IsValidationGroup(group, 0.1, 1));
    taken += one;
    taken_with_other_seed += other;
    both += one && other;
    // What is in a smaller part is in every larger one.
    EXPECT_TRUE(!one || IsValidationGroup(group, 0.2, 1));
  }
  EXPECT_NEAR(taken, 1000, 120);  // four standard deviations
  EXPECT_NEAR(taken_with_other_seed, 1000, 120);
  EXPECT_NEAR(both, 100, 40);  // the seeds choose independently
  EXPECT_FALSE(IsValidationGroup("s1", 0, 1));
  EXPECT_TRUE(IsValidationGroup("s1", 1, 1));
}

TEST(ReadClassFoldersTest, ReadsFoldersAsClasses) {
  TestFolder folder;
  folder.WritePicture("set/correct/a.png", 4, 4);
  folder.WritePicture("set/not_a_face/b.png", 4, 4);
  folder.Write("set/correct/notes.txt", "not a picture");
  const auto crops = ReadClassFolders(folder / "set");
  ASSERT_EQ(crops.size(), 2u);
  EXPECT_EQ(crops[0].state, MaskState::kCorrect);
  EXPECT_EQ(crops[0].name, "correct/a.png");
  EXPECT_EQ(crops[0].set, "set");
  EXPECT_FALSE(crops[1].state.has_value());
  EXPECT_NE(crops[0].group, crops[1].group);
}

TEST(ReadClassFoldersTest, RefusesUnknownClassesAndEmptyRoots) {
  TestFolder folder;
  folder.WritePicture("set/corect/a.png", 4, 4);
  ExpectError(ErrorKind::kBadData, {"corect", "did you mean 'correct'"}, [&] { ReadClassFolders(folder / "set"); });
  MakeFolder(folder / "empty");
  ExpectError(ErrorKind::kBadData, {"empty", "no class folders"}, [&] { ReadClassFolders(folder / "empty"); });
  ExpectError(ErrorKind::kNotFound, {"gone"}, [&] { ReadClassFolders(folder / "gone"); });
}

}  // namespace
}  // namespace maskscope
