#include "ProvisioningConsole.h"

#include <cstring>

#include "Answers.h"
#include "Base64.h"

namespace anomaly {

namespace {

constexpr char kNotKeptError[] = "it could not be kept";
constexpr char kWifiError[] =
    "wifi wants SSID [PASSPHRASE], quoted where there are spaces: at most 32 bytes, and 8 to 63";
constexpr char kBrokerError[] =
    "mqtt wants mqtts://HOST or mqtts://HOST:PORT: the connection is encrypted";
constexpr char kEnrollError[] =
    "enroll wants nothing, ca|cert OFFSET BASE64, or done UNIX_MS mqtts://HOST:PORT";
constexpr char kScheme[] = "mqtts://";

constexpr size_t kMaxPart = 384;  // bytes of a line of `enroll`

bool IsEnd(const char* text) { return text[std::strspn(text, " \t")] == '\0'; }

// Digits alone, at most 15 of them.
bool ParseNumber(const char* word, int64_t* number) {
  const size_t digits = std::strspn(word, "0123456789");
  if (digits == 0 || digits > 15 || word[digits] != '\0') return false;
  *number = 0;
  for (; *word != '\0'; ++word) *number = *number * 10 + (*word - '0');
  return true;
}

bool IsWifi(const char* ssid, const char* passphrase) {
  const size_t size = std::strlen(passphrase);
  return *ssid != '\0' && std::strlen(ssid) <= Provisioning::kMaxSsid &&
         (size == 0 || (size >= 8 && size <= 63));
}

// A host behind the scheme, and nothing that a URI cannot hold.
bool IsBroker(const char* uri) {
  constexpr size_t kBegin = sizeof(kScheme) - 1;
  const size_t size = std::strlen(uri);
  if (size <= kBegin || size > Provisioning::kMaxUri) return false;
  if (std::strncmp(uri, kScheme, kBegin) != 0) return false;
  for (const char* c = uri; *c != '\0'; ++c) {
    if (*c <= ' ' || *c > '~' || *c == '"') return false;
  }
  return std::strchr("/:", uri[kBegin]) == nullptr;
}

}  // namespace

bool NextWord(const char** cursor, char* word, size_t room) {
  const char* from = *cursor + std::strspn(*cursor, " \t");
  if (*from == '\0') return false;
  const bool quoted = *from == '"';
  if (quoted) ++from;
  size_t size = 0;
  for (; *from != '\0'; ++from) {
    if (quoted ? *from == '"' : *from == ' ' || *from == '\t') break;
    if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\')) ++from;
    if (size + 1 >= room) return false;
    word[size++] = *from;
  }
  if (quoted && *from != '"') return false;
  if (quoted) ++from;
  if (quoted && *from != '\0' && *from != ' ' && *from != '\t') return false;
  word[size] = '\0';
  *cursor = from;
  return true;
}

// ---- lines

void ProvisioningConsole::Answer(const char* text, LineBuffer& line) {
  char what[8];
  if (!NextWord(&text, what, sizeof(what))) return;
  if (std::strcmp(what, "wifi") == 0) return AnswerWifi(text, line);
  std::strcmp(what, "mqtt") == 0 ? AnswerBroker(text, line) : AnswerEnroll(text, line);
}

void ProvisioningConsole::AnswerWifi(const char* text, LineBuffer& line) {
  char ssid[Provisioning::kMaxSsid + 1];
  char passphrase[Provisioning::kMaxPassphrase + 1] = "";
  if (!NextWord(&text, ssid, sizeof(ssid)) ||
      (!IsEnd(text) && !NextWord(&text, passphrase, sizeof(passphrase))) || !IsEnd(text) ||
      !IsWifi(ssid, passphrase)) {
    return AddError(line, kWifiError);
  }
  if (!provisioning_.SetWifi(ssid, passphrase)) return AddError(line, kNotKeptError);
  line.Add("OK wifi=set").End();
}

void ProvisioningConsole::AnswerBroker(const char* text, LineBuffer& line) {
  char uri[Provisioning::kMaxUri + 1];
  if (!NextWord(&text, uri, sizeof(uri)) || !IsEnd(text) || !IsBroker(uri)) {
    return AddError(line, kBrokerError);
  }
  if (!provisioning_.SetBroker(uri)) return AddError(line, kNotKeptError);
  line.Add("OK mqtt=set").End();
}

void ProvisioningConsole::AnswerEnroll(const char* text, LineBuffer& line) {
  if (IsEnd(text)) return SendRequest(line);
  char what[8];
  if (!NextWord(&text, what, sizeof(what))) return AddError(line, kEnrollError);
  if (std::strcmp(what, "ca") == 0) return Put(Provisioning::Item::kCa, text, line);
  if (std::strcmp(what, "cert") == 0) return Put(Provisioning::Item::kCertificate, text, line);
  if (std::strcmp(what, "done") == 0) return Finish(text, line);
  AddError(line, kEnrollError);
}

void ProvisioningConsole::SendRequest(LineBuffer& line) {
  uint8_t der[Provisioning::kMaxDer];
  const size_t size = provisioning_.Request(der, sizeof(der));
  if (size == 0) return AddError(line, "this board could not make a key");
  line.Add("OK enroll id=").Add(id_).Add(" csr=");
  AddBase64(line, static_cast<int>(size), [&der](int place) { return der[place]; });
  line.End();
}

void ProvisioningConsole::Put(Provisioning::Item item, const char* text, LineBuffer& line) {
  char digits[8];
  char part[Base64Size(kMaxPart) + 1];
  uint8_t bytes[kMaxPart];
  int64_t offset = 0;
  size_t size = 0;
  if (!NextWord(&text, digits, sizeof(digits)) || !ParseNumber(digits, &offset) ||
      !NextWord(&text, part, sizeof(part)) || !IsEnd(text) ||
      !ReadBase64(part, bytes, sizeof(bytes), &size)) {
    return AddError(line, kEnrollError);
  }
  if (!provisioning_.Put(item, static_cast<size_t>(offset), bytes, size)) {
    return AddError(line, "this part does not follow the one before, or it is too long");
  }
  line.Add("OK enroll bytes=").AddInteger(offset + static_cast<int64_t>(size)).End();
}

void ProvisioningConsole::Finish(const char* text, LineBuffer& line) {
  char digits[16];
  char uri[Provisioning::kMaxUri + 1];
  int64_t unix_ms = 0;
  if (!NextWord(&text, digits, sizeof(digits)) || !ParseNumber(digits, &unix_ms) ||
      !NextWord(&text, uri, sizeof(uri)) || !IsEnd(text) || !IsBroker(uri)) {
    return AddError(line, kEnrollError);
  }
  if (const char* why = provisioning_.Finish(unix_ms)) return AddError(line, why);
  if (!provisioning_.SetBroker(uri)) return AddError(line, kNotKeptError);
  line.Add("OK enroll=done").End();
}

// ---- packets

bool ProvisioningConsole::Feed(uint8_t byte) {
  if (!reader_.Feed(byte)) return false;
  ImprovCommand command;
  if (reader_.Take(&command) != ImprovCommand::Kind::kNone) AnswerPacket(command);
  return true;
}

void ProvisioningConsole::AnswerPacket(const ImprovCommand& command) {
  const char* const info[] = {"anomaly-detector", firmware_, chip_, id_};
  switch (command.kind) {
    case ImprovCommand::Kind::kState:
      return SendState();
    case ImprovCommand::Kind::kInfo:
      return Send(WriteImprovResult(command.number, info, 4, packet_));
    case ImprovCommand::Kind::kWifi:
      if (!IsWifi(command.ssid, command.passphrase) ||
          !provisioning_.SetWifi(command.ssid, command.passphrase)) {
        return Send(WriteImprovError(ImprovError::kUnable, packet_));
      }
      SendState();
      return Send(WriteImprovResult(command.number, nullptr, 0, packet_));
    case ImprovCommand::Kind::kUnknown:
      return Send(WriteImprovError(ImprovError::kUnknown, packet_));
    default:
      return Send(WriteImprovError(ImprovError::kInvalid, packet_));
  }
}

void ProvisioningConsole::SendState() {
  const bool set = provisioning_.has_wifi();
  Send(WriteImprovState(set ? ImprovState::kProvisioned : ImprovState::kReady, packet_));
}

void ProvisioningConsole::Send(size_t size) {
  serial_.Write(reinterpret_cast<const char*>(packet_), size);
}

}  // namespace anomaly
