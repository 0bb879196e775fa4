#include "data/duplicates/print_cache.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

std::string HashOf(int number) { return "sha256:" + std::string(63, 'a') + static_cast<char>('0' + number); }

PicturePrint PrintOf(int number) {
  PicturePrint print;
  print.width = 100 + number;
  print.height = 50;
  print.content = {1.5f, 0, 90, 49};
  print.grey.fill(static_cast<uint8_t>(number));
  return print;
}

class PrintCacheTest : public ::testing::Test {
 protected:
  void Keep(int from, int to) {
    PrintCache cache(file_);
    for (int i = from; i < to; ++i) cache.Add(HashOf(i), PrintOf(i));
    cache.Save();
  }
  std::string Bytes() const { return ReadFileText(file_); }

  TestFolder folder_;
  std::filesystem::path file_ = folder_ / "prints";
};

TEST_F(PrintCacheTest, KeepsWhatIsAddedRunByRun) {
  Keep(0, 3);
  const std::string before = Bytes();
  Keep(2, 5);  // one is there already
  EXPECT_EQ(Bytes().substr(0, before.size()), before);
  EXPECT_EQ(Bytes().size() - before.size(), 2 * (before.size() - 19) / 3);
  const PrintCache cache(file_);
  EXPECT_EQ(cache.size(), 5u);
  const PicturePrint* print = cache.Find(HashOf(4));
  ASSERT_NE(print, nullptr);
  EXPECT_EQ(print->width, 104);
  EXPECT_EQ(print->content, PrintOf(4).content);
  EXPECT_EQ(print->grey, PrintOf(4).grey);
  EXPECT_EQ(cache.Find(HashOf(5)), nullptr);
}

TEST_F(PrintCacheTest, AnEntryCutOffIsDroppedAndTheFileGoesOn) {
  Keep(0, 3);
  const std::string whole = Bytes();
  for (const size_t cut : {size_t{1}, size_t{4000}}) {
    WriteFileAtomically(file_, whole.substr(0, whole.size() - cut));
    EXPECT_EQ(PrintCache(file_).size(), 2u);
    Keep(2, 3);
    EXPECT_EQ(Bytes(), whole);
  }
  WriteFileAtomically(file_, whole.substr(0, 7));
  EXPECT_EQ(PrintCache(file_).size(), 0u);
  Keep(0, 3);
  EXPECT_EQ(Bytes(), whole);
}

TEST_F(PrintCacheTest, DamageIsAnErrorThatSaysWhatToDo) {
  Keep(0, 3);
  std::string bytes = Bytes();
  bytes[6000] = static_cast<char>(bytes[6000] ^ 1);
  WriteFileAtomically(file_, bytes);
  ExpectError(ErrorKind::kBadData, {"prints", "entry 2", "delete"}, [&] { PrintCache{file_}; });
  WriteFileAtomically(file_, "something else");
  ExpectError(ErrorKind::kBadData, {"prints", "maskscope.prints/2", "delete"}, [&] { PrintCache{file_}; });
  ExpectError(ErrorKind::kUnreadable, {folder_.path().string()}, [&] { PrintCache{folder_.path()}; });
}

TEST_F(PrintCacheTest, WithoutAFileNothingIsWritten) {
  PrintCache cache("");
  cache.Add(HashOf(1), PrintOf(1));
  cache.Save();
  EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace maskscope
