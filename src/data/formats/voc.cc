#include <tinyxml2.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "data/formats/collection.h"
#include "data/labels.h"

// Pascal VOC annotations. tinyxml2 knows no external or user-defined entities and limits the depth of elements; a
// document type is refused all the same, for no annotation needs one.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using tinyxml2::XMLElement;

constexpr int64_t kMaxFileBytes = int64_t{16} << 20;
constexpr double kMaxSide = 1 << 20;  // pixels

const XMLElement& Child(const XMLElement& parent, const char* name, const fs::path& file, const std::string& where) {
  const XMLElement* child = parent.FirstChildElement(name);
  if (child == nullptr) FailLabel(file, where, std::string("element <") + name + "> is missing");
  if (child->NextSiblingElement(name) != nullptr) {
    FailLabel(file, where, std::string("element <") + name + "> stands there twice");
  }
  return *child;
}

std::string Text(const XMLElement& element) {
  const char* text = element.GetText();
  if (text == nullptr) return "";
  const std::string all(text);
  constexpr const char* kSpace = " \t\r\n";
  const size_t first = all.find_first_not_of(kSpace);
  return first == std::string::npos ? "" : all.substr(first, all.find_last_not_of(kSpace) - first + 1);
}

double Number(const XMLElement& parent, const char* name, const fs::path& file, const std::string& where) {
  const XMLElement& child = Child(parent, name, file, where);
  return ParseLabelNumber(Text(child), file, where + "/" + name);
}

void ReadSize(const XMLElement& root, const fs::path& file, LabelledImage& image) {
  const XMLElement* size = root.FirstChildElement("size");
  if (size == nullptr) return;
  const auto side = [&](const char* name) {
    const double value = Number(*size, name, file, "size");
    if (value < 1 || value > kMaxSide || value != static_cast<int>(value)) {
      FailLabel(file, std::string("size/") + name,
                "found " + Text(*size->FirstChildElement(name)) + ", wanted a whole number of pixels");
    }
    return static_cast<int>(value);
  };
  image.width = side("width");
  image.height = side("height");
}

// One side pair of a box. VOC tools write whole numbers clamped to 1..side. Scaled and converted sets hold rounded
// edges rather than indices of inclusive pixels, so the numbers are taken as edges as they are; but a box whose low
// edge is in the first pixel was clamped at the frame and gets the frame's edge 0.
std::pair<float, float> Edges(double low, double high, int side, const char* names[2], const fs::path& file,
                              const std::string& where) {
  const auto describe = [&](int i, double value) {
    std::string number = std::to_string(value);
    return std::string(names[i]) + " " + number;
  };
  if (low < 0) FailLabel(file, where, "negative: " + describe(0, low));
  if (high < 0) FailLabel(file, where, "negative: " + describe(1, high));
  if (high < low) FailLabel(file, where, "swapped: " + describe(0, low) + " is greater than " + describe(1, high));
  if (high == low) FailLabel(file, where, "empty: " + describe(0, low) + " equals " + describe(1, high));
  if (high > kMaxSide) FailLabel(file, where, "beyond any picture: " + describe(1, high));
  if (side > 0 && low >= side) {
    FailLabel(file, where,
              describe(0, low) + " lies outside the picture, whose size is " + std::to_string(side) + " pixels");
  }
  if (side > 0) high = std::min<double>(high, side);
  if (low <= 1 && high > 1) low = 0;
  return {static_cast<float>(low), static_cast<float>(high)};
}

LabelledFace ReadObject(const XMLElement& object, const ClassMap& classes, const fs::path& file,
                        const std::string& where, const LabelledImage& image) {
  const std::string name = Text(Child(object, "name", file, where));
  const LabelClass label = FindLabelClass(name, classes, file, where + "/name");
  const XMLElement& bounds = Child(object, "bndbox", file, where);
  const std::string there = where + "/bndbox";
  const double x1 = Number(bounds, "xmin", file, there), y1 = Number(bounds, "ymin", file, there);
  const double x2 = Number(bounds, "xmax", file, there), y2 = Number(bounds, "ymax", file, there);
  const char* x_names[2] = {"xmin", "xmax"};
  const char* y_names[2] = {"ymin", "ymax"};
  LabelledFace face;
  std::tie(face.box.x1, face.box.x2) = Edges(x1, x2, image.width, x_names, file, there);
  std::tie(face.box.y1, face.box.y2) = Edges(y1, y2, image.height, y_names, file, there);
  face.state = label.state;
  face.ignore = label.ignore;
  if (object.FirstChildElement("difficult") != nullptr) {
    const double difficult = Number(object, "difficult", file, where);
    if (difficult != 0 && difficult != 1) FailLabel(file, where + "/difficult", "wanted 0 or 1");
    face.ignore = face.ignore || difficult == 1;
  }
  return face;
}

void RefuseDocumentType(const tinyxml2::XMLNode& document, const fs::path& file) {
  for (const tinyxml2::XMLNode* node = document.FirstChild(); node != nullptr; node = node->NextSibling()) {
    if (node->ToUnknown() != nullptr) {
      FailLabel(file, "line " + std::to_string(node->GetLineNum()), "a document type (<!...>) is not accepted");
    }
  }
}

LabelledImage ReadAnnotation(const fs::path& file, const fs::path& images, const ClassMap& classes) {
  const std::string text = ReadFileText(file, kMaxFileBytes);
  tinyxml2::XMLDocument document;
  if (document.Parse(text.data(), text.size()) != tinyxml2::XML_SUCCESS) {
    FailLabel(file, "line " + std::to_string(document.ErrorLineNum()),
              std::string("not well-formed XML (") + document.ErrorName() + ")");
  }
  RefuseDocumentType(document, file);
  const XMLElement* root = document.RootElement();
  if (root == nullptr || std::string_view(root->Name()) != "annotation") {
    FailLabel(file, "root element",
              std::string("found <") + (root == nullptr ? "" : root->Name()) + ">, wanted <annotation>");
  }
  LabelledImage image;
  const std::string picture = Text(Child(*root, "filename", file, "annotation"));
  // The name comes from outside: it may not lead out of the folder.
  if (picture.empty() || picture == ".." || picture == "." || picture.find_first_of("/\\") != std::string::npos) {
    FailLabel(file, "filename", "found '" + picture + "', wanted a file name without folders");
  }
  image.path = images / picture;
  image.name = (images.filename() / picture).string();
  image.group = image.name;
  ReadSize(*root, file, image);
  int index = 0;
  for (const XMLElement* object = root->FirstChildElement("object"); object != nullptr;
       object = object->NextSiblingElement("object")) {
    image.faces.push_back(ReadObject(*object, classes, file, "object[" + std::to_string(index++) + "]", image));
  }
  return image;
}

}  // namespace

std::vector<LabelledImage> ReadVoc(const fs::path& annotations, const fs::path& images, const ClassMap& classes) {
  const std::vector<fs::path> files = ListFiles(annotations, ".xml", true);
  if (files.empty()) throw Error(ErrorKind::kBadData, "folder '" + annotations.string() + "' holds no .xml file");
  std::vector<LabelledImage> read;
  std::set<std::string> names;
  for (const fs::path& file : files) {
    LabelledImage image = ReadAnnotation(file, images, classes);
    if (!names.insert(image.name).second) {
      FailLabel(file, "filename", "picture '" + image.name + "' is annotated twice");
    }
    if (!fs::is_regular_file(image.path)) {
      throw Error(ErrorKind::kNotFound,
                  "picture '" + image.path.string() + "', named in '" + file.string() + "', does not exist");
    }
    read.push_back(std::move(image));
  }
  return read;
}

}  // namespace maskscope
