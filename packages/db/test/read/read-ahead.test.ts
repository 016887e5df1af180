import { describe, expect, it } from 'vitest'
import { mergeOrdered } from '../../src/read/merge-ordered.ts'
import { type Page, readAhead } from '../../src/read/read-ahead.ts'
import { collect } from '../support/events.ts'

/** Endless pages of three numbers, and a list of the pages that were fetched. */
function pages(delay: () => Promise<void> = async () => {}) {
  const asked: number[] = []
  const settled: number[] = []
  const fetch = async (number: number): Promise<Page<number>> => {
    asked.push(number)
    await delay()
    settled.push(number)
    const first = number * 3
    return { rows: [first, first + 1, first + 2], next: () => fetch(number + 1) }
  }
  return { asked, settled, first: () => fetch(0) }
}

describe('reading ahead', () => {
  it('fetches nothing before it is asked, then at most one page ahead of the consumer', async () => {
    const { asked, first } = pages()
    const rows = readAhead(first, { signal: undefined, isAhead: true })
    expect(asked).toEqual([])
    expect((await rows.next()).value).toBe(0)
    expect(asked).toEqual([0])
    await rows.next()
    expect(asked).toEqual([0, 1])
    await rows.next()
    expect((await rows.next()).value).toBe(3)
    expect(asked).toEqual([0, 1])
    await rows.return()
  })

  it('fetches only what is consumed when it may not read ahead', async () => {
    const { asked, first } = pages()
    const rows = readAhead(first, { signal: undefined, isAhead: false })
    for (let n = 0; n < 3; n++) expect((await rows.next()).value).toBe(n)
    expect(asked).toEqual([0])
    expect((await rows.next()).value).toBe(3)
    expect(asked).toEqual([0, 1])
    await rows.return()
  })

  it('waits for the page being fetched when the consumer stops', async () => {
    const { settled, first } = pages(() => new Promise((resolve) => setImmediate(resolve)))
    for await (const row of readAhead(first, { signal: undefined, isAhead: true })) {
      if (row === 1) break
    }
    expect(settled).toEqual([0, 1])
  })

  it('ends with the reason of its signal, without waiting for a page that hangs', async () => {
    const controller = new AbortController()
    let hang = false
    const { first } = pages(() => (hang ? new Promise(() => {}) : Promise.resolve()))
    const rows = readAhead(first, { signal: controller.signal, isAhead: true })
    await rows.next()
    hang = true
    const rest = collect(rows)
    const reason = new Error('enough')
    setImmediate(() => controller.abort(reason))
    await expect(rest).rejects.toBe(reason)
  })

  it('gives all rows of the pages before an error, then the error', async () => {
    const seen: number[] = []
    const failing = async (): Promise<Page<number>> => ({
      rows: [1, 2, 3],
      next: () => Promise.reject(new Error('connection lost')),
    })
    const read = async (): Promise<void> => {
      const rows = readAhead(failing, { signal: undefined, isAhead: true })
      for await (const row of rows) seen.push(row)
    }
    await expect(read()).rejects.toThrow('connection lost')
    expect(seen).toEqual([1, 2, 3])
  })
})

it('a merge ends all its sources when one fails or the consumer stops', async () => {
  const ended: string[] = []
  async function* source(name: string, items: readonly number[], error?: Error) {
    try {
      yield* items
      if (error) throw error
    } finally {
      ended.push(name)
    }
  }
  const byValue = (a: number, b: number): number => a - b
  const lost = new Error('lost')
  const failing = mergeOrdered([source('a', [1, 4], lost), source('b', [2, 3, 5, 6])], byValue)
  const seen: number[] = []
  await expect(
    (async () => {
      for await (const item of failing) seen.push(item)
    })(),
  ).rejects.toBe(lost)
  expect(seen).toEqual([1, 2, 3, 4])
  expect(ended.splice(0).sort()).toEqual(['a', 'b'])
  for await (const item of mergeOrdered([source('a', [1, 3]), source('b', [2])], byValue)) {
    if (item === 2) break
  }
  expect(ended.sort()).toEqual(['a', 'b'])
})
