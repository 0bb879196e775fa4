#ifndef MASKSCOPE_DATA_COLLECT_HTML_H_
#define MASKSCOPE_DATA_COLLECT_HTML_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// As much HTML as it takes to find pictures: tags with their attributes, never a tree. Any bytes are taken.
namespace maskscope::collect {

struct HtmlTag {
  std::string name;                               // lower case, "img"
  std::map<std::string, std::string> attributes;  // names in lower case, entities decoded; the first of equals counts
  std::string Get(const std::string& attribute) const;  // "" where absent
};

// Calls visit for every opening tag, in order. What is written inside comments, <script>, <style>, <textarea>, <title>
// and <template> shows nothing and is passed over.
void ScanTags(std::string_view html, const std::function<void(const HtmlTag&)>& visit);

// "&amp;", "&#252;", "&#xFC;" and the few named ones that URLs and names contain; others stay as they are.
std::string DecodeEntities(std::string_view text);

// The text without tags, entities decoded, as one clean line: <a href="x">J. D&ouml;</a> -> "J. D&ouml;".
std::string TextOfHtml(std::string_view html);

// Text from strangers made fit to keep: valid UTF-8, control characters and runs of blanks as one space, at most
// `most_bytes` long (cut between characters).
std::string CleanText(std::string_view text, size_t most_bytes = 1000);

// The pictures that a page names, as written there, each once: <img> (src, data-src, and of srcset the largest),
// <picture>'s <source>, og:image and twitter:image, <link rel="image_src">. data: URLs are left out.
struct PageImages {
  struct Entry {
    std::string reference;
    std::string title;  // alt or title attribute
  };
  std::vector<Entry> entries;
  std::string base;     // <base href>, "" = the page's own URL
  std::string licence;  // of a rel="license" link: the page's, not surely the pictures'
  std::string robots;   // content of robots meta tags that are for all or for `agent`, one a line
};
PageImages FindPageImages(std::string_view html, std::string_view agent);

// The reference with the greatest width or density of a srcset; "" when there is none.
std::string LargestOfSrcset(std::string_view srcset);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_HTML_H_
