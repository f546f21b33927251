// The same network as a .tflite in TensorFlow Lite for Microcontrollers: copy in, Invoke, copy out.
#include <cstring>

#include "TflmHeaders.h"
#include "measure.h"
#include "network.h"
#include "network_tflite.h"

using namespace anomaly;

namespace {

constexpr int kCalls = 1024;

template <typename Value>
bool Run(const char* name, int batches, const unsigned char* model,
         const tflite::MicroOpResolver& operators, const Value (&inputs)[kVectors][kWidth]) {
  alignas(16) static uint8_t arena[16384];
  static Value outputs[kVectors][kWidth];
  tflite::MicroInterpreter interpreter(tflite::GetModel(model), operators, arena, sizeof(arena));
  if (interpreter.AllocateTensors() != kTfLiteOk) return false;
  TfLiteTensor* input = interpreter.input(0);
  TfLiteTensor* output = interpreter.output(0);
  bool sound = input->bytes == sizeof(inputs[0]) && output->bytes == sizeof(outputs[0]);
  Measure(name, batches, kCalls, [&](int i) {
    const int row = i % kVectors;
    std::memcpy(input->data.raw, inputs[row], sizeof(inputs[row]));
    sound = interpreter.Invoke() == kTfLiteOk && sound;
    std::memcpy(outputs[row], output->data.raw, sizeof(outputs[row]));
    Use(outputs);
  });
  PrintValues(name, outputs);
  return sound;
}

}  // namespace

int main(int argc, char** argv) {
  const int batches = Batches(argc, argv);
  static tflite::MicroMutableOpResolver<1> operators;
  const bool sound = operators.AddFullyConnected() == kTfLiteOk &&
                     Run("float32", batches, float32::kModel, operators, kInputs) &&
                     Run("int8", batches, int8::kModel, operators, kCodes);
  return sound ? 0 : 1;
}
