/** Many messages with one key: version 3. */
import { type CallOptions, runOptionsOf } from '../call-options.ts'
import { Kept } from '../kept.ts'
import { type MechanismInput, mechanismOf } from '../mechanism-input.ts'
import { MessageCipher, MessageSigner, MessageVerifier } from '../messages.ts'
import { handleOf, type Key } from '../object.ts'
import type { Seat } from '../seat.ts'
import type { Seating } from './seating.ts'

export function encryptMessages(seating: Seating) {
  return (mechanism: MechanismInput, key: Key, options?: CallOptions): Promise<MessageCipher> => {
    return messages(seating, (seat) => new MessageCipher(seat, 'Encrypt'), mechanism, key, options)
  }
}

export function decryptMessages(seating: Seating) {
  return (mechanism: MechanismInput, key: Key, options?: CallOptions): Promise<MessageCipher> => {
    return messages(seating, (seat) => new MessageCipher(seat, 'Decrypt'), mechanism, key, options)
  }
}

export function signMessages(seating: Seating) {
  return (mechanism: MechanismInput, key: Key, options?: CallOptions): Promise<MessageSigner> => {
    return messages(seating, (seat) => new MessageSigner(seat), mechanism, key, options)
  }
}

export function verifyMessages(seating: Seating) {
  return (mechanism: MechanismInput, key: Key, options?: CallOptions): Promise<MessageVerifier> => {
    return messages(seating, (seat) => new MessageVerifier(seat), mechanism, key, options)
  }
}

async function messages<Operation extends MessageCipher | MessageSigner | MessageVerifier>(
  seating: Seating,
  make: (seat: Seat) => Operation,
  mechanism: MechanismInput,
  key: Key,
  options: CallOptions | undefined,
): Promise<Operation> {
  const limits = runOptionsOf(options, 'messages')
  const kept = new Kept([mechanism])
  const checked = mechanismOf(kept.values[0], 'messages')
  const seat = await seating.seat('messages')
  const handle = handleOf(key, seat.life, 'messages: key', 'C_MessageInit')
  const operation = make(seat)
  await operation.begin(checked, handle, limits)
  kept.back()
  return operation
}
