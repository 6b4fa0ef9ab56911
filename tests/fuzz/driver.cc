// Runs a fuzz target without libFuzzer: FILES, where there are any (to play a find again); otherwise NINES_FUZZ_RUNS
// (20 000) seeded inputs. Half of these are random bytes; the others are changes to inputs that a target offers as good
// ones through FuzzSeeds().
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// A target may define this; the weak one offers nothing.
std::vector<std::string> FuzzSeeds() __attribute__((weak));

namespace {

void RunOne(const std::string& input) {
  // A copy of exactly this size, so that a sanitizer sees a read past its end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string RandomInput(std::mt19937_64& random) {
  std::string input(random() % 300, '\0');
  // Small bytes make more valid lengths and tags than even ones do.
  const uint64_t limit = random() % 2 == 0 ? 256 : 8;
  for (char& byte : input) byte = static_cast<char>(random() % limit);
  return input;
}

std::string ChangedInput(std::string input, std::mt19937_64& random) {
  for (uint64_t changes = random() % 4; changes > 0 && !input.empty(); --changes) {
    const size_t at = random() % input.size();
    switch (random() % 5) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8)));
        break;
      case 2:
        input.resize(at);
        break;
      case 3:
        input.insert(at, 1 + random() % 8, static_cast<char>(random()));
        break;
      default:
        input.erase(at, 1 + random() % 8);
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    RunOne(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (argc > 1) return 0;
  const char* wanted = std::getenv("NINES_FUZZ_RUNS");
  const uint64_t runs = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20'000;
  std::vector<std::string> seeds;
  if (FuzzSeeds != nullptr) seeds = FuzzSeeds();
  for (const std::string& seed : seeds) RunOne(seed);
  for (uint64_t run = 0; run < runs; ++run) {
    std::mt19937_64 random(run);
    const bool change = !seeds.empty() && run % 2 == 0;
    RunOne(change ? ChangedInput(seeds[random() % seeds.size()], random) : RandomInput(random));
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(runs + seeds.size()));
}
