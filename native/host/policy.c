/* What the program wants given up, as it stands in the channel: read before anything foreign runs. */
#include <linux/filter.h>

#include "host.h"

static size_t rounded(size_t bytes) { return (bytes + 7) & ~(size_t)7; }

struct sock_filter *policy_filter(struct ft_policy *policy) { return (struct sock_filter *)(policy + 1); }

const uint32_t *policy_patches(const struct ft_policy *policy) {
  return (const uint32_t *)((const struct sock_filter *)(policy + 1) + policy->instructions);
}

/* The first one for NULL; NULL behind the last. */
const struct text *policy_text(const struct ft_policy *policy, const struct text *text) {
  const uint8_t *first = (const uint8_t *)(policy_patches(policy) + 2 * policy->patches);
  const uint8_t *next = text == NULL ? first : (const uint8_t *)text + rounded(sizeof *text + text->bytes);
  return (size_t)(next - first) < policy->texts ? (const struct text *)next : NULL;
}
