/** What each method of pkcs11js takes, gives, and calls its module with: the module writes down what it was given. */
import { handle, type Pkcs11js } from './implementations.ts'

/** What a parameter takes. */
export type Kind = 'handle' | 'number' | 'string' | 'bytes' | 'mechanism' | 'attributes'

export interface Method {
  readonly name: string
  readonly takes: readonly Kind[]
  /** It has a form with a callback and one with a promise. */
  readonly isAsync: boolean
  /** Which argument it writes into and gives the written part of. */
  readonly output?: number
  readonly args: (pkcs11js: Pkcs11js) => readonly unknown[]
  readonly gives: unknown
  /** What the module wrote down. */
  readonly noted: string
}

const PARAMETER = { mechanism: 7, parameter: Buffer.from('iv') }
const TEMPLATE = [
  { type: 0x0000, value: 4 },
  { type: 0x0001, value: true },
  { type: 0x0003, value: 'größe' },
  { type: 0x0011, value: Buffer.from([1, 2]) },
  { type: 0x0102 },
  { type: 0x0103, value: null },
  { type: 0x8000_0001, value: 2 ** 32 + 5 },
]
const NOTED_TEMPLATE =
  '[7] 0=(8)0400000000000000 1=(1)01 3=(7)6772c3b6c39f65 11=(2)0102 102=null(0) 103=null(0) 80000001=(8)0500000000000000'
const NOTED_MECHANISM = 'mechanism=7 parameter=(2)6976'

const S = handle(5)
const K = handle(8)
const data = (): Buffer => Buffer.from('abc')
const room = (): Buffer => Buffer.alloc(10)
const VERSIONS = {
  hardwareVersion: { major: 1, minor: 2 },
  firmwareVersion: { major: 3, minor: 4 },
}

type Row = [
  name: string,
  takes: string,
  args: (pkcs11js: Pkcs11js) => readonly unknown[],
  gives: unknown,
  noted: string,
]

const synchronous: Row[] = [
  [
    'C_GetSlotInfo',
    'handle',
    () => [handle(1)],
    { slotDescription: 'x'.repeat(64), manufacturerID: 'x'.repeat(32), flags: 7, ...VERSIONS },
    '1',
  ],
  [
    'C_GetTokenInfo',
    'handle',
    () => [handle(1)],
    {
      label: 'y'.repeat(32),
      manufacturerID: 'y'.repeat(32),
      model: 'y'.repeat(16),
      serialNumber: 'y'.repeat(16),
      flags: 0x40d,
      maxSessionCount: 0,
      sessionCount: 2 ** 32 - 1,
      maxRwSessionCount: 3,
      rwSessionCount: 4,
      maxPinLen: 5,
      minPinLen: 6,
      ...VERSIONS,
      utcTime: '2026112814035700',
      totalPublicMemory: 2n ** 64n - 1n,
      freePublicMemory: 8n,
      totalPrivateMemory: 0x123456789an,
      freePrivateMemory: 10n,
    },
    '1',
  ],
  ['C_GetMechanismList', 'handle', () => [handle(1)], [0x1082, 0x8000_0005, 1], '1'],
  [
    'C_GetMechanismInfo',
    'handle number',
    () => [handle(1), 0x8000_0001],
    { minKeySize: 16, maxKeySize: 32, flags: 0x12345 },
    '1 type=2147483649',
  ],
  [
    'C_InitToken',
    'handle string string',
    () => [handle(1), 'pün', 'label'],
    undefined,
    '1 pin=(4)70c3bc6e label=label',
  ],
  ['C_InitPIN', 'handle string', () => [S, '1234'], undefined, '5 pin=(4)31323334'],
  [
    'C_SetPIN',
    'handle string string',
    () => [S, '12', '345'],
    undefined,
    '5 old=(2)3132 new=(3)333435',
  ],
  ['C_OpenSession', 'handle number', () => [handle(1), 6], handle(77), '1 flags=6 null null'],
  ['C_CloseSession', 'handle', () => [S], undefined, '5'],
  ['C_CloseAllSessions', 'handle', () => [handle(1)], undefined, '1'],
  [
    'C_GetSessionInfo',
    'handle',
    () => [S],
    { slotID: Buffer.from('ffffffff0f000000', 'hex'), state: 3, flags: 6, deviceError: 0x10f },
    '5',
  ],
  [
    'C_SetOperationState',
    'handle bytes handle handle',
    () => [S, data(), handle(1), handle(2)],
    undefined,
    '5 state=(3)616263 encryption=1 authentication=2',
  ],
  ['C_Login', 'handle number string', () => [S, 1, '1234'], undefined, '5 user=1 pin=(4)31323334'],
  ['C_Logout', 'handle', () => [S], undefined, '5'],
  ['C_SeedRandom', 'handle bytes', () => [S, data()], undefined, '5 in=(3)616263'],
  [
    'C_GenerateRandom',
    'handle bytes',
    () => [S, Buffer.alloc(4)],
    Buffer.from('BBBB'),
    '5 length=4',
  ],
  [
    'C_CreateObject',
    'handle attributes',
    () => [S, TEMPLATE],
    handle(101),
    `5 template${NOTED_TEMPLATE}`,
  ],
  [
    'C_CopyObject',
    'handle handle attributes',
    () => [S, K, TEMPLATE],
    handle(102),
    `5 object=8 template${NOTED_TEMPLATE}`,
  ],
  ['C_DestroyObject', 'handle handle', () => [S, K], undefined, '5 object=8'],
  ['C_GetObjectSize', 'handle handle', () => [S, K], 0x123, '5 object=8'],
  [
    'C_SetAttributeValue',
    'handle handle attributes',
    () => [S, K, TEMPLATE],
    undefined,
    `5 object=8 template${NOTED_TEMPLATE}`,
  ],
  [
    'C_GetAttributeValue',
    'handle handle attributes',
    () => [S, K, [{ type: 3 }, { type: 0x110 }, { type: 0x12 }]],
    [
      { type: 3, value: Buffer.from('value') },
      { type: 0x110, value: Buffer.from('20261128') },
      { type: 0x12, value: undefined },
    ],
    '5 object=8 count=3 type=3 type=272 type=18',
  ],
  [
    'C_FindObjectsInit',
    'handle attributes',
    () => [S, TEMPLATE],
    undefined,
    `5 template${NOTED_TEMPLATE}`,
  ],
  ['C_FindObjectsFinal', 'handle', () => [S], undefined, '5'],
  ['C_DigestInit', 'handle mechanism', () => [S, PARAMETER], undefined, `5 ${NOTED_MECHANISM}`],
  ['C_DigestUpdate', 'handle bytes', () => [S, data()], undefined, '5 in=(3)616263'],
  ['C_DigestKey', 'handle handle', () => [S, K], undefined, '5 key=8'],
  ['C_SignUpdate', 'handle bytes', () => [S, data()], undefined, '5 in=(3)616263'],
  ['C_VerifyUpdate', 'handle bytes', () => [S, data()], undefined, '5 in=(3)616263'],
  ...[
    'C_SignInit',
    'C_VerifyInit',
    'C_EncryptInit',
    'C_DecryptInit',
    'C_SignRecoverInit',
    'C_VerifyRecoverInit',
  ].map(
    (name): Row => [
      name,
      'handle mechanism handle',
      () => [S, PARAMETER, K],
      undefined,
      `5 ${NOTED_MECHANISM} key=8`,
    ],
  ),
]

/** The ones that write into an argument, without other forms. */
const writing: Row[] = [
  'C_EncryptUpdate',
  'C_DecryptUpdate',
  'C_SignRecover',
  'C_VerifyRecover',
].map(
  (name): Row => [
    name,
    'handle bytes bytes',
    () => [S, data(), room()],
    Buffer.from('bcd'),
    '5 in=(3)616263 room=10',
  ],
)

const asynchronous: Row[] = [
  [
    'C_Verify',
    'handle bytes bytes',
    () => [S, data(), Buffer.from('sig')],
    true,
    '5 in=(3)616263 signature=(3)736967',
  ],
  ['C_VerifyFinal', 'handle bytes', () => [S, Buffer.from('sig')], true, '5 signature=(3)736967'],
  [
    'C_GenerateKey',
    'handle mechanism attributes',
    () => [S, PARAMETER, TEMPLATE],
    handle(103),
    `5 ${NOTED_MECHANISM} template${NOTED_TEMPLATE}`,
  ],
  [
    'C_GenerateKeyPair',
    'handle mechanism attributes attributes',
    () => [S, PARAMETER, TEMPLATE, []],
    { privateKey: handle(105), publicKey: handle(104) },
    `5 ${NOTED_MECHANISM} public${NOTED_TEMPLATE} private[0]`,
  ],
  [
    'C_DeriveKey',
    'handle mechanism handle attributes',
    () => [S, PARAMETER, K, TEMPLATE],
    handle(107),
    `5 ${NOTED_MECHANISM} base=8 template${NOTED_TEMPLATE}`,
  ],
  [
    'C_UnwrapKey',
    'handle mechanism handle bytes attributes',
    () => [S, PARAMETER, K, data(), TEMPLATE],
    handle(106),
    `5 ${NOTED_MECHANISM} unwrapping=8 in=(3)616263 template${NOTED_TEMPLATE}`,
  ],
]

const asynchronousWriting: Row[] = [
  ...[
    'C_Digest',
    'C_Sign',
    'C_Encrypt',
    'C_Decrypt',
    'C_DigestEncryptUpdate',
    'C_DecryptDigestUpdate',
    'C_SignEncryptUpdate',
    'C_DecryptVerifyUpdate',
  ].map(
    (name): Row => [
      name,
      'handle bytes bytes',
      () => [S, data(), room()],
      Buffer.from('bcd'),
      '5 in=(3)616263 room=10',
    ],
  ),
  ...['C_DigestFinal', 'C_SignFinal', 'C_EncryptFinal', 'C_DecryptFinal'].map(
    (name): Row => [name, 'handle bytes', () => [S, room()], Buffer.from('mbtu'), '5 room=10'],
  ),
  [
    'C_WrapKey',
    'handle mechanism handle handle bytes',
    () => [S, PARAMETER, K, handle(9), room()],
    Buffer.from('xsbqqfe'),
    `5 ${NOTED_MECHANISM} wrapping=8 key=9 room=10`,
  ],
]

function methodsOf(rows: readonly Row[], isAsync: boolean, writes: boolean): Method[] {
  return rows.map(([name, takes, args, gives, noted]) => {
    const kinds = takes.split(' ') as Kind[]
    const output = writes ? { output: kinds.lastIndexOf('bytes') } : {}
    return { name, takes: kinds, isAsync, args, gives, noted: `${name} ${noted}`, ...output }
  })
}

/** All whose first argument is a session or a slot. */
export const methods: readonly Method[] = [
  ...methodsOf(synchronous, false, false),
  ...methodsOf(writing, false, true),
  ...methodsOf(asynchronous, true, false),
  ...methodsOf(asynchronousWriting, true, true),
]
