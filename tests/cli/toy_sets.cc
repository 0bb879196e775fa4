#include "tests/cli/toy_sets.h"

#include "image/encode.h"

namespace maskscope::test {
namespace {

std::string LabelOf(char colour) {
  return colour == 'g' ? "with_mask" : colour == 'b' ? "mask_weared_incorrect" : colour == 'r' ? "without_mask" : "";
}

std::string Element(const std::string& name, const std::string& content) {
  return "<" + name + ">" + content + "</" + name + ">";
}

std::string Object(const std::string& label, const std::string& x1, const std::string& y1, const std::string& x2,
                   const std::string& y2) {
  return Element("object", Element("name", label) + Element("bndbox", Element("xmin", x1) + Element("ymin", y1) +
                                                                          Element("xmax", x2) + Element("ymax", y2)));
}

}  // namespace

void DataTest::WriteVoc(const std::string& folder, const std::string& name, const std::vector<std::string>& rows) {
  std::vector<std::string> objects;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0, end = 0; column < rows[row].size(); column = end) {
      for (end = column + 1; end < rows[row].size() && rows[row][end] == rows[row][column];) ++end;
      const std::string label = LabelOf(rows[row][column]);
      if (label.empty()) continue;
      objects.push_back(label + " " + std::to_string(column * kCell) + " " + std::to_string(row * kCell) + " " +
                        std::to_string(end * kCell) + " " + std::to_string((row + 1) * kCell));
    }
  }
  WriteVocObjects(folder, name, rows, objects);
}

void DataTest::WriteVocObjects(const std::string& folder, const std::string& name, const std::vector<std::string>& rows,
                               const std::vector<std::string>& objects) {
  WritePicture(folder + "/JPEGImages/" + name + ".png", rows);
  std::string xml = Element("filename", name + ".png");
  for (const std::string& object : objects) {
    std::istringstream words(object);
    std::string label, x1, y1, x2, y2;
    words >> label >> x1 >> y1 >> x2 >> y2;
    xml += Object(label, x1, y1, x2, y2);
  }
  WriteFile(folder + "/Annotations/" + name + ".xml", Element("annotation", xml));
}

void DataTest::WriteStripes(const std::string& path, int contrast, int side) {
  Image image(side, side, 100);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side * 3; ++x) image.row(y)[x] = static_cast<uint8_t>(100 + (y / 2 % 2) * contrast);
  }
  const std::vector<uint8_t> bytes = EncodePng(image);
  WriteFile(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string DataTest::FacesOf(const Dataset& dataset) {
  std::map<std::string, int> counts;
  for (const ManifestPicture& picture : dataset.pictures) {
    for (const ManifestFace& face : picture.faces) {
      if (!face.face.ignore) ++counts[face.face.state ? std::string(MaskStateName(*face.face.state)) : "unknown"];
    }
  }
  std::string text;
  for (const auto& [state, count] : counts) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + state;
  return text;
}

void DataTest::ExpectSaid(const std::string& text, const std::vector<std::string>& parts) const {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is missing in\n" << text;
  }
}

}  // namespace maskscope::test
