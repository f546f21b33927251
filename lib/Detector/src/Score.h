// Network input and output to a score: the arithmetic of ScoreConfig.
#pragma once

#include "DetectorConfig.h"

namespace anomaly {

// What the network could not reconstruct, weighed: residuals [count]. `output` [count] is cut to
// its range first.
void WeighResiduals(const ScoreConfig& score, int count, const float* input, float* output,
                    float* residuals);

// What a weighed residual of this size adds, and from the mean of those to the score.
float ScorePart(ScoreKind kind, float size);
float ScoreRoot(ScoreKind kind, float mean);

// The score of weighed residuals [count] as they were trained, without learnt limits.
float PlainScore(ScoreKind kind, int count, const float* residuals);

}  // namespace anomaly
