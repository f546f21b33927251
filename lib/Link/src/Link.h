// Everything between the detector and its server. With no transport of the chip's own, the serial
// line and a gateway behind it are the way.
#pragma once

#include "LinkSession.h"
#include "Messages.h"
#include "ProvisioningConsole.h"
#include "SerialTransport.h"

namespace anomaly {

class Link {
 public:
  // All must outlive the link. `events`: where events are kept. The app takes console() for its
  // serial line.
  Link(const LinkConfig& config, const Platform& platform, Flash& events, Transport* own = nullptr)
      : serial_(config, platform.clock, platform.serial),
        transport_(own != nullptr ? *own : serial_),
        is_serial_(own == nullptr),
        console_(platform.serial, config.allows_reboot),
        ring_(events),
        queue_(transport_),
        session_(config, platform, ring_, queue_, transport_, console_) {}

  // Before anything else: who carries out commands, and where lines of the serial line are made.
  void SetConsole(CommandRunner* runner, LineBuffer* line) {
    console_.SetRunner(runner);
    serial_.SetBuffer(line);
  }

  RemoteConsole& console() { return console_; }
  LinkQueue& queue() { return queue_; }
  LinkSession& session() { return session_; }
  const EventRing& ring() const { return ring_; }
  const Transport& transport() const { return transport_; }

  // Answers `link ...`; `text` is what stands behind it.
  void Answer(const char* text, LineBuffer& line);

  // Of a board that has a network of its own.
  void SetProvisioning(ProvisioningConsole* console) { provisioning_ = console; }
  ProvisioningConsole* provisioning() { return provisioning_; }

 private:
  SerialTransport serial_;
  Transport& transport_;
  const bool is_serial_;
  RemoteConsole console_;
  EventRing ring_;
  LinkQueue queue_;
  LinkSession session_;
  ProvisioningConsole* provisioning_ = nullptr;
};
static_assert(sizeof(Link) <= 8448, "docs/protocol.md says what a link costs in RAM");

}  // namespace anomaly
