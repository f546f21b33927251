#include "EventRecord.h"

namespace anomaly {

const char* SettingText(Setting setting) {
  switch (setting) {
    case Setting::kThreshold:
      return "threshold";
    case Setting::kCalibrate:
      return "calibrate";
    case Setting::kLearn:
      return "learn";
    case Setting::kNormal:
      return "normal";
    case Setting::kAccept:
      return "accept";
    case Setting::kForget:
      return "forget";
  }
  return "unknown";
}

}  // namespace anomaly
