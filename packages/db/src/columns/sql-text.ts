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
export function sqlText(lines: TemplateStringsArray, ...inserted: readonly string[]): string {
  const [first = '', ...others] = lines
  const margin = /^\n */.exec(first)?.[0] ?? '\n'
  let text = first.replaceAll(margin, '\n')
  for (const [index, other] of others.entries()) {
    const line = text.slice(text.lastIndexOf('\n') + 1)
    const indent = line.slice(0, line.length - line.trimStart().length)
    text += (inserted[index] ?? '').replaceAll('\n', `\n${indent}`)
    text += other.replaceAll(margin, '\n')
  }
  return text
    .split('\n')
    .map((each) => each.trimEnd())
    .filter((each) => each !== '')
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
