#ifndef MASKSCOPE_BASE_EXPECT_ERROR_H_
#define MASKSCOPE_BASE_EXPECT_ERROR_H_

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "base/error.h"

// For tests only: a way to look into errors.
namespace maskscope {

// Expects that `work` throws an Error of this kind whose message holds every one of `parts`.
template <typename Work>
void ExpectError(ErrorKind kind, std::initializer_list<std::string> parts, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(ErrorName(error.kind()), ErrorName(kind)) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << "no '" << part << "' in: " << error.what();
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown, wanted " << ErrorName(kind);
}

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_EXPECT_ERROR_H_
