/**
 * The number of a JSON text that JavaScript's numbers do not hold, or not with all its digits, such as
 * `12345678901234567891`, `1e-400` and `1.10`. `JSON.stringify` writes `rawJSON` as it is.
 */
export interface ExactNumber {
  /** The number's text. */
  readonly rawJSON: string
}

/** What the JSON of Node 22 has, and the compiler's does not yet. */
interface RawJson {
  rawJSON(text: string): ExactNumber
  isRawJSON(value: unknown): value is ExactNumber
}

const RAW = JSON as unknown as RawJson

/**
 * Parses JSON and keeps every digit of its numbers: those that JavaScript's numbers hold are numbers, all
 * others are {@link ExactNumber}s. Throws as `JSON.parse` does; it takes several times as long.
 *
 * A number beyond what PostgreSQL can store in JSON becomes a text.
 *
 * @example
 * JSON.stringify(parseExactJson('{"n":12345678901234567891}')) // '{"n":12345678901234567891}'
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, exact)
}

/** Whether a value is a number that {@link parseExactJson} keeps as its text. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return RAW.isRawJSON(value)
}

/** Whether a parsed JSON value is a number or holds one; only then is it worth an exact reading. */
export function holdsNumber(value: unknown): boolean {
  if (typeof value === 'number') return true
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNumber)
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  if (JSON.stringify(value) === source || isHeld(value, source)) return value
  return isStorable(source) ? RAW.rawJSON(source) : source
}

/** Whether a number has the value of its text, and the text no digits beside it. */
function isHeld(value: number, source: string): boolean {
  return !/\.\d*0(?:$|e)/i.test(source) && plain(String(value)) === plain(source)
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i

/** A number's sign, digits and exponent, so that equal numbers have equal texts; `''` for what is none. */
function plain(text: string): string {
  const [whole, sign, integer = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) return ''
  const digits = (integer + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return `${sign}${significant}e${power}`
}

/** PostgreSQL's `numeric` has 131,072 digits before the point and 16,383 after it. */
const MOST_DIGITS = 16_000

function isStorable(source: string): boolean {
  const exponent = Number(/e([+-]?\d+)$/i.exec(source)?.[1] ?? 0)
  return source.length + Math.abs(exponent) <= MOST_DIGITS
}
