#ifndef MASKSCOPE_EVALUATE_PICTURE_INDEX_H_
#define MASKSCOPE_EVALUATE_PICTURE_INDEX_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace maskscope {

// Finds pictures by what other programs call them.
class PictureIndex {
 public:
  explicit PictureIndex(const std::vector<LabelledImage>& images);

  // By a name with or without folders and ending ("kaggle853/a.txt" meets set kaggle853's images/a.png). Of several
  // pictures of that stem the one whose set and folders hold all the folders named. Empty: none. Errors: kBadData
  // (`where` begins the message) when several are left.
  std::optional<size_t> Find(const std::string& name, const std::string& where) const;
  // By a number, as programs make it of names like "000123.jpg". Errors: as above.
  std::optional<size_t> FindNumber(long long number, const std::string& where) const;

 private:
  std::optional<size_t> OnlyOne(const std::vector<size_t>& found, const std::string& name,
                                const std::string& where) const;

  const std::vector<LabelledImage>& images_;
  std::map<std::string, std::vector<size_t>> by_stem_;
  std::map<long long, std::vector<size_t>> by_number_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_PICTURE_INDEX_H_
