#include "zoo/registry.h"
#include "zoo/zoo.h"

namespace maskscope {

std::vector<Architecture> DetectorArchitectures() {
  std::vector<Architecture> rows;
  Architecture& retinaface = rows.emplace_back();
  retinaface.name = "retinaface";
  retinaface.task = ArchitectureTask::kDetector;
  retinaface.description = "faces and landmarks on MobileNetV1 x0.25; the network of the shipped detector";
  retinaface.source = "Deng et al. 2019; Pytorch_Retinaface";
  retinaface.input_size = 640;
  retinaface.classes = 2;
  retinaface.takes_classes = false;
  retinaface.takes_width = true;
  retinaface.build = [](const ArchitectureOptions& asked) {
    RetinaFaceOptions options;
    options.width = asked.width.value_or(options.width);
    options.seed = asked.seed;
    return BuildRetinaFace(options);
  };
  return rows;
}

}  // namespace maskscope
