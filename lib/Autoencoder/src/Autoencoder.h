// An autoencoder engine: loads a model once, then reconstructs one feature vector after the other.
#pragma once

#include <cstdint>

namespace anomaly {

enum class EngineStatus : uint8_t {
  kOk,
  kNotLoaded,
  kSchemaMismatch,   // the model's schema version is not the interpreter's
  kArenaTooSmall,    // less than the generated need, or AllocateTensors() failed
  kBadModel,         // tables or tensors are not those of the generated constants
  kDamagedModel,     // not the bytes that were generated
  kMissingOperator,  // an operator could not be registered
  kWrongWidth,       // as many inputs or outputs as there are features are wanted
  kInvokeFailed,
};

// One short sentence for a person, never null.
const char* EngineStatusText(EngineStatus status);

class Autoencoder {
 public:
  // Checks the model and prepares to run it. Call once; everything else fails before it.
  [[nodiscard]] virtual EngineStatus Load() = 0;

  // Reconstructs one vector of input_size() values into output_size() values; they may not overlap.
  // Any float is accepted, NaN and infinity too: a float32 model passes them on, an int8 model
  // saturates them (NaN becomes its zero point).
  [[nodiscard]] virtual EngineStatus Reconstruct(const float* input, float* output) = 0;

  // The numbers behind the last failure, "" where there are none.
  virtual const char* detail() const { return ""; }

  // The name a user sees: "dense float32", "tflm int8", "mean".
  virtual const char* name() const = 0;
  virtual int input_size() const = 0;
  virtual int output_size() const = 0;

  // RAM that the engine works in, in bytes.
  virtual int32_t memory_used() const = 0;
  // RAM that is set aside for it.
  virtual int32_t memory_reserved() const { return memory_used(); }

 protected:
  ~Autoencoder() = default;  // not virtual: nobody deletes an engine, and there is no heap
};

// Loads an engine for a detector of so many features. A network of another width is refused: it
// would write past the ends of what is sized for the features.
[[nodiscard]] EngineStatus LoadFor(Autoencoder& engine, int features);

// real / scale + zero_point, rounded half away from zero, saturated; NaN gives the zero point.
int8_t Quantize(float real, float scale, int32_t zero_point);

}  // namespace anomaly
