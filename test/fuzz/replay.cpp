// Runs a harness over the files that are named on the command line, without a fuzzer.
#include <vector>

#include "fuzz.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::FILE* file = std::fopen(argv[i], "rb");
    Require(file != nullptr, argv[i]);
    std::vector<uint8_t> bytes;
    for (int c = std::getc(file); c != EOF; c = std::getc(file)) {
      bytes.push_back(static_cast<uint8_t>(c));
    }
    std::fclose(file);
    std::fprintf(stderr, "%s\n", argv[i]);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  return 0;
}
