// Who may import whom. A room is a folder of src/ or a file beside index.ts; the table is the whole
// rule: a room that is not in it may not import anything of ours, so a new room gets a line here.
const ROOMS = {
  abi: [],
  errors: [],
  protocol: [],
  memory: ['errors'],
  declaration: ['abi', 'errors'],
  call: ['abi', 'errors', 'memory', 'protocol'],
  host: ['errors', 'protocol'],
  channel: ['errors', 'host', 'memory', 'protocol'],
  loader: ['errors', 'host'],
  crash: ['channel', 'errors', 'host', 'loader', 'protocol'],
  message: ['abi', 'call', 'channel', 'crash', 'errors', 'loader', 'memory', 'protocol'],
  sandbox: ['errors', 'host', 'protocol'],
  'fat-thread': [
    'abi',
    'call',
    'callable',
    'callable-pointers',
    'channel',
    'crash',
    'declaration',
    'errors',
    'host',
    'idle-watch',
    'incarnation',
    'library',
    'memory',
    'memory-access',
    'message',
    'option-names',
    'options',
    'sandbox',
    'series',
    'spares',
    'type',
    'type-builders',
  ],
  pool: [
    'bound-function',
    'call',
    'callable',
    'channel',
    'declaration',
    'errors',
    'fat-thread',
    'library',
    'loader',
    'loading',
    'open',
    'option-names',
    'options',
  ],
  cli: ['abi', 'call', 'declaration', 'errors', 'index', 'loader', 'pkcs11', 'sandbox'],
  koffi: ['index'],
  pkcs11: ['index'],
  pkcs11js: ['index', 'pkcs11'],
}

/** Rooms that another room may name in types only. */
const TYPES_ONLY = { declaration: ['memory'] }

const DOORS = 'cli|koffi|pkcs11|pkcs11js'
const room = (names) => `^src/(${names.join('|')})(/|\\.ts$)`

const mayImport = ([name, others]) => ({
  name: `${name}-imports`,
  comment: `${name} may import: ${others.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: room([name]) },
  to: { path: '^src/', pathNot: room([name, ...others, ...(TYPES_ONLY[name] ?? [])]) },
})

const typesOnly = ([name, others]) => ({
  name: `${name}-types-only`,
  comment: `${name} knows ${others.join(', ')} by type only`,
  severity: 'error',
  from: { path: room([name]) },
  to: { path: room(others), dependencyTypesNot: ['type-only'] },
})

export default {
  forbidden: [
    ...Object.entries(ROOMS).map(mayImport),
    ...Object.entries(TYPES_ONLY).map(typesOnly),
    {
      name: 'unknown-room',
      comment: 'a new folder of src/ needs a line in the table above',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: room(Object.keys(ROOMS)) },
      to: { path: '^src/', pathNot: '^src/$1/' },
    },
    {
      name: 'nothing-imports-index',
      comment: 'index.ts is the top floor; only the doors beside it stand on it',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${DOORS})/` },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'nothing-imports-a-door',
      comment: 'cli, koffi, pkcs11 and pkcs11js are for people, not for the parts below',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${DOORS})/` },
      to: { path: `^src/(${DOORS})/` },
    },
    {
      name: 'no-circle',
      comment:
        'it reads from the top floor down; a library and its fat thread name each other by type',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-stands-alone',
      comment: 'what is published knows no test, bench, script or example',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|examples|native)/' },
    },
    {
      name: 'no-development-packages',
      comment: 'a package that only development installs is not there for a user',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@types/' },
    },
    {
      name: 'resolvable',
      comment: 'what is imported exists',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
