import { sizeOf } from './abi/layout.ts'
import type { ArrayType, CType, FunctionType, Signature } from './abi/types.ts'
import { BoundFunction, type FunctionHome, type UntypedFunction } from './bound-function.ts'
import { describe, wrongKind } from './call/complaint.ts'
import type { Callable, NamesOf, Symbols } from './callable.ts'
import type { Entrance } from './channel/entrance.ts'
import type { Pending } from './channel/pending.ts'
import { Declarations as CDeclarations } from './declaration/declarations.ts'
import type {
  CallbackNamed,
  Checked,
  CheckedVariable,
  GivenTo,
  HeldBy,
} from './declaration/infer.ts'
import { parsePrototype, parseType } from './declaration/parse.ts'
import { type DeclaredVariable, parseVariable } from './declaration/variable.ts'
import { ClosedError, FatThreadError, LoadError } from './errors.ts'
import type { FatThread } from './fat-thread/fat-thread.ts'
import type { Resident } from './fat-thread/life.ts'
import type { Incarnation } from './incarnation.ts'
import { type Closure, type ClosureObject, findExport } from './loader/closure.ts'
import type { ElfExport } from './loader/elf-symbols.ts'
import { type LoadOptions, type LoadPlan, planLoad } from './loader/load-plan.ts'
import { nearestNames } from './loader/near-names.ts'
import { Loading } from './loading.ts'
import type { Callback } from './memory/callback.ts'
import { Pointer } from './memory/pointer.ts'
import { bind } from './message/bind.ts'
import { locate } from './message/variable.ts'
import { optionNames } from './option-names.ts'
import { expressionType, namesOf, Type } from './type.ts'
import { BoundVariable, type Variable, type Variables } from './variable.ts'

export interface LibraryOptions extends LoadOptions {}

export const LIBRARY_OPTIONS = optionNames<LibraryOptions>('a library', {
  integrity: true,
  searchPaths: true,
  byPath: true,
  global: true,
  lazy: true,
  deep: true,
})

/** C prototypes by the name that JavaScript calls them, and types by the name that the prototypes call them. */
export type Prototypes = Readonly<Record<string, string | Type>>

/** Prototypes, or one C text. */
export type Declarations = Prototypes | string

/** Whose the fat thread is: the library's own, one that others may be in too, or a pool's. */
export type Housing = 'own' | 'shared' | Lent

export interface Lent {
  /** Whether the code that asks has the fat thread for itself. */
  mayClose(): boolean
}

/** Asks for what comes right behind a library, which is not there yet, and may never be. */
export type Ahead = (library: Library) => void

/** A shared library in a fat thread. */
export class Library<D extends Declarations = Declarations> implements AsyncDisposable, Disposable {
  /** The declared functions. */
  readonly symbols: Symbols<D>
  /** The variables that a declared text has. */
  readonly variables: Variables<D>
  /** The library's file. */
  readonly path: string
  readonly thread: FatThread
  readonly #options: LibraryOptions
  readonly #number: number
  readonly #functions: BoundFunction[] = []
  /** Those of `symbols`. */
  readonly #named = new Map<string, BoundFunction>()
  readonly #freeings = new Map<string, BoundFunction>()
  readonly #variables: { readonly bound: BoundVariable; readonly type: CType }[] = []
  readonly #resident: Resident
  readonly #housing: Housing
  /** What was declared, by the names that JavaScript calls it. */
  #signatures: readonly (readonly [string, Signature])[] = []
  /** Of a declared text: what its names stand for. */
  #declared: CDeclarations | undefined
  #plan: LoadPlan
  #closed = false
  #entered = false

  private constructor(
    thread: FatThread,
    plan: LoadPlan,
    options: LibraryOptions,
    housing: Housing,
  ) {
    this.thread = thread
    this.path = plan.path
    this.#plan = plan
    this.#options = options
    this.#housing = housing
    this.#number = thread.life.nextLibrary()
    this.symbols = Object.create(null) as Symbols<D>
    this.variables = Object.create(null) as Variables<D>
    this.#resident = {
      settle: (incarnation) => this.#settle(incarnation),
      leave: () => this.#leave(),
    }
  }

  /**
   * Finds the library and what it needs, checks the declarations against what it exports, and loads it.
   * @internal Use `open` or `thread.load`.
   */
  static async load<const D extends Declarations>(
    thread: FatThread,
    library: string | URL,
    declarations: D,
    options: LibraryOptions,
    housing: Housing,
    ahead?: Ahead,
  ): Promise<Library<D>> {
    const plan = planLoad(library, options)
    return Library.begin(thread, plan, declarations, options, housing, ahead).done()
  }

  /** @internal The same, blocking. */
  static loadSync<const D extends Declarations>(
    thread: FatThread,
    library: string | URL,
    declarations: D,
    options: LibraryOptions,
    housing: Housing,
    ahead?: Ahead,
  ): Library<D> {
    const plan = planLoad(library, options)
    return Library.begin(thread, plan, declarations, options, housing, ahead).doneSync()
  }

  /**
   * @internal The same of a library that was found and copied already; its plan is released at its end. Declarations
   * that another library has read are not read again.
   */
  static begin<const D extends Declarations>(
    thread: FatThread,
    plan: LoadPlan,
    declarations: D | Library<D>,
    options: LibraryOptions,
    housing: Housing,
    ahead?: Ahead,
  ): Loading<Library<D>> {
    const library = Library.#declare(thread, plan, declarations, options, housing)
    return new Loading(thread, library, {
      enter: () => {
        const asked = library.#enter()
        ahead?.(library as unknown as Library)
        return asked
      },
      giveUp: () => library.#giveUp(),
    })
  }

  /** A library that is in no process yet. */
  static #declare<D extends Declarations>(
    thread: FatThread,
    plan: LoadPlan,
    declarations: D | Library<D>,
    options: LibraryOptions,
    housing: Housing,
  ): Library<D> {
    const loaded = new Library<D>(thread, plan, options, housing)
    try {
      loaded.#read(declarations)
      for (const [name, signature] of loaded.#signatures)
        loaded.#named.set(name, loaded.#add(signature))
      const variables = loaded.variables as Record<string, Variable>
      for (const [name, declared] of loaded.#declared?.variables ?? [])
        variables[name] = loaded.#addVariable(declared)
    } catch (error) {
      loaded.#leave()
      throw error
    }
    return loaded
  }

  /** From now on part of every incarnation. */
  #enter(): Pending[] {
    const incarnation = this.thread.life.incarnation()
    this.thread.life.addResident(this.#resident)
    this.#entered = true
    const asked = this.#settle(incarnation)
    // The process loads meanwhile.
    const symbols = this.symbols as Record<string, UntypedFunction>
    for (const [name, function_] of this.#named) symbols[name] = function_.callable()
    return asked
  }

  #giveUp(): void {
    this.thread.life.removeResident(this.#resident)
    this.#leave()
  }

  /** @internal Whether there is such a function; to ask costs less than a `LoadError`, which looks for near names. */
  hasFunction(name: string): boolean {
    const found = findExport(this.#plan.closure, name)
    return found !== undefined && !isVariable(found.symbol)
  }

  /** Binds one more function. `types` has more names for its prototype, which are nobody else's. */
  func<const Prototype extends string>(
    prototype: Checked<Prototype, NamesOf<D>>,
  ): Callable<Prototype, NamesOf<D>>
  func(prototype: string, types: Readonly<Record<string, Type>>): UntypedFunction
  func(prototype: string, types?: Readonly<Record<string, Type>>): unknown {
    this.#requireOpen()
    const names = types === undefined ? this.#declared : namesOf(types, this.#declared)
    const declared = this.#add(parsePrototype(prototype, names))
    this.#bind(declared)
    return declared.callable()
  }

  /** @internal The arguments of one of `symbols` as they are now, for a call that begins later and elsewhere. */
  keep(name: string, values: readonly unknown[]): readonly unknown[] {
    return this.#named.get(name)?.keep(values) ?? values
  }

  /**
   * Where a function or variable of the library is, in the process that serves now.
   * @throws {LoadError} for a symbol that is not there
   */
  symbol(name: string): Pointer {
    this.#requireOpen()
    if (typeof name !== 'string') throw wrongKind('symbol: name', 'a string', name)
    requireSymbol(this.#plan.closure, name)
    const { thread, path } = this
    let found: Pointer | undefined
    const request = locate({ name, library: this.#number, path }, (owner, address) => {
      found = new Pointer(address, owner)
    })
    thread.life.lane().runSync(request, undefined, { timeout: thread.settings.loadTimeout })
    return found as unknown as Pointer
  }

  /**
   * A type by its names in what this library declares, such as `struct point`, `point *` or `point[4]`.
   * @throws {DeclarationError} if the text is no type that a value may have
   */
  type(text: string): Type {
    if (typeof text !== 'string')
      throw wrongKind('type: text', "a C type, such as 'struct point'", text)
    return new Type(expressionType(parseType(text, this.#declared)))
  }

  /**
   * Finds one more variable, such as `int counter` or `const char *const names[4]`.
   * @throws {LoadError} for a symbol that is not there, is no variable, or is smaller than its type
   */
  variable<const Text extends string>(
    declaration: CheckedVariable<Text, NamesOf<D>>,
  ): Variable<HeldBy<Text, NamesOf<D>>, GivenTo<Text, NamesOf<D>>> {
    this.#requireOpen()
    const variable = this.#addVariable(parseVariable(declaration, this.#declared))
    const timeout = this.thread.settings.loadTimeout
    // A failure shows when the variable is used.
    this.thread.life.incarnation().callbacks.begin(variable.located, { timeout })
    return variable as unknown as Variable<HeldBy<Text, NamesOf<D>>, GivenTo<Text, NamesOf<D>>>
  }

  /**
   * A function that C can call until it is released: `thread.callback` that knows the names which were declared.
   * @param prototype of the C function that it stands for, or the name of a function type
   */
  callback<const Prototype extends string>(
    prototype: Prototype,
    run: CallbackNamed<Prototype, NamesOf<D>>,
  ): Callback {
    this.#requireOpen()
    const type = this.#declared?.typedef(prototype)
    if (type !== undefined)
      return this.thread.makeCallback(functionTypeOf(type, prototype), prototype, run)
    const { name, ...parsed } = this.#parse(prototype)
    return this.thread.makeCallback({ kind: 'function', ...parsed }, name, run)
  }

  /** Loads the file anew, in a new process; what was in flight is rejected. The functions stay usable. */
  async reload(): Promise<void> {
    this.#requireOpen()
    const plan = planLoad(this.path, this.#options)
    try {
      for (const { plan: function_ } of this.#functions) requireExport(plan.closure, function_.name)
      for (const { bound, type } of this.#variables) requireVariable(plan.closure, bound.name, type)
    } catch (error) {
      plan.release()
      throw error
    }
    const old = this.#plan
    this.#plan = plan
    old.release()
    await this.thread.life.renew()
  }

  /**
   * Closes the fat thread if `open` made it for this library; else only this library's functions end.
   * Of a pool's fat thread: a sequence may close the one that it has, and the pool opens another.
   * @throws {FatThreadError} for the library of a pool's fat thread, after the sequence
   */
  async close(): Promise<void> {
    this.#startClosing()
    if (this.#housing !== 'shared') await this.thread.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As `close`, blocking. */
  [Symbol.dispose](): void {
    this.#startClosing()
    if (this.#housing !== 'shared') this.thread[Symbol.dispose]()
  }

  #startClosing(): void {
    const lent = typeof this.#housing === 'object' ? this.#housing : undefined
    if (lent?.mayClose() === false && this.thread.state !== 'closed')
      throw new FatThreadError(`${this.path} belongs to a pool, which closes it: pool.close()`, {
        library: this.path,
      })
    this.#closed = true
  }

  #read(declarations: Declarations | Library<D>): void {
    if (declarations instanceof Library) {
      this.#declared = declarations.#declared
      this.#signatures = declarations.#signatures
    } else {
      this.#signatures = this.#parseAll(declarations)
    }
  }

  /** By the names that JavaScript calls them. */
  #parseAll(declarations: unknown): readonly (readonly [string, Signature])[] {
    if (typeof declarations === 'string') {
      this.#declared = new CDeclarations()
      this.#declared.add(declarations)
      return [...this.#declared.functions]
    }
    const entries = entriesOf(declarations)
    for (const [name, type] of entries) {
      if (!(type instanceof Type)) continue
      this.#declared ??= new CDeclarations()
      this.#declared.name(name, type.ctype)
    }
    return entries.flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, this.#parse(text)] as const] : [],
    )
  }

  #parse(prototype: string): Signature {
    return parsePrototype(prototype, this.#declared)
  }

  #add(signature: Signature, fixed?: number): BoundFunction {
    requireExport(this.#plan.closure, signature.name)
    const home: FunctionHome = {
      path: this.path,
      thread: this.thread,
      timeout: this.thread.settings.timeout,
      lane: () => this.#lane(),
      freeing: (name) => this.#freeing(name).id,
      variant: (kind, before) => {
        const variant = this.#add(kind, before)
        this.#bind(variant)
        return variant
      },
    }
    const added = new BoundFunction(this.thread.life.nextFunction(), signature, home, fixed)
    this.#functions.push(added)
    return added
  }

  /** A function that takes a pointer back. */
  #freeing(name: string): BoundFunction {
    let known = this.#freeings.get(name)
    if (known === undefined) {
      const type: CType = { kind: 'pointer', to: { kind: 'void' }, const: false }
      const parameters = [{ name: 'pointer', type }]
      known = this.#add({ name, result: { kind: 'void' }, parameters })
      this.#freeings.set(name, known)
      if (this.#entered) this.#bind(known)
    }
    return known
  }

  #addVariable({ name, type, const: isConst }: DeclaredVariable): BoundVariable {
    const whole = requireVariable(this.#plan.closure, name, type)
    const symbol = { name, library: this.#number, path: this.path }
    const bound = new BoundVariable(symbol, whole, isConst, {
      timeout: this.thread.settings.timeout,
      lane: () => this.#lane(),
      owner: () => this.thread.life.incarnation().owner,
    })
    this.#variables.push({ bound, type: whole })
    return bound
  }

  #lane(): Entrance {
    if (this.#closed) this.#requireOpen()
    return this.thread.life.lane()
  }

  /** A failure stays with the function: each of its calls says so. */
  #bind({ id, plan }: BoundFunction): void {
    const timeout = this.thread.settings.loadTimeout
    const request = bind(id, this.#number, this.path, plan)
    this.thread.life.incarnation().callbacks.begin(request, { timeout })
  }

  #settle(incarnation: Incarnation): Pending[] {
    const timeout = this.thread.settings.loadTimeout
    const loading = incarnation.load(this.#number, this.#plan, timeout)
    const bindings = this.#functions.map(({ id, plan }) =>
      incarnation.prepare(bind(id, this.#number, this.path, plan), timeout),
    )
    const variables = this.#variables.map(({ bound }) =>
      incarnation.prepare(bound.located, timeout),
    )
    return [loading, ...bindings, ...variables]
  }

  #leave(): void {
    this.#closed = true
    this.#plan.release()
  }

  #requireOpen(): void {
    if (this.#closed) throw new ClosedError(`${this.path} is closed`, { library: this.path })
  }
}

function entriesOf(declarations: unknown): [string, string | Type][] {
  if (typeof declarations !== 'object' || declarations === null)
    throw new TypeError(
      `declarations must be an object of C prototypes, not ${describe(declarations)}`,
    )
  return Object.entries(declarations).map(([name, declared]) => {
    if (typeof declared !== 'string' && !(declared instanceof Type))
      throw new TypeError(
        `the declaration of ${name} must be a C prototype or a Type, not ${describe(declared)}`,
      )
    return [name, declared]
  })
}

/** A function type, or what a pointer to one points to. */
function functionTypeOf(type: CType, name: string): FunctionType {
  const pointed = type.kind === 'pointer' ? type.to : type
  if (pointed.kind === 'function') return pointed
  throw new TypeError(`callback: ${name} is no type of a function`)
}

function requireExport(closure: Closure, name: string): void {
  const { path } = closure.root
  if (isVariable(requireSymbol(closure, name)))
    throw new LoadError(`${path}: ${name} is a variable, not a function`, {
      library: path,
      call: name,
    })
}

function isVariable({ kind }: ElfExport): boolean {
  return kind === 'object' || kind === 'tls'
}

/** The type of a variable, whose symbol has room for it; an array without a length gets what the symbol has. */
function requireVariable(closure: Closure, name: string, type: CType): CType {
  const { path } = closure.root
  const { kind, size } = requireSymbol(closure, name)
  const failure = { library: path, call: name }
  if (kind === 'function' || kind === 'ifunc')
    throw new LoadError(`${path}: ${name} is a function, not a variable`, failure)
  const whole = type.kind === 'array' ? withLength(type, size, name) : type
  // Of some symbols the size is not known.
  if (size > 0 && sizeOf(whole) > size)
    throw new LoadError(
      `${path}: ${name} has ${size} bytes, and its declaration takes ${sizeOf(whole)}`,
      failure,
    )
  if (sizeOf(whole) > MOST_BYTES)
    throw new LoadError(`${path}: ${name} has more than ${MOST_BYTES} bytes`, failure)
  return whole
}

/** Of a variable: beyond it there are pointers. */
const MOST_BYTES = 2 ** 29

function withLength(type: ArrayType, bytes: number, name: string): ArrayType {
  if (type.length !== undefined) return type
  if (bytes === 0) throw new TypeError(`${name} needs the length of the array: its symbol has none`)
  return { ...type, length: Math.floor(bytes / sizeOf(type.of)) }
}

function requireSymbol(closure: Closure, name: string): ElfExport {
  const { path } = closure.root
  const found = findExport(closure, name)
  if (found !== undefined) return found.symbol
  const namesOf = ({ elf }: ClosureObject): string[] => elf.exports.map((each) => each.name)
  const own = nearestNames(name, namesOf(closure.root))
  const near = own.length > 0 ? own : nearestNames(name, closure.lookupOrder.flatMap(namesOf))
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  const failure = { library: path, call: name }
  throw new LoadError(`${path}: there is no symbol ${name}${meant}`, failure)
}
