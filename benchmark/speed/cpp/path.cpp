// The whole path as src/main_native.cpp replays a recording as fast as it goes: sample, verdict,
// line of text, run summary. The samples lie in memory and the lines go nowhere, so that neither a
// file nor a terminal is measured. Then its parts, each alone.
#include "MemorySettings.h"
#include "PortLine.h"
#include "PrintedSwitch.h"
#include "RunSummary.h"
#include "SimulatedInput.h"
#include "VirtualClock.h"
#include "VirtualSystem.h"
#include "app_config.h"
#include "measure.h"

using namespace anomaly;

namespace {

using model_config::kChannels;

constexpr int kCalls = 1024;
constexpr int kSamples = 8192;

class MemorySource final : public HostInput {
 public:
  MemorySource() {
    SimulatedInput simulation(model_config::kSensor, model_config::kNormalSignal, 0,
                              Scenario::kNormal, 1, model_config::kSamplePeriodUs);
    for (HostSample& sample : samples_) sample = simulation.Next();
  }
  HostSample Next() override { return samples_[next_++ % kSamples]; }
  bool Done() const override { return false; }
  const float* values(int i) const { return samples_[i % kSamples].values; }

 private:
  HostSample samples_[kSamples];
  uint32_t next_ = 0;
};

class NullPort final : public SerialPort {
 public:
  void Write(const char* text, size_t) override { Use(text); }
  int ReadByte() override { return -1; }
  void Wait(int) override {}
};

void MeasureWholePath(int batches, MemorySource& source, Autoencoder& engine) {
  static ModelMemory storage;
  NullPort port;
  VirtualClock clock(model_config::kSamplePeriodUs, false);
  PrintedSwitch led("led", clock);
  PortLine serial(&port);
  MemorySettings settings;
  VirtualSystem system;
  static Detector<model_config::Model, Autoencoder&> detector(engine);
  App app(detector, storage.memory(), {clock, led, serial, settings, system}, source);
  RunSummary summary;
  app.Start();
  uint64_t samples = 0;
  Measure("whole_path", batches, kCalls, [&](int) {
    app.Poll();
    clock.Tick();
    app.Step();
    summary.Add(samples++, app.verdict(), source.time_text());
  });
}

void MeasureParts(int batches, const MemorySource& source, Autoencoder& engine) {
  static FeatureState states[model_config::kFeatureCount];
  FeatureExtractor extractor(model_config::kFeatures, states);
  static float features[model_config::kFeatureCount];
  Measure("features", batches, kCalls, [&](int i) {
    extractor.Update(source.values(i), features);
    Use(features);
  });

  constexpr int kGolden = model_config::kGoldenCount;
  static float output[model_config::kFeatureCount];
  Measure("engine", batches, kCalls, [&](int i) {
    if (engine.Reconstruct(model_config::kGoldenInputs[i % kGolden], output) != EngineStatus::kOk) {
      std::exit(1);
    }
    Use(output);
  });

  // With an engine that does nothing, what is left is features, scaling, score and decision.
  static DetectorStorage<model_config::Model> other;
  MeanAutoencoder nothing(model_config::kFeatureCount);
  FrameDetector detector(model_config::kDetector, model_config::kFeatures, other.memory().detector,
                         nothing);
  FrameVerdict verdict = {};
  Measure("detector_with_features", batches, kCalls, [&](int i) {
    verdict = detector.Update(source.values(i));
    Use(&verdict);
  });

  static LineBuffer line;
  Measure("formatting", batches, kCalls, [&](int i) {
    line.Clear();
    AddReading(line, verdict, source.values(i)[0], "level", kChannels);
    Use(line.text());
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int batches = Batches(argc, argv);
  static MemorySource source;
  DenseAutoencoder dense(model_config::kDenseModel);
  MeanAutoencoder mean(model_config::kFeatureCount);
  Autoencoder& engine = model_config::kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  MeasureWholePath(batches, source, engine);
  MeasureParts(batches, source, engine);
  std::printf("number ram.app %zu\n", sizeof(App));
  std::printf("number ram.features %zu\n",
              sizeof(FeatureState) * static_cast<size_t>(model_config::kFeatureCount));
  std::printf("number ram.dense_engine %zu\n", sizeof(DenseAutoencoder));
  return 0;
}
