// Which parts a program needs. Here it is all of them; a package for other projects says what its
// models need, so that the linker leaves the others out.
#pragma once

namespace anomaly {

inline constexpr bool kWithFrames = true;    // samples become frames
inline constexpr bool kWithRefit = true;     // what was trained can be fitted again
inline constexpr bool kWithChannels = true;  // several values explain each other

}  // namespace anomaly
