/** What a session tells of itself, and who is logged in. */
import type { CallOptions } from '../call-options.ts'
import { type LoginOptions, requirePin } from '../login.ts'
import { mapped } from '../operation.ts'
import * as sessions from '../operations/sessions.ts'
import type { Pin } from '../operations/slots.ts'
import { loginOperation } from '../seat.ts'
import { type SessionInfo, sessionInfoOf } from '../token-info.ts'
import type { Twin } from '../twin.ts'
import type { Seating } from './seating.ts'

export function info(seating: Seating): Twin<[options?: CallOptions], SessionInfo> {
  return seating.twin('info', 0, ({ handle }) =>
    mapped((frame) => sessions.getSessionInfo(frame, handle), sessionInfoOf),
  )
}

export function login(seating: Seating): Twin<[pin: Pin, options?: LoginOptions], void> {
  return seating.twin(
    'login',
    1,
    ({ handle }, pin, options) => loginOperation(handle, pin, options),
    ['user', 'username'],
  )
}

export function logout(seating: Seating): Twin<[options?: CallOptions], void> {
  return seating.plain('logout', sessions.logout)
}

export function initPin(seating: Seating): Twin<[pin: Pin, options?: CallOptions], void> {
  return seating.twin('initPin', 1, ({ handle }, pin) => {
    const checked = requirePin(pin, 'initPin')
    return (frame) => sessions.initPin(frame, handle, checked)
  })
}

export function setPin(
  seating: Seating,
): Twin<[oldPin: Pin, newPin: Pin, options?: CallOptions], void> {
  return seating.twin('setPin', 2, ({ handle }, oldPin, newPin) => {
    const checked = [requirePin(oldPin, 'setPin'), requirePin(newPin, 'setPin')] as const
    return (frame) => sessions.setPin(frame, handle, ...checked)
  })
}
