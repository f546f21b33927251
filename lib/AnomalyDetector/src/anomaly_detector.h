// A detector of a trained model in five lines:
//
//   anomaly::Detector<temperature::Model> detector;
//   const anomaly::Verdict verdict = detector.Update(celsius);
//   if (verdict.state == anomaly::State::kAnomaly) ...
//
// It owns all its memory, takes none from the heap, and may be a global object: no code of it runs
// before the first call. What a model is comes with the generated header that has its name.
#pragma once

#include <cstring>
#include <new>
#include <type_traits>

#include "DenseAutoencoder.h"
#include "MeanAutoencoder.h"
#include "SampleDetector.h"

namespace anomaly {

// What a detector of a model works in.
template <class Model>
class DetectorStorage {
 public:
  // `fft`: of the size of the model's windows, where a chip has a faster one.
  SampleMemory memory(RealFft* fft = nullptr) {
    return {{states_, Model::kHasSlow ? slow_ : nullptr, Model::kHasLearning ? sides_ : nullptr,
             Model::kHasRefit ? refit_ : nullptr},
            calibration_,
            {Model::kHasFrames ? frame_ : nullptr, fft != nullptr ? fft : own_fft()},
            generic()};
  }

 private:
  struct Nothing {
    constexpr Nothing() = default;
    explicit constexpr Nothing(const float*) {}
  };
  GenericModel* generic() {
    if constexpr (Model::kIsGeneric) return &generic_;
    return nullptr;
  }

  RealFft* own_fft() {
    if constexpr (Model::kHasFrames) return &fft_;
    return nullptr;
  }

  static constexpr int kFrameFloats = Model::kFrame.memory_floats();

  FeatureState states_[Model::kFeatureCount];
  CalibrationMemory calibration_[Model::kValues];
  LearntSide sides_[Model::kHasLearning ? 2 * Model::kFeatureCount : 1];
  float refit_[Model::kHasRefit ? DetectorMemory::RefitFloats(Model::kFeatureCount, Model::kValues)
                                : 1];
  SlowValue slow_[Model::kHasSlow ? Model::kValues : 1];
  float frame_[kFrameFloats > 0 ? kFrameFloats : 1];
  std::conditional_t<Model::kHasFrames, PlainFft, Nothing> fft_{Model::kFrame.turns()};
  std::conditional_t<Model::kIsGeneric, GenericModel, Nothing> generic_;
};

// The engine, and what else has to be there before the detector.
template <class Model, class Engine>
class DetectorParts {
 protected:
  DetectorParts() : engine_(Model::kNetwork) {}
  explicit DetectorParts(Engine engine) : engine_(engine) {}

  Engine engine_;
  DetectorStorage<Model> storage_;
};

// A detector that is ready once it is constructed. A constructor computes in float, which a global
// one may not on an ESP32: the FPU is there for tasks, and no task runs before main.
template <class Model, class Engine>
class StartedDetector : private DetectorParts<Model, Engine>, public SampleDetector {
  using Parts = DetectorParts<Model, Engine>;

 public:
  // Loads the engine and tests it; error() says how that went.
  StartedDetector() : SampleDetector(Model::kConfig, Parts::storage_.memory(), Parts::engine_) {
    Begin();
  }

  // Goes on with an engine that lives elsewhere, and is loaded by Begin().
  explicit StartedDetector(Autoencoder& engine, RealFft* fft = nullptr)
      : Parts(engine), SampleDetector(Model::kConfig, Parts::storage_.memory(fft), engine) {}

  // Of a model with one channel.
  Verdict Update(float value) {
    static_assert(Model::kChannels == 1, "this model has several channels: Update({a, b, ...})");
    return SampleDetector::Update(&value);
  }
  Verdict Update(const float (&sample)[Model::kChannels]) { return SampleDetector::Update(sample); }
};

// `Engine`: what runs the network, which is loaded and tested by the first call: error() says how
// that went. What the calls do is said in SampleDetector.h.
template <class Model, class Engine = typename Model::Engine>
class Detector {
 public:
  constexpr Detector() = default;

  // Of a generic model: `seconds` from sample to sample.
  explicit Detector(float seconds) {
    static_assert(Model::kIsGeneric, "the pace of this model is that of its training");
    std::memcpy(&period_, &seconds, sizeof(period_));
  }
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  // Of a model with one channel.
  Verdict Update(float value) { return started().Update(value); }
  Verdict Update(const float (&sample)[Model::kChannels]) { return started().Update(sample); }
  Verdict TakeFault(Fault why = Fault::kNoAnswer) { return started().TakeFault(why); }
  void Interrupt() { started().Interrupt(); }
  const char* error() { return started().error(); }

  bool Learn(uint32_t samples) { return started().Learn(samples); }
  bool learning() { return started().learning(); }
  LearnStatus learnt() { return started().learnt(); }
  bool Normal() { return started().Normal(); }
  void Forget() { started().Forget(); }
  void SetThreshold(float threshold) { started().SetThreshold(threshold); }
  float threshold() { return started().threshold(); }
  float default_threshold() { return started().default_threshold(); }

  // Bytes that Save() writes.
  static constexpr size_t kSavedBytes = LearntBlockSize(
      Model::kValues, Model::kHasRefit ? Model::kFeatureCount : 0,
      Model::kHasLearning ? Model::kFeatureCount : 0, Model::kHasSlow ? Model::kValues : 0);
  size_t Save(uint8_t* bytes, size_t room) { return started().Save(bytes, room); }
  BlockFound Load(const uint8_t* bytes, size_t size) { return started().Load(bytes, size); }

  // What it is made of; the first call makes it.
  StartedDetector<Model, Engine>& started() {
    if (!is_started_) {
      is_started_ = true;
      auto* made = new (memory_) Started();
      if constexpr (Model::kIsGeneric) {
        float seconds;
        std::memcpy(&seconds, &period_, sizeof(seconds));
        if (period_ != 0) made->SetPeriod(seconds);
      }
    }
    return *std::launder(reinterpret_cast<Started*>(memory_));
  }

 private:
  using Started = StartedDetector<Model, Engine>;

  uint32_t period_ = 0;  // the float as bits: a constructor of a global leaves the FPU alone
  bool is_started_ = false;
  alignas(Started) uint8_t memory_[sizeof(Started)] = {};
};

// Of an engine that lives elsewhere: it is made at once, and Begin() loads the engine.
template <class Model>
class Detector<Model, Autoencoder&> : public StartedDetector<Model, Autoencoder&> {
 public:
  using StartedDetector<Model, Autoencoder&>::StartedDetector;
};

}  // namespace anomaly
