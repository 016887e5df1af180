const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * A text of others on one line that no terminal takes for commands: what is not seen stands there as JSON writes it.
 * A name could otherwise hide a line of a list, or add one that is none of ours.
 */
export function plainText(text: string): string {
  return text.replace(UNSEEN, (character) => character.split('').map(escaped).join(''))
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
