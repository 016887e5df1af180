/** How many findings are kept as text; all are counted. */
const MAX_SAMPLES = 20

/** Counts what does not agree, and keeps the first examples. */
export class Findings {
  missing = 0
  unexpected = 0
  different = 0
  readonly samples: string[] = []

  /** An item that was sent is not stored. */
  addMissing(what: string): void {
    this.missing += 1
    this.#sample(`missing: ${what}`)
  }

  /** A row is stored that was never sent. */
  addUnexpected(what: string): void {
    this.unexpected += 1
    this.#sample(`unexpected: ${what}`)
  }

  /** A row is stored with another value in a column. */
  addDifferent(what: string, column: string, expected: unknown, stored: unknown): void {
    this.different += 1
    this.#sample(`different: ${what}: ${column} is ${stored}, sent was ${expected}`)
  }

  #sample(text: string): void {
    if (this.samples.length < MAX_SAMPLES) this.samples.push(text)
  }
}
