// bench_opencv time MODEL.onnx SHAPE INPUT.bin THREADS RUNS      prints milliseconds per forward pass of OpenCV dnn
// bench_opencv pipeline DETECTOR CLASSIFIER THREADS FILE…        prints the wall time in milliseconds of the whole main
// job put
//     together from OpenCV's imread, resize and dnn: the way most projects do it, with the same models and settings.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "analyze/detector.h"
#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/files.h"
#include "bench/opencv_model.h"
#include "bench/timing.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"
#include "graph/shape_inference.h"

namespace maskscope::bench {
namespace {

std::vector<int> ParseShape(const std::string& text) {
  std::vector<int> shape;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, 'x');) shape.push_back(std::stoi(part));
  return shape;
}

void Time(const std::string& model, const std::vector<int>& shape, const std::string& input_file, int runs) {
  const std::vector<uint8_t> bytes = ReadFileBytes(input_file, int64_t{1} << 31);
  cv::Mat input(static_cast<int>(shape.size()), shape.data(), CV_32F);
  std::memcpy(input.data, bytes.data(), bytes.size());
  cv::dnn::Net net = ReadOpenCvNet(model);
  const std::vector<cv::String> names = net.getUnconnectedOutLayersNames();
  std::vector<cv::Mat> outputs;
  PrintTimes(5, runs, [&] {
    net.setInput(input);
    net.forward(outputs, names);
  });
}

// A model with one OpenCV net per input shape it has met (OpenCV 4.6 runs fixed shapes only).
class OpenCvModel {
 public:
  explicit OpenCvModel(const std::string& path) : graph_(ReadOnnx(path)) {
    const auto stored = ReadModelRecord(graph_, path);
    if (!stored) throw Error(ErrorKind::kBadModel, path + " carries no model record");
    record = *stored;
  }
  std::map<std::string, cv::Mat> Forward(const cv::Mat& blob) {
    cv::dnn::Net& net = NetFor(blob);
    std::vector<cv::String> names;
    for (const ValueInfo& output : graph_.outputs) names.push_back(output.name);
    std::vector<cv::Mat> outputs;
    net.setInput(blob);
    net.forward(outputs, names);
    std::map<std::string, cv::Mat> by_name;
    for (size_t i = 0; i < names.size(); ++i) by_name[names[i]] = outputs[i];
    return by_name;
  }
  ModelRecord record;

 private:
  cv::dnn::Net& NetFor(const cv::Mat& blob) {
    const Shape shape(blob.size.p, blob.size.p + blob.dims);
    const auto found = nets_.find(shape);
    if (found != nets_.end()) return found->second;
    const std::filesystem::path file = std::filesystem::temp_directory_path() / "maskscope-bench-opencv.onnx";
    WriteOnnx(Specialize(graph_, {{graph_.inputs.at(0).name, shape}}), file);
    cv::dnn::Net& net = nets_[shape] = ReadOpenCvNet(file.string());
    std::filesystem::remove(file);
    return net;
  }
  Graph graph_;
  std::map<Shape, cv::dnn::Net> nets_;
};

cv::Mat Blob(const Preprocessing& rule, const cv::Mat& bgr) {
  cv::Mat pixels;
  const bool rgb = rule.channels == ChannelOrder::kRgb;
  bgr.convertTo(pixels, CV_32F);
  if (rgb) cv::cvtColor(pixels, pixels, cv::COLOR_BGR2RGB);
  pixels -= cv::Scalar(rule.mean[0], rule.mean[1], rule.mean[2]);
  cv::multiply(pixels, cv::Scalar(1 / rule.std[0], 1 / rule.std[1], 1 / rule.std[2]), pixels);
  return cv::dnn::blobFromImage(pixels);
}

struct Faces {
  std::vector<cv::Rect2d> boxes;
  std::vector<float> scores;
};

Faces Find(OpenCvModel& detector, const cv::Mat& image) {
  const ModelRecord& record = detector.record;
  const InputSize size = DetectorInputSize(record.input, image.cols, image.rows);
  const double scale =
      std::min(static_cast<double>(size.width) / image.cols, static_cast<double>(size.height) / image.rows);
  cv::Mat resized, padded;
  cv::resize(image, resized, cv::Size(static_cast<int>(image.cols * scale), static_cast<int>(image.rows * scale)));
  cv::copyMakeBorder(resized, padded, 0, size.height - resized.rows, 0, size.width - resized.cols, cv::BORDER_CONSTANT);
  auto outputs = detector.Forward(Blob(record.input, padded));
  const float* const boxes = outputs.at(record.decoding.boxes_output).ptr<float>();
  const float* const scores = outputs.at(record.decoding.scores_output).ptr<float>();
  const std::vector<Prior> priors = MakePriors(record.decoding, size.width, size.height);
  Faces faces;
  std::vector<cv::Rect2d> candidates;
  std::vector<float> candidate_scores;
  for (size_t i = 0; i < priors.size(); ++i) {
    if (scores[2 * i + 1] < record.thresholds.score) continue;
    const Prior& p = priors[i];
    const auto [v0, v1] = record.decoding.variances;
    const double w = p.w * std::exp(boxes[4 * i + 2] * v1) * size.width,
                 h = p.h * std::exp(boxes[4 * i + 3] * v1) * size.height;
    const double cx = (p.cx + boxes[4 * i] * v0 * p.w) * size.width,
                 cy = (p.cy + boxes[4 * i + 1] * v0 * p.h) * size.height;
    candidates.emplace_back((cx - w / 2) / scale, (cy - h / 2) / scale, w / scale, h / scale);
    candidate_scores.push_back(scores[2 * i + 1]);
  }
  std::vector<int> kept;
  cv::dnn::NMSBoxes(candidates, candidate_scores, record.thresholds.score, record.thresholds.nms_iou, kept);
  for (const int i : kept) {
    faces.boxes.push_back(candidates[static_cast<size_t>(i)]);
    faces.scores.push_back(candidate_scores[static_cast<size_t>(i)]);
  }
  return faces;
}

int Classify(OpenCvModel& classifier, const cv::Mat& image, const cv::Rect2d& face) {
  const ModelRecord& record = classifier.record;
  const Box region = ClassifierRegion(
      record.crop, {static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.width),
                    static_cast<float>(face.y + face.height)});
  const cv::Rect inside = cv::Rect(cv::Point(static_cast<int>(region.x1), static_cast<int>(region.y1)),
                                   cv::Point(static_cast<int>(region.x2), static_cast<int>(region.y2))) &
                          cv::Rect(0, 0, image.cols, image.rows);
  if (inside.empty()) return -1;
  cv::Mat crop;
  const InputSize size = ClassifierInputSize(record.input, region);
  cv::resize(image(inside), crop, cv::Size(size.width, size.height));
  const auto outputs = classifier.Forward(Blob(record.input, crop));
  const cv::Mat& logits = outputs.begin()->second;
  const float* const begin = logits.ptr<float>();
  return static_cast<int>(std::max_element(begin, begin + record.classes.size()) - begin);
}

void Pipeline(const std::string& detector_file, const std::string& classifier_file,
              const std::vector<std::string>& files) {
  OpenCvModel detector(detector_file), classifier(classifier_file);
  size_t faces = 0, failed = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& file : files) {
    const cv::Mat image = cv::imread(file);
    if (image.empty()) {
      ++failed;
      continue;
    }
    for (const cv::Rect2d& face : Find(detector, image).boxes) faces += Classify(classifier, image, face) >= 0 ? 1 : 0;
  }
  std::printf("%.3f\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  std::fprintf(stderr, "bench_opencv: %zu pictures, %zu faces, %zu not read\n", files.size(), faces, failed);
}

}  // namespace
}  // namespace maskscope::bench

int main(int argc, char** argv) {
  using namespace maskscope;
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.size() == 6 && args[0] == "time") {
      cv::setNumThreads(std::stoi(args[4]));
      bench::Time(args[1], bench::ParseShape(args[2]), args[3], std::stoi(args[5]));
      return 0;
    }
    if (args.size() >= 5 && args[0] == "pipeline") {
      cv::setNumThreads(std::stoi(args[3]));
      bench::Pipeline(args[1], args[2], {args.begin() + 4, args.end()});
      return 0;
    }
    std::fprintf(stderr, "usage: see the top of bench/opencv_main.cc\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_opencv: %s\n", error.what());
    return 70;
  }
}
