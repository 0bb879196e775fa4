#include <cmath>

#include "analyze/head_decoder.h"

// Heads that correct priors: SSD (Liu et al. 2016) and RetinaFace (Deng et al. 2019).
namespace maskscope {
namespace {

// SSD's box coding (Liu et al. 2016, section 2.2): offsets of the centre in units of the prior, logarithms of the
// sides.
Box DecodeBox(const Prior& prior, const float* code, const std::array<float, 2>& variances, InputSize input) {
  const float cx = prior.cx + code[0] * variances[0] * prior.w, cy = prior.cy + code[1] * variances[0] * prior.h;
  const float w = prior.w * std::exp(code[2] * variances[1]), h = prior.h * std::exp(code[3] * variances[1]);
  const auto width = static_cast<float>(input.width), height = static_cast<float>(input.height);
  return {(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height};
}

Point DecodePoint(const Prior& prior, const float* code, const std::array<float, 2>& variances, InputSize input) {
  return {(prior.cx + code[0] * variances[0] * prior.w) * static_cast<float>(input.width),
          (prior.cy + code[1] * variances[0] * prior.h) * static_cast<float>(input.height)};
}

class PriorDecoder : public HeadDecoder {
 public:
  explicit PriorDecoder(const ModelRecord& record) : record_(record), face_columns_(FaceColumns(record)) {
    PriorGrid(record_.decoding, 32, 32);  // says now what is wrong with the decoding
  }

  Candidates Find(const RunResult& run, InputSize input) const override {
    const PriorGrid priors(record_.decoding, input.width, input.height);
    const float* scores = Output(run, record_.decoding.scores_output, priors.size(), Columns());
    const float* boxes = Output(run, record_.decoding.boxes_output, priors.size(), 4);
    Candidates candidates;
    for (size_t anchor = 0; anchor < priors.size(); ++anchor) {
      const float* row = scores + anchor * Columns();
      size_t best = 0;
      for (size_t c = 1; c < face_columns_.size(); ++c) {
        if (row[face_columns_[c]] > row[face_columns_[best]]) best = c;
      }
      const float score = row[face_columns_[best]];
      if (!(score >= record_.thresholds.score)) continue;  // also where it is not a number
      candidates.Add(anchor, DecodeBox(priors.at(anchor), boxes + 4 * anchor, record_.decoding.variances, input), score,
                     static_cast<int>(best));
    }
    return candidates;
  }

  void Describe(const RunResult& run, InputSize input, size_t anchor, Detection& detection) const override {
    const PriorGrid priors(record_.decoding, input.width, input.height);
    const float* scores = Output(run, record_.decoding.scores_output, priors.size(), Columns());
    for (const int column : face_columns_) {
      detection.class_scores.push_back(scores[anchor * Columns() + static_cast<size_t>(column)]);
    }
    if (record_.decoding.landmarks_output.empty()) return;
    const float* points = Output(run, record_.decoding.landmarks_output, priors.size(), 10);
    for (size_t k = 0; k < 5; ++k) {
      const float* code = points + 10 * anchor + 2 * k;
      detection.landmarks.push_back(DecodePoint(priors.at(anchor), code, record_.decoding.variances, input));
    }
  }

  Score ScoreTerms(const RunResult&, InputSize, size_t anchor, int class_index) const override {
    const size_t column = static_cast<size_t>(face_columns_.at(static_cast<size_t>(class_index)));
    return {{record_.decoding.scores_output, static_cast<int64_t>(anchor * Columns() + column), 1}};
  }

 private:
  size_t Columns() const { return record_.classes.size(); }

  const float* Output(const RunResult& run, const std::string& name, size_t anchors, size_t columns) const {
    const TensorView& view = run.Get(name);
    const Shape wanted{1, static_cast<int64_t>(anchors), static_cast<int64_t>(columns)};
    if (view.shape != wanted) FailOutput(record_, name, view.shape, ToString(wanted));
    return view.data;
  }

  ModelRecord record_;
  std::vector<int> face_columns_;
};

}  // namespace

std::unique_ptr<HeadDecoder> MakePriorDecoder(const ModelRecord& record) {
  return std::make_unique<PriorDecoder>(record);
}

}  // namespace maskscope
