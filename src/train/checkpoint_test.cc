#include "train/checkpoint.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "data/test_folder.h"
#include "zoo/weights.h"

namespace maskscope {
namespace {

Checkpoint Sample() {
  Checkpoint checkpoint;
  checkpoint.state = {{"epoch", 3}, {"loss", 0.1}, {"name", "a \"quoted\" name"}, {"rows", {1.5, nullptr}}};
  torch::manual_seed(5);
  checkpoint.tensors = {{"matrix", at::randn({3, 4})},
                        {"picture", at::randn({2, 3, 5, 4}).contiguous(at::MemoryFormat::ChannelsLast)},
                        {"part", at::randn({6, 6}).slice(1, 1, 3)},
                        {"one", at::full({1}, std::numeric_limits<float>::min())},
                        {"nothing", at::zeros({0})}};
  return checkpoint;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const TestFolder folder;
  const Checkpoint saved = Sample();
  SaveCheckpoint(saved, folder / "c.safetensors");
  const Checkpoint read = LoadCheckpoint(folder / "c.safetensors");
  EXPECT_EQ(read.state, saved.state);
  ASSERT_EQ(read.tensors.size(), saved.tensors.size());
  for (const auto& [name, tensor] : saved.tensors) EXPECT_TRUE(at::equal(read.tensors.at(name), tensor)) << name;
}

TEST(Checkpoint, ReplacesTheOneBefore) {
  const TestFolder folder;
  SaveCheckpoint(Sample(), folder / "c.safetensors");
  Checkpoint second;
  second.state = {{"epoch", 4}};
  SaveCheckpoint(second, folder / "c.safetensors");
  const Checkpoint read = LoadCheckpoint(folder / "c.safetensors");
  EXPECT_EQ(read.state.at("epoch"), 4);
  EXPECT_TRUE(read.tensors.empty());
  const std::filesystem::directory_iterator files(folder.path()), end;
  EXPECT_EQ(std::distance(files, end), 1) << "a temporary file was left behind";
}

TEST(Checkpoint, CutShortAnywhereIsAClearError) {
  const TestFolder folder;
  SaveCheckpoint(Sample(), folder / "c.safetensors");
  const std::string whole = ReadFileText(folder / "c.safetensors");
  for (const size_t length : {size_t{0}, size_t{4}, size_t{8}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    folder.Write("cut.safetensors", std::string_view(whole).substr(0, length));
    SCOPED_TRACE(length);
    ExpectError(ErrorKind::kBadData, {"cut.safetensors"}, [&] { LoadCheckpoint(folder / "cut.safetensors"); });
  }
}

TEST(Checkpoint, RefusesWhatIsNoCheckpoint) {
  const TestFolder folder;
  ExpectError(ErrorKind::kNotFound, {"absent.safetensors"}, [&] { LoadCheckpoint(folder / "absent.safetensors"); });
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  folder.Write("weights.safetensors", bytes + header + std::string(4, '\0'));
  ASSERT_EQ(ReadSafetensors(folder / "weights.safetensors").size(), 1u);
  ExpectError(ErrorKind::kBadData, {"weights.safetensors", "not a checkpoint"},
              [&] { LoadCheckpoint(folder / "weights.safetensors"); });
}

}  // namespace
}  // namespace maskscope
