/**
 * Writes a statement the way it stands in the source: without the source's indentation, and with each
 * inserted text of several lines indented like the line it is inserted in. A line that an empty text
 * leaves blank is left out.
 *
 * Only for texts of our own: nothing is escaped. Values travel as parameters.
 *
 * @example
 * sqlText`
 *   select symbol
 *   from public_trades
 *   where ${condition}`
 */
export function sqlText(template: TemplateStringsArray, ...inserted: readonly string[]): string {
  const [first = '', ...others] = withoutMargin(template)
  let text = first
  for (const [index, other] of others.entries()) {
    const value = inserted[index] ?? ''
    text += value.includes('\n') ? value.replaceAll('\n', `\n${indentOf(text)}`) : value
    text += other
  }
  return inserted.includes('') ? withoutBlankLines(text) : text
}

/** Kept by template, because statements are written for each batch: it halves the time of `sqlText`. */
const PARTS = new WeakMap<TemplateStringsArray, readonly string[]>()

function withoutMargin(template: TemplateStringsArray): readonly string[] {
  const known = PARTS.get(template)
  if (known !== undefined) return known
  const margin = /^\n */.exec(template[0] ?? '')?.[0] ?? '\n'
  const [first = '', ...others] = template.map((part) => part.replaceAll(margin, '\n'))
  const parts = [first.trimStart(), ...others]
  PARTS.set(template, parts)
  return parts
}

/** The indentation of a text's last line. */
function indentOf(text: string): string {
  const start = text.lastIndexOf('\n') + 1
  let end = start
  while (text[end] === ' ') end++
  return text.slice(start, end)
}

function withoutBlankLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
}

const LINE_LENGTH = 80

/** Writes a list over as many lines as it needs: `a, b, c`. */
export function listText(items: readonly string[]): string {
  let text = ''
  let length = 0
  for (const item of items) {
    const isFull = length + item.length > LINE_LENGTH
    text += text === '' ? item : isFull ? `,\n${item}` : `, ${item}`
    length = (isFull ? 0 : length) + item.length + 2
  }
  return text
}
