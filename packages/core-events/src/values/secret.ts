const REDACTED = '[redacted]'

/**
 * A text that only `reveal` shows: logs, errors, `util.inspect` and JSON show `[redacted]`.
 *
 * It prevents accidental disclosure; it does not remove the text from memory.
 *
 * @example
 * const secret = new Secret('TESTSECRET')
 * `${secret}` // '[redacted]', as in JSON.stringify, String and util.inspect
 * secret.reveal() // 'TESTSECRET'
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself; pass it on at once and do not keep it. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  // What `console.log` and `util.inspect` show, with any options. Defined by a call, because
  // isolatedDeclarations does not allow a computed name as a member.
  static {
    Object.defineProperty(Secret.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value: () => REDACTED,
    })
  }
}
