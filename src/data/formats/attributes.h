#ifndef MASKSCOPE_DATA_FORMATS_ATTRIBUTES_H_
#define MASKSCOPE_DATA_FORMATS_ATTRIBUTES_H_

#include <map>
#include <string>
#include <string_view>

#include "data/manifest.h"

namespace maskscope {

// Free name-value pairs, the place that VOC, COCO, CVAT, Label Studio and CSV have for what is not theirs. Names that
// say whose they are ("kitti.alpha", "audit.flag", "maskscope.score") stand there in full, the format's own free names
// bare.
using AttributeBag = std::map<std::string, std::string>;

// What a format has a place of its own for, and so need not go into the bag.
struct OwnPlaces {
  bool landmarks = false, score = false, ignore = false;
};
// `own`: the format's name; its attributes "own.x" are written natively, "own.attribute.x" goes into the bag as "x".
AttributeBag FaceBag(const ManifestFace& face, std::string_view own, const OwnPlaces& places);
AttributeBag PictureBag(const ManifestPicture& picture, std::string_view own);
// Back again. Throws AnnotationFault for a value of ours that makes no sense.
void TakeBag(const AttributeBag& bag, std::string_view own, const std::string& where, ManifestFace* face);
void TakeBag(const AttributeBag& bag, std::string_view own, const std::string& where, ManifestPicture* picture);

// "x" when `key` is "own.x" and not "own.attribute.x"; empty otherwise.
std::string_view OwnName(std::string_view key, std::string_view own);
// The attribute, or `otherwise`.
std::string AttributeOr(const AttributeBag& attributes, const std::string& key, const std::string& otherwise);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_ATTRIBUTES_H_
