#ifndef MASKSCOPE_REPORT_SVG_WRITER_H_
#define MASKSCOPE_REPORT_SVG_WRITER_H_

#include <string>
#include <string_view>

namespace maskscope {

enum class TextAnchor { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 11;  // pixels
  TextAnchor anchor = TextAnchor::kStart;
  std::string_view classes = {};
  double rotation = 0;  // degrees, clockwise, round the anchor
};

// Puts SVG elements one after the other. Coordinates are pixels, y downwards; written with one decimal, so that the
// text is short and the same on every machine. Class names are those of ChartStyle().
class SvgWriter {
 public:
  void Line(double x1, double y1, double x2, double y2, std::string_view classes);
  // `tip`: shown when the pointer rests on it; "" = none. `opacity` of the fill.
  void Rect(double x, double y, double width, double height, std::string_view classes, std::string_view tip = {},
            double opacity = 1);
  void Path(std::string_view data, std::string_view classes);
  // The baseline is at y.
  void Text(double x, double y, std::string_view text, const TextStyle& style);
  // What follows until End() is moved by (x, y).
  void BeginGroup(double x, double y);
  // What follows until EndClip() is cut at this rectangle; coordinates stay as they are.
  void BeginClip(double x, double y, double width, double height);
  void EndGroup() { body_ += "</g>\n"; }
  void EndClip() { body_ += "</svg>\n"; }

  // The whole text: what was written, on ground, with style sheet and a title for readers of screens.
  std::string Finish(double width, double height, std::string_view title) const;

 private:
  std::string body_;
};

// A coordinate as it is written: "12.5".
std::string Coordinate(double value);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_SVG_WRITER_H_
