#include "base/error.h"
#include "data/formats/export_context.h"

namespace maskscope {
namespace {

void Write(DataFormat format, ExportContext& context) {
  switch (format) {
    case DataFormat::kManifest:
    case DataFormat::kCollection:
      return;  // written by WriteManifest; refused by Validate
    case DataFormat::kVoc:
      return WriteVoc(context);
    case DataFormat::kYolo:
      return WriteYolo(context);
    case DataFormat::kCoco:
      return WriteCoco(context);
    case DataFormat::kWider:
      return WriteWider(context);
    case DataFormat::kRetinaFace:
      return WriteRetinaFace(context);
    case DataFormat::kKitti:
      return WriteKitti(context);
    case DataFormat::kCvat:
      return WriteCvat(context);
    case DataFormat::kLabelStudio:
      return WriteLabelStudio(context);
    case DataFormat::kClassFolders:
      return WriteClassFolders(context);
    case DataFormat::kCsv:
      return WriteCsv(context);
  }
}

ExportSummary WriteAsManifest(const Dataset& dataset, const ExportOptions& options) {
  if (options.copy_pictures)
    throw Error(ErrorKind::kUsage, "a manifest names pictures where they are: --copy does not go with it");
  WriteManifest(options.target, dataset);
  ExportSummary summary;
  summary.pictures = static_cast<int64_t>(dataset.pictures.size());
  for (const ManifestPicture& picture : dataset.pictures) summary.faces += static_cast<int64_t>(picture.faces.size());
  summary.classes = dataset.header.classes;
  summary.images = dataset.root;
  return summary;
}

}  // namespace

void ExportOptions::Validate() const {
  Problems problems;
  problems.Require(!target.empty(), "target", "nothing", "a file or folder to write");
  problems.Require(format != DataFormat::kClassFolders || copy_pictures, "copy_pictures", "false",
                   "true: class folders say the class by where the picture lies (--copy)");
  problems.Require(format != DataFormat::kCollection, "format", "collection", "another one: collections are only read");
  problems.ThrowIfAny(ErrorKind::kUsage, "export options");
}

ExportSummary WriteAnnotations(const Dataset& dataset, const ExportOptions& options, const ProblemSink& sink) {
  options.Validate();
  if (options.format == DataFormat::kManifest) return WriteAsManifest(dataset, options);
  if (options.progress != nullptr)
    options.progress->Start("writing annotations", static_cast<int64_t>(dataset.pictures.size()), "pictures");
  ExportContext context(dataset, options);
  Write(options.format, context);
  ExportSummary summary = context.Commit();
  if (options.progress != nullptr) options.progress->Finish();
  for (const auto& [what, count] : summary.lost) {
    if (sink)
      sink({DataProblem::Severity::kNote, "lost", options.target.string(), "", std::to_string(count) + " " + what});
  }
  return summary;
}

}  // namespace maskscope
