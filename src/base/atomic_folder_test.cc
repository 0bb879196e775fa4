#include "base/atomic_folder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/expect_error.h"
#include "base/files.h"
#include "base/test_folder.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

size_t CountIn(const fs::path& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

TEST(AtomicFolderTest, AppearsWholeAndReplaces) {
  const TestFolder here;
  const fs::path target = here.path() / "report";
  {
    AtomicFolder folder(target);
    folder.Write("marker", "1");
    folder.Write("plots/a.svg", "a");
    EXPECT_FALSE(fs::exists(target));
    folder.Commit();
  }
  EXPECT_EQ(ReadFileText(target / "plots/a.svg"), "a");
  {
    AtomicFolder folder(target);
    folder.Write("marker", "2");
    folder.Commit();
  }
  EXPECT_EQ(ReadFileText(target / "marker"), "2");
  EXPECT_FALSE(fs::exists(target / "plots"));
  EXPECT_EQ(CountIn(here.path()), 1u);
}

TEST(AtomicFolderTest, LeavesNothingWithoutCommit) {
  const TestFolder here;
  { AtomicFolder(here.path() / "report").Write("marker", "1"); }
  EXPECT_EQ(CountIn(here.path()), 0u);
}

TEST(AtomicFolderTest, OnlyItsOwnKindIsReplaceable) {
  const TestFolder here;
  EXPECT_NO_THROW(RequireReplaceable(here.path() / "new", "marker"));
  EXPECT_NO_THROW(RequireReplaceable(here.path(), "marker"));  // empty
  WriteFileAtomically(here.path() / "photo.jpg", "x");
  ExpectError(ErrorKind::kUsage, {"there is no marker"}, [&] { RequireReplaceable(here.path(), "marker"); });
  ExpectError(ErrorKind::kUsage, {"is a file"}, [&] { RequireReplaceable(here.path() / "photo.jpg", "marker"); });
  WriteFileAtomically(here.path() / "marker", "x");
  EXPECT_NO_THROW(RequireReplaceable(here.path(), "marker"));
}

}  // namespace
}  // namespace maskscope
