#ifndef MASKSCOPE_REPORT_HTML_PAGE_H_
#define MASKSCOPE_REPORT_HTML_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "report/chart.h"
#include "report/table.h"

// A report as one file of HTML that needs nothing else: no network, no script; light or dark as the reader likes, and
// fit for paper.
//
//   Page page{.title = "Validation"};
//   page.sections.push_back({"Curves", {Paragraph{"…"}, FigureOf(chart, "What it shows."), table}});
//   WriteFileAtomically("report.html", ToHtml(page));
namespace maskscope {

// Plain text; it is escaped.
struct Paragraph {
  std::string text;
};
// Something to mind, set apart.
struct Note {
  std::string text;
};
// To another page or file of the report: a relative path.
struct Link {
  std::string text, href;
};
// Text as it is, in letters of equal width: commands, configurations.
struct Preformatted {
  std::string text;
};
struct Figure {
  std::string svg;  // from ToSvg
  std::string caption = {};
  std::string csv = {};       // the numbers, offered for saving; "" = none
  std::string csv_name = {};  // name of that file, "loss.csv"
};
struct Picture {
  std::vector<uint8_t> bytes;     // JPEG or PNG, from EncodeJpeg or EncodePng
  std::string alt, caption = {};  // alt: what it shows, for who cannot see it
  int width = 0;                  // pixels on the screen, at most; 0 = its own
};
// Side by side, as many as fit a row.
struct Gallery {
  std::vector<Picture> pictures;
};
using PageBlock = std::variant<Paragraph, Note, Link, Preformatted, Table, Figure, Picture, Gallery>;

struct PageSection {
  std::string heading;
  std::vector<PageBlock> blocks = {};
  int level = 2;  // 2 or 3 (part of the section before it)
};

struct Page {
  std::string title;
  std::string subtitle = {};
  std::vector<std::string> lead = {};      // paragraphs before the contents: what a reader should know at once
  std::vector<PageSection> sections = {};  // a table of contents stands before them where there are several
};

// Errors: kInternal (a picture that is neither JPEG nor PNG, a ragged table).
std::string ToHtml(const Page& page);

// A chart with its numbers beneath it. `csv_name`: what the numbers are called when saved, "loss.csv".
template <typename AnyChart>
Figure FigureOf(const AnyChart& chart, const std::string& caption = "", const std::string& csv_name = "chart.csv") {
  return {.svg = ToSvg(chart), .caption = caption, .csv = ToCsv(chart), .csv_name = csv_name};
}

// RFC 4648, section 4.
std::string EncodeBase64(const uint8_t* bytes, size_t count);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_HTML_PAGE_H_
