#include "base/error.h"
#include "cli/command.h"

namespace maskscope {

#ifndef MASKSCOPE_HAS_TRAIN

// The name stays known, so that whoever types it learns what to do instead of getting "unknown command".
void AddTrainCommand(CLI::App& root, CommandContext& context) {
  CLI::App& app = AddCommand(root, context, "train", "train a model (not in this build)", "", []() -> int {
    throw Error(ErrorKind::kUnsupported,
                "this maskscope was built without training: install libtorch-dev and libopenblas0-openmp, build with "
                "'cmake --preset dev && cmake --build --preset dev' and run build/dev/src/cli/maskscope train");
  });
  app.allow_extras();  // whatever is asked of it, the answer is the one above
}

#else

void AddTrainCommand(CLI::App&, CommandContext&) {}

#endif

}  // namespace maskscope
