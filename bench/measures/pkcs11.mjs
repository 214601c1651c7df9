// A token of SoftHSM 2 in the same process, in a fat thread, and behind p11-kit's server.

/** One operation, the same for all; bars beside the same process and beside p11-kit. */
function measure(name, title, inProcess, throughP11Kit, more = {}) {
  return {
    unit: 'nanoseconds',
    driver: 'blocking',
    ...more,
    name: `pkcs11-${name}`,
    title: `PKCS #11, SoftHSM 2: ${title}`,
    subjects: [
      { subject: 'fat-thread-pkcs11js', title: 'fat-threads/pkcs11js' },
      { subject: 'fat-thread-pkcs11', title: 'fat-threads/pkcs11' },
      { subject: 'pkcs11js', title: 'pkcs11js, in the same process', bar: inProcess },
      { subject: 'p11-kit', title: 'pkcs11js, through p11-kit server', bar: throughP11Kit },
    ],
  }
}

/** What no module in the same process survives. */
const alone = (name, title, more = {}) => ({
  ...measure(name, title, undefined, undefined, { driver: 'once', ...more }),
  subjects: [{ subject: 'fat-thread-pkcs11', title: 'fat-threads/pkcs11' }],
})

const slower = (slowerAtMost) => ({ slowerAtMost })
const faster = (fasterAtLeast) => ({ fasterAtLeast })
const adds = (addsAtMost) => ({ addsAtMost })

const LONG = { driver: 'once', mostRounds: 5 }

export const PKCS11 = [
  measure('random', 'C_GenerateRandom, 32 bytes', adds(2000), faster(8)),
  measure('digest', 'SHA-256 of 1 KiB', adds(3000), faster(8)),
  measure('sign-p256', 'a signature with P-256', slower(1.1), faster(2)),
  measure('sign-rsa', 'a signature with RSA-2048', slower(1.03), slower(1)),
  measure('aes-cbc', 'AES-CBC of 1 MiB', slower(1.2), faster(2)),
  measure('aes-ecb', 'AES-ECB of 1 MiB', slower(1.8), faster(3.5)),
  measure('find', 'find 1,000 objects one by one', slower(1), faster(8)),
  measure('find-attributes', 'find 1,000 objects, three attributes of each', faster(2), faster(8)),
  measure(
    'signers',
    'four signers with RSA-2048 at once, time for each signature',
    slower(1),
    faster(1.8),
    {
      driver: 'together',
      mostRounds: 8,
      series: [{ name: '', calls: 4 }],
    },
  ),
  measure('open', 'from loading the module to being logged in', slower(2), slower(1), {
    driver: 'once',
  }),
  measure('busy', 'a blocking call while keys for RSA-4096 are generated', undefined, undefined, {
    ...LONG,
    series: [{ name: '', bar: { atMost: 1e6 } }],
  }),
  measure(
    'event-loop',
    'delay of the event loop (p99) while keys for RSA-4096 are generated',
    undefined,
    undefined,
    {
      ...LONG,
      series: [{ name: '', milliseconds: 500, bar: { atMost: 5e6 } }],
    },
  ),
  alone('crash', 'from a call that crashes the module to its rejection', {
    series: [{ name: '', bar: { atMost: 10e6 } }],
  }),
  alone('recovery', 'the same until the session works again, opened and logged in by itself'),
]
