/** What koffi gives of Node itself, which libraries of another process can't use. */
function refuse(what: string, instead: string): never {
  throw new TypeError(`koffi.node.${what}: ${instead}`)
}

class PollHandle {
  constructor() {
    refuse('PollHandle', 'handles come from koffi.node.poll')
  }
}

export const node = {
  get env(): never {
    return refuse('env', "the library is in another process and can't call Node-API functions")
  },
  poll(): never {
    return refuse(
      'poll',
      "descriptors of the library are in another process; let the library wait in an asynchronous call, or give the program's own to net.Socket",
    )
  },
  PollHandle,
}
