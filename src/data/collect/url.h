#ifndef MASKSCOPE_DATA_COLLECT_URL_H_
#define MASKSCOPE_DATA_COLLECT_URL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maskscope::collect {

// An absolute http or https URL in one spelling: lower-case host, no fragment, no default port, spaces escaped.
struct Url {
  std::string text;    // the whole
  std::string scheme;  // "http", "https"
  std::string host;    // lower case; IPv6 in brackets
  std::string origin;  // "https://host" or "https://host:8443": what a robots.txt speaks for
  std::string target;  // path and query, "/a/b?c=d": what robots rules are matched with
};

// Errors: kUsage, naming the URL: not one, another scheme than http or https, a name and password in it.
Url ParseUrl(std::string_view text);

// What `reference` (absolute, "//host/x", "/x", "x", "?y") means in a page at `base`; as ParseUrl. Errors: kUsage.
Url ResolveUrl(const Url& base, std::string_view reference);

// `base` with "?name=value&name=value" added, names and values escaped.
std::string WithQuery(const std::string& base, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_URL_H_
