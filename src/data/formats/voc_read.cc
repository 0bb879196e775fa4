#include <tinyxml2.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "data/formats/attributes.h"
#include "data/formats/import_context.h"
#include "data/formats/xml_text.h"
#include "data/labels.h"

// Pascal VOC: Annotations/*.xml, JPEGImages/, ImageSets/Main/{train,val,test}.txt.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using tinyxml2::XMLElement;

constexpr double kMaxSide = 1 << 20;  // pixels

void ReadSize(const XMLElement& root, int* width, int* height) {
  const XMLElement* size = root.FirstChildElement("size");
  if (size == nullptr) return;
  const auto side = [&](const char* name) {
    const double value = XmlNumber(*size, name, "size");
    if (value < 1 || value > kMaxSide || value != static_cast<int>(value)) {
      throw AnnotationFault{"bad_size", std::string("size/") + name,
                            "found " + NumberText(value) + ", wanted a whole number of pixels"};
    }
    return static_cast<int>(value);
  };
  *width = side("width");
  *height = side("height");
}

// One side pair of a box. VOC tools write whole numbers clamped to 1..side. Scaled and converted sets hold rounded
// edges rather than indices of inclusive pixels, so the numbers are taken as edges as they are; but a box whose low
// edge is in the first pixel was clamped at the frame and gets the frame's edge 0.
void CheckEdges(double* low, double high, int side, const char* const names[2], const std::string& where) {
  const auto describe = [&](int i, double value) { return std::string(names[i]) + " " + NumberText(value); };
  const auto fail = [&](const std::string& what) { throw AnnotationFault{"bad_box", where, what}; };
  if (*low < 0) fail("negative: " + describe(0, *low));
  if (high < 0) fail("negative: " + describe(1, high));
  if (high < *low) fail("swapped: " + describe(0, *low) + " is greater than " + describe(1, high));
  if (high == *low) fail("empty: " + describe(0, *low) + " equals " + describe(1, high));
  if (high > kMaxSide) fail("beyond any picture: " + describe(1, high));
  if (side > 0 && *low >= side) {
    fail(describe(0, *low) + " lies outside the picture, whose size is " + std::to_string(side) + " pixels");
  }
  if (*low <= 1 && high > 1) *low = 0;
}

void ReadObject(const XMLElement& object, const std::string& where, const fs::path& file, ManifestPicture* picture,
                ImportContext& context) {
  ManifestFace face;
  const bool known = context.SetClass(XmlText(XmlChild(object, "name", where)), file, where + "/name", &face);
  const XMLElement& bounds = XmlChild(object, "bndbox", where);
  const std::string there = where + "/bndbox";
  std::array<double, 4> edges{XmlNumber(bounds, "xmin", there), XmlNumber(bounds, "ymin", there),
                              XmlNumber(bounds, "xmax", there), XmlNumber(bounds, "ymax", there)};
  static constexpr const char* kX[2] = {"xmin", "xmax"};
  static constexpr const char* kY[2] = {"ymin", "ymax"};
  CheckEdges(&edges[0], edges[2], picture->width, kX, there);
  CheckEdges(&edges[1], edges[3], picture->height, kY, there);
  context.SetBox(edges, *picture, file, there, &face);
  if (object.FirstChildElement("difficult") != nullptr) {
    const double difficult = XmlNumber(object, "difficult", where);
    if (difficult != 0 && difficult != 1) {
      throw AnnotationFault{"bad_number", where + "/difficult", "found " + NumberText(difficult) + ", wanted 0 or 1"};
    }
    face.face.ignore = face.face.ignore || difficult == 1;
  }
  AttributeBag bag;
  for (const XMLElement* child = object.FirstChildElement(); child != nullptr; child = child->NextSiblingElement()) {
    const std::string_view name = child->Name();
    if (name == "attributes") {
      bag = XmlBag(*child, where);
    } else if (name != "name" && name != "bndbox" && name != "difficult") {
      face.attributes["voc." + std::string(name)] = XmlValue(*child);
    }
  }
  TakeBag(bag, "voc", where, &face);
  if (known) picture->faces.push_back(std::move(face));
}

// The picture is images/<filename>, or lies below it as the annotation lies below its folder.
std::string PictureName(const XMLElement& root, const fs::path& file, const fs::path& annotations,
                        const ImportContext& context) {
  const std::string name = XmlText(XmlChild(root, "filename", "annotation"));
  if (name.empty() || name == ".." || name == "." || name.find_first_of("/\\") != std::string::npos) {
    throw AnnotationFault{"bad_path", "filename", "found '" + name + "', wanted a file name without folders"};
  }
  const fs::path folder = file.parent_path().lexically_relative(annotations);
  const fs::path mirrored = folder == "." ? fs::path(name) : folder / name;
  const bool plain = fs::exists(context.images() / name) && !fs::exists(context.images() / mirrored);
  return plain || folder == "." || !fs::exists(context.images() / mirrored) ? name : mirrored.generic_string();
}

void ReadFile(const fs::path& file, const fs::path& annotations, ImportContext& context) {
  const auto document = ParseXml(file, kMaxPictureAnnotationBytes);
  const XMLElement* root = document->RootElement();
  if (std::string_view(root->Name()) != "annotation") {
    throw AnnotationFault{"bad_xml", "root element", std::string("found <") + root->Name() + ">, wanted <annotation>"};
  }
  int width = 0, height = 0;
  const std::string name = PictureName(*root, file, annotations, context);
  ReadSize(*root, &width, &height);
  ManifestPicture* picture = context.AddPicture(name, width, height, file, "filename");
  if (picture == nullptr) return;
  int index = 0;
  AttributeBag bag;
  for (const XMLElement* child = root->FirstChildElement(); child != nullptr; child = child->NextSiblingElement()) {
    const std::string_view tag = child->Name();
    const std::string where = "object[" + std::to_string(index) + "]";
    if (tag == "object") {
      ++index;
      context.Try(file, [&] { ReadObject(*child, where, file, picture, context); });
    } else if (tag == "attributes") {
      context.Try(file, [&] { bag = XmlBag(*child, "annotation"); });
    } else if (tag == "size") {
      if (const XMLElement* depth = child->FirstChildElement("depth"))
        picture->attributes["voc.depth"] = XmlText(*depth);
    } else if (tag != "filename" && tag != "folder") {
      picture->attributes["voc." + std::string(tag)] = XmlValue(*child);
    }
  }
  context.Try(file, [&] { TakeBag(bag, "voc", "annotation", picture); });
}

// ImageSets/Main/train.txt: a stem a line.
std::map<std::string, DatasetSplit> ReadImageSets(const fs::path& folder, ImportContext& context) {
  std::map<std::string, DatasetSplit> split_of;
  if (!fs::is_directory(folder)) return split_of;
  for (const fs::path& file : ListFiles(folder, ".txt", false)) {
    const std::optional<DatasetSplit> split = SplitOfWord(file.stem().string());
    if (!split) continue;  // trainval, and one file a class
    std::string text;
    if (!context.Try(file, [&] { text = ReadAnnotationText(file, kMaxPictureAnnotationBytes); })) continue;
    for (const std::string_view line : SplitLines(text)) {
      if (!TrimBlanks(line).empty()) split_of[std::string(TrimBlanks(line))] = *split;
    }
  }
  return split_of;
}

}  // namespace

void ReadVocInto(ImportContext& context) {
  const fs::path annotations = FirstFolder(context.source(), {"Annotations", "annotations"}, context.source());
  context.SetImages(FirstFolder(context.source(), {"JPEGImages", "images", "Images"}, context.source()));
  const std::vector<fs::path> files = ListFiles(annotations, ".xml", true);
  if (files.empty()) throw Error(ErrorKind::kBadData, "folder '" + annotations.string() + "' holds no .xml file");
  std::map<std::string, DatasetSplit> split_of = ReadImageSets(context.source() / "ImageSets" / "Main", context);
  for (const fs::path& file : files) {
    const size_t before = context.picture_count();
    context.Try(file, [&] { ReadFile(file, annotations, context); });
    const std::string stem = file.lexically_relative(annotations).replace_extension().generic_string();
    const auto split = split_of.find(stem);
    if (split == split_of.end()) continue;
    if (context.picture_count() > before) context.last_picture()->split = split->second;
    split_of.erase(split);
  }
  for (const auto& [stem, split] : split_of) {
    context.Fail({"label_missing", "", "'" + stem + "' is listed but has no annotation"},
                 context.source() / "ImageSets" / "Main");
  }
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
