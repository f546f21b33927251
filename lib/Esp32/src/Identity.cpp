#include "Identity.h"

#if __has_include("mqtt_client.h")

#include <cstdio>
#include <cstring>

#include "ChipId.h"
#include "WallTime.h"
#include "bootloader_random.h"
#include "esp_random.h"
#include "mbedtls/ecp.h"
#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"
#include "nvs_flash.h"

namespace anomaly {

namespace {

constexpr char kPartition[] = "identity";
constexpr char kKey[] = "key";
constexpr char kCertificates[] = "certificates";  // both: a power cut leaves the old or the new

int Random(void*, unsigned char* bytes, size_t size) {
  esp_fill_random(bytes, size);
  return 0;
}

// What mbedTLS makes and wants back.
struct Pk {
  Pk() { mbedtls_pk_init(&context); }
  ~Pk() { mbedtls_pk_free(&context); }
  bool Parse(const Identity::Der& der) {
    return mbedtls_pk_parse_key(&context, der.bytes, der.size, nullptr, 0, Random, nullptr) == 0;
  }
  mbedtls_pk_context context;
};

struct Certificate {
  Certificate() { mbedtls_x509_crt_init(&crt); }
  ~Certificate() { mbedtls_x509_crt_free(&crt); }
  bool Parse(const Identity::Der& der) {
    return der.size > 0 && mbedtls_x509_crt_parse_der(&crt, der.bytes, der.size) == 0;
  }
  mbedtls_x509_crt crt;
};

// mbedTLS writes to the end of a buffer.
size_t MoveToFront(uint8_t* bytes, size_t room, int size) {
  if (size <= 0) return 0;
  std::memmove(bytes, bytes + room - size, static_cast<size_t>(size));
  return static_cast<size_t>(size);
}

}  // namespace

void Identity::Begin() {
  esp_err_t status = nvs_flash_init_partition(kPartition);
  if (status == ESP_ERR_NVS_NO_FREE_PAGES || status == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    status = nvs_flash_erase_partition(kPartition);
    if (status == ESP_OK) status = nvs_flash_init_partition(kPartition);
  }
  open_ = status == ESP_OK &&
          nvs_open_from_partition(kPartition, kPartition, NVS_READWRITE, &handle_) == ESP_OK;
  if (!open_) return;
  const auto text = [this](const char* name, char* to, size_t room) {
    if (nvs_get_str(handle_, name, to, &room) != ESP_OK) *to = '\0';
  };
  text("ssid", ssid_, sizeof(ssid_));
  text("passphrase", passphrase_, sizeof(passphrase_));
  text("uri", uri_, sizeof(uri_));
  size_t size = sizeof(ders_);
  if (nvs_get_blob(handle_, kCertificates, ders_, &size) != ESP_OK || size != sizeof(ders_)) {
    std::memset(ders_, 0, sizeof(ders_));
  }
  key_.size = sizeof(key_.bytes);
  if (nvs_get_blob(handle_, kKey, key_.bytes, &key_.size) == ESP_OK) return;
  key_.size = 0;
  MakeKey();
}

void Identity::MakeKey() {
  Pk pk;
  bootloader_random_enable();
  const bool made =
      mbedtls_pk_setup(&pk.context, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
      mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk.context), Random, nullptr) ==
          0;
  bootloader_random_disable();
  if (!made) return;
  const int size = mbedtls_pk_write_key_der(&pk.context, key_.bytes, sizeof(key_.bytes));
  key_.size = MoveToFront(key_.bytes, sizeof(key_.bytes), size);
  if (key_.size > 0 && !Keep(kKey, key_.bytes, key_.size)) key_.size = 0;
}

bool Identity::Keep(const char* name, const void* bytes, size_t size) {
  return open_ && nvs_set_blob(handle_, name, bytes, size) == ESP_OK &&
         nvs_commit(handle_) == ESP_OK;
}

bool Identity::SetWifi(const char* ssid, const char* passphrase) {
  if (!open_ || nvs_set_str(handle_, "ssid", ssid) != ESP_OK ||
      nvs_set_str(handle_, "passphrase", passphrase) != ESP_OK || nvs_commit(handle_) != ESP_OK) {
    return false;
  }
  std::snprintf(ssid_, sizeof(ssid_), "%s", ssid);
  std::snprintf(passphrase_, sizeof(passphrase_), "%s", passphrase);
  version_.fetch_add(1, std::memory_order_release);
  return true;
}

bool Identity::SetBroker(const char* uri) {
  if (!open_ || nvs_set_str(handle_, "uri", uri) != ESP_OK || nvs_commit(handle_) != ESP_OK) {
    return false;
  }
  std::snprintf(uri_, sizeof(uri_), "%s", uri);
  version_.fetch_add(1, std::memory_order_release);
  return true;
}

size_t Identity::Request(uint8_t* der, size_t room) {
  Pk pk;
  if (key_.size == 0 || !pk.Parse(key_)) return 0;
  char name[sizeof("CN=") + kChipIdSize];
  std::snprintf(name, sizeof(name), "CN=%s", ChipId());
  mbedtls_x509write_csr csr;
  mbedtls_x509write_csr_init(&csr);
  mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
  mbedtls_x509write_csr_set_key(&csr, &pk.context);
  int size = mbedtls_x509write_csr_set_subject_name(&csr, name);
  if (size == 0) size = mbedtls_x509write_csr_der(&csr, der, room, Random, nullptr);
  mbedtls_x509write_csr_free(&csr);
  return MoveToFront(der, room, size);
}

bool Identity::Put(Item item, size_t offset, const uint8_t* bytes, size_t size) {
  Der& der = received_[static_cast<int>(item)];
  if (offset == 0) der.size = 0;
  if (offset != der.size || size > sizeof(der.bytes) - offset) return false;
  std::memcpy(der.bytes + offset, bytes, size);
  der.size += size;
  return true;
}

const char* Identity::Finish(int64_t unix_ms) {
  Certificate ca;
  Certificate own;
  Pk pk;
  if (!ca.Parse(received_[0])) return "what came as the CA is no certificate";
  if (!own.Parse(received_[1])) return "what came as the board's is no certificate";
  if (!pk.Parse(key_) || mbedtls_pk_check_pair(&own.crt.pk, &pk.context, Random, nullptr) != 0) {
    return "the certificate is not of this board's key";
  }
  if (!Keep(kCertificates, received_, sizeof(received_))) return "it could not be kept";
  std::memcpy(ders_, received_, sizeof(ders_));
  wall_time::Set(unix_ms);
  KeepTime(unix_ms);
  version_.fetch_add(1, std::memory_order_release);
  return nullptr;
}

// Erased, not only unlinked: nobody reads it from the flash later.
bool Identity::Wipe() {
  if (open_) nvs_close(handle_);
  open_ = false;
  nvs_flash_deinit_partition(kPartition);
  ssid_[0] = passphrase_[0] = uri_[0] = '\0';
  std::memset(ders_, 0, sizeof(ders_));
  std::memset(&key_, 0, sizeof(key_));
  version_.fetch_add(1, std::memory_order_release);
  return nvs_flash_erase_partition(kPartition) == ESP_OK;
}

int64_t Identity::KeptTime() const {
  int64_t kept = 0;
  return open_ && nvs_get_i64(handle_, "time", &kept) == ESP_OK ? kept : 0;
}

void Identity::KeepTime(int64_t unix_ms) {
  if (open_ && nvs_set_i64(handle_, "time", unix_ms) == ESP_OK) nvs_commit(handle_);
}

}  // namespace anomaly

#endif
