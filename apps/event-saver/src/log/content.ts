/** Most bytes of one item that a line shows. */
const MOST_BYTES = 4096

/** The content of a lost item for its line in the log: as text, or in base64 where it is none. */
export interface LoggedContent {
  readonly raw: string
  readonly encoding: 'utf8' | 'base64'
  /** Of the whole item; `raw` shows the first 4096. */
  readonly bytes: number
}

/** Makes an item's bytes fit for a line of the log. */
export function contentOf(item: Uint8Array): LoggedContent {
  const shown = item.subarray(0, MOST_BYTES)
  const facts = { bytes: item.byteLength }
  try {
    // As in a stream, so that a character that the cut splits is left out.
    const isWhole = shown.length === item.length
    const text = new TextDecoder('utf-8', { fatal: true }).decode(shown, { stream: !isWhole })
    return { raw: text, encoding: 'utf8', ...facts }
  } catch {
    return { raw: Buffer.from(shown).toString('base64'), encoding: 'base64', ...facts }
  }
}
