#include "weights/pickle.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace maskscope {
namespace {

using Kind = PickleDocument::Kind;

// A pickle written out by hand, kept alive for the document that refers to it.
struct Read {
  explicit Read(std::string text, const PickleLimits& limits = {}) : bytes(std::move(text)) {
    document = ReadPickle({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "x.pkl", &used, limits);
  }
  const PickleDocument::Value& root() const { return document.at(document.root()); }
  std::string bytes;
  size_t used = 0;
  PickleDocument document;
};

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

ErrorKind KindOf(const std::string& text, const PickleLimits& limits = {}) {
  try {
    Read read(text, limits);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("x.pkl"), std::string::npos) << error.what();
    return error.kind();
  }
  ADD_FAILURE() << "was read: " << testing::PrintToString(text);
  return ErrorKind::kInternal;
}

TEST(Pickle, ReadsNumbers) {
  const auto integer = [](const std::string& text) { return Read(text + ".").root().integer; };
  EXPECT_EQ(integer(Bytes({'K', 200})), 200);
  EXPECT_EQ(integer(Bytes({'M', 1, 2})), 0x201);
  EXPECT_EQ(integer(Bytes({'J', 0xfe, 0xff, 0xff, 0xff})), -2);
  EXPECT_EQ(integer(Bytes({0x8a, 0})), 0);
  EXPECT_EQ(integer(Bytes({0x8a, 1, 0x80})), -128);
  EXPECT_EQ(integer(Bytes({0x8a, 2, 0x80, 0})), 128);
  EXPECT_EQ(integer(Bytes({0x8b, 3, 0, 0, 0, 1, 2, 3})), 0x30201);
  EXPECT_EQ(integer(Bytes({0x88})), 1);
  EXPECT_EQ(Read(Bytes({0x88, '.'})).root().kind, Kind::kBool);
  EXPECT_EQ(Read(Bytes({0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, '.'})).root().kind, Kind::kBigInt);
  EXPECT_EQ(Read(Bytes({'G', 0xc0, 0x04, 0, 0, 0, 0, 0, 0, '.'})).root().number, -2.5);
  EXPECT_EQ(Read("N.").root().kind, Kind::kNone);
}

TEST(Pickle, ReadsTextOfBothPythons) {
  EXPECT_EQ(Read(Bytes({'X', 2, 0, 0, 0, 'a', 'b', '.'})).root().text, "ab");
  EXPECT_EQ(Read(Bytes({0x8c, 1, 'a', '.'})).root().text, "a");
  const Read python2(Bytes({0x80, 2, 'U', 1, 'a', '.'}));
  EXPECT_EQ(python2.root().kind, Kind::kText);
  EXPECT_EQ(python2.root().text, "a");
  EXPECT_EQ(Read(Bytes({'C', 1, 'a', '.'})).root().kind, Kind::kBytes);
}

TEST(Pickle, CallsNothingButRemembersTheCall) {
  const Read read("cposix\nsystem\nX" + Bytes({2, 0, 0, 0}) + "ls" + Bytes({0x85}) + "R}(K\x01K\x02ub.");
  ASSERT_EQ(read.root().kind, Kind::kObject);
  EXPECT_EQ(read.document.GlobalName(read.document.root()), "posix.system");
  const auto& arguments = read.document.at(read.root().arguments);
  ASSERT_EQ(arguments.items.size(), 1u);
  EXPECT_EQ(read.document.at(arguments.items[0]).text, "ls");
  EXPECT_TRUE(read.document.Is(read.root().state, Kind::kDict));
}

TEST(Pickle, SharesAndNests) {
  // [d, d] with d = {"k": d}
  const Read read("](}q" + Bytes({0}) + Bytes({0x8c, 1}) + "kh" + Bytes({0}) + "sh" + Bytes({0}) + "e.");
  ASSERT_EQ(read.root().items.size(), 2u);
  EXPECT_EQ(read.root().items[0], read.root().items[1]);
  const PickleDocument::Ref dict = read.root().items[0];
  EXPECT_EQ(read.document.Find(dict, "k"), dict);
  EXPECT_EQ(read.document.Find(dict, "l"), PickleDocument::kNothing);
}

TEST(Pickle, SaysWhereItEnds) { EXPECT_EQ(Read("N.N.").used, 2u); }

TEST(Pickle, RefusesDamage) {
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string("N"),
                                  std::string("a."),
                                  std::string("]a."),
                                  std::string("t."),
                                  std::string("(e."),
                                  std::string("N(Ne."),
                                  std::string("}(Nu."),
                                  std::string("h\x01."),
                                  std::string("cposix"),
                                  std::string("cposix\nsystem"),
                                  std::string("X\xff\xff\xff\xff"),
                                  std::string("\x8a\x09"),
                                  std::string("R."),
                                  std::string("NR."),
                                  std::string("NNb0."),
                                  std::string("(."),
                                  std::string("K\x01K\x01s."),
                                  std::string("1."),
                                  std::string("NK\x01\x93."),
                                  Bytes({0x8e, 255, 255, 255, 255, 255, 255, 255, 255})}) {
    EXPECT_EQ(KindOf(text), ErrorKind::kBadModel);
  }
}

TEST(Pickle, RefusesWhatWeightsDoNotNeed) {
  EXPECT_EQ(KindOf(Bytes({0x80, 0, '.'})), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf("I1\n."), ErrorKind::kUnsupported);  // protocol 0
  EXPECT_EQ(KindOf("(iposix\nsystem\n."), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(Bytes({0x82, 1, '.'})), ErrorKind::kUnsupported);  // extension registry
  EXPECT_EQ(KindOf(Bytes({0x97, '.'})), ErrorKind::kUnsupported);     // out-of-band buffers
}

TEST(Pickle, KeepsItsLimits) {
  PickleLimits limits;
  limits.max_values = 100;
  limits.max_operations = 1000;
  EXPECT_EQ(KindOf(std::string(101, 'N') + ".", limits), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf("N" + std::string(2000, '2') + ".", limits), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf(std::string(2000, '(') + ".", limits), ErrorKind::kTooLarge);
  EXPECT_NO_THROW(Read(std::string(99, ']') + std::string(98, 'a') + ".", limits));
}

}  // namespace
}  // namespace maskscope
