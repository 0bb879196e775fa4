#include <algorithm>
#include <cmath>

#include "analyze/head_decoder.h"

// Heads without anchors' sides, each stride with outputs of its own: SCRFD (Guo et al. 2021) and YuNet (Wu et al.
// 2023).
namespace maskscope {
namespace {

// The cells of one stride.
struct Level {
  size_t begin, count;  // anchors
  int columns;
  float stride;
};

class PointDecoder : public HeadDecoder {
 public:
  explicit PointDecoder(const ModelRecord& record)
      : record_(record), face_columns_(FaceColumns(record)), is_yunet_(record.decoding.kind == "yunet") {}

  Candidates Find(const RunResult& run, InputSize input) const override {
    Candidates candidates;
    const std::vector<Level> levels = Levels(input);
    for (size_t i = 0; i < levels.size(); ++i) {
      const Heads heads = ReadHeads(run, i, levels[i]);
      for (size_t k = 0; k < levels[i].count; ++k) {
        size_t best = 0;
        float score = ScoreAt(heads, k, face_columns_[0]);
        for (size_t c = 1; c < face_columns_.size(); ++c) {
          const float other = ScoreAt(heads, k, face_columns_[c]);
          if (other > score) {
            score = other;
            best = c;
          }
        }
        if (!(score >= record_.thresholds.score)) continue;
        candidates.Add(levels[i].begin + k, DecodeBox(levels[i], k, heads.boxes + 4 * k), score,
                       static_cast<int>(best));
      }
    }
    return candidates;
  }

  void Describe(const RunResult& run, InputSize input, size_t anchor, Detection& detection) const override {
    const std::vector<Level> levels = Levels(input);
    size_t i = levels.size() - 1;
    while (levels[i].begin > anchor) --i;
    const size_t k = anchor - levels[i].begin;
    const Heads heads = ReadHeads(run, i, levels[i]);
    for (const int column : face_columns_) detection.class_scores.push_back(ScoreAt(heads, k, column));
    if (heads.points == nullptr) return;
    const Point centre = Centre(levels[i], k);
    for (size_t p = 0; p < 5; ++p) {
      const float* code = heads.points + 10 * k + 2 * p;
      detection.landmarks.push_back({centre.x + code[0] * levels[i].stride, centre.y + code[1] * levels[i].stride});
    }
  }

  Score ScoreTerms(const RunResult& run, InputSize input, size_t anchor, int class_index) const override {
    const std::vector<Level> levels = Levels(input);
    size_t i = levels.size() - 1;
    while (levels[i].begin > anchor) --i;
    const size_t k = anchor - levels[i].begin;
    const size_t column = static_cast<size_t>(face_columns_.at(static_cast<size_t>(class_index)));
    const size_t at = k * record_.classes.size() + column;
    const std::string& scores = record_.decoding.scores_outputs[i];
    if (!is_yunet_) return {{scores, static_cast<int64_t>(at), 1}};
    const Heads heads = ReadHeads(run, i, levels[i]);
    // Of sqrt(a b): half the score over the factor; 0 where a factor is.
    const float half = ScoreAt(heads, k, face_columns_[static_cast<size_t>(class_index)]) / 2;
    const auto weight = [half](float factor) { return factor > 0 ? half / factor : 0; };
    return {{scores, static_cast<int64_t>(at), weight(heads.scores[at])},
            {record_.decoding.objectness_outputs[i], static_cast<int64_t>(k), weight(heads.objectness[k])}};
  }

 private:
  struct Heads {
    const float* scores;
    const float* objectness;  // YuNet
    const float* boxes;
    const float* points;  // nullptr: none
  };

  int AnchorsPerCell() const { return is_yunet_ ? 1 : record_.decoding.anchors_per_cell; }

  std::vector<Level> Levels(InputSize input) const {
    std::vector<Level> levels;
    size_t begin = 0;
    for (const int stride : record_.decoding.strides) {
      const int columns = input.width / stride, rows = input.height / stride;
      const size_t count =
          static_cast<size_t>(columns) * static_cast<size_t>(rows) * static_cast<size_t>(AnchorsPerCell());
      levels.push_back({begin, count, columns, static_cast<float>(stride)});
      begin += count;
    }
    return levels;
  }

  // [1, anchors, width] or, as some exports have it, [anchors, width].
  const float* Output(const RunResult& run, const std::string& name, const Level& level, size_t width) const {
    const TensorView& view = run.Get(name);
    const Shape rows{static_cast<int64_t>(level.count), static_cast<int64_t>(width)}, batch{1, rows[0], rows[1]};
    if (view.shape != rows && view.shape != batch) FailOutput(record_, name, view.shape, ToString(batch));
    return view.data;
  }

  Heads ReadHeads(const RunResult& run, size_t i, const Level& level) const {
    const Decoding& decoding = record_.decoding;
    return {Output(run, decoding.scores_outputs[i], level, record_.classes.size()),
            is_yunet_ ? Output(run, decoding.objectness_outputs[i], level, 1) : nullptr,
            Output(run, decoding.boxes_outputs[i], level, 4),
            decoding.landmarks_outputs.empty() ? nullptr : Output(run, decoding.landmarks_outputs[i], level, 10)};
  }

  float ScoreAt(const Heads& heads, size_t k, int column) const {
    const float score = heads.scores[k * record_.classes.size() + static_cast<size_t>(column)];
    if (!is_yunet_) return score;
    // The geometric mean, as OpenCV's FaceDetectorYN.
    return std::sqrt(std::clamp(score, 0.0f, 1.0f) * std::clamp(heads.objectness[k], 0.0f, 1.0f));
  }

  Point Centre(const Level& level, size_t k) const {
    const size_t cell = k / static_cast<size_t>(AnchorsPerCell()), columns = static_cast<size_t>(level.columns);
    return {static_cast<float>(cell % columns) * level.stride, static_cast<float>(cell / columns) * level.stride};
  }

  // SCRFD: distances to the four sides; YuNet: offset of the centre, logarithms of the sides. In units of the stride.
  Box DecodeBox(const Level& level, size_t k, const float* code) const {
    const Point at = Centre(level, k);
    const float s = level.stride;
    if (!is_yunet_) return {at.x - code[0] * s, at.y - code[1] * s, at.x + code[2] * s, at.y + code[3] * s};
    const float cx = at.x + code[0] * s, cy = at.y + code[1] * s;
    const float w = std::exp(code[2]) * s, h = std::exp(code[3]) * s;
    return {cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2};
  }

  ModelRecord record_;
  std::vector<int> face_columns_;
  bool is_yunet_;
};

}  // namespace

std::unique_ptr<HeadDecoder> MakePointDecoder(const ModelRecord& record) {
  return std::make_unique<PointDecoder>(record);
}

}  // namespace maskscope
