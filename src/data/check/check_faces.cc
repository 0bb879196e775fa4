#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "data/check/check_picture.h"
#include "image/exif.h"

// Boxes and landmarks of one picture.
namespace maskscope {
namespace {

using Severity = DataProblem::Severity;

constexpr float kOverFrame = 1;          // pixels: less beyond the frame is rounding
constexpr float kLandmarkMargin = 0.5f;  // of the box's sides: landmarks further out belong to another face
constexpr size_t kFewBoxes = 64;         // up to here every pair is compared

std::string Numbers(const Box& box) { return fmt::format("{:g}, {:g}, {:g}, {:g}", box.x1, box.y1, box.x2, box.y2); }

// Adds what is wrong with one picture's faces to a list.
class FaceCheck {
 public:
  FaceCheck(const ManifestPicture& picture, const PictureFile& file, const CheckOptions& options)
      : picture_(picture), options_(options) {
    width_ = static_cast<float>(file.width > 0 ? file.width : picture.width);
    height_ = static_cast<float>(file.width > 0 ? file.height : picture.height);
  }

  void Box(size_t index) {
    const ManifestFace& face = picture_.faces[index];
    const maskscope::Box& box = face.face.box;
    if (box.x2 < box.x1 || box.y2 < box.y1) {
      return Add(Severity::kError, "swapped_box", index,
                 "box " + Numbers(box) + ": left and right, or top and bottom, are swapped");
    }
    if (box.x2 == box.x1 || box.y2 == box.y1) {
      return Add(Severity::kError, "empty_box", index, "box " + Numbers(box) + " has no area");
    }
    if (width_ > 0 && (box.x1 >= width_ || box.y1 >= height_ || box.x2 <= 0 || box.y2 <= 0)) {
      return Add(Severity::kError, "box_outside", index,
                 "box " + Numbers(box) + " lies outside the picture of " + Frame());
    }
    if (width_ > 0 && (box.x1 < -kOverFrame || box.y1 < -kOverFrame || box.x2 > width_ + kOverFrame ||
                       box.y2 > height_ + kOverFrame)) {
      Add(Severity::kWarning, "box_over_frame", index,
          "box " + Numbers(box) + " reaches over the frame of the picture of " + Frame());
    }
    if (!face.face.ignore && std::min(box.width(), box.height()) < options_.tiny_side) {
      Add(Severity::kWarning, "tiny_box", index,
          fmt::format("box {} has a side below {:g} px; mark it to be ignored, or leave it out of training",
                      Numbers(box), options_.tiny_side));
    }
    Landmarks(index);
  }

  void State(size_t index) {
    const ManifestFace& face = picture_.faces[index];
    if (face.face.state || face.face.ignore) return;
    Add(Severity::kNote, "no_state", index,
        face.label.empty() ? "the face has no state" : "class '" + face.label + "' stands for no state");
  }

  void Add(Severity severity, const char* kind, size_t index, const std::string& message) {
    problems.push_back({severity, kind, picture_.path, "faces[" + std::to_string(index) + "]", message});
  }

  // Labels drawn on the picture as stored fit its stored size and not its upright one.
  void Rotation(int orientation) {
    if (!SwapsSides(orientation) || picture_.faces.empty()) return;
    bool fits_upright = true, fits_stored = true;
    for (const ManifestFace& face : picture_.faces) {
      const maskscope::Box& box = face.face.box;
      fits_upright = fits_upright && box.x2 <= width_ + kOverFrame && box.y2 <= height_ + kOverFrame;
      fits_stored = fits_stored && box.x2 <= height_ + kOverFrame && box.y2 <= width_ + kOverFrame;
    }
    if (fits_upright || !fits_stored) return;
    problems.push_back({Severity::kError, "exif_rotation", picture_.path, "faces",
                        fmt::format("the boxes fit {:g} x {:g}, the picture before its EXIF orientation {} is applied, "
                                    "and not the upright one of {}; turn them, or write the picture upright",
                                    height_, width_, orientation, Frame())});
  }

  std::vector<DataProblem> problems;

 private:
  std::string Frame() const { return fmt::format("{:g} x {:g}", width_, height_); }

  void Landmarks(size_t index) {
    const LabelledFace& face = picture_.faces[index].face;
    const float x = face.box.width() * kLandmarkMargin, y = face.box.height() * kLandmarkMargin;
    for (const Point& point : face.landmarks) {
      if (point.x >= face.box.x1 - x && point.x <= face.box.x2 + x && point.y >= face.box.y1 - y &&
          point.y <= face.box.y2 + y) {
        continue;
      }
      return Add(Severity::kWarning, "landmark_outside", index,
                 fmt::format("landmark {:g}, {:g} lies far outside its box {}", point.x, point.y, Numbers(face.box)));
    }
  }

  const ManifestPicture& picture_;
  const CheckOptions& options_;
  float width_ = 0, height_ = 0;
};

// Boxes that overlap by much have nearly the same width and centre: a cell of a grid whose step is the width's class
// holds them, or one of its neighbours does.
struct Cell {
  int size = 0;
  int64_t x = 0, y = 0;
  bool operator==(const Cell&) const = default;
};
struct CellHash {
  size_t operator()(const Cell& cell) const {
    uint64_t hash = static_cast<uint64_t>(cell.size);
    hash = hash * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(cell.x);
    hash = hash * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(cell.y);
    return hash ^ hash >> 29;
  }
};

bool HasArea(const Box& box) { return box.x2 > box.x1 && box.y2 > box.y1; }

}  // namespace

std::vector<std::pair<size_t, size_t>> FindSameFaces(const std::vector<ManifestFace>& faces, float same_face_iou) {
  std::vector<std::pair<size_t, size_t>> same;
  if (faces.size() <= kFewBoxes) {
    for (size_t j = 1; j < faces.size(); ++j) {
      for (size_t i = 0; i < j; ++i) {
        if (!HasArea(faces[j].face.box) || Iou(faces[i].face.box, faces[j].face.box) < same_face_iou) continue;
        same.emplace_back(i, j);
        break;
      }
    }
    return same;
  }
  // Widths of an IoU of t differ by at most the factor t, centres by at most (1 - t) widths: with classes of a factor 2
  // and t >= 0.5 the neighbours suffice. A box that is the same as an earlier one is not entered, so cells stay small.
  std::unordered_map<Cell, std::vector<size_t>, CellHash> grid;
  for (size_t j = 0; j < faces.size(); ++j) {
    const Box& box = faces[j].face.box;
    if (!HasArea(box)) continue;
    const int size = std::ilogb(box.width());
    const auto cell_of = [&](int of_size) {
      const double step = std::ldexp(1.0, of_size);
      const auto place = [&](double low, double high) {
        return static_cast<int64_t>(std::clamp(std::floor((low + high) / 2 / step), -1e15, 1e15));
      };
      // Down the box's own height would need a third class; rows of the width's step only make more cells to look at.
      return Cell{of_size, place(box.x1, box.x2), place(box.y1, box.y2)};
    };
    bool found = false;
    for (int of_size = size - 1; of_size <= size + 1 && !found; ++of_size) {
      const Cell centre = cell_of(of_size);
      const int64_t reach_y =
          1 + static_cast<int64_t>(std::min(64.0, box.height() * (1 - same_face_iou) / std::ldexp(1.0, of_size)));
      for (int64_t y = -reach_y; y <= reach_y && !found; ++y) {
        for (int64_t x = -2; x <= 2 && !found; ++x) {
          const auto cell = grid.find({of_size, centre.x + x, centre.y + y});
          if (cell == grid.end()) continue;
          for (const size_t i : cell->second) {
            if (Iou(faces[i].face.box, box) < same_face_iou) continue;
            same.emplace_back(i, j);
            found = true;
            break;
          }
        }
      }
    }
    if (!found) grid[cell_of(size)].push_back(j);
  }
  return same;
}

std::vector<DataProblem> CheckFaces(const ManifestPicture& picture, const PictureFile& file,
                                    const CheckOptions& options) {
  FaceCheck check(picture, file, options);
  if (picture.kind == PictureKind::kScene) {
    for (size_t i = 0; i < picture.faces.size(); ++i) check.Box(i);
    for (const auto& [first, later] : FindSameFaces(picture.faces, options.same_face_iou)) {
      const bool agree = picture.faces[first].face.state == picture.faces[later].face.state;
      check.Add(Severity::kWarning, agree ? "duplicate_box" : "two_states", later,
                "the same face as faces[" + std::to_string(first) + "]" + (agree ? "" : ", which has another state") +
                    ": box " + Numbers(picture.faces[later].face.box));
    }
    check.Rotation(file.orientation);
  }
  for (size_t i = 0; i < picture.faces.size(); ++i) check.State(i);
  if (picture.kind == PictureKind::kScene && picture.faces.empty()) {
    check.problems.push_back({Severity::kNote, "no_faces", picture.path, "",
                              "no face is labelled: right if it shows none, harmful if they were left out"});
  }
  return std::move(check.problems);
}

}  // namespace maskscope
