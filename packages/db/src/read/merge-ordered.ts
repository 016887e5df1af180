/**
 * Merges ordered sources into one order; equal items come in the order of the sources. It holds one item
 * of each source, and ends all of them when the consumer stops or one fails.
 */
export async function* mergeOrdered<Item>(
  sources: readonly AsyncGenerator<Item, void, undefined>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item, void, undefined> {
  try {
    const heads = await Promise.all(sources.map((source) => source.next()))
    for (;;) {
      let first = -1
      let item: Item | undefined
      for (const [place, head] of heads.entries()) {
        if (head.done) continue
        if (item !== undefined && compare(item, head.value) <= 0) continue
        first = place
        item = head.value
      }
      const source = sources[first]
      if (item === undefined || source === undefined) return
      yield item
      heads[first] = await source.next()
    }
  } finally {
    await Promise.all(sources.map((source) => source.return()))
  }
}
