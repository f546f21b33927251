#include "Score.h"

#include <cmath>

#include "Bounds.h"
#include "Clip.h"

namespace anomaly {

void WeighResiduals(const ScoreConfig& score, int count, const float* input, float* output,
                    float* residuals) {
  float plain[kMaxFeatures];
  const float* row = score.residual_whitening;
  for (int i = 0; i < count; ++i) {
    if (score.output_low != nullptr) {
      output[i] = Clip(output[i], score.output_low[i], score.output_high[i]);
    }
    plain[i] = input[i] - output[i];
    residuals[i] = plain[i];
    if (score.kind == ScoreKind::kAbsolute) continue;
    plain[i] -= score.residual_mean[i];
    residuals[i] = 0.0f;
    for (int j = 0; j <= i; ++j) residuals[i] += row[j] * plain[j];
    row += i + 1;
  }
}

float ScorePart(ScoreKind kind, float size) {
  const float square = size * size;
  return kind == ScoreKind::kAbsolute ? std::fabs(size)
         : kind == ScoreKind::kRms    ? square
                                      : square * square;
}

float ScoreRoot(ScoreKind kind, float mean) {
  switch (kind) {
    case ScoreKind::kAbsolute:
      return mean;
    case ScoreKind::kRms:
      return std::sqrt(mean);
    case ScoreKind::kQuartic:
      return std::sqrt(std::sqrt(mean));
  }
  return mean;
}

float PlainScore(ScoreKind kind, int count, const float* residuals) {
  float sum = 0.0f;
  for (int i = 0; i < count; ++i) sum += ScorePart(kind, residuals[i]);
  return ScoreRoot(kind, sum / static_cast<float>(count));
}

}  // namespace anomaly
