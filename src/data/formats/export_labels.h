#ifndef MASKSCOPE_DATA_FORMATS_EXPORT_LABELS_H_
#define MASKSCOPE_DATA_FORMATS_EXPORT_LABELS_H_

#include <map>
#include <string>
#include <vector>

#include "data/formats/formats.h"

namespace maskscope {

// The class name that each face is written with. A published name stays as long as it still says the face's state; a
// face that was corrected since gets the set's most frequent name for its state, or the state's own.
class LabelChooser {
 public:
  LabelChooser(const Dataset& dataset, const ExportOptions& options);
  // `corrected` becomes true when the published name was given up.
  std::string LabelOf(const ManifestFace& face, bool* corrected) const;
  // Whether the name alone says that the face is ignored.
  bool MeansIgnore(const std::string& label) const;

 private:
  std::string MeaningOf(const std::string& label) const;

  bool state_names_;
  std::map<std::string, std::string> meaning_;    // published name -> correct, incorrect, none, face, ignore
  std::map<std::string, std::string> preferred_;  // meaning -> published name
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_EXPORT_LABELS_H_
