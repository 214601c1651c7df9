/** The classes of pkcs11js's errors: what they read from a text is what programs read from them. */

const NAMED = /(\w+):(\d+)/
const METHOD = /at PKCS11\.(\w+) \(/

/** An error of the package: `code` is 0 where no function of the module returned one. */
export class NativeError extends Error {
  override name = 'NativeError'
  /** The method that failed, such as `C_Sign`. */
  method: string
  /** Where: the method and what called it, one a line. */
  nativeStack = ''
  code = 0

  /** A text such as `CKR_PIN_INCORRECT:160`, with the lines of a stack behind it. */
  constructor(message = '', method = '') {
    super(message)
    this.method = method
    const [first = '', ...stack] = message.split('\n')
    const [, name, number] = NAMED.exec(message) ?? []
    if (name === undefined) {
      this.message = first
      return
    }
    this.message = name
    this.code = Number(number)
    if (stack.length === 0) return
    this.method = METHOD.exec(stack[0] ?? '')?.[1] ?? method
    this.nativeStack = stack.join('\n')
  }
}

/** A function of the module returned something else than `CKR_OK`: `message` is its name, `code` its number. */
export class Pkcs11Error extends NativeError {
  static messageReg = /(CKR_[^:]+):(\d+)/
  override name = 'Pkcs11Error'

  constructor(message?: string, code = 0, method?: string) {
    super(message, method)
    this.code = code
    const [, name, number] = new RegExp(Pkcs11Error.messageReg).exec(message ?? '') ?? []
    if (name === undefined) return
    this.message = name
    this.code = Number(number)
  }

  /** Whether a text has the name and the number of a return value. */
  static isPkcs11(message: string): boolean {
    return new RegExp(Pkcs11Error.messageReg).test(message)
  }
}
