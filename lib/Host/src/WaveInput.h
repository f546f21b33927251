// A recording of sound, read sample by sample: a WAV file of 16-bit PCM at the profile's rate and
// with its channels, full scale being 1. Anything else is refused, and so is a file that is cut
// short: it never becomes something that was not recorded.
#pragma once

#include <cstdint>
#include <cstdio>

#include "HostInput.h"

namespace anomaly {

class WaveInput final : public HostInput {
 public:
  static constexpr int kMostChunks = 1000;  // before the samples

  WaveInput() = default;
  ~WaveInput() override;
  WaveInput(const WaveInput&) = delete;
  WaveInput& operator=(const WaveInput&) = delete;

  // Whether a file begins as one.
  static bool IsWave(const char* path);

  // `is_sound`: the profile's sensor is a microphone. Returns "" or one sentence for the user.
  const char* Open(const char* path, bool is_sound, int channels, double rate_hz);

  HostSample Next() override;
  bool Done() const override { return left_ == 0; }
  const char* time_text() const override { return time_text_; }

 private:
  bool Read(void* bytes, size_t size);
  bool FindSamples(int channels, double rate_hz);
  bool CheckFormat(uint32_t size, int channels, double rate_hz);
  bool CheckSize(uint32_t size, int channels);
  bool Refuse(const char* format, double first = 0.0, double second = 0.0);
  int ReadByte();

  std::FILE* file_ = nullptr;
  uint64_t file_bytes_ = 0;
  uint64_t position_ = 0;  // in the file, while the head is read
  int channels_ = 0;
  uint64_t left_ = 0;  // samples
  uint64_t taken_ = 0;
  unsigned char buffer_[65536];
  size_t buffered_ = 0;
  size_t place_ = 0;
  char path_[320] = {};
  char time_text_[32] = {};
  char error_[640] = {};
};

}  // namespace anomaly
