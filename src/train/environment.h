#ifndef MASKSCOPE_TRAIN_ENVIRONMENT_H_
#define MASKSCOPE_TRAIN_ENVIRONMENT_H_

#include <nlohmann/json.hpp>

namespace maskscope {

// What a training ran on, for whoever wants to repeat it: version and commit of maskscope, libtorch, compiler, CPU,
// cores used, time of the start (UTC).
nlohmann::json DescribeEnvironment(int threads);

// Memory that this process holds now, in MB (10^6 bytes); 0 where the system does not tell.
double ResidentMegabytes();

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_ENVIRONMENT_H_
