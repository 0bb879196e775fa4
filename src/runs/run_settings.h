#ifndef MASKSCOPE_RUNS_RUN_SETTINGS_H_
#define MASKSCOPE_RUNS_RUN_SETTINGS_H_

#include <filesystem>
#include <string>
#include <vector>

namespace maskscope {

// One setting of a training, its value as text.
struct RunSetting {
  std::string path;   // with its groups: "augment.blur"
  std::string value;  // numbers to 6 digits (they pass through floats), lists as "[64, 96]"
};

// All settings of the run in `folder`, in the order of its file: args.yaml, or config.json of runs from before there
// was one. Errors: kNotFound (neither is there); kBadData with file and line.
std::vector<RunSetting> ReadRunSettings(const std::filesystem::path& folder);

// The value of a setting whatever group it stands in: `name` is the path, or its last part where only one setting ends
// so. nullptr where there is none.
const RunSetting* FindSetting(const std::vector<RunSetting>& settings, const std::string& name);

}  // namespace maskscope

#endif  // MASKSCOPE_RUNS_RUN_SETTINGS_H_
