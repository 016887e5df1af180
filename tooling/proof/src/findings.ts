/** How many findings are kept as text; all are counted. */
const MAX_SAMPLES = 20

/** Counts differences, and keeps the first ones as sentences. */
export class Findings {
  missing = 0
  unexpected = 0
  different = 0
  readonly samples: string[] = []

  /** Counts an item that was sent but is not stored. */
  addMissing(what: string): void {
    this.missing += 1
    this.#sample(`missing: ${what}`)
  }

  /** Counts a row that is stored but was never sent. */
  addUnexpected(what: string): void {
    this.unexpected += 1
    this.#sample(`unexpected: ${what}`)
  }

  /** Counts a column that holds another value than was sent. */
  addDifferent(what: string, column: string, expected: unknown, stored: unknown): void {
    this.different += 1
    this.#sample(`different: ${what}: ${column} is ${stored}, sent was ${expected}`)
  }

  #sample(text: string): void {
    if (this.samples.length < MAX_SAMPLES) this.samples.push(text)
  }
}
