// Types of the few @std functions we use. The npm package that carries them has no types of its own;
// the module names are JSR's, so that nothing in the sources changes when they come from there.

declare module "@std/cli/parse-args" {
  /** What `parseArgs` is told about the flags. */
  export interface ParseOptions {
    /** Flags whose value is always text; everything else that looks like a number becomes one. */
    string?: string | readonly string[];
    boolean?: boolean | string | readonly string[];
    /** Flags that may be given several times; their value is a list. */
    collect?: string | readonly string[];
    /** Boolean flags that `--no-NAME` turns off. */
    negatable?: string | readonly string[];
    alias?: Readonly<Record<string, string | readonly string[]>>;
    default?: Readonly<Record<string, unknown>>;
    /** Puts what follows `--` under the key `--` instead of `_`. */
    "--"?: boolean;
    /** Ends flags at the first word that is none. */
    stopEarly?: boolean;
    /** Called with each flag that was not declared; false keeps it out of the result. */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }

  /** Flags by name, words that are no flags under `_`. */
  export interface ParsedArgs {
    _: (string | number)[];
    "--"?: string[];
    [flag: string]: unknown;
  }

  export function parseArgs(args: readonly string[], options?: ParseOptions): ParsedArgs;
}

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any -- a constructor of any signature can only be said with any
  type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;
  /** What `assertArrayIncludes` takes besides arrays. */
  type ArrayLikeArg<T> = ArrayLike<T> & object;

  export class AssertionError extends Error {
    constructor(message: string, options?: ErrorOptions);
  }

  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertFalse(expr: unknown, msg?: string): asserts expr is false;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is T;
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertArrayIncludes<T>(
    actual: ArrayLikeArg<T>,
    expected: ArrayLikeArg<T>,
    msg?: string,
  ): void;
  export function assertObjectMatch(
    actual: object,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    // deno-lint-ignore no-explicit-any -- as ErrorClass
    expected: abstract new (...args: any[]) => T,
    msg?: string,
  ): asserts actual is T;
  export function assertIsError<E extends Error = Error>(
    error: unknown,
    errorClass?: ErrorClass<E>,
    msgMatches?: string | RegExp,
    msg?: string,
  ): asserts error is E;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function equal(a: unknown, b: unknown): boolean;
  export function fail(msg?: string): never;
  export function unreachable(msg?: string): never;
  export function unimplemented(msg?: string): never;
}
