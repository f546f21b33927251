// The same network as emlearn generates it, through the function that it offers for a regression.
#include "measure.h"
#include "network.h"
#include "network_emlearn.h"

using namespace anomaly;

int main(int argc, char** argv) {
  static float outputs[kVectors][kWidth];
  bool sound = true;
  Measure("float32", Batches(argc, argv), 4096, [&](int i) {
    const int row = i % kVectors;
    sound = network_regress(kInputs[row], kWidth, outputs[row], kWidth) == EmlOk && sound;
    Use(outputs);
  });
  PrintValues("float32", outputs);
  return sound ? 0 : 1;
}
