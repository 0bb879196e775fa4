#include "zoo/detectors.h"
#include "zoo/registry.h"
#include "zoo/zoo.h"

namespace maskscope {

namespace {

Architecture Detector(std::string name, std::string description, std::string source, int input_size, int classes,
                      std::function<Graph(const ArchitectureOptions&)> build) {
  Architecture row;
  row.name = std::move(name);
  row.task = ArchitectureTask::kDetector;
  row.description = std::move(description);
  row.source = std::move(source);
  row.input_size = input_size;
  row.classes = classes;
  row.takes_classes = false;
  row.build = std::move(build);
  return row;
}

// What all options of a detector have in common.
template <typename Options>
Options Common(Options options, const ArchitectureOptions& asked) {
  options.seed = asked.seed;
  options.draw_weights = asked.draw_weights;
  return options;
}

void AddRetinaFaces(std::vector<Architecture>& rows) {
  const auto add = [&](std::string name, std::string description, std::string source, RetinaFaceOptions options) {
    rows.push_back(Detector(std::move(name), std::move(description), std::move(source), 640, 2,
                            [options](const ArchitectureOptions& asked) {
                              RetinaFaceOptions filled = Common(options, asked);
                              filled.width = asked.width.value_or(filled.width);
                              return BuildRetinaFace(filled);
                            }));
    rows.back().takes_width = options.body != RetinaFaceBody::kResNet50;
  };
  add("retinaface", "faces and landmarks on MobileNetV1 x0.25; the network of the shipped detector",
      "Deng et al. 2019; Pytorch_Retinaface", {});
  add("retinaface_mobilenet_v2", "the same on MobileNetV2", "Deng et al. 2019; maps as in retinaface-tf2",
      {.body = RetinaFaceBody::kMobileNetV2, .width = 1.0f});
  add("retinaface_resnet50", "the same on ResNet-50", "Deng et al. 2019; Pytorch_Retinaface",
      {.body = RetinaFaceBody::kResNet50, .neck_channels = 256});
}

void AddYolos(std::vector<Architecture>& rows) {
  struct Size {
    const char* name;
    float depth, width;
  };
  for (const Size& size : {Size{"n", 0.33f, 0.25f}, Size{"s", 0.33f, 0.5f}, Size{"m", 0.67f, 0.75f}, Size{"l", 1, 1},
                           Size{"x", 1.33f, 1.25f}}) {
    const YoloV5Options options{.depth = size.depth, .width = size.width};
    rows.push_back(Detector(std::string("yolov5") + size.name, "one stage, anchors; heads as they are, not decoded",
                            "Jocher et al. 2022, release 6", 640, 80, [options](const ArchitectureOptions& asked) {
                              YoloV5Options filled = Common(options, asked);
                              filled.classes = asked.classes.value();
                              return BuildYoloV5(filled);
                            }));
    rows.back().takes_classes = true;
  }
}

void AddMtcnn(std::vector<Architecture>& rows) {
  const auto add = [&](const char* name, const char* description, int side, MtcnnNetwork network) {
    rows.push_back(Detector(name, description, "Zhang et al. 2016; facenet-pytorch", side, 2,
                            [network](const ArchitectureOptions& asked) {
                              return BuildMtcnn(Common(MtcnnOptions{.network = network}, asked));
                            }));
  };
  add("mtcnn_pnet", "MTCNN's first network: proposes faces", 12, MtcnnNetwork::kProposal);
  add("mtcnn_rnet", "MTCNN's second network: throws most of them out", 24, MtcnnNetwork::kRefinement);
  add("mtcnn_onet", "MTCNN's third network: settles boxes and landmarks", 48, MtcnnNetwork::kOutput);
}

}  // namespace

std::vector<Architecture> DetectorArchitectures() {
  std::vector<Architecture> rows;
  AddRetinaFaces(rows);
  AddYolos(rows);
  rows.push_back(
      Detector("res10_ssd", "the face detector of OpenCV's samples, 300 x 300", "Liu et al. 2016; OpenCV", 300, 2,
               [](const ArchitectureOptions& asked) { return BuildRes10Ssd(Common(Res10SsdOptions{}, asked)); }));
  rows.push_back(Detector("aizoo_ssd", "faces with and without mask, 260 x 260", "Liu et al. 2016; AIZOOTech", 260, 2,
                          [](const ArchitectureOptions& asked) {
                            AizooSsdOptions options = Common(AizooSsdOptions{}, asked);
                            options.classes = asked.classes.value();
                            return BuildAizooSsd(options);
                          }));
  rows.back().takes_classes = true;
  AddMtcnn(rows);
  return rows;
}

}  // namespace maskscope
