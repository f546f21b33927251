#include "UartLine.h"

#include "driver/uart.h"

namespace anomaly {

// ESP-IDF has set UART0 up for its own messages before our first line; the driver takes it over as
// it is, so that nothing on its way out is cut.
static_assert(CONFIG_ESP_CONSOLE_UART_NUM == 0 &&
                  CONFIG_ESP_CONSOLE_UART_BAUDRATE == SerialLine::kBaud,
              "sdkconfig: the console must be UART0 at 115200 baud");

namespace {
constexpr uart_port_t kUart = UART_NUM_0;
constexpr int kReceiveBuffer = 1024;
constexpr TickType_t kLongestSend = pdMS_TO_TICKS(100);  // what is left of a line
}  // namespace

void UartLine::Begin() {
  ESP_ERROR_CHECK_WITHOUT_ABORT(uart_driver_install(kUart, kReceiveBuffer, 0, 0, nullptr, 0));
}

void UartLine::Write(const char* text, size_t size) { uart_write_bytes(kUart, text, size); }

int UartLine::ReadByte() {
  uint8_t byte = 0;
  return uart_read_bytes(kUart, &byte, 1, 0) == 1 ? byte : -1;
}

// A failure leaves the speed as it was; the other side then finds nobody, and both go back.
void UartLine::SetBaud(uint32_t baud) {
  ESP_ERROR_CHECK_WITHOUT_ABORT(uart_wait_tx_done(kUart, kLongestSend));
  ESP_ERROR_CHECK_WITHOUT_ABORT(uart_set_baudrate(kUart, baud));
}

}  // namespace anomaly
