#ifndef MASKSCOPE_DATA_FORMATS_KITTI_COLUMNS_H_
#define MASKSCOPE_DATA_FORMATS_KITTI_COLUMNS_H_

#include <array>

namespace maskscope {

// The columns beside type (0), box (4 to 7) and score (15). A column that says 0 has no attribute.
struct KittiColumn {
  int index;
  const char* name;
};
inline constexpr std::array<KittiColumn, 10> kKittiColumns{{{1, "truncated"},
                                                            {2, "occluded"},
                                                            {3, "alpha"},
                                                            {8, "height"},
                                                            {9, "width"},
                                                            {10, "length"},
                                                            {11, "x"},
                                                            {12, "y"},
                                                            {13, "z"},
                                                            {14, "rotation_y"}}};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_KITTI_COLUMNS_H_
