#ifndef MASKSCOPE_DATA_COLLECT_ROBOTS_H_
#define MASKSCOPE_DATA_COLLECT_ROBOTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace maskscope::collect {

// What a site's robots.txt asks of one program (RFC 9309): the groups that name it, or else those for "*". The longest
// rule that matches decides, "allow" among equals; '*' stands for any characters, '$' ends a path. Crawl-delay, which
// is not in the RFC but is widely written, is read too.
class RobotsRules {
 public:
  // `text` may be anything; what is not understood is skipped, what lies beyond 500 KiB is not read. `agent` is the
  // program's product name, "maskscope".
  static RobotsRules Parse(std::string_view text, std::string_view agent);
  static RobotsRules AllowAll() { return {}; }
  static RobotsRules DisallowAll();

  // `target`: path and query as in Url::target.
  bool Allows(std::string_view target) const;
  double crawl_delay() const { return crawl_delay_; }  // seconds between two requests; 0 = none asked

 private:
  struct Rule {
    std::string pattern;
    bool allow;
  };
  std::vector<Rule> rules_;
  double crawl_delay_ = 0;
};

// Whether a robots meta tag's content or an X-Robots-Tag header asks that pictures be not kept: noindex, noimageindex,
// none, and the widely used noai and noimageai. A header's rules for other programs ("otherbot: noindex") do not count.
bool OptsOut(std::string_view directives, std::string_view agent);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_ROBOTS_H_
