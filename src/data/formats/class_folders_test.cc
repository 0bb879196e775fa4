#include <gtest/gtest.h>

#include "data/formats/collection.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

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
