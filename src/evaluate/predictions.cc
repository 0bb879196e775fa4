#include "evaluate/predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "data/formats/annotation_text.h"
#include "data/formats/json_text.h"
#include "data/formats/yolo_yaml.h"
#include "data/labels.h"
#include "evaluate/picture_index.h"
#include "image/decode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kNamesShown = 5;

// One detection as a file says it.
struct Raw {
  std::string where;  // "'x.txt', line 3"
  size_t image = 0;   // index
  std::string label;  // class name
  double score = 0;
  std::array<double, 4> edges{};  // x1, y1, x2, y2, pixels
};

[[noreturn]] void Fail(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kBadData, where + ": " + what);
}

std::string First(const std::set<std::string>& names) {
  std::string text;
  size_t shown = 0;
  for (const std::string& name : names) {
    if (shown++ == kNamesShown) return text + " ...";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

class Reader {
 public:
  Reader(const std::vector<LabelledImage>& images, const PredictionOptions& options)
      : images_(images), options_(options), index_(images), met_(images.size()) {}

  Predictions Run() {
    std::error_code code;
    const fs::path& source = options_.source;
    if (!fs::exists(source, code)) throw Error(ErrorKind::kNotFound, "'" + source.string() + "' does not exist");
    StartResults();
    if (fs::is_directory(source)) {
      ReadFolder();
    } else if (source.extension() == ".jsonl") {
      ReadResultLines();
    } else if (source.extension() == ".json") {
      ReadCoco();
    } else {
      Fail("'" + source.string() + "'",
           "wanted predictions as .jsonl (maskscope detect), .json (COCO results) or a folder of .txt, one a picture");
    }
    if (std::none_of(met_.begin(), met_.end(), [](bool met) { return met; })) {
      Fail("'" + source.string() + "'", unknown_.empty()
                                            ? "there is no prediction in it"
                                            : "none of its pictures (" + First(unknown_) + ") is one of the " +
                                                  std::to_string(images_.size()) + " that are measured, such as " +
                                                  images_[0].path.filename().string());
    }
    AddFaces();
    AddNotes();
    return std::move(predictions_);
  }

 private:
  void StartResults() {
    for (const LabelledImage& image : images_) {
      Result result;
      result.source = image.path.string();
      result.width = image.width;
      result.height = image.height;
      predictions_.results.push_back(std::move(result));
    }
  }

  // Annotations need not state sizes, and shares need them.
  const Result& Sized(size_t image) {
    Result& result = predictions_.results[image];
    if (result.width == 0) std::tie(result.width, result.height) = ReadPictureSize(images_[image].path);
    return result;
  }

  // Notes what is there; empty when nobody asked for the picture.
  std::optional<size_t> Meet(const std::optional<size_t>& found, const std::string& name) {
    if (found) {
      met_[*found] = true;
    } else {
      unknown_.insert(name);
    }
    return found;
  }

  void Add(Raw raw) {
    if (!(raw.score >= 0 && raw.score <= 1)) {
      Fail(raw.where, fmt::format("found the score {:g}, wanted 0 to 1", raw.score));
    }
    const auto& e = raw.edges;
    if (!(e[2] > e[0] && e[3] > e[1])) {
      Fail(raw.where,
           fmt::format("found the box {:g} {:g} {:g} {:g}, wanted x1 < x2 and y1 < y2", e[0], e[1], e[2], e[3]));
    }
    raws_.push_back(std::move(raw));
  }

  double Number(std::string_view text, const std::string& where, const char* what) {
    try {
      return ParseNumber(text, where);
    } catch (const AnnotationFault&) {
      Fail(where, fmt::format("found the {} '{}', wanted a number", what, text));
    }
  }

  // Names by number.
  std::map<int64_t, std::string> NumberedNames(const std::vector<std::string>& names) const {
    std::map<int64_t, std::string> numbered;
    int64_t next = 0;
    for (const std::string& one : names) {
      const size_t equals = one.find('=');
      if (equals == std::string::npos) {
        numbered[next++] = one;
        continue;
      }
      try {
        numbered[static_cast<int64_t>(std::stoll(one.substr(0, equals)))] = one.substr(equals + 1);
      } catch (const std::exception&) {
        throw Error(ErrorKind::kUsage, "--names: found '" + one + "', wanted NAME or NUMBER=NAME");
      }
    }
    return numbered;
  }

  std::string NameOf(int64_t number, const std::map<int64_t, std::string>& names, const std::string& where) const {
    const auto found = names.find(number);
    if (found != names.end()) return found->second;
    Fail(where, names.empty() ? fmt::format("class {} has no name; give the names in the order of their numbers "
                                            "(--names correct,incorrect,none), or NUMBER=NAME",
                                            number)
                              : fmt::format("class {} has no name; there are {}", number, names.size()));
  }

  // ---- a folder of text files

  void ReadFolder() {
    const fs::path& folder = options_.source;
    std::vector<fs::path> files = ListFiles(folder, ".txt", true);
    std::erase_if(files, [](const fs::path& file) { return file.filename() == "classes.txt"; });
    if (files.empty()) Fail("'" + folder.string() + "'", "wanted a .txt for each picture, found none");
    const std::map<int64_t, std::string> names = FolderNames();
    for (const fs::path& file : files) {
      const std::string where = "'" + file.string() + "'";
      const std::string name = fs::relative(file, folder).string();
      const std::optional<size_t> image = Meet(index_.Find(name, where), name);
      if (!image) continue;
      const std::string text = ReadAnnotationText(file, kMaxPictureAnnotationBytes);
      int line = 0;
      for (const std::string_view words : SplitLines(text)) {
        ++line;
        const std::vector<std::string_view> fields = SplitFields(words);
        if (!fields.empty()) ReadTextLine(fields, names, *image, where + ", line " + std::to_string(line));
      }
    }
    if (predictions_.format.empty()) predictions_.format = "text files, all empty";
  }

  std::map<int64_t, std::string> FolderNames() {
    if (!options_.names.empty()) return NumberedNames(options_.names);
    const fs::path& folder = options_.source;
    if (fs::is_regular_file(folder / "classes.txt")) {
      std::vector<std::string> names;
      const std::string text = ReadAnnotationText(folder / "classes.txt", 1 << 20);
      for (const std::string_view line : SplitLines(text)) {
        if (!TrimBlanks(line).empty()) names.emplace_back(TrimBlanks(line));
      }
      return NumberedNames(names);
    }
    if (fs::is_regular_file(folder / "data.yaml")) return NumberedNames(ReadYoloYaml(folder / "data.yaml").names);
    return {};
  }

  // A class that is a number makes it YOLO's.
  void ReadTextLine(const std::vector<std::string_view>& fields, const std::map<int64_t, std::string>& names,
                    size_t image, const std::string& where) {
    const bool yolo = fields[0].find_first_not_of("0123456789") == std::string_view::npos;
    const char* format = yolo ? "YOLO text" : "detection text";
    if (predictions_.format.empty()) predictions_.format = format;
    if (predictions_.format != format) {
      Fail(where, fmt::format("the class is '{}': this line is {}, those before are {}", fields[0], format,
                              predictions_.format));
    }
    if (fields.size() != 6) {
      Fail(where, fmt::format("found {} fields, wanted {}", fields.size(),
                              yolo ? "6: class, centre x, centre y, width, height, score (--save-conf writes the score)"
                                   : "6: class, score, x1, y1, x2, y2"));
    }
    Raw raw;
    raw.where = where;
    raw.image = image;
    if (!yolo) {
      raw.label = fields[0];
      raw.score = Number(fields[1], where, "score");
      for (size_t i = 0; i < 4; ++i) raw.edges[i] = Number(fields[2 + i], where, "box edge");
    } else {
      raw.label = NameOf(std::stoll(std::string(fields[0].substr(0, 12))), names, where);
      std::array<double, 4> shares{};
      for (size_t i = 0; i < 4; ++i) {
        shares[i] = Number(fields[1 + i], where, "box");
        if (shares[i] < 0 || shares[i] > 1) {
          Fail(where, fmt::format("found {:g} in the box, wanted shares of the picture, 0 to 1", shares[i]));
        }
      }
      raw.score = Number(fields[5], where, "score");
      const Result& sized = Sized(image);
      raw.edges = YoloEdges(shares, sized.width, sized.height);
    }
    Add(std::move(raw));
  }

  // ---- COCO

  void ReadCoco() {
    predictions_.format = "COCO results";
    const std::string source = "'" + options_.source.string() + "'";
    try {
      const json root = ParseJsonFile(options_.source);
      const bool whole = root.is_object();
      if (!whole && !root.is_array())
        Fail(source, "wanted a list of results, or an object with images and annotations");
      std::map<int64_t, std::string> names = NumberedNames(options_.names);
      std::map<int64_t, std::string> file_of;
      if (whole) {
        for (const json& one : JsonList(root, "categories", source)) {
          names.emplace(JsonInteger(one, "id", "categories"), JsonString(one, "name", "categories"));
        }
        for (const json& one : JsonList(root, "images", source)) {
          const std::string name = JsonString(one, "file_name", "images");
          file_of.emplace(JsonInteger(one, "id", "images"), name);
          Meet(index_.Find(name, source), name);
        }
      }
      const json& list = whole ? JsonList(root, "annotations", source) : root;
      for (size_t i = 0; i < list.size(); ++i) {
        ReadCocoEntry(list[i], names, whole ? &file_of : nullptr, fmt::format("{}, entry {}", source, i));
      }
    } catch (const AnnotationFault& fault) {
      Fail(source, fault.where + ": " + fault.message + " (JSON has no NaN)");
    }
  }

  std::optional<size_t> FindCocoImage(const json& id, const std::map<int64_t, std::string>* file_of,
                                      const std::string& where) {
    if (id.is_string()) return Meet(index_.Find(id.get<std::string>(), where), id.get<std::string>());
    if (!id.is_number_integer()) Fail(where, "image_id: wanted a number or a name");
    const int64_t number = id.get<int64_t>();
    if (file_of == nullptr) return Meet(index_.FindNumber(number, where), std::to_string(number));
    const auto file = file_of->find(number);
    if (file == file_of->end()) Fail(where, fmt::format("there is no image with id {}", number));
    return index_.Find(file->second, where);
  }

  void ReadCocoEntry(const json& entry, const std::map<int64_t, std::string>& names,
                     const std::map<int64_t, std::string>* file_of, const std::string& where) {
    const std::optional<size_t> image = FindCocoImage(JsonField(entry, "image_id", where), file_of, where);
    if (!image) return;
    Raw raw;
    raw.where = where;
    raw.image = *image;
    raw.label = NameOf(JsonInteger(entry, "category_id", where), names, where);
    raw.score = JsonNumber(JsonField(entry, "score", where), where + ".score");
    const json& box = JsonList(entry, "bbox", where);
    if (box.size() != 4) Fail(where, fmt::format("bbox: found {} numbers, wanted x, y, width, height", box.size()));
    for (size_t i = 0; i < 4; ++i) raw.edges[i] = JsonNumber(box[i], where + ".bbox");
    raw.edges[2] += raw.edges[0];
    raw.edges[3] += raw.edges[1];
    Add(std::move(raw));
  }

  // ---- our own lines

  void ReadResultLines() {
    predictions_.format = kResultSchema;
    const std::string text = ReadFileText(options_.source, kMaxAnnotationBytes);
    int line = 0;
    for (const std::string_view one : SplitLines(text)) {
      ++line;
      if (TrimBlanks(one).empty()) continue;
      const std::string where = fmt::format("'{}', line {}", options_.source.string(), line);
      const json object = json::parse(one, nullptr, false);
      if (!object.is_object()) Fail(where, "wanted an object of JSON a line");
      try {
        ReadResultLine(object, where);
      } catch (const AnnotationFault& fault) {
        Fail(where, fault.where + ": " + fault.message);
      }
    }
  }

  void ReadResultLine(const json& object, const std::string& where) {
    const std::string schema = JsonString(object, "schema", "the line");
    if (schema != kResultSchema) Fail(where, "found the schema '" + schema + "', wanted " + kResultSchema);
    const std::string name = JsonString(object, "source", "the line");
    const std::optional<size_t> image = Meet(index_.Find(name, where), name);
    if (!image) return;
    Result& result = predictions_.results[*image];
    if (object.contains("error") && !object["error"].is_null()) {
      Fail(where, "'" + name + "' could not be analysed: " + object["error"].dump());
    }
    result.width = static_cast<int>(JsonInteger(object, "width", "the line"));
    result.height = static_cast<int>(JsonInteger(object, "height", "the line"));
    for (const json& one : JsonList(object, "faces", "the line")) {
      Raw raw;
      raw.where = where;
      raw.image = *image;
      raw.score = JsonNumber(JsonField(one, "score", "faces"), "faces.score");
      const json& box = JsonList(one, "box", "faces");
      for (size_t i = 0; i < 4; ++i) raw.edges[i] = JsonNumber(box.at(i), "faces.box");
      Add(raw);
      raws_.pop_back();  // checked; it says more than the others
      FaceResult face = ToFace(raw, *image);
      face.state = JsonString(one, "state", "faces");
      for (const auto& [label, p] : JsonField(one, "probabilities", "faces").items()) {
        const double value = JsonNumber(p, "faces.probabilities");
        if (!(value >= 0 && value <= 1)) Fail(where, fmt::format("found the probability {:g}, wanted 0 to 1", value));
        face.probabilities.emplace_back(label, static_cast<float>(value));
        if (value > face.confidence) {
          face.confidence = static_cast<float>(value);
          face.best_state = label;
        }
      }
      result.faces.push_back(std::move(face));
    }
  }

  // ---- together

  FaceResult ToFace(const Raw& raw, size_t image) {
    const Result& sized = Sized(image);
    const Box box{static_cast<float>(raw.edges[0]), static_cast<float>(raw.edges[1]), static_cast<float>(raw.edges[2]),
                  static_cast<float>(raw.edges[3])};
    FaceResult face;
    face.box = Clamp(box, sized.width, sized.height);
    face.score = static_cast<float>(raw.score);
    return face;
  }

  ClassMap Classes() {
    if (options_.classes) return *options_.classes;
    ClassMap classes = DefaultClassMap();
    classes["face_mask"] = "correct";
    const auto named = [this](const char* name) {
      return std::any_of(raws_.begin(), raws_.end(), [name](const Raw& raw) { return raw.label == name; });
    };
    if (named("face") && named("face_mask")) {
      classes["face"] = "none";
      predictions_.notes.push_back("'face' beside 'face_mask' is taken for a face without a rightly worn mask (none)");
    }
    return classes;
  }

  void AddFaces() {
    const ClassMap classes = Classes();
    std::map<std::string, std::pair<int64_t, std::string>> unknown;  // name -> how often, where first
    for (const Raw& raw : raws_) {
      if (classes.count(raw.label) > 0) continue;
      auto& entry = unknown[raw.label];
      if (entry.first++ == 0) entry.second = raw.where;
    }
    if (!unknown.empty()) {
      std::string message = "'" + options_.source.string() + "': ";
      for (const auto& [name, seen] : unknown) {
        message += fmt::format("{} ({} detections, first in {}); ", DescribeUnknownClass(name, classes), seen.first,
                               seen.second);
      }
      throw Error(ErrorKind::kBadData, message + "say what they mean with --map FILE");
    }
    for (const Raw& raw : raws_) {
      const LabelClass meaning = ParseLabelClass(raw.label, classes.at(raw.label));
      if (meaning.ignore) continue;
      FaceResult face = ToFace(raw, raw.image);
      if (face.box.area() <= 0) Fail(raw.where, "the box lies outside the picture");
      if (meaning.state) {
        face.state = face.best_state = std::string(MaskStateName(*meaning.state));
        face.confidence = 1;
        face.probabilities = {{face.state, 1.0f}};
      }
      predictions_.results[raw.image].faces.push_back(std::move(face));
    }
  }

  void AddNotes() {
    for (size_t i = 0; i < images_.size(); ++i) Sized(i);
    if (!unknown_.empty()) {
      predictions_.notes.push_back(fmt::format("{} predicted pictures are none of the {} measured and are left out: {}",
                                               unknown_.size(), images_.size(), First(unknown_)));
    }
    std::set<std::string> silent;
    for (size_t i = 0; i < images_.size(); ++i) {
      if (!met_[i]) silent.insert(images_[i].path.filename().string());
    }
    if (!silent.empty()) {
      predictions_.notes.push_back(
          fmt::format("of {} measured pictures {} have no predictions, which counts as nothing found: {}",
                      images_.size(), silent.size(), First(silent)));
    }
  }

  const std::vector<LabelledImage>& images_;
  const PredictionOptions& options_;
  const PictureIndex index_;
  std::vector<bool> met_;
  std::set<std::string> unknown_;
  std::vector<Raw> raws_;
  Predictions predictions_;
};

}  // namespace

Predictions ReadPredictions(const std::vector<LabelledImage>& images, const PredictionOptions& options) {
  return Reader(images, options).Run();
}

std::vector<Result> WithScoreFrom(const std::vector<Result>& results, double score) {
  std::vector<Result> some = results;
  for (Result& result : some) {
    std::erase_if(result.faces, [score](const FaceResult& face) { return face.score < static_cast<float>(score); });
  }
  return some;
}

}  // namespace maskscope
