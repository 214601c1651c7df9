export const workloads = {
  copy: async ({ bytes }) => {
    const from = Buffer.alloc(bytes, 1)
    const to = Buffer.alloc(bytes, 2)
    return { run: () => from.copy(to) }
  },
}
