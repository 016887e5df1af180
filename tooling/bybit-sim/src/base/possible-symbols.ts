/**
 * What may be the symbol of a topic: the text after each of its dots, as a symbol may hold dots itself.
 *
 * @example
 * possibleSymbols('tickers.XRP-25DEC26-0.5-C') // ['XRP-25DEC26-0.5-C', '5-C']
 */
export function possibleSymbols(topic: string): string[] {
  const symbols: string[] = []
  for (let dot = topic.indexOf('.'); dot !== -1; dot = topic.indexOf('.', dot + 1)) {
    symbols.push(topic.slice(dot + 1))
  }
  return symbols
}
