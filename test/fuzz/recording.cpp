// Any file as a recording, of a table or of sound. Input: the number of channels, how the column is
// chosen, then the file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "RecordedInput.h"
#include "WaveInput.h"
#include "fuzz.h"

using namespace anomaly;

// The file in memory, under a path that RecordedInput can open.
static const char* WriteFile(const uint8_t* data, size_t size) {
  static const int file = memfd_create("recording", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  Require(ftruncate(file, 0) == 0, "the file is emptied");
  Require(pwrite(file, data, size, 0) == static_cast<ssize_t>(size), "the file is written");
  return path.c_str();
}

static void ReadWave(const char* path, size_t size, int channels, const uint8_t* data) {
  WaveInput recording;
  const char* error = recording.Open(path, true, channels, 16000.0);
  Require((*error == '\0') == !recording.Done(), "either there is a sample or an error");
  size_t samples = 0;
  for (; !recording.Done(); ++samples) {
    const HostSample sample = recording.Next();
    Require(sample.fault == Fault::kNone && !sample.after_gap, "sound has no holes");
    for (int i = 0; i < channels; ++i) {
      Require(sample.values[i] >= -1.0f && sample.values[i] < 1.0f, "full scale is one");
    }
  }
  Require(2 * samples * static_cast<size_t>(channels) <= size, "a sample is in the file");
  Require(*error != '\0' || std::memcmp(data, "RIFF", 4) == 0, "a WAV file begins as one");
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const char* const kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  static const char* const kColumns[] = {nullptr, "a", "2", "value", "time", "", "-1"};
  Input input(data, size);
  const int channels = 1 + input.Take<uint8_t>() % kMaxChannels;
  const char* column = kColumns[input.Take<uint8_t>() % (sizeof(kColumns) / sizeof(kColumns[0]))];
  const char* path = WriteFile(input.data(), input.size());
  if (WaveInput::IsWave(path)) ReadWave(path, input.size(), channels, input.data());
  RecordedInput recording;
  const char* error = recording.Open(path, column, kNames, channels, 500000);
  Require((*error == '\0') == !recording.Done(), "either there is a row or an error");
  if (*error != '\0') return 0;
  Require(recording.interval_us() > 0, "the interval is known");
  const size_t lines =
      1 + static_cast<size_t>(std::count(input.data(), input.data() + input.size(), '\n'));
  size_t rows = 0;
  for (; !recording.Done(); ++rows) {
    const HostSample sample = recording.Next();
    Require(sample.fault == Fault::kNone, "a recording knows no fault");
    for (int i = 0; i < channels; ++i)
      Require(!std::isnan(sample.values[i]), "a value is a number");
    Require(!(rows == 0 && sample.after_gap), "nothing is missing before the first row");
    Require(std::strlen(recording.time_text()) < 32, "the time is a short text");
  }
  Require(rows + recording.malformed_rows() < lines, "a row or a malformed one is a line");
  return 0;
}
