#include "tests/cli/toy_pictures.h"

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "image/encode.h"

namespace maskscope::test {
namespace {

namespace fs = std::filesystem;

void FillCell(Image& image, int column, int row, char colour) {
  const bool white = colour == 'w';
  const uint8_t rgb[3] = {static_cast<uint8_t>(colour == 'r' || white ? 255 : 0),
                          static_cast<uint8_t>(colour == 'g' || white ? 255 : 0),
                          static_cast<uint8_t>(colour == 'b' || white ? 255 : 0)};
  for (int y = row * kCell; y < (row + 1) * kCell; ++y) {
    for (int x = column * kCell; x < (column + 1) * kCell; ++x) std::copy(rgb, rgb + 3, image.row(y) + 3 * x);
  }
}

}  // namespace

Image ToyPicture(const std::vector<std::string>& rows) {
  Image image(static_cast<int>(rows[0].size()) * kCell, static_cast<int>(rows.size()) * kCell);
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column) {
      FillCell(image, static_cast<int>(column), static_cast<int>(row), rows[row][column]);
    }
  }
  return image;
}

ProgramTest::ProgramTest() {
  fs::create_directory(folder_ / "models");
  WriteToyModels(folder_ / "models");
  ::setenv("MASKSCOPE_MODELS", (folder_ / "models").c_str(), 1);
}

void ProgramTest::WritePicture(const std::string& name, const std::vector<std::string>& rows) {
  fs::create_directories((folder_ / name).parent_path());
  WriteImage(ToyPicture(rows), folder_ / name);
}

void ProgramTest::WriteFile(const std::string& name, std::string_view bytes) {
  fs::create_directories((folder_ / name).parent_path());
  WriteFileAtomically(folder_ / name, bytes);
}

std::string ProgramTest::ReadFile(const std::string& name) const { return ReadFileText(folder_ / name); }

std::string ProgramTest::List(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_ / name)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  std::string list;
  for (const std::string& one : names) list += (list.empty() ? "" : " ") + one;
  return list;
}

ProgramRun ProgramTest::Run(const std::vector<std::string>& arguments, ProgramOptions options) const {
  if (options.folder.empty()) options.folder = folder_.path();
  return RunProgram(arguments, options);
}

std::string StatesOf(const nlohmann::json& line) {
  std::string states;
  for (const auto& face : line.at("faces")) states += (states.empty() ? "" : " ") + face.at("state").get<std::string>();
  return states;
}

}  // namespace maskscope::test
