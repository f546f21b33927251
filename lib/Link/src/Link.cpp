#include "Link.h"

#include "Answers.h"

namespace anomaly {

void Link::Answer(const char* text, LineBuffer& line) {
  if (!is_serial_ && std::strcmp(text, "id") != 0) {
    return AddError(line, "this board has a connection of its own: no gateway is needed");
  }
  if (!serial_.Take(text, line)) return;
  const char* const error = session_.Receive();
  if (error != nullptr) AddError(line, error);
}

}  // namespace anomaly
