#include "RecordedInput.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace anomaly {

namespace {

#ifdef _WIN32
constexpr char kImport[] = "python piow import";
#else
constexpr char kImport[] = "./piow import";
#endif

constexpr double kMicros = 1e6;
constexpr double kHole = 1.5;  // intervals from row to row: more is a hole
constexpr double kNear = 4.0;  // a recording without a head is within this factor of the profile
constexpr int kFirstSteps = 64;

// A plain finite number with nothing before or behind it.
bool ParseNumber(const char* field, double* value) {
  const size_t length = std::strlen(field);
  if (length == 0 || std::strspn(field, "+-.0123456789eE") != length) return false;
  char* end = nullptr;
  *value = std::strtod(field, &end);
  return end != field && *end == '\0' && std::isfinite(*value);
}

// Days since 1970 of a date in the Gregorian calendar, and back; H. Hinnant,
// "chrono-Compatible Low-Level Date Algorithms".
int64_t DaysFromDate(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

void DateFromDays(int64_t days, int64_t* year, int64_t* month, int64_t* day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted + (shifted < 10 ? 3 : -9);
  *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

// "2013-07-04T00:00:00", with or without what is smaller than a second and a Z behind it.
bool ParseDate(const char* text, int64_t* seconds) {
  int part[6] = {};
  const int found = std::sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &part[0], &part[1], &part[2],
                                &part[3], &part[4], &part[5]);
  if (found != 6 || part[1] < 1 || part[1] > 12) return false;
  *seconds =
      DaysFromDate(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
  return true;
}

// The value of a comment "# key: value", or nullptr.
const char* HeadValue(const char* line, const char* key) {
  line += std::strspn(line, "# ");
  const size_t length = std::strlen(key);
  if (std::strncmp(line, key, length) != 0 || line[length] != ':') return nullptr;
  line += length + 1;
  return line + std::strspn(line, " ");
}

int Split(char* line, char** fields) {
  int count = 0;
  for (char* cursor = line; count < RecordedInput::kMaxColumns;) {
    char* end = std::strchr(cursor, ',');
    if (end != nullptr) *end = '\0';
    fields[count++] = cursor;
    if (end == nullptr) return count;
    cursor = end + 1;
  }
  return RecordedInput::kMaxColumns + 1;
}

int FindName(char* const* fields, int count, const char* name) {
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(fields[i], name) == 0) return i;
  }
  return -1;
}

}  // namespace

RecordedInput::~RecordedInput() {
  if (file_ != nullptr) std::fclose(file_);
}

void RecordedInput::Fail(const char* format, const char* detail) {
  std::snprintf(error_, sizeof(error_), format, detail);
}

const char* RecordedInput::Refuse(const char* path, const char* why) {
  std::snprintf(
      error_, sizeof(error_),
      "%.300s is not in the plain form (%s); import it first: %s \"%.300s\" --out plain.csv", path,
      why, kImport, path);
  return error_;
}

// std::getc takes a lock for each byte, which costs more than the detector.
int RecordedInput::ReadByte() {
  if (position_ == buffered_) {
    position_ = 0;
    buffered_ = std::fread(buffer_, 1, sizeof(buffer_), file_);
    if (buffered_ == 0) return EOF;
  }
  return static_cast<unsigned char>(buffer_[position_++]);
}

// The next line that is not empty. A line that does not fit is cut and marked; one with a NUL byte
// is binary and marked too.
bool RecordedInput::ReadLine() {
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
    if (line_[std::strspn(line_, " \t")] != '\0' || too_long_) return true;
  }
}

// What the comments before the header say; leaves the header in line_, or nothing.
void RecordedInput::ReadHead() {
  bool more = ReadLine();
  for (; more && line_[0] == '#' && !too_long_; more = ReadLine()) {
    if (const char* interval = HeadValue(line_, "interval")) {
      double seconds = 0.0;
      if (ParseNumber(interval, &seconds) && seconds > 0.0 && seconds < 1e9) {
        interval_us_ = std::llround(seconds * kMicros);
        plain_ = interval_us_ > 0;
      }
    } else if (const char* recorded = HeadValue(line_, "recorded")) {
      dated_ = ParseDate(recorded, &start_s_);
      plain_ = plain_ || dated_;
    }
  }
  if (!more) line_[0] = '\0';
}

bool RecordedInput::FindColumns(char* const* fields, int count, const char* column,
                                const char* const* channel_names) {
  if (column != nullptr) {
    if (channels_ != 1) {
      Fail("%s chooses one column, but the profile has several channels", "--column");
      return false;
    }
    columns_[0] = FindName(fields, count, column);
    if (columns_[0] < 0) Fail("the recording has no column \"%.200s\"", column);
    return columns_[0] >= 0;
  }
  for (int i = 0; i < channels_; ++i) {
    columns_[i] = FindName(fields, count, channel_names[i]);
    if (columns_[i] < 0 && channels_ == 1) columns_[0] = FindName(fields, count, "value");
    if (columns_[i] < 0 && channels_ == 1 && count == 2) columns_[0] = 1;
    if (columns_[i] < 0) {
      Fail("the recording has no column \"%.200s\"; choose one with --column", channel_names[i]);
      return false;
    }
  }
  return true;
}

// How far apart rows are that do not say it: what most of the first ones are. Not plausible for the
// profile: the times may be milliseconds, dates or numbers of rows.
bool RecordedInput::FindInterval(uint32_t period_us) {
  int64_t steps[kFirstSteps];
  int count = 0;
  int64_t before = 0;
  bool first = true;
  while (count < kFirstSteps && ReadLine()) {
    HostSample sample;
    int64_t micros = 0;
    if (!ParseRow(&sample, &micros)) continue;
    if (!first && micros > before) steps[count++] = micros - before;
    before = micros;
    first = false;
  }
  std::sort(steps, steps + count);
  interval_us_ = count > 0 ? steps[count / 2] : period_us;
  const double ratio = static_cast<double>(interval_us_) / static_cast<double>(period_us);
  return plain_ || (ratio <= kNear && ratio >= 1.0 / kNear);
}

const char* RecordedInput::Open(const char* path, const char* column,
                                const char* const* channel_names, int channels,
                                uint32_t period_us) {
  channels_ = channels;
  file_ = std::fopen(path, "rb");
  if (file_ == nullptr) {
    std::snprintf(error_, sizeof(error_), "cannot open %.300s: %s", path, std::strerror(errno));
    return error_;
  }
  ReadHead();
  if (line_[0] == '\0' && !too_long_) {
    Fail("%.300s holds no row", path);
    return error_;
  }
  if (too_long_ || std::strncmp(line_, "time,", 5) != 0) {
    return Refuse(path, "its header does not begin with \"time,\"");
  }
  char* fields[kMaxColumns];
  field_count_ = Split(line_, fields);
  if (field_count_ > kMaxColumns) {
    Fail("%.300s has more columns than the 64 that are supported", path);
    return error_;
  }
  if (!FindColumns(fields, field_count_, column, channel_names)) return error_;
  if (interval_us_ == 0) {
    const long here = std::ftell(file_) - static_cast<long>(buffered_ - position_);
    const uint64_t line = line_number_;
    if (!FindInterval(period_us)) {
      return Refuse(path,
                    "its times do not suit the profile, and no \"# interval:\" explains them");
    }
    std::fseek(file_, here, SEEK_SET);
    buffered_ = position_ = 0;
    line_number_ = line;
  }
  ReadAhead();
  next_.after_gap = false;
  if (!ready_ && malformed_ > 0) return Refuse(path, "it holds no row of plain numbers");
  if (!ready_) Fail("%.300s holds no row", path);
  return error_;
}

// A row of line_: numbers in all columns that are wanted. Cuts the line up.
bool RecordedInput::ParseRow(HostSample* sample, int64_t* micros) {
  char* fields[kMaxColumns];
  if (too_long_ || Split(line_, fields) != field_count_) return false;
  double value = 0.0;
  if (!ParseNumber(fields[0], &value) || std::fabs(value) > 1e12) return false;
  *micros = std::llround(value * kMicros);
  *sample = {};
  for (int i = 0; i < channels_; ++i) {
    if (!ParseNumber(fields[columns_[i]], &value)) return false;
    sample->values[i] = static_cast<float>(value);
  }
  return true;
}

void RecordedInput::ReadAhead() {
  const int64_t before = next_us_;
  ready_ = false;
  while (!ready_ && ReadLine()) {
    if (line_[0] == '#' && !too_long_) continue;
    ready_ = ParseRow(&next_, &next_us_);
    if (!ready_ && ++malformed_ <= kReported) {
      std::fprintf(stderr, "line %llu of the recording is malformed and left out\n",
                   static_cast<unsigned long long>(line_number_));
    }
  }
  const int64_t step = next_us_ - before;
  next_.after_gap =
      step <= 0 || static_cast<double>(step) > kHole * static_cast<double>(interval_us_);
}

HostSample RecordedInput::Next() {
  const HostSample sample = next_;
  const int64_t micros = next_us_;
  if (dated_) {
    const int64_t total = start_s_ + micros / 1000000;
    const int64_t days = (total >= 0 ? total : total - 86399) / 86400;
    const int64_t second = total - days * 86400;
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    DateFromDays(days, &year, &month, &day);
    std::snprintf(time_text_, sizeof(time_text_), "%04d-%02d-%02dT%02d:%02d:%02d",
                  static_cast<int>(year), static_cast<int>(month), static_cast<int>(day),
                  static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                  static_cast<int>(second % 60));
  } else {
    std::snprintf(time_text_, sizeof(time_text_), "%.3f", static_cast<double>(micros) / kMicros);
  }
  ReadAhead();
  return sample;
}

}  // namespace anomaly
