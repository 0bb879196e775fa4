#include "data/collect/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace maskscope::collect {
namespace {

struct Range4 {
  uint32_t first;
  int bits;
  const char* what;
};

constexpr uint32_t Ip4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return a << 24 | b << 16 | c << 8 | d; }

constexpr std::array<Range4, 16> kNotPublic4 = {{
    {Ip4(0, 0, 0, 0), 8, "an address of this very network"},
    {Ip4(10, 0, 0, 0), 8, "a private address"},
    {Ip4(100, 64, 0, 0), 10, "a carrier's inner address"},
    {Ip4(127, 0, 0, 0), 8, "a loopback address"},
    {Ip4(169, 254, 0, 0), 16, "a link-local address"},  // 169.254.169.254: metadata of cloud machines
    {Ip4(172, 16, 0, 0), 12, "a private address"},
    {Ip4(192, 0, 0, 0), 24, "a reserved address"},
    {Ip4(192, 0, 2, 0), 24, "a documentation address"},
    {Ip4(192, 88, 99, 0), 24, "a reserved address"},
    {Ip4(192, 168, 0, 0), 16, "a private address"},
    {Ip4(198, 18, 0, 0), 15, "a benchmark address"},
    {Ip4(198, 51, 100, 0), 24, "a documentation address"},
    {Ip4(203, 0, 113, 0), 24, "a documentation address"},
    {Ip4(224, 0, 0, 0), 4, "a multicast address"},
    {Ip4(240, 0, 0, 0), 4, "a reserved address"},
    {Ip4(168, 63, 129, 16), 32, "a metadata address"},  // Azure's, though it looks public
}};

std::string WhyNotPublic4(uint32_t address) {
  for (const Range4& range : kNotPublic4) {
    if ((address ^ range.first) >> (32 - range.bits) == 0) return range.what;
  }
  return "";
}

uint32_t Ip4At(const uint8_t* bytes) { return Ip4(bytes[0], bytes[1], bytes[2], bytes[3]); }

bool StartsWith(const uint8_t* bytes, std::initializer_list<uint8_t> start) {
  return std::memcmp(bytes, start.begin(), start.size()) == 0;
}

std::string Carrying(const std::string& inner) { return inner.empty() ? "" : "an IPv6 form of " + inner; }

std::string WhyNotPublic6(const uint8_t* b) {
  constexpr uint8_t kZeros[16] = {};
  if (std::memcmp(b, kZeros, 15) == 0 && b[15] == 1) return "a loopback address";
  if (std::memcmp(b, kZeros, 16) == 0) return "an address of this very network";
  if (std::memcmp(b, kZeros, 10) == 0 && b[10] == 0xff && b[11] == 0xff) return Carrying(WhyNotPublic4(Ip4At(b + 12)));
  if (StartsWith(b, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return Carrying(WhyNotPublic4(Ip4At(b + 12)));
  if (b[0] == 0xff) return "a multicast address";
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) return "a link-local address";
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0) return "a site-local address";
  if ((b[0] & 0xfe) == 0xfc) return "a unique-local address";
  if ((b[0] & 0xe0) != 0x20) return "a reserved address";  // only 2000::/3 is given out for public use
  if (StartsWith(b, {0x20, 0x01, 0x0d, 0xb8}) || StartsWith(b, {0x3f, 0xff})) return "a documentation address";
  if (StartsWith(b, {0x20, 0x02})) return Carrying(WhyNotPublic4(Ip4At(b + 2)));  // 6to4
  if (StartsWith(b, {0x20, 0x01}) && b[2] < 2) return "a reserved address";       // 2001::/23: Teredo, ORCHID ...
  return "";
}

}  // namespace

std::string WhyNotPublic(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    return WhyNotPublic4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    return WhyNotPublic6(v6.sin6_addr.s6_addr);
  }
  return "not an internet address";
}

std::string AddressText(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  } else {
    return "an address of another family";
  }
  return text;
}

}  // namespace maskscope::collect
