/**
 * Writes the query of a request from texts and numbers by name; leaves out what is undefined.
 *
 * The cursor is given as the exchange wrote it. The exchange percent-encodes most cursors, and answers
 * one that is encoded twice with the first page. Decoding once and encoding once serves both forms.
 *
 * @example
 * queryOf({ category: 'linear', limit: 100 }, '132766%3A2') // 'category=linear&limit=100&cursor=132766%3A2'
 */
export function queryOf(params: object, cursor = ''): string {
  const pairs = Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  if (cursor !== '') pairs.push(`cursor=${encodeURIComponent(decodedOnce(cursor))}`)
  return pairs.join('&')
}

function decodedOnce(cursor: string): string {
  try {
    return decodeURIComponent(cursor)
  } catch {
    return cursor
  }
}
