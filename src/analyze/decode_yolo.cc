#include <cmath>
#include <utility>
#include <vector>

#include "analyze/head_decoder.h"

// One table of boxes and class scores a picture, as YOLOv5 and its successors have it.
namespace maskscope {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

Box AroundCentre(float cx, float cy, float w, float h) { return {cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2}; }

// Rows of values, which may stand upright.
struct Table {
  const float* data;
  size_t rows, columns;
  size_t row_step, column_step;
  size_t index(size_t row, size_t column) const { return row * row_step + column * column_step; }
  float at(size_t row, size_t column) const { return data[index(row, column)]; }
};

class YoloDecoder : public HeadDecoder {
 public:
  explicit YoloDecoder(const ModelRecord& record) : record_(record), face_columns_(FaceColumns(record)) {}

  void Describe(const RunResult& run, InputSize input, size_t anchor, Detection& detection) const override {
    const Table table = Read(run, input);
    for (const int column : face_columns_) detection.class_scores.push_back(ScoreAt(table, anchor, column));
    DescribePoints(table, anchor, detection);
  }

  Score ScoreTerms(const RunResult& run, InputSize input, size_t anchor, int class_index) const override {
    const Table table = Read(run, input);
    Score score;
    for (const auto& [column, weight] : Factors(table, anchor, face_columns_.at(static_cast<size_t>(class_index)))) {
      score.push_back({record_.decoding.boxes_output, static_cast<int64_t>(table.index(anchor, column)), weight});
    }
    return score;
  }

 protected:
  // Columns that make up a score, each with the score's derivative by it (by the logit's own squashed value where
  // columns are logits).
  using Columns = std::vector<std::pair<size_t, float>>;
  virtual Columns Factors(const Table& table, size_t row, int column) const = 0;
  virtual Table Read(const RunResult& run, InputSize input) const = 0;
  virtual float ScoreAt(const Table& table, size_t row, int column) const = 0;
  virtual void DescribePoints(const Table&, size_t, Detection&) const {}

  size_t Classes() const { return record_.classes.size(); }
  const TensorView& Output(const RunResult& run) const { return run.Get(record_.decoding.boxes_output); }
  [[noreturn]] void Fail(const RunResult& run, const std::string& wanted) const {
    FailOutput(record_, record_.decoding.boxes_output, Output(run).shape, wanted);
  }

  // The best class of a row, where it reaches the threshold.
  void AddBest(const Table& table, size_t row, const Box& box, Candidates& candidates) const {
    size_t best = 0;
    float score = ScoreAt(table, row, face_columns_[0]);
    for (size_t c = 1; c < face_columns_.size(); ++c) {
      const float other = ScoreAt(table, row, face_columns_[c]);
      if (other > score) {
        score = other;
        best = c;
      }
    }
    if (score >= record_.thresholds.score) candidates.Add(row, box, score, static_cast<int>(best));
  }

  ModelRecord record_;
  std::vector<int> face_columns_;
};

// [1, anchors, 5 + classes]: centre x and y, width, height in input pixels, objectness, class scores.
class YoloV5Decoder : public YoloDecoder {
 public:
  using YoloDecoder::YoloDecoder;

  Candidates Find(const RunResult& run, InputSize input) const override {
    const Table table = Read(run, input);
    Candidates candidates;
    for (size_t row = 0; row < table.rows; ++row) {
      if (!(table.at(row, 4) >= record_.thresholds.score)) continue;  // no class can mend that
      AddBest(table, row, AroundCentre(table.at(row, 0), table.at(row, 1), table.at(row, 2), table.at(row, 3)),
              candidates);
    }
    return candidates;
  }

 protected:
  Table Read(const RunResult& run, InputSize) const override {
    const TensorView& view = Output(run);
    const auto columns = static_cast<int64_t>(5 + Classes());
    if (view.shape.size() != 3 || view.shape[0] != 1 || view.shape[2] != columns) {
      Fail(run, "[1, anchors, " + std::to_string(columns) + "] for " + std::to_string(Classes()) + " classes");
    }
    return {view.data, static_cast<size_t>(view.shape[1]), 5 + Classes(), 5 + Classes(), 1};
  }

  Columns Factors(const Table& table, size_t row, int column) const override {
    const size_t of_class = 5 + static_cast<size_t>(column);
    return {{4, table.at(row, of_class)}, {of_class, table.at(row, 4)}};
  }

  float ScoreAt(const Table& table, size_t row, int column) const override {
    return table.at(row, 4) * table.at(row, 5 + static_cast<size_t>(column));
  }
};

// The same before any decoding, rows by stride, row, column and anchor of a cell.
class RawYoloV5Decoder : public YoloDecoder {
 public:
  using YoloDecoder::YoloDecoder;

  Candidates Find(const RunResult& run, InputSize input) const override {
    const Table table = Read(run, input);
    Candidates candidates;
    size_t row = 0;
    for (size_t level = 0; level < record_.decoding.strides.size(); ++level) {
      const int stride = record_.decoding.strides[level];
      const std::vector<float>& anchors = record_.decoding.anchors[level];
      for (int y = 0; y < input.height / stride; ++y) {
        for (int x = 0; x < input.width / stride; ++x) {
          for (size_t anchor = 0; anchor + 1 < anchors.size(); anchor += 2, ++row) {
            if (!(Sigmoid(table.at(row, 4)) >= record_.thresholds.score)) continue;
            AddBest(table, row, Decode(table, row, x, y, stride, anchors.data() + anchor), candidates);
          }
        }
      }
    }
    return candidates;
  }

 protected:
  Table Read(const RunResult& run, InputSize input) const override {
    size_t rows = 0;
    for (size_t level = 0; level < record_.decoding.strides.size(); ++level) {
      const int stride = record_.decoding.strides[level];
      rows += static_cast<size_t>(input.width / stride) * static_cast<size_t>(input.height / stride) *
              (record_.decoding.anchors[level].size() / 2);
    }
    const TensorView& view = Output(run);
    const Shape wanted{1, static_cast<int64_t>(rows), static_cast<int64_t>(5 + Classes())};
    if (view.shape != wanted) Fail(run, ToString(wanted));
    return {view.data, rows, 5 + Classes(), 5 + Classes(), 1};
  }

  Columns Factors(const Table& table, size_t row, int column) const override {
    const size_t of_class = 5 + static_cast<size_t>(column);
    return {{4, Sigmoid(table.at(row, of_class))}, {of_class, Sigmoid(table.at(row, 4))}};
  }

  float ScoreAt(const Table& table, size_t row, int column) const override {
    return Sigmoid(table.at(row, 4)) * Sigmoid(table.at(row, 5 + static_cast<size_t>(column)));
  }

 private:
  // YOLOv5 since release 2: offsets reach half a cell beyond the cell, sides four times the anchor's.
  static Box Decode(const Table& table, size_t row, int x, int y, int stride, const float* anchor) {
    const auto value = [&](size_t column) { return 2 * Sigmoid(table.at(row, column)); };
    const auto step = static_cast<float>(stride);
    const float cx = (value(0) - 0.5f + static_cast<float>(x)) * step;
    const float cy = (value(1) - 0.5f + static_cast<float>(y)) * step;
    return AroundCentre(cx, cy, value(2) * value(2) * anchor[0], value(3) * value(3) * anchor[1]);
  }
};

// [1, 4 + classes, anchors], as published, or [1, anchors, 4 + classes]: centre, sides, class scores without
// objectness; models of faces add x, y and visibility of five points.
class YoloV8Decoder : public YoloDecoder {
 public:
  using YoloDecoder::YoloDecoder;

  Candidates Find(const RunResult& run, InputSize input) const override {
    const Table table = Read(run, input);
    Candidates candidates;
    for (size_t row = 0; row < table.rows; ++row) {
      AddBest(table, row, AroundCentre(table.at(row, 0), table.at(row, 1), table.at(row, 2), table.at(row, 3)),
              candidates);
    }
    return candidates;
  }

 protected:
  Table Read(const RunResult& run, InputSize) const override {
    const TensorView& view = Output(run);
    const size_t plain = 4 + Classes();
    const auto is_row = [&](int64_t side) {
      return side == static_cast<int64_t>(plain) || side == static_cast<int64_t>(plain + kPointValues);
    };
    if (view.shape.size() == 3 && view.shape[0] == 1 && is_row(view.shape[1])) {
      const auto rows = static_cast<size_t>(view.shape[2]);
      return {view.data, rows, static_cast<size_t>(view.shape[1]), 1, rows};
    }
    if (view.shape.size() == 3 && view.shape[0] == 1 && is_row(view.shape[2])) {
      const auto columns = static_cast<size_t>(view.shape[2]);
      return {view.data, static_cast<size_t>(view.shape[1]), columns, columns, 1};
    }
    Fail(run, "[1, " + std::to_string(plain) + ", anchors] for " + std::to_string(Classes()) + " classes");
  }

  Columns Factors(const Table&, size_t, int column) const override { return {{4 + static_cast<size_t>(column), 1.0f}}; }

  float ScoreAt(const Table& table, size_t row, int column) const override {
    return table.at(row, 4 + static_cast<size_t>(column));
  }

  void DescribePoints(const Table& table, size_t row, Detection& detection) const override {
    const size_t first = 4 + Classes();
    if (table.columns != first + kPointValues) return;
    for (size_t k = 0; k < 5; ++k) {
      detection.landmarks.push_back({table.at(row, first + 3 * k), table.at(row, first + 3 * k + 1)});
    }
  }

 private:
  static constexpr size_t kPointValues = 15;
};

}  // namespace

std::unique_ptr<HeadDecoder> MakeYoloDecoder(const ModelRecord& record) {
  if (record.decoding.kind == "yolov5") return std::make_unique<YoloV5Decoder>(record);
  if (record.decoding.kind == "yolov5_raw") return std::make_unique<RawYoloV5Decoder>(record);
  return std::make_unique<YoloV8Decoder>(record);
}

}  // namespace maskscope
