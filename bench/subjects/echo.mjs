/** What a worker or a child says is an answer to the oldest question. Returns `ask`. */
export function conversation(endpoint, send) {
  const waiting = []
  endpoint.on('message', (message) => waiting.shift()(message))
  return (message) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      send(message)
    })
}
