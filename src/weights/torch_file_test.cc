#include "weights/torch_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "weights/weight_file.h"

// Files made by Python's own pickle and zipfile (make_torch_files.py), so that the reader is compared with the writers
// it will meet.
namespace maskscope {
namespace {

class TorchFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TestFolder();
    const std::string command = "python3 src/weights/make_torch_files.py '" + folder_->path().string() + "'";
    made_ = std::system("python3 -c pass >/dev/null 2>&1") == 0 && std::system(command.c_str()) == 0;
    if (made_) expected_ = nlohmann::json::parse(ReadFileText(*folder_ / "expected.json"));
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override {
    if (!made_) GTEST_SKIP() << "python3 is needed to make the files, and is absent or failed";
  }

  static std::filesystem::path File(const std::string& name) { return *folder_ / name; }

  // Empty where the file is read.
  static std::string Complaint(const std::filesystem::path& path, ErrorKind kind) {
    try {
      ReadWeightFile(path);
    } catch (const Error& error) {
      EXPECT_EQ(ErrorName(error.kind()), ErrorName(kind)) << error.what();
      EXPECT_NE(std::string(error.what()).find(path.filename().string()), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }

  static TestFolder* folder_;
  static bool made_;
  static nlohmann::json expected_;
};
TestFolder* TorchFiles::folder_ = nullptr;
bool TorchFiles::made_ = false;
nlohmann::json TorchFiles::expected_;

std::vector<double> Values(const Tensor& tensor) {
  return tensor.is_float() ? std::vector<double>(tensor.floats.begin(), tensor.floats.end())
                           : std::vector<double>(tensor.ints.begin(), tensor.ints.end());
}

TEST_F(TorchFiles, AreReadAsTheyWereWritten) {
  ASSERT_GE(expected_.size(), 20u);
  for (const auto& [name, wanted] : expected_.items()) {
    SCOPED_TRACE(name);
    const WeightFile file = ReadWeightFile(File(name), {.key = name == "two_nets.pt" ? "generator" : ""});
    EXPECT_EQ(file.format, name.find("legacy") != std::string::npos ? "PyTorch (before 1.6)" : "PyTorch");
    const nlohmann::json& tensors = wanted.at("tensors");
    ASSERT_EQ(file.tensors.size(), tensors.size());
    for (const auto& [tensor, found] : file.tensors) {
      SCOPED_TRACE(tensor);
      ASSERT_TRUE(tensors.contains(tensor));
      EXPECT_EQ(found.shape, tensors.at(tensor)[0].get<Shape>());
      EXPECT_EQ(Values(found), tensors.at(tensor)[1].get<std::vector<double>>());
    }
    EXPECT_EQ(file.class_names, wanted.value("classes", std::vector<std::string>()));
    EXPECT_EQ(file.refused, (wanted.value("refused", std::map<std::string, std::string>())));
  }
  EXPECT_FALSE(std::filesystem::exists(File("was_run"))) << "a call in a pickle was made";
}

TEST_F(TorchFiles, ThatHoldSeveralNetworksNeedAKey) {
  EXPECT_NE(Complaint(File("two_nets.pt"), ErrorKind::kUsage).find("generator, critic"), std::string::npos);
  EXPECT_EQ(ReadWeightFile(File("two_nets.pt"), {.key = "critic"}).tensors.size(), 1u);
  EXPECT_EQ(ReadWeightFile(File("odd_key.pt"), {.key = "my_net.inner"}).tensors.size(), 5u);
  EXPECT_THROW(ReadWeightFile(File("two_nets.pt"), {.key = "judge"}), Error);
}

TEST_F(TorchFiles, ThatCannotBeUsedAreRefusedWithTheReason) {
  const std::map<std::string, std::pair<ErrorKind, std::string>> wanted = {
      {"bad_only_a_call.pt", {ErrorKind::kBadModel, "posix.system"}},
      {"bad_no_tensors.pt", {ErrorKind::kBadModel, "argparse2.Namespace"}},
      {"bad_complex.pt", {ErrorKind::kUnsupported, "ComplexFloatStorage"}},
      {"bad_quantized.pt", {ErrorKind::kBadModel, "_rebuild_qtensor"}},
      {"bad_big_endian.pt", {ErrorKind::kUnsupported, "big-endian"}},
      {"bad_too_long.pt", {ErrorKind::kBadModel, "[61]"}},
      {"bad_too_far.pt", {ErrorKind::kBadModel, "beyond its storage"}},
      {"bad_far_stride.pt", {ErrorKind::kBadModel, "beyond its storage"}},
      {"bad_huge.pt", {ErrorKind::kBadModel, "beyond all bounds"}},
      {"bad_repeated.pt", {ErrorKind::kTooLarge, "'a'"}},
      {"bad_negative.pt", {ErrorKind::kBadModel, "-1"}},
      {"bad_backwards.pt", {ErrorKind::kBadModel, "-1"}},
      {"bad_ragged.pt", {ErrorKind::kBadModel, "strides"}},
      {"bad_many_axes.pt", {ErrorKind::kBadModel, "40 axes"}},
      {"bad_no_storage.pt", {ErrorKind::kBadModel, "no storage"}},
      {"bad_bomb.pt", {ErrorKind::kBadModel, "own parts"}},
      {"bad_deep.pt", {ErrorKind::kBadModel, "levels deep"}},
      {"bad_circle.pt", {ErrorKind::kBadModel, "levels deep"}},
      {"bad_plain_pickle.pt", {ErrorKind::kUnsupported, "plain Python pickle"}},
      {"bad_other_zip.pt", {ErrorKind::kBadModel, "data.pkl"}},
      {"bad_missing_storage.pt", {ErrorKind::kBadModel, "data/1"}},
  };
  size_t bad = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("bad_")) continue;
    ++bad;
    ASSERT_TRUE(wanted.contains(name)) << name;
    const std::string complaint = Complaint(entry.path(), wanted.at(name).first);
    EXPECT_NE(complaint.find(wanted.at(name).second), std::string::npos) << name << ": " << complaint;
  }
  EXPECT_EQ(bad, wanted.size());
}

struct Outcome {
  size_t read = 0, refused = 0;
};

// Whatever happens to the bytes, the answer is tensors or one of our errors; sanitizers watch the rest. In memory, for
// there are thousands.
void ReadDamaged(const std::string& text, Outcome& outcome) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  try {
    if (!IsZip(bytes) && !IsPickle(bytes)) throw Error(ErrorKind::kUnsupported, "another format");
    const WeightFile file =
        IsZip(bytes) ? ReadTorchZip(bytes, "damaged.pt", {}) : ReadTorchLegacy(bytes, "damaged.pt", {});
    for (const auto& [name, tensor] : file.tensors) {
      EXPECT_EQ(ElementCount(tensor.shape), static_cast<int64_t>(tensor.floats.size() + tensor.ints.size()));
    }
    ++outcome.read;
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), ErrorKind::kInternal) << error.what();
    ++outcome.refused;
  }
}

TEST_F(TorchFiles, ThatAreCutOffAreRefused) {
  for (const std::string name : {"checkpoint.pt", "checkpoint_legacy.pt", "module.pt", "deflated.pt"}) {
    const std::string whole = ReadFileText(File(name));
    Outcome outcome;
    for (size_t length = 0; length < whole.size(); length += 97) {
      ReadDamaged(whole.substr(0, length), outcome);
    }
    EXPECT_EQ(outcome.read, 0u) << name;
    EXPECT_GT(outcome.refused, 10u) << name;
  }
}

TEST_F(TorchFiles, WithFlippedBytesDoNoHarm) {
  for (const std::string name : {"checkpoint.pt", "module_legacy.pt", "views_legacy.pt", "legacy_protocol_4.pt"}) {
    const std::string whole = ReadFileText(File(name));
    Outcome outcome;
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        ReadDamaged(damaged, outcome);
      }
    }
    EXPECT_GT(outcome.refused, whole.size() / 4) << name;
  }
}

TEST(WeightFile, TellsFormatsByContent) {
  TestFolder folder;
  const auto kind = [&](const std::string& name, const std::string& bytes) {
    WriteFileAtomically(folder / name, bytes);
    try {
      ReadWeightFile(folder / name);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(kind("empty.pt", ""), ErrorKind::kBadModel);
  EXPECT_EQ(kind("text.pt", "these are no weights at all"), ErrorKind::kUnsupported);
  EXPECT_EQ(kind("old.pt", std::string(257, 'x') + "ustar" + std::string(300, 'x')), ErrorKind::kUnsupported);
  EXPECT_EQ(kind("broken.onnx", "no"), ErrorKind::kBadModel);
  EXPECT_EQ(kind("short.zip", std::string("PK\x03\x04", 4)), ErrorKind::kBadModel);
  EXPECT_THROW(ReadWeightFile(folder / "absent.pt"), Error);
  EXPECT_THROW(ReadWeightFile(folder.path()), Error);
  WriteFileAtomically(folder / "a.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  EXPECT_EQ(ReadWeightFile(folder / "a.safetensors").format, "safetensors");
  EXPECT_THROW(ReadWeightFile(folder / "a.safetensors", {.key = "model"}), Error);
  // A header of 128 bytes: its length begins like a pickle.
  WriteFileAtomically(folder / "b.bin", std::string("\x80\0\0\0\0\0\0\0{}", 10) + std::string(126, ' '));
  EXPECT_EQ(ReadWeightFile(folder / "b.bin").format, "safetensors");
}

}  // namespace
}  // namespace maskscope
