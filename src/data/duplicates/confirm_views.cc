#include "data/duplicates/confirm_views.h"

namespace maskscope {

DecodeOptions ComparedSize() {
  DecodeOptions options;
  options.reduce_to_longest_side = 320;
  return options;
}

std::filesystem::path FileOf(const Dataset& dataset, size_t picture) {
  return dataset.root / std::filesystem::path(dataset.pictures[picture].path);
}

std::shared_ptr<const ConfirmView> ConfirmViews::Get(size_t picture, const PicturePrint& print) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = views_.find(picture);
    if (found != views_.end()) {
      order_.splice(order_.begin(), order_, found->second.place);
      return found->second.view;
    }
  }
  auto view = std::make_shared<const ConfirmView>(ReadImage(FileOf(dataset_, picture), ComparedSize()).image, print);
  const std::lock_guard lock(mutex_);
  if (const auto found = views_.find(picture); found != views_.end()) return found->second.view;
  order_.push_front(picture);
  views_[picture] = {view, order_.begin()};
  if (order_.size() > kMost) {
    views_.erase(order_.back());
    order_.pop_back();
  }
  return view;
}

}  // namespace maskscope
