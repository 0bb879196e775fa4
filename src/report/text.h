#ifndef MASKSCOPE_REPORT_TEXT_H_
#define MASKSCOPE_REPORT_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

// Text in pictures and pages: escaping, widths, numbers. All functions are pure.
namespace maskscope {

// Fit for XML and HTML, as content and inside quoted attributes. Bytes that are not UTF-8, and control characters that
// XML 1.0 forbids, become U+FFFD.
std::string EscapeXml(std::string_view text);

// How wide a line of text may get, in pixels, at most: advance widths of DejaVu Sans (Verdana has the same), the widest
// of the usual sans-serif fonts. `size`: font size in pixels.
double TextWidth(std::string_view text, double size, bool bold = false);

// The text, or as much of its beginning as fits `width` pixels with "…" after it.
std::string ShortenText(std::string_view text, double size, double width, bool bold = false);

// Broken at blanks into lines of at most `width` pixels, at most `most_lines`; what does not fit is shortened.
std::vector<std::string> WrapText(std::string_view text, double size, double width, size_t most_lines,
                                  bool bold = false);

// A number for reading: whole numbers as they are up to 15 digits, else 4 significant digits; "–" where it is undefined
// (NaN).
std::string ShortNumber(double value);

// A number for machines: the shortest text that reads back as the same double; "" for NaN, "inf" and "-inf".
std::string ExactNumber(double value);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_TEXT_H_
