#include "Improv.h"

#include <cstring>

namespace anomaly {

const char ImprovReader::kMark[7] = {'I', 'M', 'P', 'R', 'O', 'V', '\0'};

namespace {

constexpr size_t kMarkSize = sizeof(ImprovReader::kMark) - 1;
constexpr uint8_t kVersion = 1;
constexpr uint8_t kStateType = 1;
constexpr uint8_t kErrorType = 2;
constexpr uint8_t kCommandType = 3;
constexpr uint8_t kResultType = 4;

uint8_t SumOf(const uint8_t* bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum += bytes[i];
  return static_cast<uint8_t>(sum);
}

// The text of a length and so many bytes at `cursor`; nullptr where it does not fit in, else what
// follows it.
const uint8_t* TakeText(const uint8_t* cursor, const uint8_t* end, char* text) {
  if (cursor == nullptr || cursor == end) return nullptr;
  const size_t size = *cursor++;
  const auto left = static_cast<size_t>(end - cursor);
  if (size > left || size > ImprovCommand::kMaxText) return nullptr;
  std::memcpy(text, cursor, size);
  text[size] = '\0';
  return std::strlen(text) == size ? cursor + size : nullptr;
}

// `data`: the command's number, the size of what follows, and that.
ImprovCommand Parse(const uint8_t* data, size_t size) {
  ImprovCommand command = {};
  command.kind = ImprovCommand::Kind::kInvalid;
  if (size < 2 || data[1] != size - 2) return command;
  command.number = data[0];
  switch (command.number) {
    case 1: {
      const uint8_t* const end = data + size;
      const uint8_t* cursor = TakeText(data + 2, end, command.ssid);
      cursor = TakeText(cursor, end, command.passphrase);
      if (cursor == end && command.ssid[0] != '\0') command.kind = ImprovCommand::Kind::kWifi;
      return command;
    }
    case 2:
      command.kind = ImprovCommand::Kind::kState;
      return command;
    case 3:
      command.kind = ImprovCommand::Kind::kInfo;
      return command;
    default:
      command.kind = ImprovCommand::Kind::kUnknown;
      return command;
  }
}

size_t Write(uint8_t type, const uint8_t* data, size_t size, uint8_t* packet) {
  std::memcpy(packet, ImprovReader::kMark, kMarkSize);
  packet[kMarkSize] = kVersion;
  packet[kMarkSize + 1] = type;
  packet[kMarkSize + 2] = static_cast<uint8_t>(size);
  std::memmove(packet + ImprovReader::kHeader, data, size);
  const size_t end = ImprovReader::kHeader + size;
  packet[end] = SumOf(packet, end);
  packet[end + 1] = '\n';
  return end + 2;
}

}  // namespace

bool ImprovReader::Feed(uint8_t byte) {
  released_ = 0;
  if (complete_) size_ = 0;
  complete_ = false;
  const bool fits = size_ >= kMarkSize + 1 ||
                    byte == (size_ < kMarkSize ? static_cast<uint8_t>(kMark[size_]) : kVersion);
  if (!fits) {
    released_ = size_;
    size_ = 0;
    return false;
  }
  packet_[size_++] = byte;
  complete_ = size_ >= kHeader && size_ == kHeader + packet_[kHeader - 1] + 1u;
  return true;
}

ImprovCommand::Kind ImprovReader::Take(ImprovCommand* command) {
  *command = {};
  if (!complete_) return ImprovCommand::Kind::kNone;
  complete_ = false;
  const size_t size = size_ - kHeader - 1;
  size_ = 0;
  if (packet_[kMarkSize + 1] != kCommandType) return ImprovCommand::Kind::kNone;
  if (SumOf(packet_, kHeader + size) != packet_[kHeader + size]) {
    command->kind = ImprovCommand::Kind::kInvalid;
  } else {
    *command = Parse(packet_ + kHeader, size);
  }
  return command->kind;
}

size_t WriteImprovState(ImprovState state, uint8_t* packet) {
  const auto data = static_cast<uint8_t>(state);
  return Write(kStateType, &data, 1, packet);
}

size_t WriteImprovError(ImprovError error, uint8_t* packet) {
  const auto data = static_cast<uint8_t>(error);
  return Write(kErrorType, &data, 1, packet);
}

size_t WriteImprovResult(uint8_t command, const char* const* texts, int count, uint8_t* packet) {
  uint8_t data[255];
  size_t size = 2;
  for (int i = 0; i < count && size < sizeof(data); ++i) {
    size_t length = std::strlen(texts[i]);
    if (length > sizeof(data) - size - 1) length = sizeof(data) - size - 1;
    data[size] = static_cast<uint8_t>(length);
    std::memcpy(data + size + 1, texts[i], length);
    size += 1 + length;
  }
  data[0] = command;
  data[1] = static_cast<uint8_t>(size - 2);
  return Write(kResultType, data, size, packet);
}

}  // namespace anomaly
