/* A bare breadth-first walk over the same arrays: what no answer can be faster than. */
#include <stdint.h>

uint32_t walk(const uint32_t *ptr, const uint32_t *to, uint32_t *seen, uint32_t *queue,
              uint32_t start, uint32_t mark) {
  uint32_t first = 0, last = 1;
  queue[0] = start;
  seen[start] = mark;
  while (first < last) {
    uint32_t item = queue[first++];
    for (uint32_t at = ptr[item]; at < ptr[item + 1]; at++) {
      uint32_t next = to[at];
      if (seen[next] != mark) {
        seen[next] = mark;
        queue[last++] = next;
      }
    }
  }
  return last;
}
