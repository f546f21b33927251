#include "WaveInput.h"

#include <cerrno>
#include <cstring>

namespace anomaly {

namespace {

constexpr uint32_t kFormatBytes = 16;  // of the chunk that are looked at
constexpr uint32_t kPcm = 1;
constexpr uint32_t kBits = 16;

uint32_t Little(const unsigned char* bytes, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

WaveInput::~WaveInput() {
  if (file_ != nullptr) std::fclose(file_);
}

bool WaveInput::IsWave(const char* path) {
  std::FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  char magic[4] = {};
  const bool found = std::fread(magic, 1, 4, file) == 4 && std::memcmp(magic, "RIFF", 4) == 0;
  std::fclose(file);
  return found;
}

bool WaveInput::Refuse(const char* format, double first, double second) {
  char reason[256];
  std::snprintf(reason, sizeof(reason), format, first, second);
  std::snprintf(error_, sizeof(error_), "%s: %s", path_, reason);
  return false;
}

const char* WaveInput::Open(const char* path, bool is_sound, int channels, double rate_hz) {
  std::snprintf(path_, sizeof(path_), "%.300s", path);
  file_ = std::fopen(path, "rb");
  if (file_ == nullptr) {
    std::snprintf(error_, sizeof(error_), "cannot open %s: %s", path_, std::strerror(errno));
    return error_;
  }
  if (!is_sound) {
    Refuse("a WAV file is a recording of a microphone, and the profile's sensor is none");
    return error_;
  }
  std::fseek(file_, 0, SEEK_END);
  const long size = std::ftell(file_);
  std::fseek(file_, 0, SEEK_SET);
  file_bytes_ = size > 0 ? static_cast<uint64_t>(size) : 0;
  channels_ = channels;
  SetRate(rate_hz);
  interval_us_ = static_cast<int64_t>(1e6 / rate_hz + 0.5);
  if (!FindSamples(channels, rate_hz)) left_ = 0;
  return error_;
}

bool WaveInput::Read(void* bytes, size_t size) {
  if (std::fread(bytes, 1, size, file_) != size) return false;
  position_ += size;
  return true;
}

// Goes from chunk to chunk up to the samples.
bool WaveInput::FindSamples(int channels, double rate_hz) {
  unsigned char head[12];
  if (!Read(head, sizeof(head)) || std::memcmp(head, "RIFF", 4) != 0 ||
      std::memcmp(head + 8, "WAVE", 4) != 0) {
    return Refuse("is no WAV file");
  }
  bool knows_format = false;
  for (int i = 0; i < kMostChunks; ++i) {
    if (!Read(head, 8)) return Refuse("its head is damaged: it ends before its samples");
    const uint32_t size = Little(head + 4, 4);
    const uint64_t next = position_ + size + size % 2;
    if (std::memcmp(head, "data", 4) == 0) {
      if (!knows_format) return Refuse("its head is damaged: it does not say what its samples are");
      return CheckSize(size, channels);
    }
    if (std::memcmp(head, "fmt ", 4) == 0) {
      if (!CheckFormat(size, channels, rate_hz)) return false;
      knows_format = true;
    }
    if (next > file_bytes_ || std::fseek(file_, static_cast<long>(next), SEEK_SET) != 0) {
      return Refuse("its head is damaged: it ends before its samples");
    }
    position_ = next;
  }
  return Refuse("its head is damaged: it has more than %.0f parts", kMostChunks);
}

bool WaveInput::CheckFormat(uint32_t size, int channels, double rate_hz) {
  unsigned char bytes[kFormatBytes];
  if (size < kFormatBytes || !Read(bytes, kFormatBytes)) {
    return Refuse("its head is damaged: it does not say what its samples are");
  }
  const uint32_t format = Little(bytes, 2);
  const uint32_t bits = Little(bytes + 14, 2);
  if (format != kPcm || bits != kBits) {
    return Refuse("has %.0f bits in format %.0f: export it as 16-bit PCM", bits, format);
  }
  if (Little(bytes + 2, 2) != static_cast<uint32_t>(channels)) {
    return Refuse("has %.0f channels, and the profile has %.0f: export it so", Little(bytes + 2, 2),
                  channels);
  }
  const uint32_t rate = Little(bytes + 4, 4);
  if (rate != rate_hz) {
    return Refuse("has %.0f samples a second, and the profile has %.9g: resample it", rate,
                  rate_hz);
  }
  return true;
}

bool WaveInput::CheckSize(uint32_t size, int channels) {
  const auto sample = static_cast<uint32_t>(2 * channels);
  const uint64_t there = file_bytes_ > position_ ? file_bytes_ - position_ : 0;
  if (size > there || size % sample != 0) {
    return Refuse("is cut short: its head promises %.0f bytes of samples, %.0f are there", size,
                  static_cast<double>(there));
  }
  if (size == 0) return Refuse("holds no sample");
  left_ = size / sample;
  return true;
}

int WaveInput::ReadByte() {
  if (place_ == buffered_) {
    place_ = 0;
    buffered_ = std::fread(buffer_, 1, sizeof(buffer_), file_);
    if (buffered_ == 0) return 0;  // it became shorter since it was opened
  }
  return buffer_[place_++];
}

HostSample WaveInput::Next() {
  HostSample sample = {};
  for (int i = 0; i < channels_; ++i) {
    const int low = ReadByte();
    const auto number = static_cast<int16_t>(static_cast<uint16_t>(low | ReadByte() << 8));
    sample.values[i] = static_cast<float>(number) / 32768.0f;
  }
  std::snprintf(time_text_, sizeof(time_text_), "%.3f", static_cast<double>(taken_) * period_s_);
  ++taken_;
  --left_;
  return sample;
}

}  // namespace anomaly
