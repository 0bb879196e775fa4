#include "cli/compare_system.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

TEST(ParseSystemTest, ModelsAndPredictions) {
  const SystemSpec ours = ParseSystem("ours=shipped");
  EXPECT_EQ(ours.detector, "shipped");
  EXPECT_EQ(ours.classifier, "shipped");
  EXPECT_FALSE(ours.predictions);
  const SystemSpec full = ParseSystem("x=d.onnx,d.json,c.onnx,score=0.25,size=640");
  EXPECT_EQ(full.record, "d.json");
  EXPECT_EQ(full.classifier, "c.onnx");
  EXPECT_FLOAT_EQ(*full.score, 0.25f);
  EXPECT_EQ(*full.size, 640);
  const TestFolder folder;
  folder.Write("mtcnn/pnet.onnx", "");
  EXPECT_FALSE(ParseSystem("m=" + (folder / "mtcnn").string() + ",shipped").predictions);
  EXPECT_TRUE(ParseSystem("p=" + folder.path().string()).predictions);
  EXPECT_TRUE(ParseSystem("p=results.json,score=0.3").predictions);
}

TEST(ParseSystemTest, SaysWhatIsWrong) {
  ExpectError(ErrorKind::kUsage, {"NAME=PARTS"}, [] { ParseSystem("shipped"); });
  ExpectError(ErrorKind::kUsage, {"NAME=PARTS"}, [] { ParseSystem("=shipped"); });
  ExpectError(ErrorKind::kUsage, {"score=2", "0 to 1"}, [] { ParseSystem("a=d.onnx,score=2"); });
  ExpectError(ErrorKind::kUsage, {"'x'", "pixels"}, [] { ParseSystem("a=d.onnx,size=x"); });
  ExpectError(ErrorKind::kUsage, {"the part 'c.pt'"}, [] { ParseSystem("a=d.onnx,c.pt"); });
  ExpectError(ErrorKind::kUsage, {"read as predictions"}, [] { ParseSystem("a=dets/,shipped"); });
  ExpectError(ErrorKind::kUsage, {"two are named 'a'"}, [] {
    CheckNames({ParseSystem("a=shipped"), ParseSystem("a=d.onnx")});
  });
}

}  // namespace
}  // namespace maskscope
