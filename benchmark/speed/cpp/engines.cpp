// Our engine on the compared network, through its public interface.
#include "DenseAutoencoder.h"
#include "measure.h"
#include "network.h"

using namespace anomaly;

namespace {

constexpr int kCalls = 4096;

int Fail() {
  std::fprintf(stderr, "the network's tables are not sound\n");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int batches = Batches(argc, argv);
  DenseAutoencoder real(float32::kDenseModel);
  DenseAutoencoder quantized(int8::kDenseModel);
  if (real.Load() != EngineStatus::kOk || quantized.Load() != EngineStatus::kOk) return Fail();

  static float outputs[kVectors][kWidth];
  static int8_t codes[kVectors][kWidth];
  bool sound = true;
  const auto run_real = [&](int i) {
    const int row = i % kVectors;
    sound = real.Reconstruct(kInputs[row], outputs[row]) == EngineStatus::kOk && sound;
    Use(outputs);
  };
  const auto run_quantized = [&](int i) {
    const int row = i % kVectors;
    sound = quantized.ReconstructQuantized(kCodes[row], codes[row]) == EngineStatus::kOk && sound;
    Use(codes);
  };
  Measure("float32", batches, kCalls, run_real);
  Measure("int8", batches, kCalls, run_quantized);
  PrintValues("float32", outputs);
  PrintValues("int8", codes);
  return sound ? 0 : Fail();
}
