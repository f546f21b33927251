// Writes one JSON object into a buffer of bounded length: no heap, no printf, no double arithmetic.
#pragma once

#include "LineBuffer.h"

namespace anomaly {

class JsonWriter {
 public:
  static constexpr size_t kMaxPayload = 2000;  // with its topic it is one line of the protocol
  static constexpr int kDigits = 5;            // significant ones of a number

  // nullptr becomes null, and so does what is no finite number.
  JsonWriter& Begin();
  JsonWriter& Text(const char* key, const char* value);
  JsonWriter& Text(const char* key, const char* value, size_t size);
  JsonWriter& Integer(const char* key, int64_t value);
  JsonWriter& Number(const char* key, float value);
  JsonWriter& Null(const char* key) { return Raw(key, "null"); }
  JsonWriter& Bool(const char* key, bool value) { return Raw(key, value ? "true" : "false"); }
  JsonWriter& Raw(const char* key, const char* json);
  JsonWriter& End();

  // Inside: objects, and lists, whose items have nullptr for a key.
  JsonWriter& Open(const char* key, char bracket);
  JsonWriter& Close(char bracket);

  // All of it is there. What is cut is never sent.
  bool whole() const { return !line_.truncated() && line_.size() <= kMaxPayload; }
  const char* text() const { return line_.text(); }
  size_t size() const { return line_.size(); }

 private:
  void Key(const char* key);
  void Escaped(uint32_t code);
  void Quoted(const char* text, size_t size);

  LineBuffer line_;
  bool first_ = true;
};

}  // namespace anomaly
