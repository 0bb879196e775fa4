#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/manifest_json.h"

// Lines of JSON into manifest values. A field of another type, or one that nobody knows, is a fault.
namespace maskscope {
namespace {

using nlohmann::json;

[[noreturn]] void Fail(const std::string& field, const json& found, const std::string& wanted) {
  throw JsonFault{field, "found " + ShortJson(found) + ", wanted " + wanted};
}

[[noreturn]] void FailUnknown(const std::string& field, const std::string& key, const std::vector<std::string>& known) {
  const std::string near = NearestWord(key, known);
  throw JsonFault{field.empty() ? key.substr(0, 80) : field + "." + key.substr(0, 80),
                  "unknown field" + (near.empty() ? std::string() : ", did you mean '" + near + "'?")};
}

const std::string& Text(const std::string& field, const json& value) {
  if (!value.is_string()) Fail(field, value, "text");
  return value.get_ref<const std::string&>();
}

bool Flag(const std::string& field, const json& value) {
  if (!value.is_boolean()) Fail(field, value, "true or false");
  return value.get<bool>();
}

int Whole(const std::string& field, const json& value, int low) {
  constexpr int64_t kHigh = std::numeric_limits<int>::max();
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(kHigh)
                                               : value.is_number_integer() && value.get<int64_t>() <= kHigh;
  if (!fits || value.get<int64_t>() < low) Fail(field, value, "a whole number, " + std::to_string(low) + " or more");
  return value.get<int>();
}

float Number(const std::string& field, const json& value) {
  if (!value.is_number() || std::abs(value.get<double>()) > std::numeric_limits<float>::max()) {
    Fail(field, value, "a number");
  }
  return static_cast<float>(value.get<double>());
}

template <typename Use>
void ForEachItem(const std::string& field, const json& value, const char* wanted, const Use& use) {
  if (!value.is_array()) Fail(field, value, wanted);
  for (size_t i = 0; i < value.size(); ++i) use(field + "[" + std::to_string(i) + "]", value[i]);
}

template <typename Use>
void ForEachField(const std::string& field, const json& value, const Use& use) {
  if (!value.is_object()) Fail(field, value, "an object");
  for (auto item = value.begin(); item != value.end(); ++item) use(item.key(), item.value());
}

std::vector<std::string> Texts(const std::string& field, const json& value) {
  std::vector<std::string> texts;
  ForEachItem(field, value, "a list of texts",
              [&](const std::string& where, const json& item) { texts.push_back(Text(where, item)); });
  return texts;
}

std::map<std::string, std::string> Attributes(const std::string& field, const json& value) {
  std::map<std::string, std::string> attributes;
  ForEachField(field, value, [&](const std::string& key, const json& item) {
    attributes.emplace(key, Text(field + "." + key.substr(0, 80), item));
  });
  return attributes;
}

template <typename T>
T Word(const std::string& field, const json& value, std::optional<T> (*parse)(std::string_view), const char* wanted) {
  const std::optional<T> parsed = parse(Text(field, value));
  if (!parsed) Fail(field, value, wanted);
  return *parsed;
}

void ReadNumbers(const std::string& field, const json& value, size_t count, float* numbers) {
  if (!value.is_array() || value.size() != count) Fail(field, value, std::to_string(count) + " numbers");
  for (size_t i = 0; i < count; ++i) numbers[i] = Number(field, value[i]);
}

ManifestFace ParseFace(const std::string& field, const json& value) {
  ManifestFace face;
  bool has_box = false;
  ForEachField(field, value, [&](const std::string& key, const json& item) {
    const std::string where = field + "." + key;
    if (key == "box") {
      float edges[4];
      ReadNumbers(where, item, 4, edges);
      face.face.box = {edges[0], edges[1], edges[2], edges[3]};
      has_box = true;
    } else if (key == "state") {
      face.face.state = Word<MaskState>(where, item, &ParseMaskState, "correct, incorrect or none");
    } else if (key == "ignore") {
      face.face.ignore = Flag(where, item);
    } else if (key == "label") {
      face.label = Text(where, item);
    } else if (key == "score") {
      face.score = Number(where, item);
    } else if (key == "landmarks") {
      ForEachItem(where, item, "a list of points", [&](const std::string& place, const json& point) {
        float xy[2];
        ReadNumbers(place, point, 2, xy);
        face.face.landmarks.push_back({xy[0], xy[1]});
      });
    } else if (key == "attributes") {
      face.attributes = Attributes(where, item);
    } else {
      FailUnknown(field, key, {"box", "state", "ignore", "label", "score", "landmarks", "attributes"});
    }
  });
  if (!has_box) throw JsonFault{field, "there is no 'box'"};
  return face;
}

// The fields that are plain text, by name; null for any other.
std::string* TextField(ManifestPicture& picture, const std::string& key) {
  if (key == "path") return &picture.path;
  if (key == "hash") return &picture.hash;
  if (key == "set") return &picture.set;
  if (key == "name") return &picture.name;
  if (key == "group") return &picture.group;
  if (key == "author") return &picture.author;
  if (key == "licence") return &picture.licence;
  if (key == "url") return &picture.url;
  return nullptr;
}

ManifestSet ParseSet(const std::string& field, const json& value) {
  ManifestSet set;
  ForEachField(field, value, [&](const std::string& key, const json& item) {
    if (key == "origin") {
      set.origin = Text(field + ".origin", item);
    } else if (key == "licence") {
      set.licence = Text(field + ".licence", item);
    } else {
      FailUnknown(field, key, {"origin", "licence"});
    }
  });
  return set;
}

void CheckSchema(const json& line, const std::string& source) {
  constexpr std::string_view kFamily = "maskscope.dataset/";
  if (!line.is_object() || !line.contains("schema")) {
    throw JsonFault{"schema", "the first line names no schema, wanted \"schema\":\"" + std::string(kManifestSchema) +
                                  "\"; is this a maskscope manifest?"};
  }
  const std::string& schema = Text("schema", line["schema"]);
  if (schema == kManifestSchema) return;
  if (!schema.starts_with(kFamily)) Fail("schema", line["schema"], "'" + std::string(kManifestSchema) + "'");
  throw Error(ErrorKind::kUnsupported, "'" + source + "', line 1, schema: found '" + schema.substr(0, 80) +
                                           "', this version of maskscope reads '" + std::string(kManifestSchema) + "'");
}

}  // namespace

ManifestHeader ParseHeaderLine(std::string_view text, const std::string& source) {
  const json line = ParseStrictJson(text);
  CheckSchema(line, source);
  ManifestHeader header;
  ForEachField("", line, [&](const std::string& key, const json& value) {
    if (key == "schema") return;
    if (key == "name") {
      header.name = Text(key, value);
    } else if (key == "version") {
      header.version = Whole(key, value, 1);
    } else if (key == "root") {
      header.root = Text(key, value);
    } else if (key == "parents") {
      header.parents = Texts(key, value);
    } else if (key == "recipe") {
      header.recipe = Texts(key, value);
    } else if (key == "classes") {
      header.classes = Texts(key, value);
    } else if (key == "sets") {
      ForEachField(key, value, [&](const std::string& name, const json& set) {
        header.sets.emplace(name, ParseSet("sets." + name.substr(0, 80), set));
      });
    } else {
      FailUnknown("", key, {"schema", "name", "version", "root", "parents", "recipe", "classes", "sets"});
    }
  });
  if (header.root.empty() || header.root.find('\0') != std::string::npos) {
    throw JsonFault{"root", "found no folder, wanted the pictures' folder ('.' for the manifest's own)"};
  }
  return header;
}

ManifestPicture ParsePictureLine(std::string_view text) {
  const json line = ParseStrictJson(text);
  ManifestPicture picture;
  ForEachField("", line, [&](const std::string& key, const json& value) {
    if (std::string* field = TextField(picture, key)) {
      *field = Text(key, value);
    } else if (key == "split") {
      picture.split = Word<DatasetSplit>(key, value, &ParseDatasetSplit, "train, validation, test or unassigned");
    } else if (key == "kind") {
      picture.kind = Word<PictureKind>(key, value, &ParsePictureKind, "scene, face_crop or not_a_face");
    } else if (key == "width" || key == "height") {
      (key == "width" ? picture.width : picture.height) = Whole(key, value, 0);
    } else if (key == "synthetic") {
      picture.synthetic = Flag(key, value);
    } else if (key == "attributes") {
      picture.attributes = Attributes(key, value);
    } else if (key == "faces") {
      if (value.is_array()) picture.faces.reserve(value.size());
      ForEachItem(key, value, "a list of faces",
                  [&](const std::string& where, const json& face) { picture.faces.push_back(ParseFace(where, face)); });
    } else {
      FailUnknown("", key,
                  {"path", "hash", "set", "name", "group", "split", "kind", "width", "height", "synthetic", "author",
                   "licence", "url", "attributes", "faces"});
    }
  });
  return picture;
}

}  // namespace maskscope
