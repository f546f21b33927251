// Upper bounds that size every fixed buffer. The generated header compares them with those that
// training knows (project/profile), so that a profile beyond them does not compile.
#pragma once

namespace anomaly {

constexpr int kMaxChannels = 8;
constexpr int kMaxValues = 20;  // of a frame; of a sample without frames, its channels
constexpr int kMaxFeatures = 20;
// Characters of a channel's name, and of its unit: a line of the protocol has room for all of them.
constexpr int kMaxChannelName = 32;
constexpr int kMaxUnit = 8;

}  // namespace anomaly
