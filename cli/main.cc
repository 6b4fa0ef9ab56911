#include <iostream>
#include <string>
#include <vector>

#include "cli/run.h"

int main(int argc, char** argv) {
  return nines::cli::Run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
