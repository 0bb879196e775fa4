#ifndef MASKSCOPE_DATA_FORMATS_EXPORT_CONTEXT_H_
#define MASKSCOPE_DATA_FORMATS_EXPORT_CONTEXT_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/attributes.h"
#include "data/formats/formats.h"

namespace maskscope {

// What a format has room for; the rest is counted as lost.
struct FormatRoom {
  bool classes = false, landmarks = false, score = false, ignore = false;
  bool bag = false;          // free attributes of a face
  bool picture_bag = false;  // of a picture
  bool split = false;
};
FormatRoom RoomOf(DataFormat format);

// A picture as it is written.
struct ExportItem {
  const ManifestPicture* picture = nullptr;
  std::string name;                 // below the folder of pictures
  std::string stem;                 // the same without ending
  int width = 0, height = 0;        // pixels
  std::vector<std::string> labels;  // of its faces
  std::vector<int> numbers;         // of the labels in classes()
};

// What every writer works on. Files appear under their names at Commit() only.
class ExportContext {
 public:
  ExportContext(const Dataset& dataset, const ExportOptions& options);
  ~ExportContext();
  ExportContext(const ExportContext&) = delete;
  ExportContext& operator=(const ExportContext&) = delete;

  const Dataset& dataset() const { return dataset_; }
  const std::vector<ExportItem>& items() const { return items_; }
  const std::vector<std::string>& classes() const { return summary_.classes; }
  // Whether the target is one file.
  bool one_file() const { return one_file_; }
  // Splits that occur, in order; kUnassigned among them.
  std::vector<DatasetSplit> Splits() const;

  // Counts something that cannot be held.
  void Lose(const std::string& what) { ++summary_.lost[what]; }
  // An attribute that stands in a column of numbers; `otherwise` where there is none. What is no number is lost.
  std::string NumberAttribute(const AttributeBag& attributes, const std::string& key, const std::string& otherwise);
  // Writes a file of the set; with one_file() that is the target.
  void Write(const std::string& name, std::string_view text);
  // Fails when two pictures would share the label file `stem`.
  void RequireStemsDiffer() const;
  // Copies the pictures into this folder of the set if that was asked for, and names where they are.
  void PlacePictures(const std::string& folder);
  // The same to a place for each picture, in order.
  void PlacePicturesAt(const std::vector<std::string>& places);
  ExportSummary Commit();

 private:
  void ChooseLabels();
  void NamePictures();
  void CountLost();
  void PrepareTarget();
  void Step(int64_t count);

  const Dataset& dataset_;
  const ExportOptions& options_;
  ExportSummary summary_;
  std::vector<ExportItem> items_;
  std::string prefix_;  // folders that all pictures' paths begin with, and the names do not
  bool one_file_ = false;
  std::filesystem::path temporary_;  // the folder while it grows
  std::string one_text_;
};

// The number whose sum with the start, as both are read back, is the end: a width from edges.
double ExtentOf(float start, float end);
// The double that a float's shortest decimals stand for.
double ShortestDouble(float value);

void WriteVoc(ExportContext& context);
void WriteYolo(ExportContext& context);
void WriteCoco(ExportContext& context);
void WriteWider(ExportContext& context);
void WriteRetinaFace(ExportContext& context);
void WriteKitti(ExportContext& context);
void WriteCvat(ExportContext& context);
void WriteLabelStudio(ExportContext& context);
void WriteClassFolders(ExportContext& context);
void WriteCsv(ExportContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_EXPORT_CONTEXT_H_
