#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace nines::cli {

// Checks an exported bundle, without a daemon: a tar file, or the folder that it was unpacked into. `keys` are files
// with the public keys that are trusted.
void VerifyBundleFile(const std::string& bundle, const std::vector<std::string>& keys, Context& context);

}  // namespace nines::cli
