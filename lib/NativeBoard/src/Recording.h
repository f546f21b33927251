// A recording in a CSV file, read row by row: with or without a header, comma or semicolon, with
// times or without, '#' comments. A row that is not sound is skipped, counted and reported with its
// line number; it never becomes a reading.
#pragma once

#include <cstdint>
#include <cstdio>

#include "SampleSource.h"

class Recording final : public SampleSource {
 public:
  static constexpr int kMaxColumns = 64;
  static constexpr int kMaxLine = 4096;
  static constexpr int kReported = 5;  // malformed rows told one by one

  Recording() = default;
  ~Recording() override;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Opens `path` and finds the columns: `column` (a name of the header, or a number from 1) where
  // it is given and there is one channel; else the header's columns with the channels' names; else
  // "value"; else the only column that is no time; without a header the last columns. Returns "" or
  // one sentence for the user.
  const char* Open(const char* path, const char* column, const char* const* channel_names,
                   int channels);

  SensorSample Next() override;
  bool Done() const override { return !ready_; }
  const char* time_text() const override { return time_text_; }

  uint32_t malformed_rows() const { return malformed_; }
  // The error that ended the reading early, or "".
  const char* error() const { return error_; }

 private:
  bool ReadLine();
  int ReadByte();
  bool FindColumns(char* const* fields, int count, bool header, const char* column,
                   const char* const* channel_names);
  bool ParseRow();
  void ReadAhead();
  void Fail(const char* format, const char* detail);
  int Split(char* line, char** fields) const;

  std::FILE* file_ = nullptr;
  char buffer_[65536];
  size_t buffered_ = 0;
  size_t position_ = 0;
  char delimiter_ = ',';
  int channels_ = 0;
  int columns_[kMaxChannels] = {};
  int time_column_ = -1;
  int field_count_ = 0;
  bool ready_ = false;
  bool too_long_ = false;
  SensorSample next_ = {};
  uint64_t line_number_ = 0;
  uint32_t malformed_ = 0;
  char line_[kMaxLine + 2] = {};
  char next_time_[32] = {};
  char time_text_[32] = {};
  char error_[512] = {};
};
