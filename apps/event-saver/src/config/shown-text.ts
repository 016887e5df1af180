/**
 * A password in a URL or in a list of `name=value`, the URL of a database, a line of a file of passwords, or base64 of
 * a key's length.
 */
const LIKE_A_SECRET =
  /:[^\s]*@|pass|pwd|secret|token|\b(?!https?:|wss?:)[a-z]+:\/\/|:(\d{1,5}|\*):[^\s:]+:[^\s:]+:\S|[A-Za-z0-9+/_-]{40}/i

/** Letters of both cases and digits in a row: the exchange's secrets have 36 of them. */
const LETTERS_AND_DIGITS = /[A-Za-z0-9]{24,}/g

/** Whether a text does not look as if it held a secret. */
export function isShownText(text: string): boolean {
  return !LIKE_A_SECRET.test(text) && !text.match(LETTERS_AND_DIGITS)?.some(isMixed)
}

function isMixed(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text)
}

/**
 * A wrong text for a message, in quotes. A text that may hold a secret, because it was meant for another
 * setting, is not shown.
 */
export function shownText(text: string): string {
  return isShownText(text) ? JSON.stringify(text) : 'the value'
}
