/** A password in a URL or in a list of `name=value`, or base64 of a key's length. */
const LIKE_A_SECRET = /:[^\s]*@|pass|pwd|secret|token|[A-Za-z0-9+/_-]{40}/i

/**
 * A wrong text for a message, in quotes. A text that may hold a secret, because it was meant for another
 * setting, is not shown.
 */
export function shownText(text: string): string {
  return LIKE_A_SECRET.test(text) ? 'the value' : JSON.stringify(text)
}
