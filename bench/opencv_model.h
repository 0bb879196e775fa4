#ifndef MASKSCOPE_BENCH_OPENCV_MODEL_H_
#define MASKSCOPE_BENCH_OPENCV_MODEL_H_

#include <opencv2/dnn.hpp>
#include <string>

namespace maskscope::bench {

// Reads a fixed-shape ONNX file into OpenCV's dnn module. OpenCV 4.6 does not know Clip with bounds as inputs, so those
// become attributes first; nothing else is changed.
cv::dnn::Net ReadOpenCvNet(const std::string& onnx_file);

}  // namespace maskscope::bench

#endif  // MASKSCOPE_BENCH_OPENCV_MODEL_H_
