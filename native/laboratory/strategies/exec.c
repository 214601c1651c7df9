/* fork and exec of a file: the usual way. What the program left open, the child has. */
#include "laboratory.h"

static bool start(struct session *session) { return start_by_exec(session, beside("runner"), -1); }

const struct strategy exec_strategy = {"exec", start, call_in_child, stop_child};
