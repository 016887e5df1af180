const REDACTED = '[redacted]'

/**
 * A text that no log, error, inspection or JSON shows: only `reveal` gives it out.
 *
 * It keeps a text from being shown by accident; it does not remove it from memory.
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

  /** The text itself: to be handed on at once, never kept. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  // What `console.log` and `util.inspect` show, whatever their options. Defined by call, for a
  // declaration cannot be made from this file alone of a name that is no literal.
  static {
    Object.defineProperty(Secret.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value: () => REDACTED,
    })
  }
}
