/**
 * Writes the query of a request: texts and numbers by name, those that are undefined left out; a
 * cursor goes in as the exchange gave it.
 *
 * The exchange hands most cursors out percent-encoded already, and a second encoding gives the
 * first page again. Decoding once and encoding once serves both forms.
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
