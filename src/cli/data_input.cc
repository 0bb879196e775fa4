#include "cli/data_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "base/error.h"
#include "data/formats/known_sets.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGroup = "Annotation formats (what DATA does not say itself)";

// Reads with the terminal's progress and its signal to stop.
template <typename Read>
Dataset ReadWith(const std::string& path, const DataInput& input, const CommandContext& context, const Read& read) {
  ImportOptions options = ToImportOptions(path, input);
  const auto progress = context.MakeProgress();
  options.progress = progress.get();
  options.stop = [&context] { return context.StopRequested(); };
  return read(options);
}

}  // namespace

void AddDataArgument(CLI::App& app, std::string& data, DataInput& input) {
  app.add_option("DATA", data, "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->required();
  AddInputOptions(app, input);
}

void AddInputOptions(CLI::App& app, DataInput& input) {
  app.add_option("--from", input.from, "format: voc, yolo, coco, ...; found out when not given")
      ->option_text("FORMAT")
      ->group(kGroup);
  app.add_option("--map", input.map, "YAML or JSON: class name -> correct, incorrect, none, face or ignore")
      ->option_text("FILE")
      ->group(kGroup);
  app.add_option("--images", input.images, "folder of the pictures, where it is not the format's own")
      ->option_text("DIR")
      ->group(kGroup);
  app.add_option("--names", input.names, "class names in the order of their numbers, for YOLO without a data.yaml")
      ->option_text("A,B")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(kGroup);
}

ImportOptions ToImportOptions(const std::string& path, const DataInput& input) {
  ImportOptions options;
  options.source = path;
  if (!input.from.empty()) options.format = ParseDataFormat(input.from);
  options.images = input.images;
  options.class_names = input.names;
  if (!input.map.empty()) options.classes = ReadClassMap(input.map);
  return options;
}

std::string WordsOf(const DataInput& input) {
  std::string words;
  if (!input.from.empty()) words += " --from " + input.from;
  if (!input.map.empty()) words += " --map " + input.map;
  if (!input.images.empty()) words += " --images " + input.images;
  if (!input.names.empty()) words += fmt::format(" --names {}", fmt::join(input.names, ","));
  return words;
}

bool IsManifestInput(const std::string& path, const DataInput& input) {
  if (!input.from.empty()) return ParseDataFormat(input.from) == DataFormat::kManifest;
  return DetectFormat(path) == DataFormat::kManifest;
}

Dataset OpenDataset(const std::string& path, const DataInput& input, const CommandContext& context) {
  return ReadWith(path, input, context, [](const ImportOptions& options) { return ReadSoundAnnotations(options); });
}

PictureStream OpenStream(const std::string& path, const DataInput& input, const CommandContext& context) {
  if (IsManifestInput(path, input)) {
    ToImportOptions(path, input).ValidateFor(DataFormat::kManifest);
    return StreamOf(path);
  }
  const auto kept = std::make_shared<const Dataset>(OpenDataset(path, input, context));
  PictureStream stream = StreamOf(*kept, path);
  // The stream keeps what it reads from.
  stream.next = [kept, next = std::move(stream.next)](ManifestPicture* picture) { return next(picture); };
  return stream;
}

Dataset OpenFaultyDataset(const std::string& path, const DataInput& input, const CommandContext& context,
                          std::vector<DataProblem>* found) {
  return ReadWith(path, input, context, [found](const ImportOptions& options) {
    return ReadAnnotations(options, [found](const DataProblem& problem) { found->push_back(problem); });
  });
}

void AddOriginOptions(CLI::App& app, std::string& origin, std::string& licence) {
  app.add_option("--origin", origin, "where the set comes from; of several sets, those that do not say it")
      ->option_text("TEXT");
  app.add_option("--licence", licence, "under which licence its pictures are; the same")->option_text("TEXT");
}

void StateOrigin(const std::string& origin, const std::string& licence, ManifestHeader& header) {
  if ((origin.empty() && licence.empty()) || StateSets(header, origin, licence) > 0) return;
  throw Error(ErrorKind::kUsage,
              "--origin, --licence: every set says its own already ('maskscope data stats' shows them)");
}

void CheckManifestName(const std::string& out) {
  if (fs::path(out).extension() == ".jsonl") return;
  throw Error(ErrorKind::kUsage, "OUT: found '" + out + "', wanted a name that ends in .jsonl");
}

}  // namespace maskscope
