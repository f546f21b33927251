#include "JsonReader.h"

#include <cstring>

namespace anomaly {

namespace {

constexpr int kMaxDepth = 8;
constexpr int kMaxDigits = 15;
constexpr size_t kMaxKey = 16;

// Takes characters from the front; false everywhere means that it is no JSON.
class Reader {
 public:
  Reader(const char* json, size_t size) : at_(json), end_(json + size) {}

  bool Object(JsonField* fields, int count);
  bool AtEnd() {
    Space();
    return at_ == end_;
  }

 private:
  void Space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool Is(char c) {
    Space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  char Peek() {
    Space();
    return at_ < end_ ? *at_ : '\0';
  }
  bool Literal(const char* word);
  bool Digits(int* count);
  bool Number(int64_t* value, bool* whole);
  bool Hex(uint32_t* value);
  bool Escape(uint32_t* code);
  bool Utf8(uint32_t* code);
  bool String(char* text, size_t room, bool* fits);
  bool Value(int depth);
  bool Members(char close, int depth);
  bool Take(JsonField* field);

  const char* at_;
  const char* end_;
};

bool Reader::Literal(const char* word) {
  const size_t size = std::strlen(word);
  if (static_cast<size_t>(end_ - at_) < size || std::memcmp(at_, word, size) != 0) return false;
  at_ += size;
  return true;
}

bool Reader::Digits(int* count) {
  *count = 0;
  for (; at_ < end_ && *at_ >= '0' && *at_ <= '9'; ++at_) ++*count;
  return *count > 0;
}

bool Reader::Number(int64_t* value, bool* whole) {
  const bool negative = Is('-');
  const char* const first = at_;
  int count = 0;
  if (!Digits(&count) || (count > 1 && *first == '0')) return false;
  *value = 0;
  *whole = count <= kMaxDigits;
  for (const char* digit = first; *whole && digit < at_; ++digit) {
    *value = *value * 10 + (*digit - '0');
  }
  if (negative) *value = -*value;
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    *whole = false;
    if (!Digits(&count)) return false;
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    *whole = false;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!Digits(&count)) return false;
  }
  return true;
}

bool Reader::Hex(uint32_t* value) {
  *value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == end_) return false;
    static const char kDigits[] = "0123456789abcdef0123456789ABCDEF";
    const char* const found = *at_ == '\0' ? nullptr : std::strchr(kDigits, *at_);
    if (found == nullptr) return false;
    *value = *value * 16 + static_cast<uint32_t>(found - kDigits) % 16;
  }
  return true;
}

// Behind a backslash.
bool Reader::Escape(uint32_t* code) {
  if (at_ == end_) return false;
  const char c = *at_++;
  static const char kNames[] = "\"\\/bfnrt";
  static const char kMeant[] = "\"\\/\b\f\n\r\t";
  const char* const found = c == '\0' ? nullptr : std::strchr(kNames, c);
  if (found != nullptr) {
    *code = static_cast<unsigned char>(kMeant[found - kNames]);
    return true;
  }
  if (c != 'u' || !Hex(code)) return false;
  if (*code < 0xD800 || *code > 0xDFFF) return true;
  uint32_t low = 0;
  if (*code > 0xDBFF || !Literal("\\u") || !Hex(&low) || low < 0xDC00 || low > 0xDFFF) return false;
  *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
  return true;
}

// One character of a string as it stands; RFC 3629.
bool Reader::Utf8(uint32_t* code) {
  const auto lead = static_cast<unsigned char>(*at_++);
  *code = lead;
  if (lead < 0x80) return lead >= 0x20;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4) return false;
  *code = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (at_ == end_ || (static_cast<unsigned char>(*at_) & 0xC0) != 0x80) return false;
    *code = *code << 6 | (static_cast<unsigned char>(*at_++) & 0x3Fu);
  }
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  return *code >= kLeast[more] && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
}

// Into `text`, as far as it fits there; nullptr: nowhere.
bool Reader::String(char* text, size_t room, bool* fits) {
  if (!Is('"')) return false;
  size_t size = 0;
  *fits = text != nullptr;
  const auto put = [&](uint32_t byte) {
    if (text == nullptr || size + 1 >= room) {
      *fits = false;
    } else {
      text[size++] = static_cast<char>(byte);
    }
  };
  while (at_ < end_ && *at_ != '"') {
    uint32_t code = 0;
    const bool escaped = *at_ == '\\';
    if (escaped) ++at_;
    if (!(escaped ? Escape(&code) : Utf8(&code))) return false;
    if (code == 0) return false;
    if (code < 0x80) {
      put(code);
      continue;
    }
    if (code >= 0x10000) put(0xF0 | code >> 18);
    if (code >= 0x10000) put(0x80 | (code >> 12 & 0x3F));
    if (code >= 0x800 && code < 0x10000) put(0xE0 | code >> 12);
    if (code >= 0x800) put(0x80 | (code >> 6 & 0x3F));
    if (code < 0x800) put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  }
  if (text != nullptr && room > 0) text[size] = '\0';
  return Is('"');
}

bool Reader::Members(char close, int depth) {
  if (depth >= kMaxDepth) return false;
  if (Is(close)) return true;
  for (;;) {
    bool fits = false;
    if (close == '}' && !(String(nullptr, 0, &fits) && Is(':'))) return false;
    if (!Value(depth + 1)) return false;
    if (Is(close)) return true;
    if (!Is(',')) return false;
  }
}

bool Reader::Value(int depth) {
  bool flag = false;
  int64_t number = 0;
  switch (Peek()) {
    case '{':
      return Is('{') && Members('}', depth);
    case '[':
      return Is('[') && Members(']', depth);
    case '"':
      return String(nullptr, 0, &flag);
    case 't':
      return Literal("true");
    case 'f':
      return Literal("false");
    case 'n':
      return Literal("null");
    default:
      return Number(&number, &flag);
  }
}

bool Reader::Take(JsonField* field) {
  if (field->found) return false;
  field->found = true;
  bool fits = false;
  if (field->text != nullptr) return String(field->text, field->room, &fits) && fits;
  return Number(&field->number, &fits) && fits;
}

bool Reader::Object(JsonField* fields, int count) {
  if (!Is('{')) return false;
  if (Is('}')) return true;
  for (;;) {
    char key[kMaxKey];
    bool fits = false;
    if (!String(key, sizeof(key), &fits) || !Is(':')) return false;
    JsonField* wanted = nullptr;
    for (int i = 0; fits && i < count; ++i) {
      if (std::strcmp(key, fields[i].key) == 0) wanted = &fields[i];
    }
    Space();
    if (!(wanted != nullptr ? Take(wanted) : Value(0))) return false;
    if (Is('}')) return true;
    if (!Is(',')) return false;
  }
}

}  // namespace

bool ReadJson(const char* json, size_t size, JsonField* fields, int count) {
  Reader reader(json, size);
  return reader.Object(fields, count) && reader.AtEnd();
}

}  // namespace anomaly
