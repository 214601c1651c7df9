/* Makes a picture smaller: each pixel of the result is the mean of those that it covers, weighed by their alpha. */
#include <stdint.h>

/* RGBA, eight bits each, rows without gaps; `to_width` and `to_height` are at most what they are made from. */
void shrink(const uint8_t *from, int width, int height, uint8_t *to, int to_width, int to_height) {
  for (int y = 0; y < to_height; y++) {
    int top = (int)((int64_t)y * height / to_height);
    int bottom = (int)((int64_t)(y + 1) * height / to_height);
    for (int x = 0; x < to_width; x++) {
      int left = (int)((int64_t)x * width / to_width);
      int right = (int)((int64_t)(x + 1) * width / to_width);
      uint64_t red = 0, green = 0, blue = 0, alpha = 0;
      for (int row = top; row < bottom; row++) {
        const uint8_t *pixel = from + ((int64_t)row * width + left) * 4;
        for (int column = left; column < right; column++, pixel += 4) {
          red += (uint64_t)pixel[0] * pixel[3];
          green += (uint64_t)pixel[1] * pixel[3];
          blue += (uint64_t)pixel[2] * pixel[3];
          alpha += pixel[3];
        }
      }
      uint64_t count = (uint64_t)(bottom - top) * (uint64_t)(right - left);
      uint8_t *result = to + ((int64_t)y * to_width + x) * 4;
      uint64_t weight = alpha == 0 ? 1 : alpha;
      result[0] = (uint8_t)(red / weight);
      result[1] = (uint8_t)(green / weight);
      result[2] = (uint8_t)(blue / weight);
      result[3] = (uint8_t)(alpha / count);
    }
  }
}
