#ifndef MASKSCOPE_TRAIN_ENVIRONMENT_H_
#define MASKSCOPE_TRAIN_ENVIRONMENT_H_

#include <nlohmann/json.hpp>
#include <string>

namespace maskscope {

// What a training ran on, for whoever wants to repeat it: version and commit of maskscope, libtorch, compiler, CPU,
// device that learns, cores used, time of the start (UTC).
nlohmann::json DescribeEnvironment(int threads, const std::string& device);

// Memory that this process holds now, in MB (10^6 bytes); 0 where the system does not tell.
double ResidentMegabytes();

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_ENVIRONMENT_H_
