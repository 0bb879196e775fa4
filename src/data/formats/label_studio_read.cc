#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/formats/json_text.h"
#include "data/formats/label_studio_points.h"
#include "data/labels.h"

// Label Studio's JSON export: tasks with annotations or predictions; coordinates in percent of the picture.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string DecodePercent(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    if (text[i] == '%' && digit(i + 1) && digit(i + 2)) {
      decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// Where the server keeps a picture -> its name below the folder of pictures. "/data/local-files/?d=a/b.jpg" names it;
// "/data/upload/3/1a2b3c4d-b.jpg" was given a mark of eight digits when it was uploaded.
std::string PictureName(const std::string& link, const fs::path& images) {
  if (const size_t at = link.find("local-files/?d="); at != std::string::npos)
    return DecodePercent(link.substr(at + 15));
  const bool served = link.starts_with("/data/upload/") || link.find("://") != std::string::npos;
  if (!served) return link;
  const std::string name = DecodePercent(link.substr(link.rfind('/') + 1));
  const bool marked = name.size() > 9 && name[8] == '-' && name.find_first_not_of("0123456789abcdef") == 8;
  return marked && !fs::exists(images / name) ? name.substr(9) : name;
}

double Share(const json& value, const char* name, const std::string& where) {
  const double percent = JsonNumber(JsonField(value, name, where), where + "." + name);
  if (!(std::abs(percent) <= 1000))
    throw AnnotationFault{"bad_box", where + "." + name,
                          "found " + NumberText(percent) + ", wanted percent of the side"};
  return percent / 100;
}

std::optional<float> Score(const json& holder, const std::string& where) {
  if (!holder.contains("score") || holder["score"].is_null()) return std::nullopt;
  const double score = JsonNumber(holder["score"], where + ".score");
  if (score < 0 || score > 1)
    throw AnnotationFault{"bad_number", where + ".score", "found " + NumberText(score) + ", wanted 0 to 1"};
  return static_cast<float>(score);
}

void ReadRectangle(const json& region, const json& holder, bool predicted, const std::string& where,
                   const fs::path& file, ManifestPicture* picture, std::map<std::string, size_t>* face_of,
                   ImportContext& context) {
  const json& value = JsonField(region, "value", where);
  const json& labels = JsonList(value, "rectanglelabels", where + ".value");
  if (labels.size() != 1 || !labels[0].is_string())
    throw AnnotationFault{"bad_json", where + ".value.rectanglelabels", "wanted one class name"};
  ManifestFace face;
  const bool known = context.SetClass(labels[0].get<std::string>(), file, where, &face);
  const double x = Share(value, "x", where), y = Share(value, "y", where);
  const double w = Share(value, "width", where), h = Share(value, "height", where);
  context.SetBox({x * picture->width, y * picture->height, (x + w) * picture->width, (y + h) * picture->height},
                 *picture, file, where, &face);
  if (value.contains("rotation") && value["rotation"] != 0) {
    face.attributes["labelstudio.rotation"] = value["rotation"].dump();
    context.Warn({"box_rotated", where,
                  "the box is turned by " + value["rotation"].dump() + " degrees; it is taken as if it were upright"},
                 file);
  }
  face.score = Score(region, where);
  if (!face.score && predicted) face.score = Score(holder, where);
  if (region.contains("meta")) TakeBag(JsonBag(region["meta"], where + ".meta"), "labelstudio", where, &face);
  if (!known) return;
  if (region.contains("id") && region["id"].is_string())
    (*face_of)[region["id"].get<std::string>()] = picture->faces.size();
  picture->faces.push_back(std::move(face));
}

// A keypoint belongs to the rectangle that it names as its parent.
void ReadKeypoint(const json& region, const std::string& where, const std::map<std::string, size_t>& face_of,
                  ManifestPicture* picture) {
  const auto found = region.contains("parentID") && region["parentID"].is_string()
                         ? face_of.find(region["parentID"].get<std::string>())
                         : face_of.end();
  if (found == face_of.end())
    throw AnnotationFault{"bad_landmarks", where, "the keypoint has no rectangle as its parentID"};
  const json& value = JsonField(region, "value", where);
  const json& labels = JsonList(value, "keypointlabels", where + ".value");
  const auto name =
      labels.size() == 1 ? std::find(kLandmarkNames.begin(), kLandmarkNames.end(), labels[0]) : kLandmarkNames.end();
  if (name == kLandmarkNames.end())
    throw AnnotationFault{"bad_landmarks", where, "wanted left_eye, right_eye, nose, left_mouth or right_mouth"};
  std::vector<Point>& points = picture->faces[found->second].face.landmarks;
  points.resize(5, {NAN, NAN});
  points[static_cast<size_t>(name - kLandmarkNames.begin())] = {
      static_cast<float>(Share(value, "x", where) * picture->width),
      static_cast<float>(Share(value, "y", where) * picture->height)};
}

void ReadResult(const json& holder, bool predicted, const std::string& where, const fs::path& file,
                ManifestPicture* picture, ImportContext& context) {
  const json& result = JsonList(holder, "result", where);
  std::map<std::string, size_t> face_of;
  for (const bool points : {false, true}) {
    for (size_t i = 0; i < result.size(); ++i) {
      const std::string there = where + ".result[" + std::to_string(i) + "]";
      context.Try(file, [&] {
        const std::string type = JsonString(result[i], "type", there);
        if (type == "rectanglelabels" && !points)
          ReadRectangle(result[i], holder, predicted, there, file, picture, &face_of, context);
        if (type == "keypointlabels" && points) ReadKeypoint(result[i], there, face_of, picture);
        if (type != "rectanglelabels" && type != "keypointlabels" && !points) {
          context.Warn({"shape_skipped", there, "a region of type '" + type + "' is no rectangle; it is left out"},
                       file);
        }
      });
    }
  }
  for (ManifestFace& face : picture->faces) {
    const auto& points = face.face.landmarks;
    if (std::any_of(points.begin(), points.end(), [](const Point& point) { return std::isnan(point.x); })) {
      face.face.landmarks.clear();
      context.Fail({"bad_landmarks", where, "a face has some but not all of the five keypoints"}, file);
    }
  }
}

// The first annotation that was not cancelled; a prediction where there is none.
std::pair<const json*, bool> ChooseResult(const json& task, const std::string& where, const fs::path& file,
                                          ImportContext& context) {
  const json* chosen = nullptr;
  size_t others = 0;
  if (task.contains("annotations")) {
    for (const json& one : JsonList(task, "annotations", where)) {
      const bool cancelled = one.is_object() && one.value("was_cancelled", json(false)) == true;
      if (!cancelled && chosen == nullptr)
        chosen = &one;
      else
        ++others;
    }
  }
  const bool predicted = chosen == nullptr;
  if (task.contains("predictions")) {
    for (const json& one : JsonList(task, "predictions", where)) {
      if (chosen == nullptr)
        chosen = &one;
      else
        ++others;
    }
  }
  if (others > 0)
    context.Warn({"annotation_skipped", where,
                  std::to_string(others) + " further annotations or predictions of this picture are left out"},
                 file);
  return {chosen, predicted};
}

void ReadTask(const json& task, const std::string& where, const fs::path& file, ImportContext& context) {
  const json& data = JsonField(task, "data", where);
  const char* key = data.is_object() && data.contains("image") ? "image"
                    : data.is_object() && data.contains("img") ? "img"
                                                               : "image";
  const std::string link = JsonString(data, key, where + ".data");
  const auto [holder, predicted] = ChooseResult(task, where, file, context);
  if (holder == nullptr) {
    context.Warn({"not_labelled", where, "the task has neither annotation nor prediction; '" + link + "' is left out"},
                 file);
    return;
  }
  ManifestPicture* picture = context.AddPicture(PictureName(link, context.images()), -1, -1, file, where);
  if (picture == nullptr) return;
  if (task.contains("id")) picture->attributes["labelstudio.id"] = JsonToText(task["id"]);
  for (const auto& [name, value] : data.items()) {
    if (name == "split" && value.is_string() && ParseDatasetSplit(value.get<std::string>())) {
      picture->split = *ParseDatasetSplit(value.get<std::string>());
    } else if (name == "attributes") {
      TakeBag(JsonBag(value, where + ".data.attributes"), "labelstudio", where, picture);
    } else if (name != key) {
      picture->attributes["labelstudio.data." + name] = JsonToText(value);
    }
  }
  if (predicted && holder->contains("model_version"))
    picture->attributes["labelstudio.model_version"] = JsonToText((*holder)["model_version"]);
  ReadResult(*holder, predicted, where, file, picture, context);
}

}  // namespace

void ReadLabelStudioInto(ImportContext& context) {
  fs::path file = context.source();
  if (fs::is_directory(file)) {
    const std::vector<fs::path> files = ListFiles(file, ".json", false);
    if (files.size() != 1) {
      throw Error(ErrorKind::kBadData,
                  "folder '" + file.string() + "' holds " + std::to_string(files.size()) + " .json files, wanted one");
    }
    file = files[0];
  }
  const fs::path folder = context.dataset().root;
  context.SetImages(FirstFolder(folder, {"images"}, folder));
  try {
    const json root = ParseJsonFile(file);
    if (!root.is_array())
      throw AnnotationFault{"bad_json", "top level", "wanted a list of tasks (Label Studio's JSON export)"};
    for (size_t i = 0; i < root.size(); ++i) {
      context.Try(file, [&] { ReadTask(root[i], "[" + std::to_string(i) + "]", file, context); });
    }
  } catch (const AnnotationFault& fault) {
    throw Error(ErrorKind::kBadData, "'" + file.string() + "', " + fault.where + ": " + fault.message);
  }
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
