#include "data/collect/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace maskscope::collect {
namespace {

TEST(Url, OneSpelling) {
  const Url url = ParseUrl("  HTTPS://Example.ORG:443/a b/c.jpg?x=1#part\n");
  EXPECT_EQ(url.text, "https://example.org/a%20b/c.jpg?x=1");
  EXPECT_EQ(url.origin, "https://example.org");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.target, "/a%20b/c.jpg?x=1");
  EXPECT_EQ(ParseUrl("http://h:8080").origin, "http://h:8080");
  EXPECT_EQ(ParseUrl("http://h:8080").target, "/");
}

TEST(Url, OtherSchemesAndPasswordsAreRefused) {
  for (const char* text :
       {"file:///etc/passwd", "ftp://h/x", "gopher://h/x", "data:image/png;base64,AA", "javascript:1",
        "http://user:secret@h/x", "", "//", "http://", "picture.jpg", "http://h:99999/"}) {
    EXPECT_THROW(ParseUrl(text), Error) << text;
  }
}

TEST(Url, References) {
  const Url base = ParseUrl("http://h.org/dir/page.html?q=1");
  EXPECT_EQ(ResolveUrl(base, "a.jpg").text, "http://h.org/dir/a.jpg");
  EXPECT_EQ(ResolveUrl(base, "../a.jpg").text, "http://h.org/a.jpg");
  EXPECT_EQ(ResolveUrl(base, "/x/./y/../a.jpg").text, "http://h.org/x/a.jpg");
  EXPECT_EQ(ResolveUrl(base, "//cdn.org/a.jpg").text, "http://cdn.org/a.jpg");
  EXPECT_EQ(ResolveUrl(base, "https://o.org/a.jpg").text, "https://o.org/a.jpg");
  EXPECT_EQ(ResolveUrl(base, "?p=2").text, "http://h.org/dir/page.html?p=2");
  EXPECT_EQ(ResolveUrl(base, " mit leer.jpg ").text, "http://h.org/dir/mit%20leer.jpg");
  EXPECT_THROW(ResolveUrl(base, "file:///etc/passwd"), Error);
  EXPECT_THROW(ResolveUrl(base, "data:image/png;base64,AA"), Error);
}

TEST(Url, QueriesAreEscaped) {
  EXPECT_EQ(WithQuery("http://h/", {{"q", "face & mask ü"}, {"n", "2"}}), "http://h/?q=face%20%26%20mask%20%C3%BC&n=2");
  EXPECT_EQ(WithQuery("http://h/?a=b", {{"n", "2"}}), "http://h/?a=b&n=2");
}

}  // namespace
}  // namespace maskscope::collect
