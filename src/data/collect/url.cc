#include "data/collect/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace maskscope::collect {
namespace {

struct CloseUrl {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, CloseUrl>;

[[noreturn]] void Refuse(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::kUsage, "the URL '" + std::string(text.substr(0, 500)) + "': " + why);
}

// A part of the URL, "" where it has none.
std::string Part(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* value = nullptr;
  if (curl_url_get(handle, part, &value, flags) != CURLUE_OK || value == nullptr) return "";
  std::string text(value);
  curl_free(value);
  return text;
}

void Set(CURLU* handle, std::string_view text) {
  const std::string trimmed(text);
  const CURLUcode code =
      curl_url_set(handle, CURLUPART_URL, trimmed.c_str(), CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) Refuse(text, curl_url_strerror(code));
}

// What people and pages write around a URL.
std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return text;
}

Url Finish(CURLU* handle, std::string_view given) {
  Url url;
  url.scheme = Lower(Part(handle, CURLUPART_SCHEME));
  if (url.scheme != "http" && url.scheme != "https") Refuse(given, "found " + url.scheme + ", wanted http or https");
  if (!Part(handle, CURLUPART_USER).empty() || !Part(handle, CURLUPART_PASSWORD).empty()) {
    Refuse(given, "found a name or password, wanted none");
  }
  url.host = Lower(Part(handle, CURLUPART_HOST));
  curl_url_set(handle, CURLUPART_HOST, url.host.c_str(), 0);
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  url.text = Part(handle, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
  const std::string port = Part(handle, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  url.origin = url.scheme + "://" + url.host + (port.empty() ? "" : ":" + port);
  const std::string query = Part(handle, CURLUPART_QUERY);
  url.target = Part(handle, CURLUPART_PATH) + (query.empty() ? "" : "?" + query);
  if (url.host.empty() || url.text.empty()) Refuse(given, "found no host");
  return url;
}

std::string Escape(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else {
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

}  // namespace

Url ParseUrl(std::string_view text) {
  const UrlHandle handle(curl_url());
  Set(handle.get(), Trim(text));
  return Finish(handle.get(), text);
}

Url ResolveUrl(const Url& base, std::string_view reference) {
  const UrlHandle handle(curl_url());
  Set(handle.get(), base.text);
  Set(handle.get(), Trim(reference));
  return Finish(handle.get(), reference);
}

std::string WithQuery(const std::string& base, const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string text = base;
  char separator = base.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : parameters) {
    text += separator + Escape(name) + "=" + Escape(value);
    separator = '&';
  }
  return text;
}

}  // namespace maskscope::collect
