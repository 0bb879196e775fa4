#include "analyze/analyzer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "analyze/test_models.h"
#include "base/error.h"
#include "image/encode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;
using test::PictureOfSquares;
using test::SquareFace;

// A folder of its own with the two small models in it.
class AnalyzerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("maskscope_analyzer_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    detector_ = test::WriteModel(test::SquareDetector(), test::SquareDetectorRecord(), folder_ / "detector.onnx");
    classifier_ = test::WriteModel(test::ColorClassifier(), test::ColorClassifierRecord(), folder_ / "classifier.onnx");
    options_.precision = Precision::kF32;
    options_.threads = 1;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Analyzer MakeAnalyzer() { return Analyzer(detector_, classifier_, options_); }

  static std::vector<std::string> States(const Result& result) {
    std::vector<std::string> states;
    for (const FaceResult& face : result.faces) states.push_back(face.state);
    std::sort(states.begin(), states.end());
    return states;
  }

  fs::path folder_, detector_, classifier_;
  AnalyzerOptions options_;
};

const std::vector<SquareFace> kThree = {{0, 0, "correct"}, {2, 1, "incorrect"}, {5, 3, "none"}};

TEST_F(AnalyzerTest, TellsTheStateOfEveryFace) {
  const Result result = MakeAnalyzer().AnalyzeImage(PictureOfSquares(6, 4, kThree), "squares");
  ASSERT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(96, result.width);
  EXPECT_EQ(64, result.height);
  ASSERT_EQ(3u, result.faces.size());
  for (const FaceResult& face : result.faces) {
    const SquareFace* expected = nullptr;
    for (const SquareFace& square : kThree) {
      if (test::Distance(face.box, Box{square.column * 16.0f, square.row * 16.0f, square.column * 16.0f + 16,
                                       square.row * 16.0f + 16}) < 1e-3f) {
        expected = &square;
      }
    }
    ASSERT_NE(nullptr, expected);
    EXPECT_EQ(expected->state, face.state);
    EXPECT_EQ("", face.unsure_reason);
    ASSERT_EQ(3u, face.probabilities.size());
    float sum = 0;
    for (const auto& [name, probability] : face.probabilities) {
      sum += probability;
      if (name == face.state) {
        EXPECT_FLOAT_EQ(probability, face.confidence);
      }
    }
    EXPECT_NEAR(1, sum, 1e-5);
  }
  for (const FaceResult& face : result.faces) {
    if (face.state != "incorrect") continue;  // logits 8, and 4 and 0 of the others
    // A little of what surrounds the square is in the crop.
    EXPECT_NEAR(std::exp(8.0) / (std::exp(8.0) + std::exp(4.0) + 1), face.confidence, 1e-2);
  }
}

TEST_F(AnalyzerTest, TemperatureSoftensProbabilities) {
  ModelRecord record = test::ColorClassifierRecord();
  record.temperature = 4;
  classifier_ = test::WriteModel(test::ColorClassifier(), record, folder_ / "soft.onnx");
  const Result result = MakeAnalyzer().AnalyzeImage(PictureOfSquares(2, 2, {{1, 1, "none"}}), "soft");
  ASSERT_EQ(1u, result.faces.size());
  EXPECT_NEAR(std::exp(2.0) / (std::exp(2.0) + std::exp(1.0) + 1), result.faces[0].confidence, 1e-2);
}

TEST_F(AnalyzerTest, MoreFacesThanABatchHolds) {
  std::vector<SquareFace> faces;
  for (int i = 0; i < 23; ++i) faces.push_back({i % 8, i / 8, i % 2 == 0 ? "none" : "correct"});
  const Result result = MakeAnalyzer().AnalyzeImage(PictureOfSquares(8, 4, faces), "crowd");
  ASSERT_EQ(23u, result.faces.size());
  for (const FaceResult& face : result.faces) {
    const int i = static_cast<int>(std::lround(face.box.y1 / 16)) * 8 + static_cast<int>(std::lround(face.box.x1 / 16));
    EXPECT_EQ(faces[static_cast<size_t>(i)].state, face.state);
  }
}

TEST_F(AnalyzerTest, EncodedPicturesGiveTheSame) {
  const Image image = PictureOfSquares(6, 4, kThree);
  for (const auto& bytes : {EncodePng(image), EncodeJpeg(image, 95)}) {
    const Result result = MakeAnalyzer().AnalyzeBytes(bytes, "bytes");
    ASSERT_FALSE(result.error) << result.error->message;
    EXPECT_EQ((std::vector<std::string>{"correct", "incorrect", "none"}), States(result));
    EXPECT_GE(result.timing_ms.total, result.timing_ms.decode);
  }
}

TEST_F(AnalyzerTest, RotatedPicturesComeInTheUprightFrame) {
  // Orientation 6: the stored picture must be turned a quarter clockwise. Stored 96 x 64, upright 64 x 96.
  const Image stored = PictureOfSquares(6, 4, {{0, 3, "none"}});
  const auto bytes = test::WithJpegSegment(EncodeJpeg(stored, 97), 0xe1, test::ExifBlock(6));
  const Result result = MakeAnalyzer().AnalyzeBytes(bytes, "turned");
  ASSERT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(64, result.width);
  EXPECT_EQ(96, result.height);
  ASSERT_EQ(1u, result.faces.size());
  EXPECT_LT(test::Distance(Box{0, 0, 16, 16}, result.faces[0].box), 1e-3f);
}

// The detector needs 128 pixels of a picture of 1024: it is decoded at 1/8, and boxes still come in full pixels. The
// classifier wants 32 pixels of a face that has 16 there, so that its crop comes from a second, finer decoding.
TEST_F(AnalyzerTest, LargeJpegsAreDecodedReducedAndAnsweredInFullPixels) {
  const Image large = PictureOfSquares(8, 5, {{3, 2, "incorrect"}, {7, 0, "none"}}, 8);
  ASSERT_EQ(1024, large.width);
  const Result result = MakeAnalyzer().AnalyzeBytes(EncodeJpeg(large, 95), "large");
  ASSERT_FALSE(result.error) << result.error->message;
  EXPECT_EQ(1024, result.width);
  EXPECT_EQ(640, result.height);
  ASSERT_EQ(2u, result.faces.size());
  EXPECT_EQ((std::vector<std::string>{"incorrect", "none"}), States(result));
  for (const FaceResult& face : result.faces) EXPECT_NEAR(128, face.box.width(), 0.01);
}

TEST_F(AnalyzerTest, ReasonsToBeUnsure) {
  const Image image = PictureOfSquares(2, 2, {{0, 0, "none"}});
  const auto reason = [&] {
    const Result result = MakeAnalyzer().AnalyzeImage(image, "x");
    EXPECT_EQ(1u, result.faces.size());
    EXPECT_EQ("none", result.faces[0].best_state);
    EXPECT_EQ(result.faces[0].unsure_reason.empty() ? "none" : "unsure", result.faces[0].state);
    return result.faces[0].unsure_reason;
  };
  EXPECT_EQ("", reason());
  options_.min_confidence = 0.999f;
  EXPECT_EQ("low_confidence", reason());
  options_.min_sharpness = 1e7f;  // sharper than any picture
  EXPECT_EQ("blurred", reason());
  options_.min_face = 16.5f;
  EXPECT_EQ("small", reason());
  options_.min_face = 15.9f;
  options_.min_sharpness = 0.0f;
  options_.min_confidence = 0.5f;
  EXPECT_EQ("", reason());
}

TEST_F(AnalyzerTest, ThresholdsOfTheRecordHoldByDefault) {
  ModelRecord record = test::ColorClassifierRecord();
  record.thresholds.min_face = 20;
  classifier_ = test::WriteModel(test::ColorClassifier(), record, folder_ / "choosy.onnx");
  const Image image = PictureOfSquares(2, 2, {{0, 0, "none"}});
  EXPECT_EQ("small", MakeAnalyzer().AnalyzeImage(image, "x").faces.at(0).unsure_reason);
  options_.min_face = 0.0f;
  EXPECT_EQ("", MakeAnalyzer().AnalyzeImage(image, "x").faces.at(0).unsure_reason);
}

// Faces of one picture that are fed at different sizes come back in their own order.
TEST_F(AnalyzerTest, AClassifierOfSeveralSidesKeepsTheOrderOfFaces) {
  ModelRecord record = test::ColorClassifierRecord();
  record.input.sides = {8, 16, 32};
  classifier_ = test::WriteModel(test::ColorClassifier(), record, folder_ / "sides.onnx");
  Image image = PictureOfSquares(8, 2, {{0, 0, "none"}, {3, 1, "incorrect"}, {5, 0, "correct"}});
  const std::vector<Box> boxes{{0, 0, 16, 16}, {50, 18, 56, 24}, {2, 2, 8, 8}, {48, 16, 64, 32}, {81, 1, 95, 15}};
  const Result result = MakeAnalyzer().ClassifyBoxes(image, boxes, "boxes");
  ASSERT_FALSE(result.error) << result.error->message;
  std::vector<std::string> states;
  for (const FaceResult& face : result.faces) states.push_back(face.state);
  EXPECT_EQ(states, (std::vector<std::string>{"none", "incorrect", "none", "incorrect", "correct"}));
}

TEST_F(AnalyzerTest, GivenBoxesAreClassified) {
  const Image image = PictureOfSquares(4, 2, {{0, 0, "none"}, {3, 1, "incorrect"}});
  const Analyzer analyzer = MakeAnalyzer();
  const Result result = analyzer.ClassifyBoxes(image, {{0, 0, 16, 16}, {48, 16, 64, 32}}, "boxes");
  ASSERT_FALSE(result.error) << result.error->message;
  ASSERT_EQ(2u, result.faces.size());
  EXPECT_EQ("none", result.faces[0].state);
  EXPECT_EQ("incorrect", result.faces[1].state);
  EXPECT_EQ(1, result.faces[0].score);

  const Result whole = analyzer.ClassifyBoxes(PictureOfSquares(1, 1, {{0, 0, "none"}}), {}, "whole");
  ASSERT_EQ(1u, whole.faces.size());
  EXPECT_LT(test::Distance(Box{0, 0, 16, 16}, whole.faces[0].box), 1e-3f);
  EXPECT_EQ("none", whole.faces[0].state);

  for (const Box& bad : {Box{5, 5, 5, 9}, Box{9, 5, 5, 9}, Box{100, 100, 120, 120}, Box{-9, -9, 0, 0}}) {
    const Result refused = analyzer.ClassifyBoxes(image, {{0, 0, 16, 16}, bad}, "boxes");
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(ErrorKind::kBadData, refused.error->kind);
    EXPECT_NE(refused.error->message.find("box 2"), std::string::npos) << refused.error->message;
    EXPECT_TRUE(refused.faces.empty());
  }
}

TEST_F(AnalyzerTest, WhatIsWrongWithAPictureIsInItsResult) {
  const Analyzer analyzer = MakeAnalyzer();
  const auto kind = [](const Result& result) {
    EXPECT_TRUE(result.error);
    EXPECT_TRUE(result.faces.empty());
    return result.error ? result.error->kind : ErrorKind::kInternal;
  };
  EXPECT_EQ(ErrorKind::kNotFound, kind(analyzer.AnalyzeFile("no/such/file.jpg")));
  EXPECT_EQ(ErrorKind::kUnreadable, kind(analyzer.AnalyzeFile(folder_)));
  EXPECT_EQ(ErrorKind::kBadImage, kind(analyzer.AnalyzeBytes({}, "empty")));
  EXPECT_EQ(ErrorKind::kTooLarge, kind(analyzer.AnalyzeBytes(test::MakePng(30000, 30000, 8, 2, {}), "bomb")));
  const fs::path text = folder_ / "text.jpg";
  std::ofstream(text) << "not a picture at all\n";
  const Result result = analyzer.AnalyzeFile(text);
  EXPECT_EQ(ErrorKind::kBadImage, kind(result));
  EXPECT_EQ(text.string(), result.source);
  EXPECT_EQ(ErrorKind::kBadImage, kind(analyzer.AnalyzeImage(Image(), "nothing")));
}

TEST_F(AnalyzerTest, TinyAndOddPicturesAreAnalysed) {
  const Analyzer analyzer = MakeAnalyzer();
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(1, 300), std::pair(300, 1), std::pair(17, 16)}) {
    const Result result = analyzer.AnalyzeBytes(EncodePng(Image(width, height, 10)), "tiny");
    ASSERT_FALSE(result.error) << result.error->message;
    EXPECT_TRUE(result.faces.empty());
  }
}

TEST_F(AnalyzerTest, OneStageDetectorsNeedNoClassifier) {
  ModelRecord record = test::SquareDetectorRecord();
  record.task = ModelTask::kMaskDetector;
  record.classes = {"correct", "none"};
  const fs::path path = test::WriteModel(test::SquareDetector(), record, folder_ / "one-stage.onnx");
  const Analyzer analyzer(path, "", options_);
  const Result result = analyzer.AnalyzeImage(PictureOfSquares(2, 1, {{0, 0, "none"}}), "x");
  // The test graph's two scores add up to 1: the blue square is `none`, the black one `correct`.
  ASSERT_EQ(2u, result.faces.size());
  EXPECT_EQ((std::vector<std::string>{"correct", "none"}), States(result));
  EXPECT_EQ(2u, result.faces[0].probabilities.size());
  EXPECT_THROW(analyzer.classifier(), Error);
  EXPECT_THROW(Analyzer(detector_, "", options_), Error);
}

TEST_F(AnalyzerTest, ModelsThatCannotServeAreErrors) {
  const auto kind = [&](const fs::path& detector, const fs::path& classifier) {
    try {
      const Analyzer analyzer(detector, classifier, options_);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(ErrorKind::kNotFound, kind(folder_ / "none.onnx", classifier_));
  EXPECT_EQ(ErrorKind::kBadModel, kind(classifier_, classifier_));
  EXPECT_EQ(ErrorKind::kBadModel, kind(detector_, detector_));
  WriteOnnx(test::SquareDetector(), folder_ / "bare.onnx");
  EXPECT_EQ(ErrorKind::kBadModel, kind(folder_ / "bare.onnx", classifier_));
}

TEST_F(AnalyzerTest, ManyThreadsGiveTheSameResults) {
  options_.threads = 4;
  const Analyzer analyzer = MakeAnalyzer();
  std::vector<std::vector<uint8_t>> pictures;
  for (int i = 0; i < 24; ++i) {
    pictures.push_back(
        EncodePng(PictureOfSquares(2 + i % 5, 2 + i % 3, {{i % 2, 1, i % 3 == 0 ? "none" : "incorrect"}})));
  }
  size_t next = 0;
  AnalyzeInOrder(
      pictures.size(), 4, [&](size_t i) { return analyzer.AnalyzeBytes(pictures[i], std::to_string(i)); },
      [&](size_t i, Result&& result) {
        EXPECT_EQ(next++, i);
        EXPECT_EQ(std::to_string(i), result.source);
        EXPECT_EQ(1u, result.faces.size());
        EXPECT_EQ(i % 3 == 0 ? "none" : "incorrect", result.faces.at(0).state);
        return true;
      });
  EXPECT_EQ(pictures.size(), next);
}

TEST_F(AnalyzerTest, BadOptionsAreAllNamed) {
  options_.min_confidence = 2.0f;
  options_.min_face = -1.0f;
  options_.threads = -3;
  try {
    MakeAnalyzer();
    FAIL() << "bad options passed";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorKind::kUsage, error.kind());
    for (const char* field : {"min_confidence", "min_face", "threads"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

TEST_F(AnalyzerTest, ShippedModelsAreFoundByTheEnvironment) {
  ::setenv("MASKSCOPE_MODELS", folder_.c_str(), 1);
  EXPECT_EQ(detector_, FindShippedModel("detector.onnx"));
  try {
    FindShippedModel("unheard-of.onnx");
    FAIL() << "found a model that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(ErrorKind::kNotFound, error.kind());
    EXPECT_NE(std::string(error.what()).find(folder_.string()), std::string::npos) << error.what();
  }
  ::unsetenv("MASKSCOPE_MODELS");
}

}  // namespace
}  // namespace maskscope
