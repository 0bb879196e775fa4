#ifndef MASKSCOPE_DATA_DUPLICATES_CONFIRM_VIEWS_H_
#define MASKSCOPE_DATA_DUPLICATES_CONFIRM_VIEWS_H_

#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "data/duplicates/confirm.h"
#include "data/manifest.h"
#include "image/decode.h"

namespace maskscope {

// Decoding no larger than a comparison needs.
DecodeOptions ComparedSize();
// Where a dataset's picture lies.
std::filesystem::path FileOf(const Dataset& dataset, size_t picture);

// A dataset's pictures ready for comparison, read when first asked for; the ones used last are kept. Thread-safe.
class ConfirmViews {
 public:
  // `dataset` must outlive it.
  explicit ConfirmViews(const Dataset& dataset) : dataset_(dataset) {}

  // Errors: those of ReadImage.
  std::shared_ptr<const ConfirmView> Get(size_t picture, const PicturePrint& print);

 private:
  static constexpr size_t kMost = 2000;  // about 170 kB each
  struct Entry {
    std::shared_ptr<const ConfirmView> view;
    std::list<size_t>::iterator place;
  };
  const Dataset& dataset_;
  std::mutex mutex_;
  std::list<size_t> order_;  // the last used first
  std::unordered_map<size_t, Entry> views_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CONFIRM_VIEWS_H_
