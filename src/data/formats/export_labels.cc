#include "data/formats/export_labels.h"

#include <algorithm>

namespace maskscope {
namespace {

std::string StateWord(const LabelledFace& face) {
  if (face.state) return std::string(MaskStateName(*face.state));
  return face.ignore ? "ignore" : "face";
}

std::string MostFrequent(const std::map<std::string, int64_t>& counts) {
  std::string best;
  int64_t most = 0;
  for (const auto& [word, count] : counts) {
    if (count > most) best = word;
    most = std::max(most, count);
  }
  return best;
}

}  // namespace

LabelChooser::LabelChooser(const Dataset& dataset, const ExportOptions& options) : state_names_(options.state_names) {
  std::map<std::string, std::map<std::string, int64_t>> words_of_label, labels_of_word;
  for (const ManifestPicture& picture : dataset.pictures) {
    for (const ManifestFace& face : picture.faces) {
      if (!face.label.empty()) ++words_of_label[face.label][StateWord(face.face)];
    }
  }
  for (const auto& [label, words] : words_of_label) {
    const auto known = options.classes.find(label);
    meaning_[label] = known != options.classes.end() ? known->second : MostFrequent(words);
    for (const auto& [word, count] : words) {
      if (word == meaning_[label]) labels_of_word[word][label] += count;
    }
  }
  for (const auto& [word, labels] : labels_of_word) preferred_[word] = MostFrequent(labels);
}

std::string LabelChooser::MeaningOf(const std::string& label) const {
  const auto found = meaning_.find(label);
  return found == meaning_.end() ? label : found->second;
}

bool LabelChooser::MeansIgnore(const std::string& label) const { return MeaningOf(label) == "ignore"; }

std::string LabelChooser::LabelOf(const ManifestFace& face, bool* corrected) const {
  const std::string word = StateWord(face.face);
  if (state_names_) return word;
  if (!face.label.empty()) {
    const std::string meaning = MeaningOf(face.label);
    const std::string plain = face.face.state ? word : "face";
    if (meaning == word || (face.face.ignore && meaning == plain)) return face.label;
    *corrected = true;
  }
  const auto found = preferred_.find(word);
  return found == preferred_.end() ? word : found->second;
}

}  // namespace maskscope
