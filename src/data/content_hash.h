#ifndef MASKSCOPE_DATA_CONTENT_HASH_H_
#define MASKSCOPE_DATA_CONTENT_HASH_H_

#include <memory>
#include <string>
#include <string_view>

// SHA-256 (FIPS 180-4) of bytes that come in pieces. ContentHash and ContentHashOfFile (data/manifest.h) are for bytes
// that are all there.
namespace maskscope {

class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;
  void Add(std::string_view bytes);
  // "sha256:HEX" of everything added; call once, last.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "sha256:" and 64 digits 0-9a-f.
bool IsContentHash(std::string_view text);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CONTENT_HASH_H_
