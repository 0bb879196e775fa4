#include "report/event_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "base/expect_error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "report/crc32c.h"

namespace maskscope {
namespace {

// RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.
TEST(Crc32cTest, PublishedTestVectors) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794Eu);
}

// A decoder of its own: the checksum bit by bit, as the polynomial division it is.
uint32_t SlowMaskedCrc(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool out = ((crc ^ (static_cast<unsigned char>(c) >> bit)) & 1) != 0;
      crc = (crc >> 1) ^ (out ? 0x82F63B78u : 0);
    }
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

struct Field {
  uint64_t number = 0;     // varints and fixed ones
  std::string_view bytes;  // the others
};
// Field number -> its occurrences, in order.
using Message = std::multimap<uint32_t, Field>;

Message Decode(std::string_view bytes) {
  Message message;
  const auto varint = [&bytes] {
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(0));
      bytes.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
  };
  while (!bytes.empty()) {
    const uint64_t key = varint();
    Field field;
    size_t size = 0;
    switch (key & 7) {
      case 0:
        field.number = varint();
        break;
      case 1:
        size = 8;
        break;
      case 5:
        size = 4;
        break;
      case 2:
        size = varint();
        break;
      default:
        ADD_FAILURE() << "unknown wire type in " << key;
        return message;
    }
    field.bytes = bytes.substr(0, size);
    if (size <= 8) std::memcpy(&field.number, field.bytes.data(), (key & 7) == 0 ? 0 : size);
    bytes.remove_prefix(size);
    message.emplace(static_cast<uint32_t>(key >> 3), field);
  }
  return message;
}

std::vector<std::string> ReadRecords(const std::filesystem::path& path) {
  const std::string text = ReadFileText(path);
  std::string_view rest = text;
  std::vector<std::string> records;
  while (!rest.empty()) {
    uint64_t length = 0;
    uint32_t crc = 0;
    std::memcpy(&length, rest.data(), 8);
    std::memcpy(&crc, rest.data() + 8, 4);
    EXPECT_EQ(crc, SlowMaskedCrc(rest.substr(0, 8)));
    const std::string_view content = rest.substr(12, length);
    std::memcpy(&crc, rest.data() + 12 + length, 4);
    EXPECT_EQ(crc, SlowMaskedCrc(content));
    records.emplace_back(content);
    rest.remove_prefix(16 + length);
  }
  return records;
}

std::map<std::string, float> ScalarsOf(const Message& event) {
  std::map<std::string, float> scalars;
  const Message summary = Decode(event.find(5)->second.bytes);
  for (const auto& [field, value] : summary) {
    EXPECT_EQ(field, 1u);
    const Message one = Decode(value.bytes);
    scalars[std::string(one.find(1)->second.bytes)] =
        std::bit_cast<float>(static_cast<uint32_t>(one.find(2)->second.number));
  }
  return scalars;
}

TEST(EventFileTest, HoldsVersionAndScalars) {
  const TestFolder folder;
  const std::filesystem::path path = folder / EventFile::kName;
  {
    EventFile file(path);
    file.Add(1, {{"loss", 0.75}, {"f1/incorrect", std::numeric_limits<double>::quiet_NaN()}}, 1700000000.25);
    EXPECT_EQ(ReadRecords(path).size(), 2u) << "readable while it is open";
    file.Add(300, {{"loss", -1e-8}, {"score", 1}});
  }
  const std::vector<std::string> records = ReadRecords(path);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(Decode(records[0]).find(3)->second.bytes, "brain.Event:2");
  const Message first = Decode(records[1]), second = Decode(records[2]);
  EXPECT_EQ(std::bit_cast<double>(first.find(1)->second.number), 1700000000.25);
  EXPECT_EQ(first.find(2)->second.number, 1u);
  EXPECT_EQ(ScalarsOf(first), (std::map<std::string, float>{{"loss", 0.75f}}));
  EXPECT_GT(std::bit_cast<double>(second.find(1)->second.number), 1.7e9);
  EXPECT_EQ(second.find(2)->second.number, 300u);
  EXPECT_EQ(ScalarsOf(second), (std::map<std::string, float>{{"loss", -1e-8f}, {"score", 1.f}}));
}

TEST(EventFileTest, GoesOnWhereItStopped) {
  const TestFolder folder;
  const std::filesystem::path path = folder / EventFile::kName;
  EventFile(path).Add(1, {{"loss", 1}});
  EventFile(path, 2).Add(2, {{"loss", 0.5}});
  const std::vector<std::string> records = ReadRecords(path);
  ASSERT_EQ(records.size(), 4u);  // version, step 1, start of a session, step 2
  const Message start = Decode(records[2]);
  EXPECT_EQ(start.find(2)->second.number, 2u);
  EXPECT_EQ(Decode(start.find(7)->second.bytes).find(1)->second.number, 1u);  // SessionLog.START
  EXPECT_EQ(Decode(records[3]).find(2)->second.number, 2u);
}

TEST(EventFileTest, TakesOutACutOffRecordWhereverItEnds) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "a.tfevents";
  EventFile(path).Add(1, {{"loss", 1}});
  const std::string whole = ReadFileText(path);
  EventFile(path).Add(2, {{"loss", 2}});
  const std::string longer = ReadFileText(path);
  for (size_t cut = whole.size(); cut < longer.size(); ++cut) {
    WriteFileAtomically(path, longer.substr(0, cut));
    EventFile(path).Add(3, {{"loss", 3}});
    const std::vector<std::string> records = ReadRecords(path);
    ASSERT_EQ(records.size(), 3u) << cut;
    EXPECT_EQ(Decode(records[2]).find(2)->second.number, 3u);
  }
}

TEST(EventFileTest, RefusesWhatItDidNotWrite) {
  const TestFolder folder;
  const std::filesystem::path path = folder / "a.tfevents";
  WriteFileAtomically(path, "epoch,loss\n1,0.5\n2,0.4\n");
  ExpectError(ErrorKind::kBadData, {"a.tfevents", "byte 0", "move it away"}, [&] { EventFile file(path); });
  EXPECT_EQ(ReadFileText(path), "epoch,loss\n1,0.5\n2,0.4\n");
  EventFile(folder / "b").Add(1, {{"loss", 1}});
  std::string bytes = ReadFileText(folder / "b");
  bytes[bytes.size() - 6] ^= 1;
  WriteFileAtomically(folder / "b", bytes);
  ExpectError(ErrorKind::kBadData, {"damaged at byte"}, [&] { EventFile file(folder / "b"); });
  ExpectError(ErrorKind::kOutput, {"none"}, [&] { EventFile file(folder / "none" / "c"); });
}

}  // namespace
}  // namespace maskscope
