/** Subjects that came to something else than the first one did are of no use, however fast they were. */
export function requireAgreement(entries) {
  const [first] = entries.filter(({ problem }) => problem === undefined)
  for (const entry of entries) {
    if (entry.problem !== undefined || entry.check === first.check) continue
    const reason = `came to another result than ${first.listed.title}`
    entry.problem = { failed: true, reason }
  }
}
