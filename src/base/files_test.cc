#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/test_folder.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

template <typename Action>
ErrorKind KindOf(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::kInternal;
}

TEST(Files, WhatIsWrittenIsRead) {
  const TestFolder folder;
  const std::string text("a\0b\n\xff", 5);
  WriteFileAtomically(folder / "x", text);
  EXPECT_EQ(ReadFileText(folder / "x"), text);
  EXPECT_EQ(ReadFileBytes(folder / "x", 5).size(), 5u);
  WriteFileAtomically(folder / "x", "");
  EXPECT_EQ(ReadFileText(folder / "x"), "");
}

TEST(Files, WhatCannotBeReadSaysWhy) {
  const TestFolder folder;
  WriteFileAtomically(folder / "x", "12345");
  EXPECT_EQ(KindOf([&] { ReadFileText(folder / "absent"); }), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf([&] { ReadFileText(folder / "x/below"); }), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf([&] { ReadFileText(folder.path()); }), ErrorKind::kUnreadable);
  EXPECT_EQ(KindOf([&] { ReadFileBytes(folder / "x", 4); }), ErrorKind::kTooLarge);
  // A pipe that nobody writes to must not be waited for.
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(KindOf([&] { ReadFileText(folder / "pipe"); }), ErrorKind::kUnreadable);
}

TEST(AtomicFile, AppearsOnlyWithCommit) {
  const TestFolder folder;
  WriteFileAtomically(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.Write("new");
    EXPECT_EQ(ReadFileText(folder / "x"), "old");
    file.Commit();
  }
  EXPECT_EQ(ReadFileText(folder / "x"), "new");
  {
    AtomicFile file(folder / "x");
    file.Write("abandoned");
  }
  EXPECT_EQ(ReadFileText(folder / "x"), "new");
  EXPECT_EQ(folder.entries(), 1u) << "a temporary file was left";
}

TEST(AtomicFile, AnUnfinishedOneKeepsAnotherName) {
  const TestFolder folder;
  AtomicFile file(folder / "x.json");
  file.Write("half");
  EXPECT_EQ(file.CommitUnfinished(".partial"), folder / "x.json.partial");
  EXPECT_EQ(ReadFileText(folder / "x.json.partial"), "half");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, FollowsALink) {
  const TestFolder folder;
  fs::create_directory(folder / "real");
  WriteFileAtomically(folder / "real/x", "old");
  fs::create_symlink(folder / "real/x", folder / "link");
  WriteFileAtomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(ReadFileText(folder / "real/x"), "new");
}

TEST(AtomicFile, LeavesDevicesInPlace) {
  WriteFileAtomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  AtomicFile file("/dev/null");
  EXPECT_EQ(file.CommitUnfinished(".partial"), "");
  EXPECT_FALSE(fs::exists("/dev/null.partial"));
}

TEST(AtomicFile, WhatCannotBeWrittenSaysWhy) {
  const TestFolder folder;
  EXPECT_EQ(KindOf([&] { WriteFileAtomically(folder / "absent/x", "1"); }), ErrorKind::kOutput);
  EXPECT_EQ(KindOf([&] { WriteFileAtomically(folder.path(), "1"); }), ErrorKind::kOutput);
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  try {
    WriteFileAtomically("/dev/full", "1");
    FAIL() << "a full disk took the file";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kOutput);
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
  }
}

TEST(Files, FoldersAreMadeWithTheirParents) {
  const TestFolder folder;
  MakeFolder(folder / "a/b/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
  MakeFolder(folder / "a/b/c");
  WriteFileAtomically(folder / "file", "");
  EXPECT_EQ(KindOf([&] { MakeFolder(folder / "file/below"); }), ErrorKind::kOutput);
}

}  // namespace
}  // namespace maskscope
