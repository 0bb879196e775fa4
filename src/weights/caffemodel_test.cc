#include "weights/caffemodel.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "weights/test_caffemodel.h"
#include "weights/weight_file.h"

namespace maskscope {
namespace {

using test::LengthField;
using test::Varint;

std::map<std::string, Tensor> Parse(const std::string& text) {
  return ParseCaffemodel({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, "x.caffemodel");
}

std::string Network() {
  return LengthField(1, "net") +
         test::CaffeLayer("conv", "Convolution",
                          {Tensor::Floats({2, 1, 1, 2}, {1, 2, 3, 4}), Tensor::Floats({2}, {5, 6})}) +
         test::CaffeLayer("relu", "ReLU", {}) + test::CaffeLayer("norm", "Normalize", {Tensor::Floats({1}, {20})});
}

TEST(Caffemodel, NamesBlobsByLayerAndNumber) {
  const auto tensors = Parse(Network());
  ASSERT_EQ(tensors.size(), 3u);
  EXPECT_EQ(tensors.at("conv.0"), Tensor::Floats({2, 1, 1, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(tensors.at("conv.1"), Tensor::Floats({2}, {5, 6}));
  EXPECT_EQ(tensors.at("norm.0").floats[0], 20);
}

TEST(Caffemodel, ReadsTheOlderLayers) {
  // Sides one by one, and the values as separate fields, which writers of the time could do.
  std::string blob = Varint(1 << 3) + Varint(1) + Varint(4 << 3) + Varint(2);
  for (const float value : {7.0f, 8.0f}) {
    blob += Varint(5 << 3 | 5) + std::string(reinterpret_cast<const char*>(&value), 4);
  }
  const auto tensors = Parse(LengthField(2, LengthField(4, "old") + LengthField(6, blob)));
  EXPECT_EQ(tensors.at("old.0"), Tensor::Floats({1, 1, 1, 2}, {7, 8}));
}

TEST(Caffemodel, IsKnownByItsEnding) {
  TestFolder folder;
  WriteFileAtomically(folder / "net.caffemodel", Network());
  const WeightFile file = ReadWeightFile(folder / "net.caffemodel");
  EXPECT_EQ(file.format, "Caffe");
  EXPECT_EQ(file.tensors.size(), 3u);
}

TEST(Caffemodel, RefusesDamage) {
  const auto refused = [](const std::string& text) {
    try {
      Parse(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadModel);
      return true;
    }
    return false;
  };
  const std::string whole = Network();
  size_t read = 0;
  for (size_t length = 0; length < whole.size(); ++length) read += !refused(whole.substr(0, length));
  EXPECT_LE(read, 3u) << "only where a layer ends can a part look whole";
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      refused(damaged);  // whatever it says, it ends
    }
  }
  Tensor lying = Tensor::Floats({2}, {1, 2});
  lying.shape = {int64_t{1} << 40, int64_t{1} << 40};
  EXPECT_TRUE(refused(test::CaffeLayer("a", "b", {lying})));
  EXPECT_TRUE(refused(test::CaffeLayer("a", "b", {Tensor::Floats({1}, {1})}) +
                      test::CaffeLayer("a", "b", {Tensor::Floats({1}, {1})})));
  EXPECT_TRUE(refused(std::string(11, '\xff')));
}

}  // namespace
}  // namespace maskscope
