#ifndef MASKSCOPE_DATA_COLLECT_ADDRESS_H_
#define MASKSCOPE_DATA_COLLECT_ADDRESS_H_

#include <sys/socket.h>

#include <functional>
#include <string>

namespace maskscope::collect {

// Why a collector must not talk to this address, in a few words ("a loopback address"); "" when it is a public unicast
// address. Looks at the numbers a connection would go to, so no spelling of a name gets round it. IPv6 addresses that
// carry an IPv4 one (mapped, NAT64, 6to4) are judged by both. Special ranges: IANA's registries (RFC 6890, 8190).
std::string WhyNotPublic(const sockaddr* address);

// "192.0.2.1", "2001:db8::1"; "an address of another family" for anything else.
std::string AddressText(const sockaddr* address);

// Judges an address before a connection to it is opened; "" allows it.
using AddressPolicy = std::function<std::string(const sockaddr*)>;

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_ADDRESS_H_
