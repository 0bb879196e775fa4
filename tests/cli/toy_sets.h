#ifndef MASKSCOPE_TESTS_CLI_TOY_SETS_H_
#define MASKSCOPE_TESTS_CLI_TOY_SETS_H_

#include <map>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "tests/cli/toy_pictures.h"

namespace maskscope::test {

// Labelled sets of toy pictures for `maskscope data`.
class DataTest : public ProgramTest {
 protected:
  // <folder>/Annotations/NAME.xml beside <folder>/JPEGImages/NAME.png: every coloured cell is an object, green
  // with_mask, blue mask_weared_incorrect, red without_mask; adjoining cells of one colour in a row are one.
  void WriteVoc(const std::string& folder, const std::string& name, const std::vector<std::string>& rows);
  // The same picture with objects of one's own: "label x1 y1 x2 y2".
  void WriteVocObjects(const std::string& folder, const std::string& name, const std::vector<std::string>& rows,
                       const std::vector<std::string>& objects);
  // A grey crop with stripes of this contrast (0 = flat) as set/LABEL/NAME.png.
  void WriteStripes(const std::string& path, int contrast, int side = 48);
  Dataset ReadSet(const std::string& manifest) const { return ReadManifest(folder_ / manifest); }
  // "2 correct, 1 none": the faces of a set that are not ignored.
  static std::string FacesOf(const Dataset& dataset);
  void ExpectSaid(const std::string& text, const std::vector<std::string>& parts) const;
};

}  // namespace maskscope::test

#endif  // MASKSCOPE_TESTS_CLI_TOY_SETS_H_
