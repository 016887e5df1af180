import { describe, expect, it } from 'vitest'
import type { DeadLetterBox } from '../../../src/pipeline/dead-letter-box.ts'
import { Ledger } from '../../../src/pipeline/ledger.ts'
import { Lane } from '../../../src/pipeline/recovery/lane.ts'
import type { EventQueue } from '../../../src/pipeline/writers/event-writer.ts'

const LETTERS = { writer: { hasRoom: true }, waiting: () => 0 } as unknown as DeadLetterBox
const EVENT = {} as never

/** A lane whose queue holds as many items as a test says, and has room for 30. */
interface FakeQueue {
  waiting: number
  isFailing?: boolean
}

function laneWith(queue: FakeQueue, batchSize = 5, isKept = true): Lane {
  return new Lane({
    channel: 'publicTrade',
    queue: {
      get waiting() {
        return queue.waiting
      },
      isOpen: true,
      get isFailing() {
        return queue.isFailing === true
      },
      get hasRoom() {
        return queue.waiting < 30
      },
      add: () => {
        queue.waiting += 1
      },
    } as unknown as EventQueue,
    letters: LETTERS,
    counts: new Ledger().of('publicTrade'),
    maxWaiting: 30,
    batchSize,
    isKept,
    newest: () => 0,
  })
}

/** Takes frames of one item at these places. */
function takeLive(lane: Lane, from: number, to: number): void {
  for (let position = from; position <= to; position++) {
    lane.take({ events: [EVENT], letters: [], discarded: 0 }, { timeUs: 0, position, bytes: 1 })
  }
}

describe('the room of a lane for what is read', () => {
  it('is a third of the queue while more is unread than the queue can hold', () => {
    const queue = { waiting: 0 }
    const lane = laneWith(queue)
    takeLive(lane, 1, 30)
    expect(lane.isBehind).toBe(false)
    takeLive(lane, 31, 60)
    expect([lane.isBehind, lane.inJournal]).toEqual([true, 30])
    queue.waiting = 9
    expect(lane.hasRoomToRead).toBe(true)
    queue.waiting = 10
    expect(lane.hasRoomToRead).toBe(false)
  })

  it('is a batch at least: with less the queue would wait for more', () => {
    const queue = { waiting: 30 }
    const lane = laneWith(queue, 20)
    takeLive(lane, 1, 60)
    queue.waiting = 19
    expect(lane.hasRoomToRead).toBe(true)
    queue.waiting = 20
    expect(lane.hasRoomToRead).toBe(false)
  })

  it('is the whole queue once all that is unread fits, so that the lane reaches the tail', () => {
    const queue = { waiting: 30 }
    const lane = laneWith(queue)
    takeLive(lane, 31, 45)
    expect(lane.inJournal).toBe(15)
    queue.waiting = 16
    expect(lane.hasRoomToRead).toBe(false)
    queue.waiting = 15
    expect(lane.hasRoomToRead).toBe(true)
  })

  it('is a third of the queue while it is unknown how much is unread: what an earlier process left', () => {
    const queue = { waiting: 10 }
    const lane = laneWith(queue)
    lane.beginAt(0, 100)
    expect(lane.hasRoomToRead).toBe(false)
    lane.advance(100)
    expect(lane.hasRoomToRead).toBe(true)
  })
})

describe('a lane whose rows cannot be stored', () => {
  it('keeps a third of the queue in memory, as the journal keeps the rest', () => {
    const queue = { waiting: 0, isFailing: true }
    const lane = laneWith(queue)
    takeLive(lane, 1, 30)
    expect([queue.waiting, lane.inJournal]).toEqual([10, 20])
  })

  it('keeps all in memory that finds room where no journal keeps it', () => {
    const queue = { waiting: 0, isFailing: true }
    const lane = laneWith(queue, 5, false)
    takeLive(lane, 1, 30)
    expect([queue.waiting, lane.inJournal]).toEqual([30, 0])
  })
})
