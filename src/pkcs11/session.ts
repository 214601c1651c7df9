/** A session with a token: all that is done with keys and objects. */
import * as data from './session/data.ts'
import * as keys from './session/keys.ts'
import * as logins from './session/logins.ts'
import * as messages from './session/messages.ts'
import * as objects from './session/objects.ts'
import * as parts from './session/parts.ts'
import { Seating } from './session/seating.ts'
import * as states from './session/states.ts'

export class Session extends Seating {
  readonly info = logins.info(this)

  /** Logs the program in with the token, in all of its sessions. A PIN of null is typed into the device. */
  readonly login = logins.login(this)
  readonly logout = logins.logout(this)

  /** Sets the user's PIN, as the security officer. */
  readonly initPin = logins.initPin(this)
  readonly setPin = logins.setPin(this)

  /**
   * Objects whose attributes are those of the template; all of them without one. The search is over when it resolves.
   */
  readonly find: objects.Find = objects.find(this)

  /**
   * The same, a few at a time: for tokens with more objects than a program wants to hold. The search goes on until the
   * loop ends; meanwhile the session searches for nothing else.
   */
  readonly search = objects.search(this)

  /** Attributes of an object; `undefined` for what it has not, or does not tell. */
  readonly get: objects.Get = objects.get(this)

  /** Changes attributes of an object. */
  readonly set = objects.set(this)
  readonly create = objects.create(this)
  readonly copy = objects.copy(this)
  readonly destroy = objects.destroy(this)

  /** Bytes that an object takes in the token. */
  readonly size = objects.size(this)

  readonly generateKey = keys.generateKey(this)
  readonly generateKeyPair = keys.generateKeyPair(this)
  readonly deriveKey = keys.deriveKey(this)
  readonly wrapKey = keys.wrapKey(this)
  readonly unwrapKey = keys.unwrapKey(this)
  readonly random = keys.random(this)
  readonly seedRandom = keys.seedRandom(this)

  readonly encrypt = data.encrypt(this)
  readonly decrypt = data.decrypt(this)
  readonly sign = data.sign(this)
  readonly signRecover = data.signRecover(this)

  /** The data that a signature holds. */
  readonly verifyRecover = data.verifyRecover(this)
  readonly digest = data.digest(this)

  /** Whether the signature is one; what else fails is an error. */
  readonly verify = data.verify(this)

  /** Encrypts data that comes in parts. Meanwhile the session encrypts nothing else. */
  readonly encryptStream = parts.encryptStream(this)
  readonly decryptStream = parts.decryptStream(this)

  /** Parts may be keys: their values go into the digest. */
  readonly digestStream = parts.digestStream(this)
  readonly signStream = parts.signStream(this)
  readonly verifyStream = parts.verifyStream(this)

  /** Encrypts data that comes in parts and digests it: the digest is the stream's `outcome`. */
  readonly digestEncryptStream = parts.digestEncryptStream(this)

  /** Decrypts data that comes in parts and digests what comes of it. */
  readonly decryptDigestStream = parts.decryptDigestStream(this)

  /** Encrypts data that comes in parts and signs it: the signature is the stream's `outcome`. */
  readonly signEncryptStream = parts.signEncryptStream(this)

  /** Decrypts data that comes in parts and verifies what comes of it: `outcome` is whether it was signed so. */
  readonly decryptVerifyStream = parts.decryptVerifyStream(this)

  /** Encrypts many messages with one key. Of version 3, as those below. */
  readonly encryptMessages = messages.encryptMessages(this)
  readonly decryptMessages = messages.decryptMessages(this)
  readonly signMessages = messages.signMessages(this)
  readonly verifyMessages = messages.verifyMessages(this)

  /** The state of the operations that are active, for `setOperationState` of this or another session. */
  readonly getOperationState = states.getOperationState(this)
  readonly setOperationState = states.setOperationState(this)

  /** Ends active operations: flags such as `CKF_SIGN`. Of version 3. */
  readonly cancel = states.cancel(this)

  /** Of version 1, where functions ran beside the program: modules say `CKR_FUNCTION_NOT_PARALLEL`. */
  readonly getFunctionStatus = states.getFunctionStatus(this)

  /** The same. */
  readonly cancelFunction = states.cancelFunction(this)
}
