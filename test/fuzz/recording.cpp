// Any file as a recording. Input: the number of channels, how the column is chosen, then the file.
#include "Recording.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "fuzz.h"

// The file in memory, under a path that Recording can open.
static const char* WriteFile(const uint8_t* data, size_t size) {
  static const int file = memfd_create("recording", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  Require(ftruncate(file, 0) == 0, "the file is emptied");
  Require(pwrite(file, data, size, 0) == static_cast<ssize_t>(size), "the file is written");
  return path.c_str();
}

struct Rows {
  uint32_t sure;   // neither empty nor a comment, the header included
  uint32_t blank;  // nothing but blanks: may be either
};

static Rows CountRows(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  Rows rows = {};
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(start, end - start);
    start = end + 1;
    const bool sound = line.size() <= Recording::kMaxLine && line.find('\0') == std::string::npos;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (sound && (line.empty() || line[0] == '#')) continue;
    const bool blank = sound && line.find_first_not_of(" \t") == std::string::npos;
    ++(blank ? rows.blank : rows.sure);
  }
  return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const char* const kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  static const char* const kColumns[] = {nullptr, "a", "2", "value", "", "-1", "99999999999999999"};
  Input input(data, size);
  const int channels = 1 + input.Take<uint8_t>() % kMaxChannels;
  const char* column = kColumns[input.Take<uint8_t>() % (sizeof(kColumns) / sizeof(kColumns[0]))];
  const char* path = WriteFile(input.data(), input.size());
  Recording recording;
  const char* error = recording.Open(path, column, kNames, channels);
  Require((*error == '\0') == !recording.Done(), "either there is a row or an error");
  if (*error != '\0') return 0;
  uint32_t rows = 0;
  for (; !recording.Done(); ++rows) {
    const SensorSample sample = recording.Next();
    Require(sample.fault == SensorFault::kNone, "a recording knows no fault");
    Require(std::strlen(recording.time_text()) < 32, "the time is a short text");
  }
  const uint32_t told = rows + recording.malformed_rows();
  const Rows lines = CountRows(input.data(), input.size());
  Require(told + 1 >= lines.sure && told <= lines.sure + lines.blank,
          "every row is either read or counted as malformed");
  return 0;
}
