#include <iostream>

#include "cli/context.h"

int main(int argc, char** argv) {
  return nines::cli::Run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
