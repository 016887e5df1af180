import type { DeadLetter } from '@grid/core-events'
import type { RestList } from './rest-list.ts'

/**
 * Why there is no further page.
 *
 * | end | meaning |
 * |---|---|
 * | `last_page` | the exchange said that there are no more, or the wanted times are covered |
 * | `empty_page` | a page was empty, though a cursor had promised rows |
 * | `no_progress` | a cursor or a page was repeated: what follows cannot be reached |
 * | `beyond_history` | the exchange no longer keeps the earliest part of what was wanted |
 *
 * Of several windows of time, all are read, and the worst end counts.
 */
export type PagesEnd = 'last_page' | 'empty_page' | 'no_progress' | 'beyond_history'

/** All pages together. */
export interface CollectedPages<Item> {
  readonly items: readonly Item[]
  readonly deadLetters: readonly DeadLetter[]
  readonly end: PagesEnd
  /** The exchange's time of the last page in epoch milliseconds; null if it has none. */
  readonly exchangeTs: number | null
  /** Receive time of the last page in epoch microseconds; null if there was no page. */
  readonly localTsUs: number | null
}

/** Fetches pages one after another and says how they ended. */
export type PageSource<Item> = () => AsyncGenerator<RestList<Item>, PagesEnd, undefined>

/**
 * A list that the exchange gives in pages; each page is fetched when it is read.
 *
 * @example
 * for await (const { items } of client.instrumentsInfo({ category: 'linear' })) list.push(...items)
 * const { items, end } = await client.instrumentsInfo({ category: 'linear' }).all()
 */
export class RestPages<Item> implements AsyncIterable<RestList<Item>> {
  readonly #source: PageSource<Item>

  constructor(source: PageSource<Item>) {
    this.#source = source
  }

  /** Each page as it comes; reading again fetches again. */
  [Symbol.asyncIterator](): AsyncGenerator<RestList<Item>, PagesEnd, undefined> {
    return this.#source()
  }

  /** Reads all pages. */
  async all(): Promise<CollectedPages<Item>> {
    const items: Item[] = []
    const deadLetters: DeadLetter[] = []
    const pages = this.#source()
    let last: RestList<Item> | null = null
    for (;;) {
      const { done, value } = await pages.next()
      if (done) {
        const { exchangeTs = null, localTsUs = null } = last ?? {}
        return { items, deadLetters, end: value, exchangeTs, localTsUs }
      }
      last = value
      items.push(...value.items)
      deadLetters.push(...value.deadLetters)
    }
  }
}
