// What is measured with fat-threads/pkcs11; blocking, so that it stands beside pkcs11js.
import { setTimeout as sleep } from 'node:timers/promises'
import { Module } from 'fat-threads/pkcs11'
import { delayOf } from '../subjects/event-loop.mjs'
import { MODULE, PIN, SO_PIN } from './token.mjs'

const KIB = Buffer.alloc(1024, 1)
const MIB = Buffer.alloc(2 ** 20, 1)
const HASH = Buffer.alloc(32, 1)
const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const OBJECTS = 1000
const SIGNERS = 4
/** As in pkcs11js.mjs: the values of private objects are encrypted, and take longer. */
const PUBLIC = { CKA_TOKEN: false, CKA_PRIVATE: false }

function withToken() {
  const module = Module.open.sync(MODULE)
  const [empty] = module.slots.sync()
  empty.initToken.sync(SO_PIN, 'bench')
  const [slot] = module.slots.sync()
  const officer = slot.open.sync({ readWrite: true, pin: SO_PIN, user: 'so' })
  officer.initPin.sync(PIN)
  officer.logout.sync()
  return { module, slot }
}

function loggedIn() {
  const { module, slot } = withToken()
  const open = () => slot.open.sync({ readWrite: true, pin: PIN })
  return { module, open, session: open(), close: () => module.close() }
}

const rsa = (bits) => ({
  public: {
    ...PUBLIC,
    CKA_MODULUS_BITS: bits,
    CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
    CKA_VERIFY: true,
  },
  private: { ...PUBLIC, CKA_SIGN: true },
})
const generating = (session, bits) =>
  session.generateKeyPair('CKM_RSA_PKCS_KEY_PAIR_GEN', rsa(bits))
const rsaKey = (session) =>
  session.generateKeyPair.sync('CKM_RSA_PKCS_KEY_PAIR_GEN', rsa(2048)).privateKey

function encrypting(mechanism) {
  const { session, close } = loggedIn()
  const template = { ...PUBLIC, CKA_VALUE_LEN: 32, CKA_ENCRYPT: true }
  const key = session.generateKey.sync('CKM_AES_KEY_GEN', template)
  // Where pkcs11js has a buffer of the program for it.
  const into = new Uint8Array(MIB.length)
  return { run: () => session.encrypt.sync(mechanism, key, MIB, { into }), close }
}

function finding(attributes) {
  const { session, close } = loggedIn()
  for (let index = 0; index < OBJECTS; index++)
    session.create.sync({
      ...PUBLIC,
      CKA_CLASS: 'CKO_DATA',
      CKA_LABEL: `object ${index}`,
      CKA_APPLICATION: 'bench',
      CKA_VALUE: HASH,
    })
  const run = () => {
    const found = session.find.sync({ CKA_APPLICATION: 'bench' }, { attributes })
    if (found.length !== OBJECTS) throw new Error(`${found.length} objects instead of ${OBJECTS}`)
  }
  return { run, close }
}

/** CK_GCM_PARAMS whose IV is where nothing is: SoftHSM reads it in C_EncryptInit. */
const NOWHERE = 8n
const FATAL = {
  mechanism: 'CKM_AES_GCM',
  parameter: Buffer.from(BigUint64Array.of(NOWHERE, 12n, 96n, 0n, 0n, 128n).buffer),
}

/** A session that is opened and logged in again in each new process. */
function crashing() {
  const { module, slot } = withToken()
  const session = slot.open.sync({ readWrite: true, pin: () => PIN })
  const key = () =>
    session.generateKey.sync('CKM_AES_KEY_GEN', { CKA_VALUE_LEN: 32, CKA_ENCRYPT: true })
  let made = key()
  const crash = async () => {
    const error = await session.encrypt(FATAL, made, HASH).catch((thrown) => thrown)
    if (error.ckr !== 'CKR_DEVICE_ERROR' || error.signal !== 'SIGSEGV') throw error
  }
  const again = () => {
    made = key()
  }
  return { session, crash, again, close: () => module.close() }
}

export const workloads = {
  'pkcs11-crash': () => {
    const { crash, again, close } = crashing()
    const run = async () => {
      await crash()
      return again
    }
    return { run, close }
  },
  'pkcs11-recovery': () => {
    const { session, crash, again, close } = crashing()
    const run = async () => {
      await crash()
      await session.random(32)
      return again
    }
    return { run, close }
  },
  'pkcs11-random': () => {
    const { session, close } = loggedIn()
    return { run: () => session.random.sync(32), close }
  },
  'pkcs11-digest': () => {
    const { session, close } = loggedIn()
    return { run: () => session.digest.sync('CKM_SHA256', KIB), close }
  },
  'pkcs11-sign-p256': () => {
    const { session, close } = loggedIn()
    const { privateKey } = session.generateKeyPair.sync('CKM_EC_KEY_PAIR_GEN', {
      public: { ...PUBLIC, CKA_EC_PARAMS: P256, CKA_VERIFY: true },
      private: { ...PUBLIC, CKA_SIGN: true },
    })
    return { run: () => session.sign.sync('CKM_ECDSA', privateKey, HASH), close }
  },
  'pkcs11-sign-rsa': () => {
    const { session, close } = loggedIn()
    const key = rsaKey(session)
    return { run: () => session.sign.sync('CKM_SHA256_RSA_PKCS', key, HASH), close }
  },
  'pkcs11-aes-cbc': () => encrypting({ mechanism: 'CKM_AES_CBC', parameter: Buffer.alloc(16) }),
  'pkcs11-aes-ecb': () => encrypting('CKM_AES_ECB'),
  'pkcs11-find': () => finding([]),
  'pkcs11-find-attributes': () => finding(['CKA_CLASS', 'CKA_LABEL', 'CKA_VALUE']),
  'pkcs11-signers': () => {
    const { session, open, close } = loggedIn()
    const key = rsaKey(session)
    const sessions = Array.from({ length: SIGNERS }, open)
    let next = 0
    return {
      run: () => sessions[next++ % SIGNERS].sign('CKM_SHA256_RSA_PKCS', key, HASH),
      close,
    }
  },
  'pkcs11-open': async () => {
    await withToken().module.close()
    return {
      run: () => {
        const module = Module.open.sync(MODULE)
        const [slot] = module.slots.sync()
        slot.open.sync({ readWrite: true, pin: PIN })
        return () => module.close()
      },
    }
  },
  'pkcs11-busy': () => {
    const { session, open, close } = loggedIn()
    const other = open()
    return {
      report: async () => {
        const generated = generating(session, 4096)
        await sleep(10)
        const begin = performance.now()
        other.random.sync(32)
        const sample = (performance.now() - begin) * 1e6
        await generated
        return [sample]
      },
      close,
    }
  },
  'pkcs11-event-loop': (series) => {
    const { session, close } = loggedIn()
    return { report: () => delayOf(() => generating(session, 4096), series), close }
  },
}
