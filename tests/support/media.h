// Image and sound files that tests make themselves.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace motec::test {

// Bytes of pixels, row by row, channels last, as PNG, BMP or JPEG: what the name ends in.
void write_image(const std::filesystem::path& path, int width, int height, int channels,
                 const std::vector<uint8_t>& pixels);

// A WAV file of 16-bit samples, the channels of a frame beside one another.
std::string wav_bytes(int rate, int channels, const std::vector<int16_t>& samples);

}  // namespace motec::test
