#include <algorithm>
#include <cstdlib>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/xml_text.h"

namespace maskscope {
namespace {

using tinyxml2::XMLElement;

// VOC counts from 1: an edge at the frame is written as 1, which is read as the frame's edge again.
std::string LowEdge(float low, float high, ExportContext& context) {
  if (low == 0 && high > 1) return "1";
  if (low > 0 && low <= 1 && high > 1) context.Lose("edges within the first pixel (they become the frame's edge)");
  return NumberText(low);
}

void PutOwn(const AttributeBag& attributes, std::initializer_list<std::string_view> not_these, XMLElement* element,
            AttributeBag* bag) {
  for (const auto& [key, value] : attributes) {
    const std::string name(OwnName(key, "voc"));
    if (name.empty() || std::find(not_these.begin(), not_these.end(), name) != not_these.end()) continue;
    if (!PutXmlValue(element, name, value)) (*bag)[key] = value;
  }
}

void PutFace(const ManifestFace& face, const std::string& label, XMLElement* root, ExportContext& context) {
  XMLElement* object = PutXml(root, "object");
  PutXml(object, "name", label);
  AttributeBag bag = FaceBag(face, "voc", {.ignore = true});
  PutOwn(face.attributes, {"name", "bndbox", "difficult", "attributes"}, object, &bag);
  PutXml(object, "difficult", face.face.ignore ? "1" : "0");
  XMLElement* bounds = PutXml(object, "bndbox");
  const Box& box = face.face.box;
  PutXml(bounds, "xmin", LowEdge(box.x1, box.x2, context));
  PutXml(bounds, "ymin", LowEdge(box.y1, box.y2, context));
  PutXml(bounds, "xmax", NumberText(box.x2));
  PutXml(bounds, "ymax", NumberText(box.y2));
  PutXmlBag(object, bag);
}

std::string Annotation(const ExportItem& item, ExportContext& context) {
  tinyxml2::XMLDocument document;
  XMLElement* root = document.NewElement("annotation");
  document.InsertEndChild(root);
  PutXml(root, "folder", "JPEGImages");
  PutXml(root, "filename", item.name.substr(item.name.rfind('/') + 1));
  XMLElement* size = PutXml(root, "size");
  PutXml(size, "width", std::to_string(item.width));
  PutXml(size, "height", std::to_string(item.height));
  PutXml(size, "depth", AttributeOr(item.picture->attributes, "voc.depth", "3"));
  AttributeBag bag = PictureBag(*item.picture, "voc");
  PutOwn(item.picture->attributes, {"folder", "filename", "size", "depth", "object", "attributes"}, root, &bag);
  for (size_t i = 0; i < item.picture->faces.size(); ++i)
    PutFace(item.picture->faces[i], item.labels[i], root, context);
  PutXmlBag(root, bag);
  return PrintXml(document);
}

}  // namespace

void WriteVoc(ExportContext& context) {
  context.RequireStemsDiffer();
  std::map<DatasetSplit, std::string> lists;
  for (const ExportItem& item : context.items()) {
    context.Write("Annotations/" + item.stem + ".xml", Annotation(item, context));
    if (item.picture->split != DatasetSplit::kUnassigned) lists[item.picture->split] += item.stem + "\n";
  }
  for (const auto& [split, text] : lists) {
    context.Write(
        "ImageSets/Main/" + std::string(split == DatasetSplit::kValidation ? "val" : DatasetSplitName(split)) + ".txt",
        text);
  }
  context.PlacePictures("JPEGImages");
}

}  // namespace maskscope
