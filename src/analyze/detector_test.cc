#include "analyze/detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analyze/preprocess.h"
#include "analyze/test_models.h"
#include "base/error.h"
#include "graph/onnx_io.h"
#include "image/decode.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using test::SharedFile;

Decoding RetinaFaceDecoding() {
  Decoding decoding;
  decoding.kind = "retinaface";
  decoding.strides = {8, 16, 32};
  decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  decoding.boxes_output = "box";
  decoding.scores_output = "cls";
  decoding.landmarks_output = "landmarks";
  return decoding;
}

std::shared_ptr<Engine> F32Engine(Graph graph) {
  EngineOptions options;
  options.precision = Precision::kF32;
  return std::make_shared<Engine>(std::move(graph), options);
}

TEST(Priors, RetinaFaceLoopsAsPublished) {
  const Decoding decoding = RetinaFaceDecoding();
  for (const auto& [width, height] : {std::pair(192, 160), std::pair(97, 131), std::pair(32, 32)}) {
    const std::vector<Prior> priors = MakePriors(decoding, width, height);
    size_t at = 0;
    for (size_t level = 0; level < 3; ++level) {
      const int stride = decoding.strides[level];
      for (int i = 0; i < (height + stride - 1) / stride; ++i) {
        for (int j = 0; j < (width + stride - 1) / stride; ++j) {
          for (const float side : decoding.min_sizes[level]) {
            ASSERT_LT(at, priors.size());
            EXPECT_NEAR((j + 0.5) * stride / width, priors[at].cx, 1e-6);
            EXPECT_NEAR((i + 0.5) * stride / height, priors[at].cy, 1e-6);
            EXPECT_FLOAT_EQ(side / static_cast<float>(width), priors[at].w);
            EXPECT_FLOAT_EQ(side / static_cast<float>(height), priors[at].h);
            ++at;
          }
        }
      }
    }
    EXPECT_EQ(at, priors.size());
  }
}

TEST(Priors, AizooAnchorsAgreeWithTheReference) {
  std::ifstream stream(SharedFile("golden/aizoo.safetensors"), std::ios::binary);
  if (!stream) GTEST_SKIP() << "golden/aizoo.safetensors is absent: set MASKSCOPE_SHARED";
  const std::vector<char> file((std::istreambuf_iterator<char>(stream)), {});
  uint64_t header_size = 0;
  std::memcpy(&header_size, file.data(), 8);
  const auto header = nlohmann::json::parse(file.begin() + 8, file.begin() + 8 + static_cast<ptrdiff_t>(header_size));
  const size_t offset = 8 + header_size + header.at("anchors").at("data_offsets")[0].get<size_t>();
  Decoding decoding;
  decoding.kind = "ssd_aizoo";
  const std::vector<Prior> priors = MakePriors(decoding, 260, 260);
  ASSERT_EQ(5972u, priors.size());
  for (size_t i = 0; i < priors.size(); ++i) {
    float box[4];
    std::memcpy(box, file.data() + offset + 16 * i, sizeof(box));
    // The reference holds centre and size, or corners: tell by the first, whose centre is 0.5 / 33.
    const Prior& p = priors[i];
    EXPECT_NEAR(box[0], p.cx - p.w / 2, 1e-6) << i;
    EXPECT_NEAR(box[1], p.cy - p.h / 2, 1e-6) << i;
    EXPECT_NEAR(box[2], p.cx + p.w / 2, 1e-6) << i;
    EXPECT_NEAR(box[3], p.cy + p.h / 2, 1e-6) << i;
    if (HasFailure()) break;
  }
}

TEST(Priors, SsdPriorsStandOnTheirOwnGrid) {
  Decoding decoding;
  decoding.kind = "ssd";
  decoding.strides = {100};  // on a map of 2 cells: the second one's centre is at 150
  decoding.map_sizes = {2};
  decoding.min_sizes = {{40}};
  decoding.max_sizes = {90};
  decoding.aspect_ratios = {{4}};
  const std::vector<Prior> priors = MakePriors(decoding, 200, 200);
  ASSERT_EQ(16u, priors.size());
  const Prior &square = priors[4], &between = priors[5], &wide = priors[6], &high = priors[7];
  EXPECT_FLOAT_EQ(0.75f, square.cx);
  EXPECT_FLOAT_EQ(0.25f, square.cy);
  EXPECT_FLOAT_EQ(0.2f, square.w);
  EXPECT_FLOAT_EQ(0.3f, between.h);  // sqrt(40 * 90) = 60
  EXPECT_FLOAT_EQ(0.4f, wide.w);
  EXPECT_FLOAT_EQ(0.1f, wide.h);
  EXPECT_FLOAT_EQ(0.1f, high.w);
  decoding.max_sizes.clear();
  EXPECT_THROW(MakePriors(decoding, 200, 200), Error);
}

TEST(Priors, BadDecodingsAreNamed) {
  Decoding decoding = RetinaFaceDecoding();
  decoding.kind = "yolo";
  EXPECT_THROW(MakePriors(decoding, 32, 32), Error);
  decoding = RetinaFaceDecoding();
  decoding.strides = {8};
  EXPECT_THROW(MakePriors(decoding, 32, 32), Error);
  decoding = RetinaFaceDecoding();
  decoding.strides[1] = 0;
  EXPECT_THROW(MakePriors(decoding, 32, 32), Error);
}

nlohmann::json ReadJson(const std::string& relative) {
  std::ifstream stream(SharedFile(relative));
  return stream ? nlohmann::json::parse(stream) : nlohmann::json();
}

TEST(GoldenResults, RetinaFaceFindsTheFacesOfThePhotos) {
  const nlohmann::json golden = ReadJson("golden/results/retinaface_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "retinaface";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 4096;
  record.input.size_multiple = 1;
  record.input.enlarge = false;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 117, 123};
  record.decoding = RetinaFaceDecoding();
  record.thresholds.score = 0.5f;
  record.thresholds.nms_iou = 0.4f;
  const Detector detector(F32Engine(ReadOnnx(SharedFile("golden/onnx/retinaface_mnet025_dynamic.onnx"))), record);
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    const std::vector<Detection> found = detector.Detect(image, image.width, image.height);
    const auto& faces = expected.at("faces");
    ASSERT_EQ(faces.size(), found.size()) << photo;
    for (size_t i = 0; i < found.size(); ++i) {
      const Box& box = found[i].box;
      const float values[4] = {box.x1, box.y1, box.x2, box.y2};
      EXPECT_NEAR(faces[i].at("score").get<double>(), found[i].score, 1e-4) << photo;
      for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(faces[i].at("box")[k].get<double>(), values[k], 0.05) << photo;
      ASSERT_EQ(5u, found[i].landmarks.size());
      for (size_t k = 0; k < 5; ++k) {
        EXPECT_NEAR(faces[i].at("landmarks")[2 * k].get<double>(), found[i].landmarks[k].x, 0.05) << photo;
        EXPECT_NEAR(faces[i].at("landmarks")[2 * k + 1].get<double>(), found[i].landmarks[k].y, 0.05) << photo;
      }
    }
  }
}

// Bilinear between pixel centres without any averaging, as the reference shrinks its pictures (ours averages, which is
// better).
Image PlainBilinear(const Image& source, int width, int height) {
  Image result(width, height);
  for (int y = 0; y < height; ++y) {
    const double v = std::clamp((y + 0.5) * source.height / height - 0.5, 0.0, source.height - 1.0);
    const int y0 = static_cast<int>(v), y1 = std::min(y0 + 1, source.height - 1);
    for (int x = 0; x < width; ++x) {
      const double u = std::clamp((x + 0.5) * source.width / width - 0.5, 0.0, source.width - 1.0);
      const int x0 = static_cast<int>(u), x1 = std::min(x0 + 1, source.width - 1);
      for (int c = 0; c < 3; ++c) {
        const auto at = [&](int j, int i) { return double(source.row(j)[3 * i + c]); };
        const double top = at(y0, x0) + (u - x0) * (at(y0, x1) - at(y0, x0));
        const double bottom = at(y1, x0) + (u - x0) * (at(y1, x1) - at(y1, x0));
        result.row(y)[3 * x + c] = static_cast<uint8_t>(std::lround(top + (v - y0) * (bottom - top)));
      }
    }
  }
  return result;
}

TEST(GoldenResults, AizooFindsTheFacesOfThePhotos) {
  const nlohmann::json golden = ReadJson("golden/results/aizoo_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  ModelRecord record;
  record.task = ModelTask::kMaskDetector;
  record.name = "aizoo";
  record.classes = {"correct", "none"};
  record.input.resize = ResizeRule::kStretch;
  record.input.width = record.input.height = 260;
  record.input.std = {255, 255, 255};
  record.decoding.kind = "ssd_aizoo";
  record.decoding.boxes_output = "loc";
  record.decoding.scores_output = "cls";
  record.thresholds.score = 0.5f;
  record.thresholds.nms_iou = 0.4f;
  const Detector detector(F32Engine(ReadOnnx(SharedFile("weights/rivals/aizoo/aizoo_facemask_260.onnx"))), record);
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    const std::vector<Detection> found = detector.Detect(PlainBilinear(image, 260, 260), image.width, image.height);
    const auto& faces = expected.at("faces");
    ASSERT_EQ(faces.size(), found.size()) << photo;
    for (size_t i = 0; i < found.size(); ++i) {
      // OpenCV's fixed-point bilinear filter differs from the plain one by a grey level here and there.
      EXPECT_NEAR(faces[i].at("score").get<double>(), found[i].score, 0.01) << photo;
      EXPECT_EQ(faces[i].at("class").get<int>(), found[i].class_index) << photo;
      const auto w = static_cast<float>(image.width), h = static_cast<float>(image.height);
      const Box box = Clamp(found[i].box, image.width, image.height);
      const float values[4] = {box.x1 / w, box.y1 / h, box.x2 / w, box.y2 / h};
      for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(faces[i].at("box_norm")[k].get<double>(), values[k], 0.002) << photo;
    }
  }
}

class SquareDetectorTest : public testing::Test {
 protected:
  Detector MakeDetector(const DetectorOptions& options = {}) {
    return Detector(F32Engine(test::SquareDetector()), test::SquareDetectorRecord(), options);
  }
};

TEST_F(SquareDetectorTest, FindsSquaresAndNothingElse) {
  const Detector detector = MakeDetector();
  const std::vector<Detection> found =
      detector.Detect(test::PictureOfSquares(6, 4, {{1, 2, "none"}, {4, 0, "correct"}}), 96, 64);
  ASSERT_EQ(2u, found.size());
  EXPECT_LT(test::Distance(Box{64, 0, 80, 16}, found[0].box), 1e-3f);
  EXPECT_LT(test::Distance(Box{16, 32, 32, 48}, found[1].box), 1e-3f);
  EXPECT_GT(found[0].score, 0.999f);
  EXPECT_TRUE(found[0].landmarks.empty());
  EXPECT_TRUE(detector.Detect(test::PictureOfSquares(6, 4, {}), 96, 64).empty());
}

TEST_F(SquareDetectorTest, BoxesAreInTheFrameAskedFor) {
  const Detector detector = MakeDetector();
  const std::vector<Detection> found =
      detector.Detect(test::PictureOfSquares(4, 4, {{1, 1, "none"}}), 640, 320);  // a copy at 1/10 and 1/5
  ASSERT_EQ(1u, found.size());
  EXPECT_LT(test::Distance(Box{160, 80, 320, 160}, found[0].box), 1e-3f);
}

TEST_F(SquareDetectorTest, LargePicturesAreShrunkToTheInput) {
  const Detector detector = MakeDetector();
  const Image image = test::PictureOfSquares(8, 5, {{3, 2, "none"}}, 4);  // 512 x 320 for an input of 128
  const std::vector<Detection> found = detector.Detect(image, image.width, image.height);
  ASSERT_EQ(1u, found.size());
  EXPECT_LT(test::Distance(Box{192, 128, 256, 192}, found[0].box), 1e-3f);
}

TEST_F(SquareDetectorTest, OptionsOverrideTheRecord) {
  DetectorOptions options;
  options.score_threshold = 0.0f;
  options.longest_side = 64;
  const Detector detector = MakeDetector(options);
  EXPECT_EQ(64, detector.record().input.longest_side);
  EXPECT_EQ(8u, detector.Detect(test::PictureOfSquares(8, 4, {}, 2), 32, 32).size());  // every cell of 64 x 32
  options.score_threshold = 1.5f;
  options.nms_iou = -1.0f;
  options.longest_side = 0;
  try {
    options.Validate();
    FAIL() << "bad options passed";
  } catch (const Error& error) {
    for (const char* field : {"score_threshold", "nms_iou", "longest_side"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

TEST_F(SquareDetectorTest, RecordsThatDoNotFitAreErrors) {
  const auto kind = [](const ModelRecord& record) {
    try {
      const Detector detector(F32Engine(test::SquareDetector()), record);
      detector.Detect(Image(32, 32), 32, 32);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(ErrorKind::kBadModel, kind(test::ColorClassifierRecord()));
  ModelRecord record = test::SquareDetectorRecord();
  record.decoding.scores_output = "nothing";
  EXPECT_EQ(ErrorKind::kBadModel, kind(record));
  record = test::SquareDetectorRecord();
  record.decoding.min_sizes = {{16, 32}};  // twice the anchors the graph has
  EXPECT_EQ(ErrorKind::kBadModel, kind(record));
  record = test::SquareDetectorRecord();
  record.classes = {"background"};
  EXPECT_EQ(ErrorKind::kBadModel, kind(record));
}

}  // namespace
}  // namespace maskscope
