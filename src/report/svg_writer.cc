#include "report/svg_writer.h"

#include <fmt/format.h>

#include "report/palette.h"
#include "report/text.h"

namespace maskscope {
namespace {

std::string ClassAttribute(std::string_view classes) {
  return classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
}

}  // namespace

std::string Coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

void SvgWriter::Line(double x1, double y1, double x2, double y2, std::string_view classes) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>\n", Coordinate(x1), Coordinate(y1),
                       Coordinate(x2), Coordinate(y2), ClassAttribute(classes));
}

void SvgWriter::Rect(double x, double y, double width, double height, std::string_view classes, std::string_view tip,
                     double opacity) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}", Coordinate(x), Coordinate(y),
                       Coordinate(width), Coordinate(height), ClassAttribute(classes));
  if (opacity < 1) body_ += fmt::format(" fill-opacity=\"{:.3g}\"", opacity);
  body_ += tip.empty() ? "/>\n" : "><title>" + EscapeXml(tip) + "</title></rect>\n";
}

void SvgWriter::Path(std::string_view data, std::string_view classes) {
  body_ += fmt::format("<path d=\"{}\"{}/>\n", data, ClassAttribute(classes));
}

void SvgWriter::Text(double x, double y, std::string_view text, const TextStyle& style) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\"{}", Coordinate(x), Coordinate(y),
                       Coordinate(style.size), ClassAttribute(style.classes));
  if (style.anchor != TextAnchor::kStart) {
    body_ += fmt::format(" text-anchor=\"{}\"", style.anchor == TextAnchor::kMiddle ? "middle" : "end");
  }
  if (style.rotation != 0) {
    body_ += fmt::format(" transform=\"rotate({} {} {})\"", Coordinate(style.rotation), Coordinate(x), Coordinate(y));
  }
  body_ += ">" + EscapeXml(text) + "</text>\n";
}

void SvgWriter::BeginGroup(double x, double y) {
  body_ += fmt::format("<g transform=\"translate({} {})\">\n", Coordinate(x), Coordinate(y));
}

// A nested <svg> cuts at its edges by itself; a clipPath would need a name that is unique in a page of many charts.
void SvgWriter::BeginClip(double x, double y, double width, double height) {
  const std::string place =
      fmt::format("{} {} {} {}", Coordinate(x), Coordinate(y), Coordinate(width), Coordinate(height));
  body_ += fmt::format("<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"{}\">\n", Coordinate(x),
                       Coordinate(y), Coordinate(width), Coordinate(height), place);
}

std::string SvgWriter::Finish(double width, double height, std::string_view title) const {
  const std::string w = Coordinate(width), h = Coordinate(height);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"msc\" role=\"img\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">\n<title>{2}</title>\n<style>{3}</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" class=\"ground\"/>\n{4}</svg>\n",
      w, h, EscapeXml(title.empty() ? "chart" : title), ChartStyle(), body_);
}

}  // namespace maskscope
