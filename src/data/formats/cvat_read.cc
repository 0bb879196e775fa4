#include <algorithm>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/formats/xml_text.h"
#include "data/labels.h"

// "CVAT for images 1.1": one XML file; landmarks are a points shape of five points in the group of its box.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using tinyxml2::XMLElement;

struct Points {
  std::vector<Point> points;
  std::string group, where;
};

double Number(const XMLElement& element, const char* name, const std::string& where) {
  return ParseNumber(XmlAttribute(element, name, where), where + ", " + name);
}

// Attributes of the element that are not read into fields of ours, and the <attribute> children.
template <typename Item>
void KeepAttributes(const XMLElement& element, std::initializer_list<std::string_view> read, const std::string& where,
                    Item* item) {
  for (const tinyxml2::XMLAttribute* one = element.FirstAttribute(); one != nullptr; one = one->Next()) {
    if (std::find(read.begin(), read.end(), one->Name()) == read.end()) {
      item->attributes[std::string("cvat.") + one->Name()] = one->Value();
    }
  }
  AttributeBag bag;
  for (const XMLElement* one = element.FirstChildElement("attribute"); one != nullptr;
       one = one->NextSiblingElement("attribute")) {
    const char* value = one->GetText();
    bag[XmlAttribute(*one, "name", where)] = value == nullptr ? "" : value;
  }
  TakeBag(bag, "cvat", where, item);
}

void ReadBox(const XMLElement& box, const std::string& where, const fs::path& file, ManifestPicture* picture,
             ImportContext& context) {
  ManifestFace face;
  const bool known = context.SetClass(XmlAttribute(box, "label", where), file, where, &face);
  context.SetBox(
      {Number(box, "xtl", where), Number(box, "ytl", where), Number(box, "xbr", where), Number(box, "ybr", where)},
      *picture, file, where, &face);
  KeepAttributes(box, {"label", "xtl", "ytl", "xbr", "ybr"}, where, &face);
  if (AttributeOr(face.attributes, "cvat.rotation", "0") != "0") {
    context.Warn(
        {"box_rotated", where,
         "the box is turned by " + face.attributes["cvat.rotation"] + " degrees; it is taken as if it were upright"},
        file);
  }
  if (known) picture->faces.push_back(std::move(face));
}

Points ReadPoints(const XMLElement& element, const std::string& where) {
  Points points;
  points.where = where;
  if (const char* group = element.Attribute("group_id")) points.group = group;
  std::string text = XmlAttribute(element, "points", where);
  std::replace(text.begin(), text.end(), ';', ' ');
  std::replace(text.begin(), text.end(), ',', ' ');
  const std::vector<std::string_view> fields = SplitFields(text);
  if (fields.size() != 10) {
    throw AnnotationFault{"bad_landmarks", where,
                          "found " + std::to_string(fields.size() / 2) + " points, wanted the 5 landmarks of a face"};
  }
  for (size_t i = 0; i < 10; i += 2) {
    points.points.push_back(
        {static_cast<float>(ParseNumber(fields[i], where)), static_cast<float>(ParseNumber(fields[i + 1], where))});
  }
  return points;
}

// The face of the same group; without a group, the only one whose box holds all five points.
void GiveToFace(const Points& points, ManifestPicture* picture) {
  std::vector<ManifestFace*> candidates;
  for (ManifestFace& face : picture->faces) {
    const Box& box = face.face.box;
    const auto inside = [&](const Point& p) {
      return p.x >= box.x1 && p.x <= box.x2 && p.y >= box.y1 && p.y <= box.y2;
    };
    const bool mine = points.group.empty() || points.group == "0"
                          ? std::all_of(points.points.begin(), points.points.end(), inside)
                          : AttributeOr(face.attributes, "cvat.group_id", "") == points.group;
    if (mine && face.face.landmarks.empty()) candidates.push_back(&face);
  }
  if (candidates.size() != 1) {
    throw AnnotationFault{
        "bad_landmarks", points.where,
        std::to_string(candidates.size()) +
            " boxes could be the points' face, wanted one (the same group_id, or all five points inside)"};
  }
  candidates[0]->face.landmarks = points.points;
}

void ReadImage(const XMLElement& image, size_t index, const fs::path& file, ImportContext& context) {
  const std::string where = "image[" + std::to_string(index) + "]";
  const double width = Number(image, "width", where), height = Number(image, "height", where);
  if (width < 1 || height < 1 || width > 1 << 20 || height > 1 << 20)
    throw AnnotationFault{"bad_size", where, "wanted width and height in pixels"};
  ManifestPicture* picture = context.AddPicture(XmlAttribute(image, "name", where), static_cast<int>(width),
                                                static_cast<int>(height), file, where);
  if (picture == nullptr) return;
  KeepAttributes(image, {"name", "width", "height", "subset"}, where, picture);
  if (const char* subset = image.Attribute("subset")) {
    const std::optional<DatasetSplit> split = SplitOfWord(subset);
    if (split)
      picture->split = *split;
    else
      picture->attributes["cvat.subset"] = subset;
  }
  std::vector<Points> all_points;
  int shape = 0;
  for (const XMLElement* child = image.FirstChildElement(); child != nullptr; child = child->NextSiblingElement()) {
    const std::string there = where + "/" + child->Name() + "[" + std::to_string(shape++) + "]";
    const std::string_view tag = child->Name();
    context.Try(file, [&] {
      if (tag == "box") {
        ReadBox(*child, there, file, picture, context);
      } else if (tag == "points") {
        all_points.push_back(ReadPoints(*child, there));
      } else if (tag != "attribute") {
        context.Warn({"shape_skipped", there, "a <" + std::string(tag) + "> is no box; it is left out"}, file);
      }
    });
  }
  for (const Points& points : all_points) context.Try(file, [&] { GiveToFace(points, picture); });
  for (ManifestFace& face : picture->faces) {  // groups that only tie points to boxes say nothing more
    if (!face.face.landmarks.empty()) face.attributes.erase("cvat.group_id");
  }
}

// <meta><task|project|job><labels><label><name>
void ReadLabels(const XMLElement& root, ImportContext& context) {
  const XMLElement* meta = root.FirstChildElement("meta");
  if (meta == nullptr) return;
  for (const XMLElement* owner = meta->FirstChildElement(); owner != nullptr; owner = owner->NextSiblingElement()) {
    const XMLElement* labels = owner->FirstChildElement("labels");
    if (labels == nullptr) continue;
    for (const XMLElement* label = labels->FirstChildElement("label"); label != nullptr;
         label = label->NextSiblingElement("label")) {
      const XMLElement* type = label->FirstChildElement("type");
      if (type != nullptr && XmlText(*type) == "points") continue;
      context.dataset().header.classes.push_back(XmlText(XmlChild(*label, "name", "meta/labels")));
    }
  }
}

}  // namespace

void ReadCvatInto(ImportContext& context) {
  fs::path file = context.source();
  if (fs::is_directory(file)) {
    const std::vector<fs::path> files = ListFiles(file, ".xml", false);
    if (files.size() != 1) {
      throw Error(ErrorKind::kBadData, "folder '" + file.string() + "' holds " + std::to_string(files.size()) +
                                           " .xml files, wanted one (annotations.xml)");
    }
    file = files[0];
  }
  const fs::path folder = context.dataset().root;
  context.SetImages(FirstFolder(folder, {"images"}, folder));
  try {
    const auto document = ParseXml(file, kMaxAnnotationBytes);
    const XMLElement& root = *document->RootElement();
    if (std::string_view(root.Name()) != "annotations") {
      throw AnnotationFault{"bad_xml", "root element",
                            std::string("found <") + root.Name() + ">, wanted <annotations>"};
    }
    ReadLabels(root, context);
    size_t index = 0;
    for (const XMLElement* image = root.FirstChildElement("image"); image != nullptr;
         image = image->NextSiblingElement("image")) {
      context.Try(file, [&] { ReadImage(*image, index, file, context); });
      ++index;
    }
  } catch (const AnnotationFault& fault) {
    throw Error(ErrorKind::kBadData, "'" + file.string() + "', " + fault.where + ": " + fault.message);
  }
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
