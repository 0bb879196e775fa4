#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/content_hash.h"
#include "data/manifest_json.h"

// Manifest values into lines of JSON. Fields that have their default are left out; the order of fields is fixed.
namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr float kExactIntegers = 16777216;  // 2^24: up to here a float holds every whole number

// The shortest decimal that reads back as the same float (a float turned into a double has nine digits too many).
Json Number(float value) {
  if (std::abs(value) <= kExactIntegers && value == std::trunc(value)) return static_cast<int>(value);
  char text[32];
  const auto [end, code] = std::to_chars(text, text + sizeof(text), value);
  double shortest = value;
  if (code == std::errc()) std::from_chars(text, end, shortest);
  return shortest;
}

std::string Dump(const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception&) {
    // The only thing that dump() refuses. Say which field it is.
    for (const auto& [key, value] : json.items()) {
      try {
        value.dump();
      } catch (const nlohmann::json::exception&) {
        throw JsonFault{key, "found '" + ShortJson(nlohmann::json(value)) + "', wanted text in UTF-8"};
      }
    }
    throw JsonFault{"", "wanted text in UTF-8"};
  }
}

void PutText(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

void PutAttributes(Json& json, const std::map<std::string, std::string>& attributes) {
  if (!attributes.empty()) json["attributes"] = attributes;
}

Json FaceJson(const ManifestFace& face) {
  const Box& box = face.face.box;
  Json json{{"box", {Number(box.x1), Number(box.y1), Number(box.x2), Number(box.y2)}}};
  if (face.face.state) json["state"] = MaskStateName(*face.face.state);
  if (face.face.ignore) json["ignore"] = true;
  PutText(json, "label", face.label);
  if (face.score) json["score"] = Number(*face.score);
  for (const Point& point : face.face.landmarks) json["landmarks"].push_back({Number(point.x), Number(point.y)});
  PutAttributes(json, face.attributes);
  return json;
}

void CheckFace(const ManifestFace& face, const std::string& where) {
  const auto finite = [](float value) { return std::isfinite(value); };
  const Box& box = face.face.box;
  if (!finite(box.x1) || !finite(box.y1) || !finite(box.x2) || !finite(box.y2)) {
    throw JsonFault{where + ".box", "found a number that is not finite, wanted four finite numbers"};
  }
  if (!face.face.landmarks.empty() && face.face.landmarks.size() != 5) {
    throw JsonFault{where + ".landmarks", "found " + std::to_string(face.face.landmarks.size()) + " points, wanted 5"};
  }
  for (const Point& point : face.face.landmarks) {
    if (!finite(point.x) || !finite(point.y)) {
      throw JsonFault{where + ".landmarks", "found a number that is not finite, wanted 5 points"};
    }
  }
  if (face.score && !(*face.score >= 0 && *face.score <= 1)) {
    throw JsonFault{where + ".score", "found " + std::to_string(*face.score) + ", wanted 0 to 1"};
  }
}

// Below the root, in one way of writing it only, so that equal paths are equal texts.
void CheckPath(const std::string& path) {
  if (path.empty()) throw JsonFault{"path", "found nothing, wanted the picture's path below the root"};
  if (path.find('\0') != std::string::npos) throw JsonFault{"path", "found a zero byte, wanted a path"};
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part(path.data() + at, slash - at);
    if (part.empty() || part == "." || part == "..") {
      throw JsonFault{"path", "found '" + path.substr(0, 200) +
                                  "', wanted a path below the root: not absolute, without '.', '..' or empty parts"};
    }
    at = slash + 1;
  }
}

}  // namespace

std::string HeaderLine(const ManifestHeader& header) {
  Json json{{"schema", kManifestSchema}, {"name", header.name}, {"version", header.version}, {"root", header.root}};
  if (!header.parents.empty()) json["parents"] = header.parents;
  if (!header.recipe.empty()) json["recipe"] = header.recipe;
  if (!header.classes.empty()) json["classes"] = header.classes;
  Json& sets = json["sets"] = Json::object();
  for (const auto& [name, set] : header.sets) sets[name] = {{"origin", set.origin}, {"licence", set.licence}};
  return Dump(json);
}

std::string PictureLine(const ManifestPicture& picture) {
  Json json = Json::object();
  json["path"] = picture.path;
  PutText(json, "hash", picture.hash);
  json["set"] = picture.set;
  PutText(json, "name", picture.name);
  PutText(json, "group", picture.group);
  if (picture.split != DatasetSplit::kUnassigned) json["split"] = DatasetSplitName(picture.split);
  if (picture.kind != PictureKind::kScene) json["kind"] = PictureKindName(picture.kind);
  if (picture.width != 0) json["width"] = picture.width;
  if (picture.height != 0) json["height"] = picture.height;
  if (picture.synthetic) json["synthetic"] = true;
  PutText(json, "author", picture.author);
  PutText(json, "licence", picture.licence);
  PutText(json, "url", picture.url);
  PutAttributes(json, picture.attributes);
  Json& faces = json["faces"] = Json::array();
  for (const ManifestFace& face : picture.faces) faces.push_back(FaceJson(face));
  return Dump(json);
}

void CheckPicture(const ManifestPicture& picture, const ManifestHeader& header) {
  CheckPath(picture.path);
  if (!header.sets.contains(picture.set)) {
    throw JsonFault{"set", "found '" + picture.set.substr(0, 80) + "', wanted one of the sets in the first line"};
  }
  if (!picture.hash.empty() && !IsContentHash(picture.hash)) {
    throw JsonFault{"hash", "found '" + picture.hash.substr(0, 80) + "', wanted 'sha256:' and 64 digits 0-9a-f"};
  }
  if (picture.width < 0 || picture.height < 0 || (picture.width == 0) != (picture.height == 0)) {
    throw JsonFault{"width", "found " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                                 ", wanted both sides or neither"};
  }
  if (picture.kind == PictureKind::kNotAFace && !picture.faces.empty()) {
    throw JsonFault{"faces", "found " + std::to_string(picture.faces.size()) + " on a picture that shows no face"};
  }
  if (picture.kind == PictureKind::kFaceCrop && picture.faces.size() != 1) {
    throw JsonFault{"faces", "found " + std::to_string(picture.faces.size()) + " on a face crop, wanted one"};
  }
  for (size_t i = 0; i < picture.faces.size(); ++i) CheckFace(picture.faces[i], "faces[" + std::to_string(i) + "]");
}

}  // namespace maskscope
