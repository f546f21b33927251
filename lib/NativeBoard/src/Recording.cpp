#include "Recording.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace {

// A number, or "nan"/"inf" in any case (a logger's way to say that the sensor gave none), with
// nothing behind it.
bool ParseNumber(const char* field, float* value) {
  if (*field == '\0' || std::strpbrk(field, "xX") != nullptr) return false;
  char* end = nullptr;
  *value = std::strtof(field, &end);
  return end != field && *end == '\0';
}

char* Trim(char* text) {
  while (*text == ' ' || *text == '\t') ++text;
  char* end = text + std::strlen(text);
  while (end > text && (end[-1] == ' ' || end[-1] == '\t')) *--end = '\0';
  if (end - text >= 2 && *text == '"' && end[-1] == '"') {
    end[-1] = '\0';
    ++text;
  }
  return text;
}

bool IsTimeName(const char* name) {
  const char* const names[] = {"time",   "timestamp", "datetime", "date", "seconds",
                               "time_s", "ms",        "millis",   "t"};
  char lower[16] = {};
  for (size_t i = 0; i + 1 < sizeof(lower) && name[i] != '\0'; ++i) {
    const char c = name[i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (const char* candidate : names) {
    if (std::strcmp(lower, candidate) == 0) return true;
  }
  return false;
}

int FindName(char* const* fields, int count, const char* name) {
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(fields[i], name) == 0) return i;
  }
  return -1;
}

}  // namespace

Recording::~Recording() {
  if (file_ != nullptr) std::fclose(file_);
}

void Recording::Fail(const char* format, const char* detail) {
  std::snprintf(error_, sizeof(error_), format, detail);
}

int Recording::Split(char* line, char** fields) const {
  int count = 0;
  char* cursor = line;
  while (count < kMaxColumns) {
    char* end = std::strchr(cursor, delimiter_);
    if (end != nullptr) *end = '\0';
    fields[count++] = Trim(cursor);
    if (end == nullptr) return count;
    cursor = end + 1;
  }
  return kMaxColumns + 1;
}

// std::getc takes a lock for each byte, which costs more than the detector.
int Recording::ReadByte() {
  if (position_ == buffered_) {
    position_ = 0;
    buffered_ = std::fread(buffer_, 1, sizeof(buffer_), file_);
    if (buffered_ == 0) return EOF;
  }
  return static_cast<unsigned char>(buffer_[position_++]);
}

// The next line that is neither empty nor a comment. A line that does not fit is cut and marked;
// one with a NUL byte is binary and marked too.
bool Recording::ReadLine() {
  while (true) {
    int size = 0;
    too_long_ = false;
    int c = ReadByte();
    if (c == EOF) return false;
    ++line_number_;
    for (; c != EOF && c != '\n'; c = ReadByte()) {
      if (size == kMaxLine || c == '\0') {
        too_long_ = true;
      } else {
        line_[size++] = static_cast<char>(c);
      }
    }
    if (size > 0 && line_[size - 1] == '\r') --size;
    line_[size] = '\0';
    if (line_number_ == 1 && std::strncmp(line_, "\xEF\xBB\xBF", 3) == 0) {
      std::memmove(line_, line_ + 3, static_cast<size_t>(size - 2));
    }
    const bool blank = line_[std::strspn(line_, " \t")] == '\0';
    if ((blank || line_[0] == '#') && !too_long_) continue;
    return true;
  }
}

bool Recording::FindColumns(char* const* fields, int count, bool header, const char* column,
                            const char* const* channel_names) {
  field_count_ = count;
  if (count > kMaxColumns) {
    Fail("%s has more columns than the 64 that are supported", "the recording");
    return false;
  }
  for (int i = 0; header && i < count && time_column_ < 0; ++i) {
    if (IsTimeName(fields[i])) time_column_ = i;
  }
  if (!header && count > channels_) time_column_ = 0;
  if (column != nullptr) {
    if (channels_ != 1) {
      Fail("%s chooses one column, but the profile has several channels", "--column");
      return false;
    }
    columns_[0] = header ? FindName(fields, count, column) : -1;
    if (columns_[0] >= 0) return true;
    char* end = nullptr;
    const long number = std::strtol(column, &end, 10);
    if (*end == '\0' && number >= 1 && number <= count) {
      columns_[0] = static_cast<int>(number) - 1;
      return true;
    }
    Fail("there is no column \"%s\" in the recording; give a name of its header or a number",
         column);
    return false;
  }
  if (!header) {
    if (count < channels_) {
      Fail("the recording has fewer columns than the profile has channels%s", "");
      return false;
    }
    for (int i = 0; i < channels_; ++i) columns_[i] = count - channels_ + i;
    return true;
  }
  int found = 0;
  for (int i = 0; i < channels_; ++i) {
    columns_[i] = FindName(fields, count, channel_names[i]);
    if (columns_[i] >= 0) ++found;
  }
  if (found == channels_) return true;
  if (channels_ == 1) {
    columns_[0] = FindName(fields, count, "value");
    if (columns_[0] >= 0) return true;
    int candidates = 0;
    for (int i = 0; i < count; ++i) {
      if (IsTimeName(fields[i])) continue;
      columns_[0] = i;
      ++candidates;
    }
    if (candidates == 1) return true;
    Fail("the recording has no column \"%s\"; choose one with --column", channel_names[0]);
    return false;
  }
  for (int i = 0; i < channels_; ++i) {
    if (columns_[i] < 0) Fail("the recording has no column \"%s\"", channel_names[i]);
  }
  return false;
}

const char* Recording::Open(const char* path, const char* column, const char* const* channel_names,
                            int channels) {
  channels_ = channels;
  file_ = std::fopen(path, "rb");
  if (file_ == nullptr) {
    std::snprintf(error_, sizeof(error_), "cannot open %.300s: %s", path, std::strerror(errno));
    return error_;
  }
  if (!ReadLine()) {
    Fail("%.300s holds no row", path);
    return error_;
  }
  delimiter_ = std::strchr(line_, ';') != nullptr ? ';' : ',';
  char copy[kMaxLine + 2];
  std::memcpy(copy, line_, sizeof(copy));
  char* fields[kMaxColumns];
  const int count = Split(copy, fields);
  bool header = !too_long_;
  float ignored = 0.0f;
  for (int i = 0; i < count && i < kMaxColumns; ++i) {
    if (ParseNumber(fields[i], &ignored)) header = false;
  }
  if (!FindColumns(fields, count, header, column, channel_names)) return error_;
  if (header) {
    ReadAhead();
  } else if (ParseRow()) {
    ready_ = true;
  } else {
    ReadAhead();
  }
  if (!ready_) Fail("%.300s holds no sound row", path);
  return error_;
}

bool Recording::ParseRow() {
  char* fields[kMaxColumns];
  SensorSample sample = {};
  bool sound = !too_long_ && Split(line_, fields) == field_count_;
  for (int i = 0; sound && i < channels_; ++i) {
    sound = ParseNumber(fields[columns_[i]], &sample.values[i]);
  }
  if (!sound) {
    if (++malformed_ <= kReported) {
      std::fprintf(stderr, "line %llu of the recording is malformed and left out\n",
                   static_cast<unsigned long long>(line_number_));
    }
    return false;
  }
  next_ = sample;
  next_time_[0] = '\0';
  if (time_column_ >= 0) {
    std::snprintf(next_time_, sizeof(next_time_), "%.31s", fields[time_column_]);
  }
  return true;
}

void Recording::ReadAhead() {
  ready_ = false;
  while (!ready_ && ReadLine()) ready_ = ParseRow();
}

SensorSample Recording::Next() {
  const SensorSample sample = next_;
  std::memcpy(time_text_, next_time_, sizeof(time_text_));
  ReadAhead();
  return sample;
}
