#include "evaluate/report/galleries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "base/threads.h"
#include "evaluate/report/picture_tile.h"
#include "image/decode.h"
#include "image/encode.h"

namespace maskscope {
namespace {

constexpr int kJpegQuality = 80;

std::string StateText(MaskState state) { return std::string(MaskStateName(state)); }

// For each labelled face the best candidate score that would have found it; -1 = none.
using BestScores = std::map<std::pair<int, int>, double>;
BestScores BestCandidates(const SceneView& view) {
  const ClassList list = MakeList(view, ListKind::kFace);
  const PrCurve curve = VocCurve(list.truths, list.detections, -1, view.match);
  BestScores best;
  for (size_t n = 0; n < curve.order.size(); ++n) {
    if (curve.matched_truth[n] < 0) continue;
    const FacePlace& place = list.truth_places[static_cast<size_t>(curve.matched_truth[n])];
    best.emplace(std::pair(place.picture, place.index),
                 list.detections[static_cast<size_t>(curve.order[n])].score);  // the first is the best
  }
  return best;
}

const Box& BoxOf(const Measurements& m, const FaceRow& row) {
  const FaceResult* found = DetectionOf(m.view, row);
  return found != nullptr ? found->box : TruthOf(m.view, row)->box;
}

std::string PlaceText(const Measurements& m, const FaceRow& row) {
  const LabelledImage& image = *m.view.pictures[static_cast<size_t>(row.picture)].truth;
  const std::string name = image.name.empty() ? image.path.filename().string() : image.name;
  std::string text = (image.set.empty() ? "" : image.set + ": ") + name;
  if (!m.view.crops) text += fmt::format(", {:.0f} px high", BoxOf(m, row).height());
  return text;
}

std::string DetectorText(const Measurements& m, const FaceRow& row) {
  return m.view.crops ? "" : fmt::format("detector {:.2f}; ", DetectionOf(m.view, row)->score);
}

class Finder {
 public:
  explicit Finder(const Measurements& m) : m_(m), best_(BestCandidates(m.view)) {}

  std::vector<MistakeGallery> Run() {
    for (size_t i = 0; i < m_.rows.size(); ++i) Sort(i, m_.rows[i]);
    std::vector<MistakeGallery> all;
    for (auto& [key, gallery] : galleries_) {
      std::stable_sort(gallery.items.begin(), gallery.items.end(),
                       [](const GalleryItem& a, const GalleryItem& b) { return a.order > b.order; });
      all.push_back(std::move(gallery));
    }
    return all;
  }

 private:
  void Sort(size_t index, const FaceRow& row) {
    switch (row.kind) {
      case FaceRow::Kind::kIgnored:
        return;
      case FaceRow::Kind::kFalse:
        return AddFalse(index, row);
      case FaceRow::Kind::kMissed:
        return AddMissed(index, row);
      case FaceRow::Kind::kFound:
        return AddFound(index, row);
    }
  }

  // Galleries stand in the order of (kind, label, answer).
  void Add(std::array<int, 3> key, const char* kind, std::string name, const char* order, GalleryItem item) {
    MistakeGallery& gallery = galleries_[key];
    if (gallery.items.empty()) gallery = {kind, std::move(name), order, {}};
    gallery.items.push_back(std::move(item));
  }

  void AddFalse(size_t index, const FaceRow& row) {
    const FaceResult& found = *DetectionOf(m_.view, row);
    const bool known = row.predicted.known;
    const std::string called = known ? StateText(row.predicted.best) : "face";
    const double order = m_.view.crops ? found.confidence : found.score;
    std::string caption = DetectorText(m_, row);
    if (known) caption += fmt::format("{} {:.2f}; ", called, found.confidence);
    Add({0, known ? static_cast<int>(row.predicted.best) : 0, 0}, m_.view.crops ? "Not faces" : "False detections",
        "called " + called, m_.view.crops ? "by confidence" : "by detector score",
        {index, order, caption + PlaceText(m_, row)});
  }

  void AddMissed(size_t index, const FaceRow& row) {
    const LabelledFace& face = *TruthOf(m_.view, row);
    const auto seen = best_.find({row.picture, row.truth});
    const double score = seen == best_.end() ? -1 : seen->second;
    const std::string how =
        score < 0 ? "not seen at all; " : fmt::format("seen with score {:.2f}, too little; ", score);
    // Equal ones (not seen at all) with the largest first.
    Add({1, face.state ? static_cast<int>(*face.state) : kMaskStates, 0}, "Missed faces",
        face.state ? "labelled " + StateText(*face.state) : "without a state",
        "by the score that was not enough, then by size",
        {index, score + 1e-6 * face.box.height(), how + PlaceText(m_, row)});
  }

  void AddFound(size_t index, const FaceRow& row) {
    if (!IsJudged(m_.view, row)) return;
    const MaskState actual = *TruthOf(m_.view, row)->state, called = row.predicted.best;
    const FaceResult& found = *DetectionOf(m_.view, row);
    const GalleryItem item{
        index, found.confidence,
        fmt::format("{} {:.2f}{}; {}{}", StateText(called), found.confidence, row.predicted.unsure ? " (unsure)" : "",
                    DetectorText(m_, row), PlaceText(m_, row))};
    if (actual != called) {
      Add({2, static_cast<int>(actual), static_cast<int>(called)}, "Wrong states",
          "labelled " + StateText(actual) + ", called " + StateText(called), "by confidence", item);
    } else if (row.predicted.unsure) {
      Add({3, static_cast<int>(actual), 0}, "Unsure, though the likeliest state is right",
          "labelled " + StateText(actual), "by confidence", item);
    }
  }

  const Measurements& m_;
  const BestScores best_;
  std::map<std::array<int, 3>, MistakeGallery> galleries_;
};

// The face, large, beside the whole picture; yellow: labelled, blue: found.
Image MakeTile(const Measurements& m, const FaceRow& row, const GalleryOptions& options) {
  const Image image = ReadImage(m.view.pictures[static_cast<size_t>(row.picture)].truth->path).image;
  if (m.view.crops) return SmallPicture(image, {}, options.tile_height);
  std::vector<MarkedBox> marks;
  if (const LabelledFace* face = TruthOf(m.view, row)) marks.push_back({face->box, kLabelColor});
  if (const FaceResult* found = DetectionOf(m.view, row)) marks.push_back({found->box, kFoundColor});
  return PictureTile(image, BoxOf(m, row), marks, options.tile_height);
}

}  // namespace

std::vector<MistakeGallery> FindMistakes(const Measurements& measured) { return Finder(measured).Run(); }

Page GalleryPage(const Measurements& m, const std::vector<MistakeGallery>& mistakes, const GalleryOptions& options) {
  struct Shown {
    size_t gallery, item;
    Picture picture;
  };
  std::vector<Shown> shown;
  for (size_t g = 0; g < mistakes.size(); ++g) {
    for (size_t i = 0; i < std::min(mistakes[g].items.size(), static_cast<size_t>(options.most)); ++i) {
      shown.push_back({g, i, {}});
    }
  }
  ParallelFor(shown.size(), options.workers, [&](size_t s) {
    const GalleryItem& item = mistakes[shown[s].gallery].items[shown[s].item];
    const Image tile = MakeTile(m, m.rows[item.row], options);
    shown[s].picture = {.bytes = EncodeJpeg(tile, kJpegQuality),
                        .alt = mistakes[shown[s].gallery].name,
                        .caption = item.caption,
                        .width = tile.width};
  });
  Page page{.title = "Mistakes"};
  page.subtitle = m.view.crops ? "Each crop with what was said of it."
                               : "Each face beside its picture. Yellow: the labelled box; blue: what was found.";
  if (mistakes.empty()) page.lead.push_back("There are none.");
  std::string kind;
  size_t next = 0;
  for (const MistakeGallery& gallery : mistakes) {
    if (gallery.kind != kind) page.sections.push_back({gallery.kind});
    kind = gallery.kind;
    PageSection section{gallery.name, {}, 3};
    const size_t count = std::min(gallery.items.size(), static_cast<size_t>(options.most));
    section.heading += fmt::format(": {}", gallery.items.size());
    section.blocks.push_back(
        Paragraph{count < gallery.items.size()
                      ? fmt::format("The first {} of {}, {}.", count, gallery.items.size(), gallery.order)
                      : fmt::format("All {}, {}.", count, gallery.order)});
    Gallery pictures;
    for (size_t i = 0; i < count; ++i) pictures.pictures.push_back(std::move(shown[next++].picture));
    section.blocks.push_back(std::move(pictures));
    page.sections.push_back(std::move(section));
  }
  return page;
}

Table FaceTable(const Measurements& m) {
  Table table{"",
              {"set", "picture", "kind", "labelled", "called", "unsure", "detector_score", "confidence", "x1", "y1",
               "x2", "y2", "labelled_x1", "labelled_y1", "labelled_x2", "labelled_y2", "brightness", "sharpness"},
              {}};
  const char* kinds[] = {"found", "missed", "false", "ignored"};
  for (const FaceRow& row : m.rows) {
    const size_t i = static_cast<size_t>(row.picture);
    const LabelledImage& image = *m.view.pictures[i].truth;
    const LabelledFace* face = TruthOf(m.view, row);
    const FaceResult* found = DetectionOf(m.view, row);
    const FaceLook& look = face != nullptr ? m.looks[i].truths[static_cast<size_t>(row.truth)]
                                           : m.looks[i].answers[static_cast<size_t>(row.detection)];
    const double none = std::nan("");
    std::vector<TableCell> cells{image.set,
                                 image.name.empty() ? image.path.string() : image.name,
                                 kinds[static_cast<size_t>(row.kind)],
                                 face != nullptr && face->state ? StateText(*face->state) : "",
                                 row.predicted.known ? StateText(row.predicted.best) : "",
                                 row.predicted.known ? (row.predicted.unsure ? "yes" : "no") : "",
                                 found != nullptr && !m.view.crops ? found->score : none,
                                 row.predicted.known ? found->confidence : none};
    const auto add = [&](const Box* box) {
      for (const float edge : {box != nullptr ? box->x1 : 0, box != nullptr ? box->y1 : 0, box != nullptr ? box->x2 : 0,
                               box != nullptr ? box->y2 : 0}) {
        cells.emplace_back(box != nullptr ? static_cast<double>(edge) : none);
      }
    };
    add(found != nullptr ? &found->box : nullptr);
    add(face != nullptr ? &face->box : nullptr);
    cells.emplace_back(look.brightness);
    cells.emplace_back(look.sharpness);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace maskscope
