#ifndef MASKSCOPE_REPORT_CRC32C_H_
#define MASKSCOPE_REPORT_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace maskscope {

// CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected, initial value and final XOR all ones (RFC 3720, B.4).
uint32_t Crc32c(std::string_view bytes);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_CRC32C_H_
