#include "data/collect/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace maskscope::collect {
namespace {

std::string Judge(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) != 1) return "BAD TEST " + text;
    std::memcpy(&storage, &v4, sizeof(v4));
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) return "BAD TEST " + text;
    std::memcpy(&storage, &v6, sizeof(v6));
  }
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  EXPECT_EQ(AddressText(address).empty(), false);
  return WhyNotPublic(address);
}

TEST(Address, PublicOnesPass) {
  for (const char* text :
       {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",    "11.0.0.0",         "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.1",        "169.253.255.255",  "169.255.0.0",
        "172.15.255.255",  "172.32.0.0",      "192.167.255.255",  "192.169.0.0",      "198.17.255.255",
        "198.20.0.0",      "223.255.255.255", "168.63.129.15",    "2606:4700::1111",  "2a00:1450:4001::1",
        "2001:4860::8888", "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:0808:0808::1"}) {
    EXPECT_EQ(Judge(text), "") << text;
  }
}

TEST(Address, EverySpecialRangeIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0", "this very network"},  {"10.0.0.1", "private"},
      {"10.255.255.255", "private"},     {"100.64.0.1", "carrier"},
      {"127.0.0.1", "loopback"},         {"127.255.255.254", "loopback"},
      {"169.254.169.254", "link-local"}, {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},     {"192.168.1.1", "private"},
      {"192.0.2.5", "documentation"},    {"198.19.255.255", "benchmark"},
      {"224.0.0.1", "multicast"},        {"239.255.255.250", "multicast"},
      {"255.255.255.255", "reserved"},   {"168.63.129.16", "metadata"},
      {"::", "this very network"},       {"::1", "loopback"},
      {"fe80::1", "link-local"},         {"febf::1", "link-local"},
      {"fec0::1", "site-local"},         {"fc00::1", "unique-local"},
      {"fd00:ec2::254", "unique-local"}, {"ff02::1", "multicast"},
      {"2001:db8::1", "documentation"},  {"100::1", "reserved"},
      {"2001:0:1::1", "reserved"},       {"::127.0.0.1", "reserved"},
      {"64:ff9b:1::1", "reserved"},      {"5f00::1", "reserved"}};
  for (const auto& [text, what] : cases) {
    EXPECT_NE(Judge(text).find(what), std::string::npos) << text << ": " << Judge(text);
  }
}

TEST(Address, Ipv4InsideIpv6IsJudgedToo) {
  for (const char* text :
       {"::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::169.254.169.254", "2002:7f00:1::", "2002:c0a8:101::1"}) {
    EXPECT_NE(Judge(text).find("an IPv6 form of"), std::string::npos) << text << ": " << Judge(text);
  }
}

TEST(Address, OtherFamiliesAreRefused) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_EQ(WhyNotPublic(&address), "not an internet address");
}

}  // namespace
}  // namespace maskscope::collect
