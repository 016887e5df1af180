/** The opposite of an order. */
export function reversed(order: readonly string[]): readonly string[] {
  return order.map((term) => (term.endsWith(' desc') ? term.slice(0, -5) : `${term} desc`))
}
