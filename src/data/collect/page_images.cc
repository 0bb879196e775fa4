#include <algorithm>
#include <charconv>
#include <set>

#include "data/collect/html.h"

namespace maskscope::collect {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// Collects each reference once, in order.
class Gatherer {
 public:
  explicit Gatherer(PageImages& found) : found_(found) {}

  void Add(const std::string& reference, const std::string& title) {
    const std::string clean = CleanText(reference, 8000);
    if (clean.empty() || Lower(clean.substr(0, 5)) == "data:" || !seen_.insert(clean).second) return;
    found_.entries.push_back({clean, CleanText(title)});
  }

 private:
  PageImages& found_;
  std::set<std::string> seen_;
};

// The best that an <img> or <source> offers.
std::string ReferenceOf(const HtmlTag& tag) {
  for (const char* attribute : {"srcset", "data-srcset"}) {
    if (std::string best = LargestOfSrcset(tag.Get(attribute)); !best.empty()) return best;
  }
  // Pages that load late keep the true address apart and a placeholder in src.
  for (const char* attribute : {"data-src", "data-original", "src"}) {
    if (std::string reference = tag.Get(attribute); !reference.empty()) return reference;
  }
  return "";
}

void TakeMeta(const HtmlTag& tag, std::string_view agent, PageImages& found, Gatherer& gatherer) {
  const std::string name = Lower(tag.Get("name").empty() ? tag.Get("property") : tag.Get("name"));
  if (name == "og:image" || name == "og:image:url" || name == "og:image:secure_url" || name == "twitter:image") {
    gatherer.Add(tag.Get("content"), "");
  }
  if (name == "robots" || name == Lower(std::string(agent))) found.robots += tag.Get("content") + "\n";
}

}  // namespace

std::string LargestOfSrcset(std::string_view srcset) {
  std::string best;
  double best_size = -1;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  size_t at = 0;
  while (at < srcset.size()) {
    while (at < srcset.size() && (blank(srcset[at]) || srcset[at] == ',')) ++at;
    const size_t begin = at;
    while (at < srcset.size() && !blank(srcset[at])) ++at;
    std::string reference(srcset.substr(begin, at - begin));
    double size = 1;
    if (!reference.empty() && reference.back() == ',') {  // no descriptor
      while (!reference.empty() && reference.back() == ',') reference.pop_back();
    } else {
      while (at < srcset.size() && blank(srcset[at])) ++at;
      const size_t end = std::min(srcset.find(',', at), srcset.size());
      std::from_chars(srcset.data() + at, srcset.data() + end, size);
      at = end;
    }
    if (!reference.empty() && size > best_size) {
      best = reference;
      best_size = size;
    }
  }
  return best;
}

PageImages FindPageImages(std::string_view html, std::string_view agent) {
  PageImages found;
  Gatherer gatherer(found);
  ScanTags(html, [&](const HtmlTag& tag) {
    if (tag.name == "img" || tag.name == "source") {
      gatherer.Add(ReferenceOf(tag), tag.Get("alt").empty() ? tag.Get("title") : tag.Get("alt"));
    } else if (tag.name == "meta") {
      TakeMeta(tag, agent, found, gatherer);
    } else if (tag.name == "base" && found.base.empty()) {
      found.base = tag.Get("href");
    } else if (tag.name == "a" || tag.name == "link") {
      const std::string rel = " " + Lower(tag.Get("rel")) + " ";
      if (rel.find(" license ") != std::string::npos && found.licence.empty())
        found.licence = CleanText(tag.Get("href"));
      if (tag.name == "link" && rel == " image_src ") gatherer.Add(tag.Get("href"), "");
    }
  });
  return found;
}

}  // namespace maskscope::collect
