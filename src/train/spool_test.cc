#include "train/spool.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/expect_error.h"
#include "base/test_folder.h"

namespace maskscope {
namespace {

TEST(Spool, HoldsTheSameInMemoryAndInAFile) {
  const TestFolder folder;
  Spool spool(folder.path(), 1000);
  const at::Tensor small = spool.Allocate({10, 10}, at::kByte);
  EXPECT_EQ(spool.bytes_in_files(), 0);
  at::Tensor large = spool.Allocate({100, 3, 64}, at::kFloat);
  EXPECT_EQ(spool.bytes_in_files(), 100 * 3 * 64 * 4);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the file has no name";
  const at::Tensor values = at::rand({100, 3, 64});
  large.copy_(values);
  spool.Release();
  EXPECT_TRUE(at::equal(large, values));
  // What is left of the memory is still used.
  spool.Allocate({900}, at::kByte);
  EXPECT_EQ(spool.bytes_in_files(), 100 * 3 * 64 * 4);
}

TEST(Spool, TensorsOutliveIt) {
  const TestFolder folder;
  at::Tensor kept;
  {
    Spool spool(folder.path(), 0);
    kept = spool.Allocate({1 << 16}, at::kByte);
    kept.fill_(7);
  }
  EXPECT_EQ(kept.sum().item<int64_t>(), 7 << 16);
}

TEST(Spool, SaysWhereThereIsNoRoom) {
  const TestFolder folder;
  Spool gone(folder / "gone", 0);
  ExpectError(ErrorKind::kOutput, {"gone", "--memory"}, [&] { gone.Allocate({1 << 20}, at::kByte); });
  Spool full(folder.path(), 0);
  ExpectError(ErrorKind::kOutput, {"no room", "MB"}, [&] { full.Allocate({int64_t{1} << 50}, at::kByte); });
}

}  // namespace
}  // namespace maskscope
