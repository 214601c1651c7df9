/** An object of a token: a key, a certificate, data. */
import type { AttributeName, AttributeValue } from './attribute-kinds.ts'
import { wrongKind } from './complaint.ts'
import { CKR_OBJECT_HANDLE_INVALID } from './constants/index.ts'
import { Pkcs11Error } from './errors.ts'
import type { Life } from './life.ts'
import type { Ulong } from './words.ts'

/** Attributes that an object was found with; `undefined` for what it has not, or does not tell. */
export type Found<Name extends AttributeName | number> = {
  readonly [Each in Name]: AttributeValue<Each> | undefined
}

/** Belongs to one process: after a restart it is found again. */
export class Pkcs11Object<Name extends AttributeName | number = never> {
  /** The number that the module knows it by. */
  readonly handle: Ulong
  /** What `find` was asked for. */
  readonly attributes: Found<Name>
  readonly #life: Life

  /** @internal */
  constructor(handle: Ulong, life: Life, attributes: Found<Name>) {
    this.handle = handle
    this.#life = life
    this.attributes = attributes
  }

  /** @internal Its handle, once it is sure that it means something there. */
  in(life: Life, method: string): Ulong {
    if (life === this.#life) return this.handle
    throw new Pkcs11Error(
      method,
      CKR_OBJECT_HANDLE_INVALID,
      'the object belongs to another module, or to a process that has ended',
    )
  }
}

/** @param where For messages. */
export function requireObject(value: unknown, where: string): Pkcs11Object<never> {
  if (value instanceof Pkcs11Object) return value as Pkcs11Object<never>
  throw wrongKind(where, 'a Pkcs11Object', value)
}

/** Any object will do, whatever it was found with. */
export type Key = Pkcs11Object<never> | Pkcs11Object<AttributeName | number>

/** Makes objects of the handles that the module gives in one process. */
export function objectIn(life: Life): (handle: Ulong) => Pkcs11Object {
  return (handle) => new Pkcs11Object(handle, life, {})
}

/** @param where For messages. @param method The function that is to be given the handle. */
export function handleOf(object: unknown, life: Life, where: string, method: string): Ulong {
  return requireObject(object, where).in(life, method)
}
