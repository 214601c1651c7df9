/* Which behaviours have a witness. */
#include <string.h>

#include "laboratory.h"

extern const struct witness handler_witness, locale_witness, environ_witness, directory_witness,
    umask_witness, rounding_witness, descriptors_witness, closing_witness, file_witness,
    memory_witness, debugger_witness, environment_witness, overwrite_witness, exit_witness,
    heap_witness, thread_data_witness, image_witness, network_witness, kill_witness, loader_witness;

static const struct witness none = {"none", NULL, NULL};
static const struct witness *const all[] = {
    &handler_witness,   &locale_witness,   &environ_witness,     &directory_witness,
    &umask_witness,     &rounding_witness, &descriptors_witness, &closing_witness,
    &file_witness,      &memory_witness,   &debugger_witness,    &environment_witness,
    &overwrite_witness, &exit_witness,     &heap_witness,        &thread_data_witness,
    &image_witness,     &network_witness,  &kill_witness,        &loader_witness,
};

const struct witness *witness_of(const char *behaviour) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, behaviour) == 0) return all[i];
  return &none;
}
