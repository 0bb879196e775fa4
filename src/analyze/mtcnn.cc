#include "analyze/mtcnn.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analyze/nms.h"
#include "analyze/preprocess.h"
#include "base/error.h"

namespace maskscope {
namespace {

constexpr int kWindow = 12, kStep = 2;  // of the proposal network, in pixels of its picture
constexpr size_t kMostBatch = 32;
constexpr size_t kMostProposals = 20000;
// How much boxes of one stage may overlap, as published.
constexpr float kOneScaleIou = 0.5f, kAllScalesIou = 0.7f, kRefinedIou = 0.7f;

// Faces of one stage; the vectors are equally long.
struct Faces {
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<std::array<float, 4>> deltas;  // of the sides, in shares of width and height
  std::vector<std::array<Point, 5>> points;  // last stage

  size_t size() const { return boxes.size(); }
  void Keep(const std::vector<int>& kept) {
    Faces rest;
    for (const int k : kept) {
      const auto i = static_cast<size_t>(k);
      rest.boxes.push_back(boxes[i]);
      rest.scores.push_back(scores[i]);
      rest.deltas.push_back(deltas[i]);
      if (!points.empty()) rest.points.push_back(points[i]);
    }
    *this = std::move(rest);
  }
};

// Moves the sides; `added` is 1 where widths count pixels.
void Correct(Faces& faces, float added) {
  for (size_t i = 0; i < faces.size(); ++i) {
    Box& box = faces.boxes[i];
    const std::array<float, 4>& delta = faces.deltas[i];
    const float w = box.x2 - box.x1 + added, h = box.y2 - box.y1 + added;
    box = {box.x1 + delta[0] * w, box.y1 + delta[1] * h, box.x2 + delta[2] * w, box.y2 + delta[3] * h};
  }
}

void MakeSquare(Faces& faces) {
  for (Box& box : faces.boxes) {
    const float w = box.x2 - box.x1, h = box.y2 - box.y1, side = std::max(w, h);
    box.x1 += w * 0.5f - side * 0.5f;
    box.y1 += h * 0.5f - side * 0.5f;
    box.x2 = box.x1 + side;
    box.y2 = box.y1 + side;
  }
}

// Pixels of a picture, right and bottom exclusive.
struct Region {
  int x1, y1, x2, y2;
  bool empty() const { return x2 <= x1 || y2 <= y1; }
};

// The published cut: sides towards zero, counted from 1, inside the picture.
Region Cut(const Box& box, const Image& image) {
  const auto whole = [](float side) {
    return std::isfinite(side) ? static_cast<int>(std::clamp(side, -1e6f, 1e6f)) : 0;
  };
  return {std::max(1, whole(box.x1)) - 1, std::max(1, whole(box.y1)) - 1, std::min(image.width, whole(box.x2)),
          std::min(image.height, whole(box.y2))};
}

// Resizes by the mean over bins of whole pixels (PyTorch's mode "area") and normalises: [3, height, width] from `out`.
class AreaResize {
 public:
  explicit AreaResize(const ModelRecord& record) : mean_(record.input.mean), std_(record.input.std) {
    for (size_t c = 0; c < 3; ++c) channel_[c] = record.input.channels == ChannelOrder::kRgb ? c : 2 - c;
  }

  void operator()(const Image& image, const Region& region, int width, int height, float* out) const {
    const int in_w = region.x2 - region.x1, in_h = region.y2 - region.y1;
    const size_t plane = static_cast<size_t>(width) * static_cast<size_t>(height);
    for (int y = 0; y < height; ++y) {
      const int top = region.y1 + First(y, in_h, height), bottom = region.y1 + Last(y, in_h, height);
      for (int x = 0; x < width; ++x) {
        const int left = region.x1 + First(x, in_w, width), right = region.x1 + Last(x, in_w, width);
        std::array<int64_t, 3> sum{};
        for (int v = top; v < bottom; ++v) {
          const uint8_t* pixel = image.row(v) + 3 * static_cast<ptrdiff_t>(left);
          for (int u = left; u < right; ++u, pixel += 3) {
            for (size_t c = 0; c < 3; ++c) sum[c] += pixel[c];
          }
        }
        const float count = static_cast<float>(bottom - top) * static_cast<float>(right - left);
        float* to = out + static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
        for (size_t c = 0; c < 3; ++c) {
          to[c * plane] = (static_cast<float>(sum[channel_[c]]) / count - mean_[c]) / std_[c];
        }
      }
    }
  }

 private:
  // Bin i of `out` over `in` pixels: from floor(i * in / out) to ceil((i + 1) * in / out).
  static int First(int i, int in, int out) { return static_cast<int>(int64_t{i} * in / out); }
  static int Last(int i, int in, int out) { return static_cast<int>((int64_t{i + 1} * in + out - 1) / out); }

  std::array<float, 3> mean_, std_;
  std::array<size_t, 3> channel_{};
};

class Mtcnn : public FaceFinder {
 public:
  Mtcnn(std::shared_ptr<Engine> proposal, std::shared_ptr<Engine> refinement, std::shared_ptr<Engine> output,
        const ModelRecord& record)
      : proposal_(std::move(proposal)),
        refinement_(std::move(refinement)),
        output_(std::move(output)),
        record_(record),
        resize_(record) {
    for (const auto& engine : {proposal_, refinement_, output_}) Require(*engine, {Scores(), Boxes()});
    Require(*output_, {Landmarks()});
  }

  std::vector<Detection> Find(const Image& image) const override {
    // Larger pictures than the record wants are shrunk before; the cascade itself takes any size.
    const InputSize size = DetectorInputSize(record_.input, image.width, image.height);
    if (size.width == image.width && size.height == image.height) return FindAtSize(image);
    std::vector<Detection> detections = FindAtSize(Resize(image, size.width, size.height));
    const Placement placement{static_cast<float>(size.width) / static_cast<float>(image.width),
                              static_cast<float>(size.height) / static_cast<float>(image.height), 0, 0};
    for (Detection& detection : detections) {
      detection.box = placement.ToSource(detection.box);
      for (Point& point : detection.landmarks) point = placement.ToSource(point);
    }
    return detections;
  }

 private:
  const std::string& Scores() const { return record_.decoding.scores_output; }
  const std::string& Boxes() const { return record_.decoding.boxes_output; }
  const std::string& Landmarks() const { return record_.decoding.landmarks_output; }

  void Require(const Engine& engine, const std::vector<std::string>& outputs) const {
    const Graph& graph = engine.graph();
    for (const std::string& name : outputs) {
      const bool there = std::ranges::any_of(graph.outputs, [&](const ValueInfo& o) { return o.name == name; });
      if (!there || graph.inputs.size() != 1) {
        throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': network '" + graph.name +
                                              "' of its cascade has no output '" + name + "' or not one input");
      }
    }
  }

  std::vector<Detection> FindAtSize(const Image& image) const {
    Faces faces = Propose(image);
    Refine(image, faces);
    Settle(image, faces);
    std::vector<Detection> detections;
    for (size_t i = 0; i < faces.size(); ++i) {
      Detection& detection = detections.emplace_back();
      detection.box = faces.boxes[i];
      detection.score = faces.scores[i];
      detection.class_scores = {detection.score};
      detection.landmarks.assign(faces.points[i].begin(), faces.points[i].end());
    }
    return detections;
  }

  // ---- first stage

  Faces Propose(const Image& image) const {
    Faces all;
    double scale = double{kWindow} / double{record_.decoding.min_sizes[0][0]};
    const int shorter = std::min(image.width, image.height);
    for (; shorter * scale >= kWindow; scale *= Decimal(record_.decoding.scale_factor)) {
      Faces faces = ProposeAt(image, scale);
      faces.Keep(Nms(faces.boxes, faces.scores, kOneScaleIou, false, kMostProposals));
      all.boxes.insert(all.boxes.end(), faces.boxes.begin(), faces.boxes.end());
      all.scores.insert(all.scores.end(), faces.scores.begin(), faces.scores.end());
      all.deltas.insert(all.deltas.end(), faces.deltas.begin(), faces.deltas.end());
    }
    all.Keep(Nms(all.boxes, all.scores, kAllScalesIou, false, kMostProposals));
    Correct(all, 0);
    MakeSquare(all);
    return all;
  }

  // The record says 0.709 and means it, not the float nearest to it: sizes of the pyramid depend on the last digits.
  static double Decimal(float value) { return std::round(double{value} * 1e6) / 1e6; }

  Faces ProposeAt(const Image& image, double scale) const {
    const auto scaled = [&](int side) { return static_cast<int>(side * scale + 1); };
    const int width = scaled(image.width), height = scaled(image.height);
    static thread_local std::vector<float> buffer;
    buffer.resize(size_t(3) * static_cast<size_t>(width) * static_cast<size_t>(height));
    resize_(image, {0, 0, image.width, image.height}, width, height, buffer.data());
    const RunResult run = proposal_->Run({{proposal_->graph().inputs[0].name, {buffer.data(), {1, 3, height, width}}}});
    const TensorView &scores = run.Get(Scores()), &boxes = run.Get(Boxes());
    const bool fits = scores.shape.size() == 4 && scores.shape[1] == 2 && boxes.shape.size() == 4 &&
                      boxes.shape[1] == 4 && boxes.shape[2] == scores.shape[2] && boxes.shape[3] == scores.shape[3];
    if (!fits) FailShape("proposal", scores.shape, boxes.shape, "[1, 2, h, w] and [1, 4, h, w]");
    Faces faces;
    const int64_t columns = scores.shape[3], cells = scores.shape[2] * columns;
    for (int64_t cell = 0; cell < cells; ++cell) {
      const float score = scores.data[cells + cell];
      if (!(score >= record_.decoding.cascade_scores[0])) continue;
      const auto corner = [&](int64_t index, int offset) {
        return std::floor(static_cast<float>(kStep * index + offset) / static_cast<float>(scale));
      };
      const int64_t x = cell % columns, y = cell / columns;
      faces.boxes.push_back({corner(x, 1), corner(y, 1), corner(x, kWindow), corner(y, kWindow)});
      faces.scores.push_back(score);
      faces.deltas.push_back(
          {boxes.data[cell], boxes.data[cells + cell], boxes.data[2 * cells + cell], boxes.data[3 * cells + cell]});
    }
    return faces;
  }

  [[noreturn]] void FailShape(const std::string& network, const Shape& scores, const Shape& boxes,
                              const std::string& wanted) const {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': outputs of its " + network + " network are " +
                                          ToString(scores) + " and " + ToString(boxes) + ", wanted " + wanted);
  }

  // ---- later stages

  // Runs a network on every face's cut, in batches of a few sizes only, since each is compiled for. Faces without any
  // pixels go. `take(i, run, row)` sees the outputs of face i in row `row`.
  template <typename Take>
  void RunOnCuts(const Image& image, Engine& engine, int side, Faces& faces, const Take& take) const {
    std::vector<int> seen;
    std::vector<Region> regions;
    for (size_t i = 0; i < faces.size(); ++i) {
      const Region region = Cut(faces.boxes[i], image);
      if (region.empty()) continue;
      seen.push_back(static_cast<int>(i));
      regions.push_back(region);
    }
    faces.Keep(seen);
    const size_t entry = size_t(3) * static_cast<size_t>(side) * static_cast<size_t>(side);
    std::vector<float> buffer(entry * kMostBatch);
    for (size_t begin = 0; begin < regions.size(); begin += kMostBatch) {
      const size_t count = std::min(kMostBatch, regions.size() - begin);
      size_t batch = 1;
      while (batch < count) batch *= 2;
      for (size_t i = 0; i < count; ++i) resize_(image, regions[begin + i], side, side, buffer.data() + i * entry);
      std::fill(buffer.begin() + static_cast<ptrdiff_t>(count * entry),
                buffer.begin() + static_cast<ptrdiff_t>(batch * entry), 0.0f);
      const RunResult run =
          engine.Run({{engine.graph().inputs[0].name, {buffer.data(), {static_cast<int64_t>(batch), 3, side, side}}}});
      const auto rows = static_cast<int64_t>(batch);
      const Shape &scores = run.Get(Scores()).shape, &boxes = run.Get(Boxes()).shape;
      if (scores != Shape{rows, 2} || boxes != Shape{rows, 4}) {
        FailShape(std::to_string(side) + "-pixel", scores, boxes, "[batch, 2] and [batch, 4]");
      }
      for (size_t i = 0; i < count; ++i) take(begin + i, run, i);
    }
  }

  void TakeScoreAndDeltas(Faces& faces, size_t i, const RunResult& run, size_t row) const {
    faces.scores[i] = run.Get(Scores()).data[2 * row + 1];
    std::copy_n(run.Get(Boxes()).data + 4 * row, 4, faces.deltas[i].begin());
  }

  void KeepAbove(float least, Faces& faces) const {
    std::vector<int> kept;
    for (size_t i = 0; i < faces.size(); ++i) {
      if (faces.scores[i] > least) kept.push_back(static_cast<int>(i));
    }
    faces.Keep(kept);
  }

  void Refine(const Image& image, Faces& faces) const {
    RunOnCuts(image, *refinement_, 24, faces,
              [&](size_t i, const RunResult& run, size_t row) { TakeScoreAndDeltas(faces, i, run, row); });
    KeepAbove(record_.decoding.cascade_scores[1], faces);
    faces.Keep(Nms(faces.boxes, faces.scores, kRefinedIou));
    Correct(faces, 1);
    MakeSquare(faces);
  }

  void Settle(const Image& image, Faces& faces) const {
    std::vector<std::array<float, 10>> codes(faces.size());
    RunOnCuts(image, *output_, 48, faces, [&](size_t i, const RunResult& run, size_t row) {
      TakeScoreAndDeltas(faces, i, run, row);
      const TensorView& points = run.Get(Landmarks());
      if (points.shape.size() != 2 || points.shape[1] != 10) {
        FailShape("output", points.shape, points.shape, "landmarks of [batch, 10]");
      }
      std::copy_n(points.data + 10 * row, 10, codes[i].begin());
    });
    faces.points.resize(faces.size());
    for (size_t i = 0; i < faces.size(); ++i) {
      const Box& box = faces.boxes[i];
      for (size_t k = 0; k < 5; ++k) {
        faces.points[i][k] = {(box.x2 - box.x1 + 1) * codes[i][k] + box.x1 - 1,
                              (box.y2 - box.y1 + 1) * codes[i][5 + k] + box.y1 - 1};
      }
    }
    KeepAbove(record_.thresholds.score, faces);
    Correct(faces, 1);
    const NmsRule rule{record_.thresholds.nms_iou, 1, 1, 0, true};
    faces.Keep(Nms(faces.boxes, faces.scores, rule));
  }

  std::shared_ptr<Engine> proposal_, refinement_, output_;
  ModelRecord record_;
  AreaResize resize_;
};

}  // namespace

std::shared_ptr<const FaceFinder> MakeMtcnn(std::shared_ptr<Engine> proposal, std::shared_ptr<Engine> refinement,
                                            std::shared_ptr<Engine> output, const ModelRecord& record) {
  return std::make_shared<Mtcnn>(std::move(proposal), std::move(refinement), std::move(output), record);
}

}  // namespace maskscope
