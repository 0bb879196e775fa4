#ifndef MASKSCOPE_REPORT_SVG_TESTING_H_
#define MASKSCOPE_REPORT_SVG_TESTING_H_

#include <gtest/gtest.h>
#include <tinyxml2.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numbers>
#include <string>
#include <vector>

#include "report/text.h"

// For tests only: SVG text taken apart by an XML parser.
namespace maskscope {

struct SvgText {
  std::string text;
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;  // where it stands, as wide as TextWidth fears
};

class ParsedSvg {
 public:
  // Fails the test where it is not well-formed.
  explicit ParsedSvg(const std::string& svg) {
    EXPECT_EQ(document_.Parse(svg.c_str(), svg.size()), tinyxml2::XML_SUCCESS) << document_.ErrorStr() << "\n" << svg;
    const tinyxml2::XMLElement* root = document_.RootElement();
    if (root == nullptr) return;
    width = root->DoubleAttribute("width");
    height = root->DoubleAttribute("height");
    role = root->Attribute("role") == nullptr ? "" : root->Attribute("role");
    const tinyxml2::XMLElement* title_element = root->FirstChildElement("title");
    if (title_element != nullptr && title_element->GetText() != nullptr) title = title_element->GetText();
    Walk(*root, 0, 0);
  }

  bool Says(const std::string& text) const {
    for (const SvgText& one : texts) {
      if (one.text == text) return true;
    }
    return false;
  }

  // Everything written stands inside, and no coordinate is undefined.
  void ExpectNothingClipped() const {
    for (const SvgText& one : texts) {
      EXPECT_GE(one.x1, -0.6) << one.text;
      EXPECT_GE(one.y1, -0.6) << one.text;
      EXPECT_LE(one.x2, width + 0.6) << one.text;
      EXPECT_LE(one.y2, height + 0.6) << one.text;
    }
    for (const std::string& value : attributes) {
      EXPECT_EQ(value.find("nan"), std::string::npos) << value.substr(0, 200);
      EXPECT_EQ(value.find("inf"), std::string::npos) << value.substr(0, 200);
    }
  }

  double width = 0, height = 0;
  std::string role, title;
  std::vector<SvgText> texts;
  std::vector<std::string> attributes;  // values of all but texts
  std::vector<std::string> paths;       // their data

 private:
  void Walk(const tinyxml2::XMLElement& element, double dx, double dy) {
    const std::string name = element.Name();
    for (const tinyxml2::XMLAttribute* a = element.FirstAttribute(); a != nullptr; a = a->Next()) {
      if (std::strcmp(a->Name(), "class") != 0) attributes.emplace_back(a->Value());
    }
    if (name == "text") AddText(element, dx, dy);
    if (name == "path") paths.emplace_back(element.Attribute("d"));
    double x = 0, y = 0;
    const char* transform = element.Attribute("transform");
    if (name == "g") {
      EXPECT_EQ(std::sscanf(transform == nullptr ? "" : transform, "translate(%lf %lf)", &x, &y), 2);
    }
    for (const tinyxml2::XMLElement* child = element.FirstChildElement(); child != nullptr;
         child = child->NextSiblingElement()) {
      Walk(*child, dx + x, dy + y);
    }
  }

  void AddText(const tinyxml2::XMLElement& element, double dx, double dy) {
    SvgText text;
    text.text = element.GetText() == nullptr ? "" : element.GetText();
    const double x = element.DoubleAttribute("x") + dx, y = element.DoubleAttribute("y") + dy;
    const double size = element.DoubleAttribute("font-size");
    const char* classes = element.Attribute("class");
    const bool bold = classes != nullptr && std::strstr(classes, "bold") != nullptr;
    const double length = TextWidth(text.text, size, bold);
    const std::string anchor = element.Attribute("text-anchor") == nullptr ? "start" : element.Attribute("text-anchor");
    const double begin = anchor == "middle" ? -length / 2 : anchor == "end" ? -length : 0;
    double degrees = 0;
    if (const char* transform = element.Attribute("transform")) {
      EXPECT_EQ(std::sscanf(transform, "rotate(%lf", &degrees), 1);
    }
    const double angle = degrees * std::numbers::pi / 180;
    text.x1 = text.y1 = 1e9;
    text.x2 = text.y2 = -1e9;
    // Capitals and digits are at most 0.76 high, descenders 0.24 deep.
    for (const double along : {begin, begin + length}) {
      for (const double across : {-0.76 * size, 0.24 * size}) {
        const double px = x + along * std::cos(angle) - across * std::sin(angle);
        const double py = y + along * std::sin(angle) + across * std::cos(angle);
        text.x1 = std::min(text.x1, px);
        text.x2 = std::max(text.x2, px);
        text.y1 = std::min(text.y1, py);
        text.y2 = std::max(text.y2, py);
      }
    }
    texts.push_back(text);
  }

  tinyxml2::XMLDocument document_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_SVG_TESTING_H_
