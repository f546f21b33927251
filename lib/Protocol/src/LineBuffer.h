// A line of text of bounded length, built without heap, printf or double arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace anomaly {

class LineBuffer {
 public:
  static constexpr size_t kCapacity = 2080;  // of a line with its end

  // What does not fit is left out, and End() says so; the text is always terminated.
  LineBuffer& Add(const char* text) { return Append(text, std::strlen(text)); }
  LineBuffer& Add(const char* text, size_t size) { return Append(text, size); }
  LineBuffer& Add(char character);
  LineBuffer& AddInteger(int64_t value);
  LineBuffer& AddHex16(uint16_t value);  // four lower-case digits

  // `decimals` (0..6) digits after the point, rounded half away from zero from the exact value of
  // the float; "nan", "inf" and "-inf" for what is no number. Values of 1e12 and more lose their
  // decimals.
  LineBuffer& AddFixed(float value, int decimals);

  // The same with `digits` significant digits, 6 decimals at most, and without zeros at the end.
  LineBuffer& AddShort(float value, int digits);

  // Ends the line with "\r\n", for which there is always room. A line that was cut ends in "..."
  // before it, so that it is never taken for a whole one.
  LineBuffer& End();

  void Clear();
  const char* text() const { return text_; }
  size_t size() const { return size_; }
  bool truncated() const { return truncated_; }  // something did not fit

 private:
  static constexpr size_t kRoom = kCapacity - 2;  // for text

  LineBuffer& Append(const char* text, size_t length);
  // With a point before the last `decimals` digits.
  void AddDigits(uint64_t value, int decimals);

  char text_[kCapacity + 1] = {};
  size_t size_ = 0;
  bool truncated_ = false;
};

}  // namespace anomaly
