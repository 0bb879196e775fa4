#include "report/html_page.h"

#include <fmt/format.h>

#include "base/error.h"
#include "report/palette.h"
#include "report/text.h"

namespace maskscope {
namespace {

constexpr const char* kPageStyle = R"(
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.5;
 font-family:system-ui,"Segoe UI",Roboto,Helvetica,Arial,"DejaVu Sans",sans-serif;font-size:16px}
main{max-width:1360px;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--grid)}
h3{font-size:1.08rem;margin:1.5rem 0 .4rem}
p{max-width:75ch;margin:.5rem 0;overflow-wrap:anywhere}
.sub{color:var(--muted)}
.lead{font-size:1.12rem;max-width:70ch;border-left:4px solid var(--c0);padding-left:.8rem}
nav ol{padding-left:1.6rem;margin:.75rem 0;font-size:.95rem}
nav ol ol{margin:0}
a{color:var(--c0)}
.note{border-left:4px solid var(--c1);padding:.35rem .8rem;margin:.8rem 0;max-width:75ch}
figure{margin:.9rem 0}
figcaption{color:var(--muted);font-size:.9rem;max-width:75ch;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
svg.msc{max-width:100%;height:auto;display:block}
img{max-width:100%;height:auto;display:block}
table{border-collapse:collapse;margin:.8rem 0;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.25rem}
th,td{padding:.25rem .65rem;border-bottom:1px solid var(--grid);text-align:left;vertical-align:top}
thead th{border-bottom:2px solid var(--axis)}
.n{text-align:right}
td.n{white-space:nowrap}
pre{background:var(--grid);padding:.6rem .8rem;border-radius:4px;overflow-x:auto;font-size:.88rem;
 font-family:ui-monospace,"DejaVu Sans Mono",monospace}
.gallery{display:flex;flex-wrap:wrap;gap:.9rem}
.gallery figure{margin:0;max-width:100%}
@media print{main{max-width:none;padding:0}h2{break-after:avoid}figure,tr,.note{break-inside:avoid}pre{white-space:pre-wrap}
 .scroll{overflow:visible}.save{display:none}}
)";

const char* MimeType(const Picture& picture) {
  const std::vector<uint8_t>& bytes = picture.bytes;
  if (bytes.size() > 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF) return "image/jpeg";
  if (bytes.size() > 8 && bytes[0] == 0x89 && bytes[1] == 'P' && bytes[2] == 'N' && bytes[3] == 'G') return "image/png";
  throw Error(ErrorKind::kInternal, "the picture '" + picture.alt + "' of a page is neither JPEG nor PNG");
}

std::string Base64(const std::string& text) {
  return EncodeBase64(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

std::string CaptionHtml(const std::string& caption, const std::string& more = "") {
  if (caption.empty() && more.empty()) return "";
  return "<figcaption>" + EscapeXml(caption) + (caption.empty() || more.empty() ? "" : " ") + more + "</figcaption>";
}

std::string BlockHtml(const Paragraph& block) { return "<p>" + EscapeXml(block.text) + "</p>\n"; }
std::string BlockHtml(const Note& block) { return "<div class=\"note\">" + EscapeXml(block.text) + "</div>\n"; }
std::string BlockHtml(const Link& block) {
  return "<p><a href=\"" + EscapeXml(block.href) + "\">" + EscapeXml(block.text) + "</a></p>\n";
}
std::string BlockHtml(const Preformatted& block) { return "<pre>" + EscapeXml(block.text) + "</pre>\n"; }
std::string BlockHtml(const Table& block) { return "<div class=\"scroll\">" + ToHtml(block) + "</div>\n"; }

std::string BlockHtml(const Figure& block) {
  std::string save;
  if (!block.csv.empty()) {
    save = fmt::format("<a class=\"save\" download=\"{}\" href=\"data:text/csv;base64,{}\">the numbers (CSV)</a>",
                       EscapeXml(block.csv_name.empty() ? "chart.csv" : block.csv_name), Base64(block.csv));
  }
  return "<figure><div class=\"scroll\">" + block.svg + "</div>" + CaptionHtml(block.caption, save) + "</figure>\n";
}

std::string BlockHtml(const Picture& block) {
  return fmt::format("<figure{}><img src=\"data:{};base64,{}\" alt=\"{}\">{}</figure>\n",
                     block.width > 0 ? fmt::format(" style=\"width:{}px\"", block.width) : "", MimeType(block),
                     EncodeBase64(block.bytes.data(), block.bytes.size()), EscapeXml(block.alt),
                     CaptionHtml(block.caption));
}

std::string BlockHtml(const Gallery& block) {
  std::string html = "<div class=\"gallery\">\n";
  for (const Picture& picture : block.pictures) html += BlockHtml(picture);
  return html + "</div>\n";
}

// Sections of level 3 stand below the one of level 2 before them.
std::string Contents(const Page& page) {
  if (page.sections.size() < 2) return "";
  std::string html = "<nav aria-label=\"Contents\"><ol>\n";
  bool item = false, inner = false;
  for (size_t i = 0; i < page.sections.size(); ++i) {
    const bool below = page.sections[i].level > 2 && item;
    if (below && !inner) html += "<ol>\n";
    if (!below && inner) html += "</ol>\n";
    if (!below && item) html += "</li>\n";
    inner = below;
    html += fmt::format("<li><a href=\"#s{}\">{}</a>{}", i + 1, EscapeXml(page.sections[i].heading),
                        below ? "</li>\n" : "");
    item = true;
  }
  return html + (inner ? "</ol>\n" : "") + "</li>\n</ol></nav>\n";
}

}  // namespace

std::string EncodeBase64(const uint8_t* bytes, size_t count) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((count + 2) / 3 * 4);
  for (size_t i = 0; i < count; i += 3) {
    const size_t left = count - i;
    const uint32_t triple = static_cast<uint32_t>(bytes[i]) << 16 |
                            (left > 1 ? static_cast<uint32_t>(bytes[i + 1]) << 8 : 0) |
                            (left > 2 ? static_cast<uint32_t>(bytes[i + 2]) : 0);
    text += kLetters[triple >> 18];
    text += kLetters[triple >> 12 & 63];
    text += left > 1 ? kLetters[triple >> 6 & 63] : '=';
    text += left > 2 ? kLetters[triple & 63] : '=';
  }
  return text;
}

std::string ToHtml(const Page& page) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}{2}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
      EscapeXml(page.title), ToneVariables(":root"), kPageStyle);
  if (!page.subtitle.empty()) html += "<p class=\"sub\">" + EscapeXml(page.subtitle) + "</p>\n";
  for (const std::string& text : page.lead) html += "<p class=\"lead\">" + EscapeXml(text) + "</p>\n";
  html += Contents(page);
  for (size_t i = 0; i < page.sections.size(); ++i) {
    const PageSection& section = page.sections[i];
    const int level = section.level > 2 ? 3 : 2;
    html += fmt::format("<section>\n<h{0} id=\"s{1}\">{2}</h{0}>\n", level, i + 1, EscapeXml(section.heading));
    bool row = false;  // figures one after the other stand side by side
    for (const PageBlock& block : section.blocks) {
      const bool figure = std::holds_alternative<Figure>(block);
      if (figure != row) html += figure ? "<div class=\"gallery\">\n" : "</div>\n";
      row = figure;
      html += std::visit([](const auto& one) { return BlockHtml(one); }, block);
    }
    if (row) html += "</div>\n";
    html += "</section>\n";
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace maskscope
