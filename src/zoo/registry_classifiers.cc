#include <string>

#include "zoo/classifiers.h"
#include "zoo/registry.h"

namespace maskscope {

namespace {

// What every family's options have in common.
template <typename Options>
Options Common(Options family, const ArchitectureOptions& asked) {
  family.classes = asked.classes.value();
  if (asked.dropout) family.dropout = *asked.dropout;
  family.seed = asked.seed;
  family.draw_weights = asked.draw_weights;
  return family;
}

// And those of the MobileNets.
template <typename Options>
Options WithWidth(Options family, const ArchitectureOptions& asked) {
  family.width = asked.width.value_or(family.width);
  return Common(family, asked);
}

template <typename Options>
Options WithWidthAndPadding(Options family, const ArchitectureOptions& asked) {
  family.input_size = asked.input_size.value();
  return WithWidth(family, asked);
}

Architecture Classifier(std::string name, std::string description, std::string source, int input_size,
                        std::function<Graph(const ArchitectureOptions&)> build) {
  Architecture row;
  row.name = std::move(name);
  row.description = std::move(description);
  row.source = std::move(source);
  row.input_size = input_size;
  row.takes_dropout = true;
  row.build = std::move(build);
  return row;
}

void AddMobileNets(std::vector<Architecture>& rows) {
  const size_t first = rows.size();
  rows.push_back(Classifier("mobilenet_v1", "depthwise-separable convolutions",
                            "Howard et al. 2017; TensorFlow's padding", 224, [](const ArchitectureOptions& asked) {
                              return BuildMobileNetV1(WithWidthAndPadding(MobileNetV1Options{}, asked));
                            }));
  rows.push_back(Classifier("mobilenet_v2", "inverted residuals; the network of the shipped classifier",
                            "Sandler et al. 2018; TensorFlow's padding", 224, [](const ArchitectureOptions& asked) {
                              return BuildMobileNetV2(WithWidthAndPadding(MobileNetV2Options{}, asked));
                            }));
  rows.push_back(Classifier("mobilenet_v2_torchvision", "the same with symmetric padding and torchvision's names",
                            "Sandler et al. 2018; torchvision", 224, [](const ArchitectureOptions& asked) {
                              MobileNetV2Options options;
                              options.layout = MobileNetV2Layout::kTorchvision;
                              return BuildMobileNetV2(WithWidth(options, asked));
                            }));
  for (const auto& [size, name] :
       {std::pair{MobileNetV3Size::kSmall, "small"}, std::pair{MobileNetV3Size::kLarge, "large"}}) {
    rows.push_back(Classifier(std::string("mobilenet_v3_") + name,
                              "inverted residuals with squeeze-and-excite and hard swish",
                              "Howard et al. 2019; torchvision", 224, [size](const ArchitectureOptions& asked) {
                                return BuildMobileNetV3(WithWidth(MobileNetV3Options{.size = size}, asked));
                              }));
  }
  for (size_t i = first; i < rows.size(); ++i) rows[i].takes_width = true;
}

void AddResNets(std::vector<Architecture>& rows) {
  for (const int depth : {18, 34, 50, 101, 152}) {
    rows.push_back(
        Classifier("resnet" + std::to_string(depth),
                   depth < 50 ? "residual basic blocks" : "residual bottlenecks that stride in the 3x3 (v1.5)",
                   "He et al. 2016a; torchvision", 224, [depth](const ArchitectureOptions& asked) {
                     return BuildResNet(Common(ResNetOptions{.depth = depth}, asked));
                   }));
  }
  for (const int depth : {50, 101, 152}) {
    rows.push_back(Classifier("resnet" + std::to_string(depth) + "v2", "residual bottlenecks, normalised before",
                              "He et al. 2016b; Keras", 224, [depth](const ArchitectureOptions& asked) {
                                return BuildResNetV2(Common(ResNetV2Options{.depth = depth}, asked));
                              }));
  }
  for (const auto& [depth, input_size] : {std::pair{50, 224}, std::pair{101, 256}, std::pair{200, 320}}) {
    rows.push_back(Classifier("resnest" + std::to_string(depth), "residual bottlenecks with split attention",
                              "Zhang et al. 2020; the authors'", input_size,
                              [depth = depth](const ArchitectureOptions& asked) {
                                return BuildResNeSt(Common(ResNeStOptions{.depth = depth}, asked));
                              }));
  }
}

void AddEfficientNets(std::vector<Architecture>& rows) {
  for (int variant = 0; variant <= 7; ++variant) {
    rows.push_back(Classifier("efficientnet_b" + std::to_string(variant),
                              "inverted residuals with squeeze-and-excite and SiLU, scaled together",
                              "Tan and Le 2019; torchvision", EfficientNetInputSize(variant),
                              [variant](const ArchitectureOptions& asked) {
                                return BuildEfficientNet(Common(EfficientNetOptions{.variant = variant}, asked));
                              }));
  }
}

}  // namespace

std::vector<Architecture> ClassifierArchitectures() {
  std::vector<Architecture> rows;
  AddMobileNets(rows);
  AddResNets(rows);
  AddEfficientNets(rows);
  return rows;
}

}  // namespace maskscope
