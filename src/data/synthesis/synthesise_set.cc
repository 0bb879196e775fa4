#include "data/synthesis/synthesise_set.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "analyze/preprocess.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// A folder that appears under its name when it is complete, and leaves nothing when it is not.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& path) : path_(path), unfinished_(path) {
    std::error_code ignored;
    if (fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path, ignored))) {
      throw Error(ErrorKind::kUsage, "'" + path.string() + "' exists and is not an empty folder: name a new one");
    }
    unfinished_ = path.lexically_normal();
    if (!unfinished_.has_filename()) unfinished_ = unfinished_.parent_path();
    path_ = unfinished_;
    unfinished_ += ".unfinished";
    fs::remove_all(unfinished_, ignored);
    MakeFolder(unfinished_);
  }
  ~NewFolder() {
    std::error_code ignored;
    if (!unfinished_.empty()) fs::remove_all(unfinished_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  const fs::path& path() const { return unfinished_; }
  void Commit() {
    std::error_code error;
    fs::remove(path_, error);
    fs::rename(unfinished_, path_, error);
    if (error) throw Error(ErrorKind::kOutput, "could not name '" + path_.string() + "': " + error.message());
    unfinished_.clear();
  }

 private:
  fs::path path_, unfinished_;
};

// A face of a source picture that may be drawn on.
struct Candidate {
  size_t face;  // index in the picture
  LabelledFace where;
  int64_t used = 0;
};

Box WholePicture(const Image& image) {
  return {0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
}

// A face that fills its picture is easier to find with something around it.
std::vector<Detection> DetectWithRim(const Detector& detector, const Image& image) {
  std::vector<Detection> found = detector.Detect(image, image.width, image.height);
  if (!found.empty()) return found;
  const int rim = std::max(image.width, image.height) / 3;
  const Box wider{static_cast<float>(-rim), static_cast<float>(-rim), static_cast<float>(image.width + rim),
                  static_cast<float>(image.height + rim)};
  const Image padded = CropResize(image, wider, image.width + 2 * rim, image.height + 2 * rim, 128);
  found = detector.Detect(padded, padded.width, padded.height);
  const auto r = static_cast<float>(rim);
  for (Detection& d : found) {
    d.box = {d.box.x1 - r, d.box.y1 - r, d.box.x2 - r, d.box.y2 - r};
    for (Point& p : d.landmarks) p = {p.x - r, p.y - r};
  }
  return found;
}

class Maker {
 public:
  Maker(const Dataset& sources, const SynthesiseSetOptions& options, const Analyzer& analyzer, const fs::path& folder,
        const std::vector<std::string>& recipe)
      : sources_(sources),
        options_(options),
        analyzer_(analyzer),
        folder_(folder),
        writer_(folder / "manifest.jsonl", Header(sources, recipe)) {}

  SynthesisSummary Run(Progress* progress, const std::function<bool()>& stop) {
    std::vector<size_t> order(sources_.pictures.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    Random(options_.seed).Shuffle(order);
    if (progress) progress->Start("draw", options_.count, "pictures");
    for (uint64_t round = 0, idle = 0; summary_.pictures < options_.count && idle < 8; ++round) {
      const int64_t before = summary_.pictures;
      for (const size_t index : order) {
        if (summary_.pictures >= options_.count) break;
        if (stop && stop()) throw Error(ErrorKind::kInterrupted, "stopped: nothing was kept");
        const int64_t had = summary_.pictures;
        Use(index, round);
        if (progress) progress->Step(summary_.pictures - had);
      }
      // A plan may not fit where another does: a few rounds without a picture are no end.
      idle = summary_.pictures == before ? idle + 1 : 0;
    }
    if (progress) progress->Finish();
    for (const auto& [index, faces] : candidates_) {
      summary_.usable_sources +=
          std::count_if(faces.begin(), faces.end(), [](const Candidate& c) { return c.used > 0; });
    }
    if (summary_.pictures == 0) throw Error(ErrorKind::kBadData, "none of the bare faces can be drawn on" + Reasons());
    writer_.Commit();
    return summary_;
  }

 private:
  static ManifestHeader Header(const Dataset& sources, const std::vector<std::string>& recipe) {
    ManifestHeader header;
    header.name = "synthesis";
    header.parents = sources.header.parents;
    header.recipe = sources.header.recipe;
    header.recipe.insert(header.recipe.end(), recipe.begin(), recipe.end());
    std::set<std::string> used;
    for (const ManifestPicture& picture : sources.pictures) used.insert(picture.set);
    for (const std::string& name : used) {
      const auto known = sources.header.sets.find(name);
      ManifestSet set = known == sources.header.sets.end() ? ManifestSet{} : known->second;
      set.origin = "masks drawn on faces of " + name + (set.origin.empty() ? "" : " (" + set.origin + ")");
      header.sets["synthesis-" + name] = set;
    }
    return header;
  }

  std::string Reasons() const {
    std::string text;
    for (const auto& [reason, count] : summary_.skipped)
      text += (text.empty() ? ": " : ", ") + std::to_string(count) + " " + reason;
    return text;
  }

  // The faces of a picture that may be drawn on, found when it is first met.
  std::vector<Candidate>& CandidatesOf(size_t index, const Image& image) {
    const auto known = candidates_.find(index);
    if (known != candidates_.end()) return known->second;
    std::vector<Candidate>& candidates = candidates_[index];
    const ManifestPicture& picture = sources_.pictures[index];
    const bool crop = picture.kind == PictureKind::kFaceCrop;
    std::optional<std::vector<Detection>> found;
    for (size_t i = 0; i < picture.faces.size(); ++i) {
      const LabelledFace& face = picture.faces[i].face;
      if (face.ignore || face.state != MaskState::kNone) continue;
      ++summary_.sources;
      Candidate candidate{i, face, 0};
      if (crop) candidate.where.box = WholePicture(image);
      if (std::min(candidate.where.box.width(), candidate.where.box.height()) < options_.drawing.min_face) {
        ++summary_.skipped["too_small"];
        continue;
      }
      if (candidate.where.landmarks.size() != 5) {
        if (!found) found = DetectWithRim(analyzer_.detector(), image);
        if (!TakeLandmarks(*found, crop, &candidate.where)) {
          ++summary_.skipped["not_detected"];
          continue;
        }
      }
      if (!IsBare(image, candidate.where.box)) {
        ++summary_.skipped["covered"];
        continue;
      }
      candidates.push_back(candidate);
    }
    return candidates;
  }

  static bool TakeLandmarks(const std::vector<Detection>& found, bool crop, LabelledFace* face) {
    const Detection* best = nullptr;
    float best_overlap = crop ? 0.06f : 0.4f;
    for (const Detection& d : found) {
      const float overlap = Iou(d.box, face->box);
      if (d.landmarks.size() != 5 || d.score < 0.5f || overlap < best_overlap) continue;
      best = &d;
      best_overlap = overlap;
    }
    if (!best) return false;
    face->landmarks = best->landmarks;
    if (crop) face->box = best->box;
    return true;
  }

  bool IsBare(const Image& image, const Box& box) const {
    const Classifier& classifier = analyzer_.classifier();
    const std::vector<std::string>& classes = classifier.record().classes;
    const auto none = std::find(classes.begin(), classes.end(), "none");
    if (none == classes.end()) return true;
    const auto scores = classifier.Classify(image, {ClassifierRegion(classifier.record().crop, box)});
    return scores.front()[static_cast<size_t>(none - classes.begin())] >= options_.bare_confidence;
  }

  bool Done(const Candidate& candidate) const { return options_.per_face > 0 && candidate.used >= options_.per_face; }

  void Use(size_t index, uint64_t round) {
    const ManifestPicture& picture = sources_.pictures[index];
    const auto known = candidates_.find(index);
    if (known != candidates_.end() &&
        std::all_of(known->second.begin(), known->second.end(), [&](const Candidate& c) { return Done(c); })) {
      return;
    }
    Image image;
    try {
      image = ReadImage(sources_.root / fs::path(picture.path)).image;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadImage && error.kind() != ErrorKind::kUnsupported &&
          error.kind() != ErrorKind::kTooLarge)
        throw;
      ++summary_.skipped["unreadable_picture"];
      candidates_[index].clear();
      return;
    }
    std::vector<Candidate>& candidates = CandidatesOf(index, image);
    Image canvas = image;
    ManifestPicture row = RowOf(picture);
    for (Candidate& candidate : candidates) {
      if (summary_.pictures >= options_.count) break;
      if (Done(candidate)) continue;
      uint64_t state = options_.seed ^
                       HashText(picture.set + "/" + picture.name + "#" + std::to_string(candidate.face)) ^
                       (round * 0x9e3779b97f4a7c15ULL);
      Random random(Random::SplitMix(state));
      const SynthesisPlan plan = DrawPlan(options_.drawing, random);
      if (!options_.whole_pictures) canvas = image;
      std::string reason;
      const auto drawn = DrawCover(plan, candidate.where, options_.drawing, random.Next(), canvas, &reason,
                                   FrameOf(picture, candidate, image));
      if (!drawn) {
        ++summary_.skipped[reason];
        if (reason != "hidden") candidate.where.landmarks.clear();  // never again
        continue;
      }
      ++candidate.used;
      Count(*drawn);
      if (options_.whole_pictures) {
        PutFace(candidate, *drawn, row);
      } else {
        WriteCrop(picture, candidate, *drawn, canvas, random);
      }
    }
    std::erase_if(candidates, [](const Candidate& c) { return c.where.landmarks.empty(); });
    if (options_.whole_pictures && row.synthetic) WriteWhole(picture, canvas, row);
  }

  void Count(const DrawnCover& drawn) {
    ++summary_.faces;
    ++summary_.states[std::string(MaskStateName(drawn.state))];
    for (const auto& [key, value] : drawn.attributes) ++summary_.kinds[key.substr(key.find('.') + 1) + " " + value];
  }

  static ManifestPicture RowOf(const ManifestPicture& source) {
    ManifestPicture row = source;
    row.hash.clear();
    row.set = "synthesis-" + source.set;
    row.synthetic = false;
    row.group = GroupOf(source);  // what is drawn on a picture belongs with it
    row.attributes["synthesis.source"] = source.set + "/" + source.name;
    if (!source.hash.empty()) row.attributes["synthesis.source_hash"] = source.hash;
    return row;
  }

  static void PutFace(const Candidate& candidate, const DrawnCover& drawn, ManifestPicture& row) {
    ManifestFace& face = row.faces[candidate.face];
    face.face = candidate.where;
    face.face.state = drawn.state;
    face.label = MaskStateName(drawn.state);
    face.attributes.insert(drawn.attributes.begin(), drawn.attributes.end());
    row.synthetic = true;
  }

  std::string FileName(const ManifestPicture& source) const {
    std::string stem = fs::path(source.name).stem().string();
    for (char& c : stem) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      if (!plain) c = '_';
    }
    char number[24];
    std::snprintf(number, sizeof number, "%06lld", static_cast<long long>(summary_.pictures));
    return std::string(number) + "_" + stem.substr(0, 48) + ".jpg";
  }

  void Write(const Image& image, int quality, ManifestPicture& row) {
    const std::vector<uint8_t> bytes = EncodeJpeg(image, quality);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    MakeFolder((folder_ / row.path).parent_path());
    WriteFileAtomically(folder_ / row.path, text);
    row.hash = ContentHash(text);
    row.width = image.width;
    row.height = image.height;
    writer_.Write(row);
    ++summary_.pictures;
  }

  void WriteWhole(const ManifestPicture& source, const Image& image, ManifestPicture& row) {
    row.path = "pictures/" + FileName(source);
    row.name = FileName(source);
    Write(image, 92, row);
  }

  // The part of the picture that is written, whole pixels. A picture that is one face already keeps its frame: it is
  // what the set's other pictures look like.
  Box FrameOf(const ManifestPicture& source, const Candidate& candidate, const Image& image) const {
    if (options_.whole_pictures || source.kind == PictureKind::kFaceCrop) return WholePicture(image);
    const Box region = Clamp(ClassifierRegion(options_.crop, candidate.where.box), image.width, image.height);
    return {std::floor(region.x1), std::floor(region.y1), std::ceil(region.x2), std::ceil(region.y2)};
  }

  void WriteCrop(const ManifestPicture& source, const Candidate& candidate, const DrawnCover& drawn, const Image& image,
                 Random& random) {
    const Box frame = FrameOf(source, candidate, image);
    const float shrink =
        std::min(1.0f, static_cast<float>(options_.longest_side) / std::max(frame.width(), frame.height()));
    const int width = std::max(1, static_cast<int>(std::lround(frame.width() * shrink))),
              height = std::max(1, static_cast<int>(std::lround(frame.height() * shrink)));
    const Image crop = CropResize(image, frame, width, height);
    ManifestPicture row = RowOf(source);
    ManifestFace face = source.faces[candidate.face];
    row.faces.assign(1, face);
    PutFace({0, candidate.where, 0}, drawn, row);
    const float sx = static_cast<float>(width) / frame.width(), sy = static_cast<float>(height) / frame.height();
    LabelledFace& where = row.faces.front().face;
    for (Point& p : where.landmarks) p = {(p.x - frame.x1) * sx, (p.y - frame.y1) * sy};
    where.box = WholePicture(crop);
    row.kind = PictureKind::kFaceCrop;
    const std::string file = FileName(source);
    row.path = std::string(MaskStateName(drawn.state)) + "/" + file;
    row.name = row.path;
    Write(crop, random.Int(82, 95), row);
  }

  const Dataset& sources_;
  const SynthesiseSetOptions& options_;
  const Analyzer& analyzer_;
  const fs::path folder_;
  ManifestWriter writer_;
  SynthesisSummary summary_;
  std::map<size_t, std::vector<Candidate>> candidates_;
};

}  // namespace

void SynthesiseSetOptions::Validate() const {
  drawing.Validate();
  Problems problems;
  problems.Require(count >= 1 && count <= 10'000'000, "count", std::to_string(count), "1..10000000");
  problems.Require(crop.margin >= 0 && crop.margin <= 2, "crop margin", std::to_string(crop.margin), "0..2");
  problems.Require(longest_side >= 32 && longest_side <= 4096, "longest_side", std::to_string(longest_side),
                   "32..4096 pixels");
  problems.Require(per_face >= 0, "per_face", std::to_string(per_face), "0 or more");
  problems.Require(bare_confidence >= 0 && bare_confidence <= 1, "bare_confidence", std::to_string(bare_confidence),
                   "0..1");
  problems.ThrowIfAny(ErrorKind::kUsage, "synthesis of a set");
}

SynthesisSummary SynthesiseSet(const Dataset& sources, const SynthesiseSetOptions& options, const Analyzer& analyzer,
                               const fs::path& out, const std::vector<std::string>& recipe, Progress* progress,
                               const std::function<bool()>& stop) {
  options.Validate();
  NewFolder folder(out);
  SynthesisSummary summary;
  {
    Maker maker(sources, options, analyzer, folder.path(), recipe);
    summary = maker.Run(progress, stop);
  }
  folder.Commit();
  return summary;
}

Image DrawContactSheet(const fs::path& manifest, int tile, size_t limit) {
  ManifestReader reader(manifest);
  std::vector<ManifestPicture> pictures;
  ManifestPicture picture;
  while (pictures.size() < limit && reader.Next(&picture)) pictures.push_back(picture);
  if (pictures.empty()) throw Error(ErrorKind::kBadData, "'" + manifest.string() + "' has no pictures to show");
  const int caption = 14, columns = std::min<int>(12, static_cast<int>(pictures.size()));
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  Image sheet(columns * tile, rows * (tile + caption), 255);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const ManifestPicture& p = pictures[i];
    const Image image = ReadImage(reader.root() / fs::path(p.path)).image;
    const float shrink = static_cast<float>(tile - 2) / static_cast<float>(std::max(image.width, image.height));
    const Image small = Resize(image, std::max(1, static_cast<int>(image.width * shrink)),
                               std::max(1, static_cast<int>(image.height * shrink)));
    const int left = static_cast<int>(i) % columns * tile, top = static_cast<int>(i) / columns * (tile + caption);
    Paste(small, left, top, sheet);
    if (p.faces.empty()) continue;
    const auto& attributes = p.faces.front().attributes;
    const auto get = [&](const char* key) {
      const auto found = attributes.find(key);
      return found == attributes.end() ? std::string() : found->second;
    };
    const MaskState state = p.faces.front().face.state.value_or(MaskState::kNone);
    const Color colour = state == MaskState::kCorrect     ? Color{0, 120, 0}
                         : state == MaskState::kIncorrect ? Color{190, 60, 0}
                                                          : Color{60, 60, 60};
    const std::string what = get("synthesis.occluder").empty() ? get("synthesis.fit") + " " + get("synthesis.cut")
                                                               : get("synthesis.occluder");
    DrawText(sheet, {static_cast<float>(left + 1), static_cast<float>(top + tile + 9)},
             what.substr(0, static_cast<size_t>(tile / 6)), colour, 7);
  }
  return sheet;
}

}  // namespace maskscope
