import { describe, expect, it } from 'vitest'
import { MemoryJournal } from '../../src/journal/journal.ts'

const frame = (bytes: number) => ({ bytes: new Uint8Array(bytes) })

describe('MemoryJournal', () => {
  it('numbers frames from 1, and counts their bytes until their whole block is released', () => {
    const journal = new MemoryJournal()
    for (let size = 1; size <= 600; size++) expect(journal.append(1, frame(10))).toBe(size)
    expect(journal.bytes).toBe(6000)
    journal.release(255)
    expect(journal.bytes).toBe(6000)
    journal.release(256)
    expect(journal.bytes).toBe(6000 - 2560)
    journal.release(600)
    expect(journal.bytes).toBe(0)
    expect(journal.append(1, frame(7))).toBe(601)
    expect(journal.bytes).toBe(7)
  })
})
