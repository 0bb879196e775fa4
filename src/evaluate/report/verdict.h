#ifndef MASKSCOPE_EVALUATE_REPORT_VERDICT_H_
#define MASKSCOPE_EVALUATE_REPORT_VERDICT_H_

#include <string>

#include "evaluate/report/measurements.h"

namespace maskscope {

// What the model is good and bad at, in a few sentences made of the numbers alone.
std::string Verdict(const Measurements& measured);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_VERDICT_H_
