#include "weights/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"

namespace maskscope {
namespace {

class Safetensors : public testing::Test {
 protected:
  std::map<std::string, Tensor> Read(const std::string& header, const std::string& data) {
    const uint64_t length = header.size();
    return ReadRaw(std::string(reinterpret_cast<const char*>(&length), 8) + header + data);
  }
  std::map<std::string, Tensor> ReadRaw(const std::string& bytes) {
    WriteFileAtomically(folder_ / "x.safetensors", bytes);
    return ReadSafetensors(folder_ / "x.safetensors");
  }
  ErrorKind KindOf(const std::string& header, const std::string& data) {
    try {
      Read(header, data);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("x.safetensors"), std::string::npos) << error.what();
      return error.kind();
    }
    ADD_FAILURE() << "was read: " << header;
    return ErrorKind::kInternal;
  }
  TestFolder folder_;
};

template <typename T>
std::string Bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST_F(Safetensors, ReadsEveryType) {
  const std::string data = Bytes<float>({1.5f, -2.0f}) + Bytes<uint16_t>({0x3c00, 0xc100, 0x0001}) +
                           Bytes<uint16_t>({0x3fc0}) + Bytes<double>({0.25}) + Bytes<int64_t>({-7}) +
                           Bytes<uint8_t>({200});
  const auto tensors = Read(
      R"({"__metadata__":{"a":"b"},"f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
         "h":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},"b":{"dtype":"BF16","shape":[1,1],"data_offsets":[14,16]},
         "d":{"dtype":"F64","shape":[],"data_offsets":[16,24]},"i":{"dtype":"I64","shape":[1],"data_offsets":[24,32]},
         "u":{"dtype":"U8","shape":[1],"data_offsets":[32,33]}})",
      data);
  EXPECT_EQ(tensors.size(), 6u);
  EXPECT_EQ(tensors.at("f").floats, (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(tensors.at("h").floats, (std::vector<float>{1.0f, -2.5f, 0x1p-24f}));
  EXPECT_EQ(tensors.at("b").shape, (Shape{1, 1}));
  EXPECT_EQ(tensors.at("b").floats[0], 1.5f);
  EXPECT_EQ(tensors.at("d").floats[0], 0.25f);
  EXPECT_TRUE(tensors.at("d").shape.empty());
  EXPECT_EQ(tensors.at("i").ints[0], -7);
  EXPECT_EQ(tensors.at("u").ints[0], 200);
}

TEST_F(Safetensors, RefusesHostileFiles) {
  const std::string eight(8, '\0');
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_NO_THROW(Read(good, eight));
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"[]", ""},
      {"{", ""},
      {R"({"a":1})", ""},
      {good, std::string(7, '\0')},                                            // data cut off
      {good, std::string(9, '\0')},                                            // and too long
      {R"({"a":{"shape":[2],"data_offsets":[0,8]}})", eight},                  // no dtype
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight},    // shape and bytes disagree
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight},   // negative
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", eight},  // not an integer
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight},    // backwards
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})", eight},  // three offsets
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80]}})", eight},   // outside
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})", ""},  // overflows to 0
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       eight},  // twice
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       eight},                                                               // overlap
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight},  // gap
  };
  for (const auto& [header, data] : bad) EXPECT_EQ(KindOf(header, data), ErrorKind::kBadModel) << header;
  EXPECT_EQ(KindOf(R"({"a":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}})", eight), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(R"({"a":)" + std::string(5000, '[') + std::string(5000, ']') + "}", ""), ErrorKind::kBadModel);
}

TEST_F(Safetensors, RefusesHeadersLongerThanTheFile) {
  EXPECT_THROW(ReadRaw("abc"), Error);
  EXPECT_THROW(ReadRaw(std::string(8, '\xff')), Error);
  EXPECT_THROW(ReadRaw(std::string("\x10\0\0\0\0\0\0\0{}", 10)), Error);
}

TEST_F(Safetensors, SaysWhenThereIsNoFile) {
  try {
    ReadSafetensors(folder_ / "absent.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace maskscope
