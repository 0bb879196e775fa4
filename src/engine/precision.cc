#include "base/error.h"
#include "engine/engine.h"

namespace maskscope {

Precision ParsePrecision(const std::string& text) {
  for (const Precision precision : {Precision::kAuto, Precision::kF32, Precision::kBf16}) {
    if (text == PrecisionName(precision)) return precision;
  }
  const std::string near = NearestWord(text, {"auto", "f32", "bf16"});
  throw Error{ErrorKind::kUsage, "precision: found '" + text + "', wanted auto, f32 or bf16" +
                                     (near.empty() ? "" : "; did you mean '" + near + "'?")};
}

std::string_view PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kAuto:
      return "auto";
    case Precision::kF32:
      return "f32";
    case Precision::kBf16:
      break;
  }
  return "bf16";
}

void EngineOptions::Validate() const {
  Problems problems;
  problems.Require(threads >= 1 && threads <= 1024, "threads", std::to_string(threads), "1..1024");
  problems.Require(max_plans >= 1, "max_plans", std::to_string(max_plans), "at least 1");
  problems.Require(max_arena_bytes >= 1, "max_arena_bytes", std::to_string(max_arena_bytes), "at least 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "engine options");
}

}  // namespace maskscope
