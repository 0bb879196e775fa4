#ifndef MASKSCOPE_DATA_FORMATS_LABEL_STUDIO_POINTS_H_
#define MASKSCOPE_DATA_FORMATS_LABEL_STUDIO_POINTS_H_

#include <array>
#include <string_view>

namespace maskscope {

// Names of the five landmarks, in their order, as keypoints are labelled (COCO categories and Label Studio).
inline constexpr std::array<std::string_view, 5> kLandmarkNames{"left_eye", "right_eye", "nose", "left_mouth",
                                                                "right_mouth"};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_LABEL_STUDIO_POINTS_H_
