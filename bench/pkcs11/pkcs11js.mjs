// What is measured with the interface of npm's pkcs11js, whoever implements it.
import { setTimeout as sleep } from 'node:timers/promises'
import { delayOf } from '../subjects/event-loop.mjs'
import { PIN, SO_PIN } from './token.mjs'

const KIB = Buffer.alloc(1024, 1)
const MIB = Buffer.alloc(2 ** 20, 1)
const HASH = Buffer.alloc(32, 1)
const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
const OBJECTS = 1000
const SIGNERS = 4

/** `pkcs11js` is what the package exports, `module` the path of a module. */
export function workloadsOf(pkcs11js, module) {
  const { PKCS11 } = pkcs11js
  const key = (more) => [
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_PRIVATE, value: false },
    ...more,
  ]

  /** Initialized, with a token and somebody logged in. */
  function loggedIn() {
    const pkcs11 = new PKCS11()
    pkcs11.load(module)
    pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
    const [empty] = pkcs11.C_GetSlotList(true)
    pkcs11.C_InitToken(empty, SO_PIN, 'bench'.padEnd(32))
    // An initialized token gets a slot of another number when the list is asked for again.
    const [slot] = pkcs11.C_GetSlotList(true)
    const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION
    const session = pkcs11.C_OpenSession(slot, flags)
    pkcs11.C_Login(session, pkcs11js.CKU_SO, SO_PIN)
    pkcs11.C_InitPIN(session, PIN)
    pkcs11.C_Logout(session)
    pkcs11.C_Login(session, pkcs11js.CKU_USER, PIN)
    const close = () => {
      pkcs11.C_Finalize()
      pkcs11.close()
    }
    return { pkcs11, slot, flags, session, close }
  }

  const pairOf = ({ pkcs11, session }, bits) =>
    pkcs11.C_GenerateKeyPair(
      session,
      { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
      ...rsa(bits),
    )

  const rsa = (bits) => [
    key([
      { type: pkcs11js.CKA_MODULUS_BITS, value: bits },
      { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
      { type: pkcs11js.CKA_VERIFY, value: true },
    ]),
    key([{ type: pkcs11js.CKA_SIGN, value: true }]),
  ]

  function signing(made, mechanism, privateKey, data) {
    const { pkcs11, session, close } = made
    const signature = Buffer.alloc(512)
    return {
      run: () => {
        pkcs11.C_SignInit(session, { mechanism }, privateKey)
        pkcs11.C_Sign(session, data, signature)
      },
      close,
    }
  }

  function encrypting(mechanism) {
    const { pkcs11, session, close } = loggedIn()
    const made = pkcs11.C_GenerateKey(
      session,
      { mechanism: pkcs11js.CKM_AES_KEY_GEN },
      key([
        { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
        { type: pkcs11js.CKA_ENCRYPT, value: true },
      ]),
    )
    const output = Buffer.alloc(MIB.length)
    return {
      run: () => {
        pkcs11.C_EncryptInit(session, mechanism, made)
        pkcs11.C_Encrypt(session, MIB, output)
      },
      close,
    }
  }

  function finding(each) {
    const { pkcs11, session, close } = loggedIn()
    for (let index = 0; index < OBJECTS; index++)
      pkcs11.C_CreateObject(
        session,
        key([
          { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_DATA },
          { type: pkcs11js.CKA_LABEL, value: `object ${index}` },
          { type: pkcs11js.CKA_APPLICATION, value: 'bench' },
          { type: pkcs11js.CKA_VALUE, value: HASH },
        ]),
      )
    return {
      run: () => {
        let count = 0
        pkcs11.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_APPLICATION, value: 'bench' }])
        for (
          let found = pkcs11.C_FindObjects(session);
          found;
          found = pkcs11.C_FindObjects(session)
        ) {
          each?.(pkcs11, session, found)
          count++
        }
        pkcs11.C_FindObjectsFinal(session)
        if (count !== OBJECTS) throw new Error(`${count} objects instead of ${OBJECTS}`)
      },
      close,
    }
  }

  const generating = (pkcs11, session) =>
    pkcs11.C_GenerateKeyPairAsync(
      session,
      { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
      ...rsa(4096),
    )

  return {
    'pkcs11-random': () => {
      const { pkcs11, session, close } = loggedIn()
      const random = Buffer.alloc(32)
      return { run: () => pkcs11.C_GenerateRandom(session, random), close }
    },
    'pkcs11-digest': () => {
      const { pkcs11, session, close } = loggedIn()
      const digest = Buffer.alloc(32)
      return {
        run: () => {
          pkcs11.C_DigestInit(session, { mechanism: pkcs11js.CKM_SHA256 })
          pkcs11.C_Digest(session, KIB, digest)
        },
        close,
      }
    },
    'pkcs11-sign-p256': () => {
      const made = loggedIn()
      const { privateKey } = made.pkcs11.C_GenerateKeyPair(
        made.session,
        { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
        key([
          { type: pkcs11js.CKA_EC_PARAMS, value: P256 },
          { type: pkcs11js.CKA_VERIFY, value: true },
        ]),
        key([{ type: pkcs11js.CKA_SIGN, value: true }]),
      )
      return signing(made, pkcs11js.CKM_ECDSA, privateKey, HASH)
    },
    'pkcs11-sign-rsa': () => {
      const made = loggedIn()
      const { privateKey } = pairOf(made, 2048)
      return signing(made, pkcs11js.CKM_SHA256_RSA_PKCS, privateKey, HASH)
    },
    'pkcs11-aes-cbc': () =>
      encrypting({ mechanism: pkcs11js.CKM_AES_CBC, parameter: Buffer.alloc(16) }),
    'pkcs11-aes-ecb': () => encrypting({ mechanism: pkcs11js.CKM_AES_ECB }),
    'pkcs11-find': () => finding(),
    'pkcs11-find-attributes': () =>
      finding((pkcs11, session, found) =>
        pkcs11.C_GetAttributeValue(session, found, [
          { type: pkcs11js.CKA_CLASS },
          { type: pkcs11js.CKA_LABEL },
          { type: pkcs11js.CKA_VALUE },
        ]),
      ),
    'pkcs11-signers': () => {
      const made = loggedIn()
      const { pkcs11, slot, flags, close } = made
      const { privateKey } = pairOf(made, 2048)
      const sessions = Array.from({ length: SIGNERS }, () => pkcs11.C_OpenSession(slot, flags))
      const signatures = sessions.map(() => Buffer.alloc(256))
      let next = 0
      return {
        run: async () => {
          const index = next++ % SIGNERS
          const session = sessions[index]
          pkcs11.C_SignInit(session, { mechanism: pkcs11js.CKM_SHA256_RSA_PKCS }, privateKey)
          await pkcs11.C_SignAsync(session, HASH, signatures[index])
        },
        close,
      }
    },
    'pkcs11-open': () => {
      const { flags, close } = loggedIn()
      close()
      return {
        run: () => {
          const pkcs11 = new PKCS11()
          pkcs11.load(module)
          pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
          const [slot] = pkcs11.C_GetSlotList(true)
          const session = pkcs11.C_OpenSession(slot, flags)
          pkcs11.C_Login(session, pkcs11js.CKU_USER, PIN)
          return () => {
            pkcs11.C_Finalize()
            pkcs11.close()
          }
        },
      }
    },
    'pkcs11-busy': () => {
      const { pkcs11, slot, flags, session, close } = loggedIn()
      const other = pkcs11.C_OpenSession(slot, flags)
      const random = Buffer.alloc(32)
      return {
        report: async () => {
          const generated = generating(pkcs11, session)
          await sleep(10)
          const begin = performance.now()
          pkcs11.C_GenerateRandom(other, random)
          const sample = (performance.now() - begin) * 1e6
          await generated
          return [sample]
        },
        close,
      }
    },
    'pkcs11-event-loop': (series) => {
      const { pkcs11, session, close } = loggedIn()
      return { report: () => delayOf(() => generating(pkcs11, session), series), close }
    },
  }
}
