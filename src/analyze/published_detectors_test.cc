#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "analyze/detector.h"
#include "analyze/test_models.h"
#include "base/error.h"
#include "base/test_folder.h"
#include "graph/onnx_io.h"
#include "image/decode.h"
#include "image/test_pictures.h"
#include "zoo/detector_weights.h"
#include "zoo/detectors.h"
#include "zoo/weights.h"

// Published detectors from the picture to the boxes, against what their own programs found in the same photos.
namespace maskscope {
namespace {

using test::SharedFile;

const EngineOptions kInF32{.precision = Precision::kF32};

nlohmann::json ReadJson(const std::string& relative) {
  std::ifstream stream(SharedFile(relative));
  return stream ? nlohmann::json::parse(stream) : nlohmann::json();
}

Graph Loaded(Graph graph, NamedTensors weights) {
  LoadByName(AlignChannels(UnfoldBiases(std::move(weights), graph), graph), graph);
  return graph;
}

NamedTensors Weights(const std::string& file) { return ReadSafetensors(SharedFile("weights/" + file)); }

ModelRecord FaceRecord(const std::string& kind) {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = kind;
  record.classes = {"background", "face"};
  record.decoding.kind = kind;
  return record;
}

ModelRecord Res10Record() {
  ModelRecord record = FaceRecord("ssd");
  record.input.width = record.input.height = 300;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 177, 123};
  Decoding& decoding = record.decoding;
  decoding.boxes_output = "loc";
  decoding.scores_output = "conf";
  decoding.strides = {8, 16, 32, 64, 100, 300};
  decoding.map_sizes = {38, 19, 10, 5, 5, 5};
  decoding.min_sizes = {{30}, {60}, {111}, {162}, {213}, {264}};
  decoding.max_sizes = {60, 111, 162, 213, 264, 315};
  decoding.aspect_ratios = {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}};
  record.thresholds.score = 0.3f;
  record.thresholds.nms_iou = 0.45f;
  return record;
}

// As OpenCV's programs shrink their pictures (ours averages, which is better).
Image OpenCvResize(const Image& image, int width, int height) {
  Image result(width, height);
  const cv::Mat from(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat to(height, width, CV_8UC3, result.pixels.data());
  cv::resize(from, to, to.size(), 0, 0, cv::INTER_LINEAR);
  return result;
}

void ExpectFaces(const nlohmann::json& expected, const std::vector<Detection>& found, double pixels) {
  const auto& faces = expected.at("faces");
  ASSERT_EQ(faces.size(), found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const float values[4] = {found[i].box.x1, found[i].box.y1, found[i].box.x2, found[i].box.y2};
    EXPECT_NEAR(faces[i].at("score").get<double>(), found[i].score, 1e-4);
    for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(faces[i].at("box")[k].get<double>(), values[k], pixels);
    if (!faces[i].contains("landmarks")) continue;
    ASSERT_EQ(5u, found[i].landmarks.size());
    for (size_t k = 0; k < 5; ++k) {
      EXPECT_NEAR(faces[i].at("landmarks")[2 * k].get<double>(), found[i].landmarks[k].x, pixels);
      EXPECT_NEAR(faces[i].at("landmarks")[2 * k + 1].get<double>(), found[i].landmarks[k].y, pixels);
    }
  }
}

TEST(PublishedDetectors, Res10PriorsAgreeWithTheReference) {
  const auto path = SharedFile("golden/res10_ssd.safetensors");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent: set MASKSCOPE_SHARED";
  const Tensor golden = ReadSafetensors(path).at("priors");
  const std::vector<Prior> priors = MakePriors(Res10Record().decoding, 300, 300);
  ASSERT_EQ(golden.shape[0], static_cast<int64_t>(priors.size()));
  for (size_t i = 0; i < priors.size(); ++i) {
    const Prior& p = priors[i];
    const float corners[4] = {p.cx - p.w / 2, p.cy - p.h / 2, p.cx + p.w / 2, p.cy + p.h / 2};
    for (size_t k = 0; k < 4; ++k) ASSERT_NEAR(golden.floats[4 * i + k], corners[k], 1e-6) << i;
  }
}

TEST(PublishedDetectors, Res10FindsTheFacesOfThePhotos) {
  const nlohmann::json golden = ReadJson("golden/results/res10_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  const Graph graph =
      Loaded(BuildRes10Ssd({.draw_weights = false}), Res10SsdNames(Weights("res10_ssd/res10_ssd.safetensors")));
  const Detector detector(std::make_shared<Engine>(graph, kInF32), Res10Record());
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    SCOPED_TRACE(photo);
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    ExpectFaces(expected, detector.Detect(OpenCvResize(image, 300, 300), image.width, image.height), 0.05);
  }
}

ModelRecord MtcnnRecord() {
  ModelRecord record = FaceRecord("mtcnn");
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 8192;
  record.input.size_multiple = 1;
  record.input.enlarge = false;
  record.input.mean = {127.5f, 127.5f, 127.5f};
  record.input.std = {128, 128, 128};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.decoding.landmarks_output = "landmarks";
  record.decoding.min_sizes = {{20}};
  record.thresholds.score = 0.7f;
  record.thresholds.nms_iou = 0.7f;
  return record;
}

void WriteMtcnn(const std::filesystem::path& folder) {
  const auto network = [](MtcnnNetwork part, const std::string& file) {
    return Loaded(BuildMtcnn({.network = part, .draw_weights = false}), Weights("mtcnn/" + file));
  };
  test::WriteModel(network(MtcnnNetwork::kProposal, "pnet.safetensors"), MtcnnRecord(), folder / "pnet.onnx");
  WriteOnnx(network(MtcnnNetwork::kRefinement, "rnet.safetensors"), folder / "rnet.onnx");
  WriteOnnx(network(MtcnnNetwork::kOutput, "onet.safetensors"), folder / "onet.onnx");
}

TEST(PublishedDetectors, MtcnnFindsTheFacesOfThePhotos) {
  const nlohmann::json golden = ReadJson("golden/results/mtcnn_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  TestFolder folder;
  WriteMtcnn(folder.path());
  const Detector detector = LoadDetector(folder.path(), kInF32);
  EXPECT_EQ(DetectorFile(folder.path()), folder / "pnet.onnx");
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    SCOPED_TRACE(photo);
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    ExpectFaces(expected, detector.Detect(image, image.width, image.height), 0.5);
  }
}

TEST(PublishedDetectors, MtcnnShrinksWhatIsTooLargeAndNeedsItsOtherNetworks) {
  if (!std::filesystem::exists(SharedFile("weights/mtcnn"))) GTEST_SKIP() << "weights are absent: set MASKSCOPE_SHARED";
  TestFolder folder;
  WriteMtcnn(folder.path());
  const Image image = ReadImage(SharedFile("golden/photos/kaggle14.png")).image;
  const std::vector<Detection> whole = LoadDetector(folder.path(), kInF32).Detect(image, image.width, image.height);
  DetectorOptions smaller;
  smaller.longest_side = 200;
  const std::vector<Detection> shrunk =
      LoadDetector(folder / "pnet.onnx", kInF32, smaller).Detect(image, image.width, image.height);
  ASSERT_EQ(1u, whole.size());
  ASSERT_EQ(1u, shrunk.size());
  EXPECT_GT(Iou(whole[0].box, shrunk[0].box), 0.8f);
  EXPECT_TRUE(LoadDetector(folder.path(), kInF32).Detect(Image(11, 300), 11, 300).empty());
  std::filesystem::remove(folder / "rnet.onnx");
  EXPECT_THROW(LoadDetector(folder.path(), kInF32), Error);
  EXPECT_THROW(Detector(std::make_shared<Engine>(ReadOnnx(folder / "pnet.onnx"), kInF32), MtcnnRecord()), Error);
}

// Faces that RetinaFace's own program is sure of, of a fair size.
std::vector<Box> PlainFaces(const std::string& photo) {
  const nlohmann::json golden = ReadJson("golden/results/retinaface_boxes.json");
  std::vector<Box> boxes;
  for (const auto& face : golden.at("photos").at(photo).at("faces")) {
    const auto b = face.at("box").get<std::array<float, 4>>();
    if (face.at("score") > 0.9 && b[3] - b[1] > 25) boxes.push_back({b[0], b[1], b[2], b[3]});
  }
  return boxes;
}

TEST(PublishedDetectors, YuNetFindsThePlainFaces) {
  const nlohmann::json golden = ReadJson("golden/results/retinaface_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  ModelRecord record = FaceRecord("yunet");
  record.classes = {"face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 640;
  record.input.enlarge = false;
  record.input.channels = ChannelOrder::kBgr;
  record.decoding.strides = {8, 16, 32};
  for (const std::string stride : {"8", "16", "32"}) {
    record.decoding.scores_outputs.push_back("cls_" + stride);
    record.decoding.objectness_outputs.push_back("obj_" + stride);
    record.decoding.boxes_outputs.push_back("bbox_" + stride);
    record.decoding.landmarks_outputs.push_back("kps_" + stride);
  }
  record.thresholds.score = 0.6f;
  record.thresholds.nms_iou = 0.3f;
  const Detector detector(
      std::make_shared<Engine>(ReadOnnx(SharedFile("weights/yunet/face_detection_yunet_2026may.onnx")), kInF32),
      record);
  size_t faces = 0;
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    SCOPED_TRACE(photo);
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    const std::vector<Detection> found = detector.Detect(image, image.width, image.height);
    for (const Box& wanted : PlainFaces(photo)) {
      ++faces;
      const auto same = std::ranges::find_if(found, [&](const Detection& d) { return Iou(d.box, wanted) > 0.5f; });
      ASSERT_NE(same, found.end()) << wanted.x1 << " " << wanted.y1;
      // Eyes above the mouth, left ones left, all of them in the face.
      ASSERT_EQ(5u, same->landmarks.size());
      EXPECT_LT(same->landmarks[0].x, same->landmarks[1].x);
      EXPECT_LT(same->landmarks[0].y, same->landmarks[3].y);
      for (const Point& point : same->landmarks) EXPECT_TRUE(point.x > wanted.x1 - 5 && point.x < wanted.x2 + 5);
    }
  }
  EXPECT_GE(faces, 8u);
}

TEST(PublishedDetectors, YoloV5FindsThePeopleTheFacesBelongTo) {
  const nlohmann::json golden = ReadJson("golden/results/retinaface_boxes.json");
  if (golden.is_null()) GTEST_SKIP() << "golden/results is absent: set MASKSCOPE_SHARED";
  const NamedTensors weights = Weights("yolov5n_coco/yolov5n_coco.safetensors");
  const YoloV5Options options{.draw_weights = false};
  ModelRecord record = FaceRecord("yolov5_raw");
  record.classes.clear();
  for (int i = 0; i < 80; ++i) record.classes.push_back("coco " + std::to_string(i));  // 0 = person
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 640;
  record.input.std = {255, 255, 255};
  record.input.pad_value = 114;
  record.decoding.boxes_output = "predictions";
  record.decoding.strides = {8, 16, 32};
  for (const auto& level : options.anchors) record.decoding.anchors.emplace_back(level.begin(), level.end());
  record.thresholds.score = 0.25f;
  record.thresholds.nms_iou = 0.45f;
  record.decoding.nms = "per_class";
  const Detector detector(std::make_shared<Engine>(Loaded(BuildYoloV5(options), YoloV5Names(weights)), kInF32), record);
  size_t faces = 0, inside = 0;
  for (const auto& [photo, expected] : golden.at("photos").items()) {
    const Image image = ReadImage(SharedFile("golden/photos/" + photo)).image;
    const std::vector<Detection> found = detector.Detect(image, image.width, image.height);
    for (const Box& face : PlainFaces(photo)) {
      ++faces;
      const float x = (face.x1 + face.x2) / 2, y = (face.y1 + face.y2) / 2;
      inside += std::ranges::any_of(found, [&](const Detection& d) {
        return d.class_index == 0 && x > d.box.x1 && x < d.box.x2 && y > d.box.y1 && y < d.box.y2;
      });
    }
  }
  EXPECT_GE(faces, 8u);
  EXPECT_GE(10 * inside, 9 * faces) << inside << " of " << faces;
}

}  // namespace
}  // namespace maskscope
