import { shownText } from '../config/shown-text.ts'
import { CommandError, EXIT } from '../exit-code.ts'

/** The epoch milliseconds of a time as typed; undefined where none was. `code` is that of the message about a wrong one. */
export function timeOption(text: unknown, option: string, code: string): number | undefined {
  if (text === undefined) return undefined
  // Without a zone, Date.parse takes the machine's.
  const isTime =
    typeof text === 'string' && /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?$/.test(text)
  const ms = isTime && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  const message = `${option}: ${shownText(String(text))} must be a time such as 2026-11-22T08:00:00Z, or a day`
  throw new CommandError(EXIT.usage, code, message)
}

/** Whether a text such as `2026-11-22` is a day that there is. `Date.parse` takes 30 February for 2 March. */
export function isDay(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}
