// A recording in the project's plain form, read row by row: lines of '#' with what is known of it,
// a header "time,<channel>,...", then rows of plain numbers, the time in seconds. It is what
// `collect` and `import` write (docs/recordings.md); anything else is refused with the command that
// imports it. A row that is not sound is left out, counted and reported with its line number.
#pragma once

#include <cstdint>
#include <cstdio>

#include "HostInput.h"

namespace anomaly {

class RecordedInput final : public HostInput {
 public:
  static constexpr int kMaxColumns = 64;
  static constexpr int kMaxLine = 4096;
  static constexpr int kReported = 5;  // malformed rows told one by one

  RecordedInput() = default;
  ~RecordedInput() override;
  RecordedInput(const RecordedInput&) = delete;
  RecordedInput& operator=(const RecordedInput&) = delete;

  // Opens `path` and finds the columns: `column`, a name of the header, where it is given and there
  // is one channel; else the channels' names; else, of one channel, "value" or the only column
  // beside the time. `period_us` is the profile's: a recording that does not state its interval has
  // to come at about this pace. Returns "" or one sentence for the user.
  const char* Open(const char* path, const char* column, const char* const* channel_names,
                   int channels, uint32_t period_us);

  HostSample Next() override;
  bool Done() const override { return !ready_; }
  // The date and time of the last sample where the recording has a date, else its seconds.
  const char* time_text() const override { return time_text_; }

  uint32_t malformed_rows() const { return malformed_; }

 private:
  bool ReadLine();
  int ReadByte();
  void ReadHead();
  bool FindColumns(char* const* fields, int count, const char* column,
                   const char* const* channel_names);
  bool FindInterval(uint32_t period_us);
  bool ParseRow(HostSample* sample, int64_t* micros);
  void ReadAhead();
  const char* Refuse(const char* path, const char* why);
  void Fail(const char* format, const char* detail);

  std::FILE* file_ = nullptr;
  char buffer_[65536];
  size_t buffered_ = 0;
  size_t position_ = 0;
  int channels_ = 0;
  int columns_[kMaxChannels] = {};
  int field_count_ = 0;
  bool plain_ = false;  // its head says so
  bool dated_ = false;
  int64_t start_s_ = 0;  // since 1970
  bool ready_ = false;
  bool too_long_ = false;
  HostSample next_ = {};
  int64_t next_us_ = 0;
  uint64_t line_number_ = 0;
  uint32_t malformed_ = 0;
  char line_[kMaxLine + 2] = {};
  char time_text_[32] = {};
  char error_[1024] = {};
};

}  // namespace anomaly
