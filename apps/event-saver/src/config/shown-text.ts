/** A password in a URL or in a list of `name=value`, the URL of a database, or base64 of a key's length. */
const LIKE_A_SECRET =
  /:[^\s]*@|pass|pwd|secret|token|\b(?!https?:|wss?:)[a-z]+:\/\/|[A-Za-z0-9+/_-]{40}/i

/** Whether a text does not look as if it held a secret. */
export function isShownText(text: string): boolean {
  return !LIKE_A_SECRET.test(text)
}

/**
 * A wrong text for a message, in quotes. A text that may hold a secret, because it was meant for another
 * setting, is not shown.
 */
export function shownText(text: string): string {
  return isShownText(text) ? JSON.stringify(text) : 'the value'
}
