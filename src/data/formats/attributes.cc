#include "data/formats/attributes.h"

#include <algorithm>

#include "data/formats/annotation_text.h"

namespace maskscope {
namespace {

constexpr std::string_view kOurs = "maskscope.";

// "kitti.alpha", "audit.flag": says itself whose it is, and is called the same wherever it stands.
bool HasOwner(std::string_view key) {
  const size_t dot = key.find('.');
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return dot != std::string_view::npos && dot > 0 && dot + 1 < key.size() &&
         std::all_of(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(dot), letter);
}

std::string FreePrefix(std::string_view own) { return std::string(own) + ".attribute."; }

void PutAttributes(const AttributeBag& attributes, std::string_view own, AttributeBag* bag) {
  const std::string free = FreePrefix(own);
  for (const auto& [key, value] : attributes) {
    if (!OwnName(key, own).empty()) continue;
    if (key.starts_with(free) && !HasOwner(key.substr(free.size()))) {
      (*bag)[key.substr(free.size())] = value;
    } else {
      (*bag)[key] = value;
    }
  }
}

[[noreturn]] void FailOurs(const std::string& where, const std::string& key, const std::string& value) {
  throw AnnotationFault{"bad_attribute", where, "found '" + value.substr(0, 60) + "' for " + key};
}

std::vector<Point> ParsePoints(const std::string& text, const std::string& where) {
  const std::vector<std::string_view> fields = SplitFields(text);
  if (fields.size() != 10) FailOurs(where, "maskscope.landmarks", text);
  std::vector<Point> points;
  for (size_t i = 0; i < 10; i += 2) {
    points.push_back(
        {static_cast<float>(ParseNumber(fields[i], where)), static_cast<float>(ParseNumber(fields[i + 1], where))});
  }
  return points;
}

}  // namespace

std::string_view OwnName(std::string_view key, std::string_view own) {
  if (!key.starts_with(own) || key.substr(own.size(), 1) != "." || key.starts_with(FreePrefix(own))) return {};
  return key.substr(own.size() + 1);
}

std::string AttributeOr(const AttributeBag& attributes, const std::string& key, const std::string& otherwise) {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second;
}

AttributeBag FaceBag(const ManifestFace& face, std::string_view own, const OwnPlaces& places) {
  AttributeBag bag;
  PutAttributes(face.attributes, own, &bag);
  if (face.score && !places.score) bag["maskscope.score"] = NumberText(*face.score);
  if (face.face.ignore && !places.ignore) bag["maskscope.ignore"] = "1";
  if (!face.face.landmarks.empty() && !places.landmarks) {
    std::string& text = bag["maskscope.landmarks"];
    for (const Point& point : face.face.landmarks) {
      text += (text.empty() ? "" : " ") + NumberText(point.x) + " " + NumberText(point.y);
    }
  }
  return bag;
}

AttributeBag PictureBag(const ManifestPicture& picture, std::string_view own) {
  AttributeBag bag;
  PutAttributes(picture.attributes, own, &bag);
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) bag[std::string(kOurs) + key] = value;
  };
  put("group", picture.group);
  put("author", picture.author);
  put("licence", picture.licence);
  put("url", picture.url);
  if (picture.kind != PictureKind::kScene) put("kind", std::string(PictureKindName(picture.kind)));
  if (picture.synthetic) put("synthetic", "1");
  return bag;
}

void TakeBag(const AttributeBag& bag, std::string_view own, const std::string& where, ManifestFace* face) {
  for (const auto& [key, value] : bag) {
    if (key == "maskscope.score") {
      const double score = ParseNumber(value, where);
      if (score < 0 || score > 1) FailOurs(where, key, value);
      face->score = static_cast<float>(score);
    } else if (key == "maskscope.ignore") {
      if (value != "0" && value != "1") FailOurs(where, key, value);
      face->face.ignore = face->face.ignore || value == "1";
    } else if (key == "maskscope.landmarks") {
      face->face.landmarks = ParsePoints(value, where);
    } else {
      face->attributes[HasOwner(key) ? key : FreePrefix(own) + key] = value;
    }
  }
}

void TakeBag(const AttributeBag& bag, std::string_view own, const std::string& where, ManifestPicture* picture) {
  for (const auto& [key, value] : bag) {
    if (key == "maskscope.group") {
      picture->group = value;
    } else if (key == "maskscope.author") {
      picture->author = value;
    } else if (key == "maskscope.licence") {
      picture->licence = value;
    } else if (key == "maskscope.url") {
      picture->url = value;
    } else if (key == "maskscope.synthetic") {
      picture->synthetic = value == "1";
    } else if (key == "maskscope.kind") {
      const std::optional<PictureKind> kind = ParsePictureKind(value);
      if (!kind) FailOurs(where, key, value);
      picture->kind = *kind;
    } else {
      picture->attributes[HasOwner(key) ? key : FreePrefix(own) + key] = value;
    }
  }
}

}  // namespace maskscope
