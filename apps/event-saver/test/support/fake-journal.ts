import type {
  ConnectionState,
  DurableJournal,
  JournalPriority,
} from '../../src/journal/durable-journal.ts'
import type { JournalItem, JournalNote, JournalOrigin } from '../../src/journal/format/items.ts'
import { firstPositionOf } from '../../src/journal/format/position.ts'

type Item = JournalItem extends infer One
  ? One extends JournalItem
    ? Omit<One, 'isState'>
    : never
  : never

/** What several processes wrote, one after the other: each is a {@link FakeJournal} of its own. */
export class Disk {
  readonly id: string = crypto.randomUUID()
  readonly items: Item[] = []
  processes = 0
  end = Number.POSITIVE_INFINITY

  /** Makes records unreadable that these match: what lacks is a hole. */
  damage(isDamaged: (item: Item) => boolean): void {
    const items = this.items.splice(0)
    for (const [index, item] of items.entries()) {
      const { localTsUs = 0 } = items[index + 1] ?? {}
      const lastGoodUs = items[index - 1]?.localTsUs ?? null
      const { position } = item
      const hole = { kind: 'hole', from: position, position, cause: 'corrupt' } as const
      this.items.push(isDamaged(item) ? { ...hole, localTsUs, lastGoodUs } : item)
    }
  }
}

/** A journal in memory that can be read, also by the process after it. */
export class FakeJournal
  implements Omit<DurableJournal, 'durable' | 'forget' | 'oldest' | 'totalBytes' | 'close'>
{
  readonly id: string
  readonly bytes = 0
  readonly firstOfProcess: number
  readonly counts = { appended: 0, unwritten: 0, corruptBlocks: 0 }
  readonly #disk: Disk
  position: number
  released = 0
  /** Frames are not taken while it is false. */
  isRunning = true
  #connections = 0

  constructor(disk: Disk, environment = 'simulated') {
    this.#disk = disk
    this.id = disk.id
    disk.processes += 1
    this.position = firstPositionOf(disk.processes) - 1
    this.firstOfProcess = this.position + 1
    this.#put({ kind: 'boot', environment, position: 0, localTsUs: Date.now() * 1000 })
  }

  get state(): 'running' | 'stalled' {
    return this.isRunning ? 'running' : 'stalled'
  }

  /** Nothing but accounts' data is to be appended while it is false. */
  hasRoom = true

  accepts(priority?: JournalPriority): boolean {
    return this.hasRoom || priority === 'private'
  }

  connect(origin: JournalOrigin): number {
    this.#connections += 1
    this.#put({ kind: 'opened', connection: this.#connections, origin, position: 0, localTsUs: 0 })
    return this.#connections
  }

  append(
    connection: number,
    { bytes, index, localTsUs }: { bytes: Uint8Array; index: number; localTsUs: number },
  ): number {
    const item = { kind: 'frame', connection, index, localTsUs, position: 0 } as const
    return this.#put({ ...item, bytes: bytes.slice() })
  }

  note(note: JournalNote, localTsUs: number = Date.now() * 1000): number {
    return this.#put({ kind: 'note', note, localTsUs, position: 0 })
  }

  release(position: number): void {
    this.released = position
  }

  get lastOfOthers(): number {
    return Math.min(this.firstOfProcess - 1, this.#disk.end)
  }

  markTooOld(isTooOld: boolean): void {
    this.#disk.end = isTooOld ? this.lastOfOthers : Number.POSITIVE_INFINITY
  }

  async flush(): Promise<number> {
    return this.position
  }

  reader(from: number): ReturnType<DurableJournal['reader']> {
    const { items } = this.#disk
    let index = 0
    let position = from
    return {
      get position() {
        return position
      },
      get isAtTail() {
        return index >= items.length
      },
      next: async () => {
        const batch = items.slice(index, index + 50)
        index += batch.length
        position = Math.max(position, batch.at(-1)?.position ?? 0)
        return batch.map((item) => ({ ...item, isState: item.position <= from }) as JournalItem)
      },
      close: async () => {},
    }
  }

  /** What a checkpoint would hold; this journal is always read from its start. */
  checkpoint(): Iterable<ConnectionState> {
    return []
  }

  #put(item: Item): number {
    this.position += 1
    this.counts.appended += 1
    if (this.isRunning) this.#disk.items.push({ ...item, position: this.position } as Item)
    else this.counts.unwritten += 1
    return this.position
  }
}
