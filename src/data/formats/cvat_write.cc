#include <algorithm>
#include <cstdlib>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/xml_text.h"

namespace maskscope {
namespace {

using tinyxml2::XMLElement;

void PutAttribute(XMLElement* element, const std::string& name, const std::string& value) {
  element->SetAttribute(name.c_str(), value.c_str());
}

void PutFace(const ManifestFace& face, const std::string& label, int number, XMLElement* image) {
  XMLElement* box = PutXml(image, "box");
  const Box& edges = face.face.box;
  const bool points = !face.face.landmarks.empty();
  PutAttribute(box, "label", label);
  PutAttribute(box, "source", AttributeOr(face.attributes, "cvat.source", "manual"));
  PutAttribute(box, "occluded", AttributeOr(face.attributes, "cvat.occluded", "0"));
  PutAttribute(box, "xtl", NumberText(edges.x1));
  PutAttribute(box, "ytl", NumberText(edges.y1));
  PutAttribute(box, "xbr", NumberText(edges.x2));
  PutAttribute(box, "ybr", NumberText(edges.y2));
  AttributeBag bag = FaceBag(face, "cvat", {.landmarks = true});
  for (const auto& [key, value] : face.attributes) {
    const std::string_view name = OwnName(key, "cvat");
    if (name.empty() || name == "source" || name == "occluded" || (points && name == "group_id")) continue;
    if (name == "z_order" || name == "group_id" || name == "rotation")
      PutAttribute(box, std::string(name), value);
    else
      bag[key] = value;
  }
  if (face.attributes.find("cvat.z_order") == face.attributes.end()) PutAttribute(box, "z_order", "0");
  for (const auto& [name, value] : bag) PutAttribute(PutXml(box, "attribute", value), "name", name);
  if (!points) return;
  const std::string group = std::to_string(number);
  PutAttribute(box, "group_id", group);
  XMLElement* element = PutXml(image, "points");
  std::string text;
  for (const Point& point : face.face.landmarks)
    text += (text.empty() ? "" : ";") + NumberText(point.x) + "," + NumberText(point.y);
  PutAttribute(element, "label", "landmarks");
  PutAttribute(element, "source", "manual");
  PutAttribute(element, "occluded", "0");
  PutAttribute(element, "points", text);
  PutAttribute(element, "z_order", "0");
  PutAttribute(element, "group_id", group);
}

// A number that no group of the picture has.
int FirstFreeGroup(const ManifestPicture& picture) {
  int first = 1;
  for (const ManifestFace& face : picture.faces)
    first = std::max(first, 1 + std::atoi(AttributeOr(face.attributes, "cvat.group_id", "0").c_str()));
  return first;
}

void PutImage(const ExportItem& item, size_t index, XMLElement* root) {
  XMLElement* image = PutXml(root, "image");
  PutAttribute(image, "id", AttributeOr(item.picture->attributes, "cvat.id", std::to_string(index)));
  PutAttribute(image, "name", item.name);
  if (item.picture->split != DatasetSplit::kUnassigned)
    PutAttribute(image, "subset", std::string(DatasetSplitName(item.picture->split)));
  else if (const std::string subset = AttributeOr(item.picture->attributes, "cvat.subset", ""); !subset.empty())
    PutAttribute(image, "subset", subset);
  PutAttribute(image, "width", std::to_string(item.width));
  PutAttribute(image, "height", std::to_string(item.height));
  int group = FirstFreeGroup(*item.picture);
  for (size_t i = 0; i < item.labels.size(); ++i) PutFace(item.picture->faces[i], item.labels[i], group++, image);
}

}  // namespace

void WriteCvat(ExportContext& context) {
  tinyxml2::XMLDocument document;
  document.InsertEndChild(document.NewDeclaration());
  XMLElement* root = document.NewElement("annotations");
  document.InsertEndChild(root);
  PutXml(root, "version", "1.1");
  XMLElement* labels = PutXml(PutXml(PutXml(root, "meta"), "task"), "labels");
  for (const std::string& name : context.classes()) PutXml(PutXml(labels, "label"), "name", name);
  for (size_t i = 0; i < context.items().size(); ++i) PutImage(context.items()[i], i, root);
  context.Write("annotations.xml", PrintXml(document));
  context.PlacePictures("images");
}

}  // namespace maskscope
