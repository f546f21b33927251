#include "JsonWriter.h"

#include <cmath>

namespace anomaly {

void JsonWriter::Key(const char* key) {
  if (!first_) line_.Add(',');
  first_ = false;
  if (key != nullptr) line_.Add('"').Add(key).Add("\":");
}

void JsonWriter::Escaped(uint32_t code) {
  if (code >= 0x10000) {
    code -= 0x10000;
    line_.Add("\\u").AddHex16(static_cast<uint16_t>(0xD800 | code >> 10));
    code = 0xDC00 | (code & 0x3FF);
  }
  line_.Add("\\u").AddHex16(static_cast<uint16_t>(code));
}

// The board's lines are ASCII: other characters, of UTF-8, are escaped.
void JsonWriter::Quoted(const char* text, size_t size) {
  line_.Add('"');
  for (size_t i = 0; i < size;) {
    const auto c = static_cast<unsigned char>(text[i++]);
    if (c < 0x20 || c == 0x7F) {
      Escaped(c);
    } else if (c < 0x80) {
      if (c == '"' || c == '\\') line_.Add('\\');
      line_.Add(static_cast<char>(c));
    } else {
      uint32_t code = c >= 0xF0 ? c & 0x07u : c >= 0xE0 ? c & 0x0Fu : c & 0x1Fu;
      for (; i < size && (text[i] & 0xC0) == 0x80; ++i)
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
      Escaped(code);
    }
  }
  line_.Add('"');
}

JsonWriter& JsonWriter::Begin() {
  line_.Clear();
  line_.Add('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End() {
  line_.Add('}');
  return *this;
}

JsonWriter& JsonWriter::Raw(const char* key, const char* json) {
  Key(key);
  line_.Add(json);
  return *this;
}

JsonWriter& JsonWriter::Text(const char* key, const char* value) {
  return value == nullptr ? Null(key) : Text(key, value, std::strlen(value));
}

JsonWriter& JsonWriter::Text(const char* key, const char* value, size_t size) {
  Key(key);
  Quoted(value, size);
  return *this;
}

JsonWriter& JsonWriter::Integer(const char* key, int64_t value) {
  Key(key);
  line_.AddInteger(value);
  return *this;
}

JsonWriter& JsonWriter::Number(const char* key, float value) {
  if (!std::isfinite(value)) return Null(key);
  Key(key);
  line_.AddShort(value, kDigits);
  return *this;
}

JsonWriter& JsonWriter::Open(const char* key, char bracket) {
  Key(key);
  line_.Add(bracket);
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  line_.Add(bracket);
  first_ = false;
  return *this;
}

}  // namespace anomaly
