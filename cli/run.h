#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace nines::cli {

// ninesctl: runs the command that `arguments` (without the program's name) ask for; returns the exit code.
int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace nines::cli
