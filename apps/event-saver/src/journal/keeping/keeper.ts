import { rename, rm, stat } from 'node:fs/promises'
import { type Clock, type ClockTimer, nowMs, sleep } from '@grid/core-events'
import { isWorthALine } from '../../log/log.ts'
import type { JournalFault, JournalPriority } from '../durable-journal.ts'
import { archiveOf, logName, type SegmentName, segmentPath } from '../files/file-names.ts'
import { type JournalFiles, syncDirectory } from '../files/journal-files.ts'
import { makeFolder } from '../files/make-folder.ts'
import { type JournalPosition, segmentOf } from '../format/position.ts'
import { forgetAccounts } from './forget-accounts.ts'
import { packSegment } from './pack-segment.ts'
import { readReleased, writeReleased } from './released-mark.ts'
import { Reserve } from './reserve.ts'
import { Room } from './room.ts'
import { setAside } from './set-aside.ts'
import { Shelf, type ShelvedSegment } from './shelf.ts'
import { tidy } from './tidy.ts'

/** What a keeper is made of. */
export interface KeeperOptions {
  readonly directory: string
  readonly clock: Clock
  readonly files: JournalFiles
  /** The process's first segment. */
  readonly segment: number
  /** The oldest segment when it began. */
  readonly oldest: number
  readonly maxBytes: number
  /** What is left free of a file system of so many bytes. */
  readonly minFree: (diskBytes: number) => number
  readonly reserveBytes: number
  readonly retentionMs: number
  readonly packs: boolean
  readonly keepsArchive: boolean
  readonly setAsideBytes: number
  /** The segment whose file grows. */
  readonly growing: () => number
  /** Bytes that are not on the shelf: of files that grow, and in memory. */
  readonly growingBytes: () => number
  /** Segments of lower numbers are followed by one whose checkpoint is durable. */
  readonly checkpointed: () => number
  readonly onFault: (fault: JournalFault) => void
}

const TICK_MS = 1000
/** How long packing rests after each chunk, and after a failure. */
const PACK_PAUSE_MS = 10
const PACK_RETRY_MS = 60_000
/** Errors of a disk that has no room left. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** Looks after the files that are not written any more: packs, archives and removes them, and watches the room. */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #shelf = new Shelf()
  readonly #room = new Room()
  readonly #reserve: Reserve
  readonly #closing = new AbortController()
  readonly #setAside = new Set<number>()
  #isTidy = false
  /** How often in a row the files could not be looked after. */
  #failures = 0
  #free: number | null = null
  #minFree = 0
  #timer: ClockTimer | null = null
  #working: Promise<void> = Promise.resolve()
  #turn: Promise<void> = Promise.resolve()
  #packing: Promise<void> | null = null
  #packAfterMs = 0

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#reserve = new Reserve(options.directory, options.reserveBytes)
    this.#shelf.release(readReleased(options.directory), nowMs(options.clock))
    this.#schedule()
  }

  get heldBytes(): number {
    return this.#shelf.heldBytes
  }

  get totalBytes(): number {
    return this.#shelf.totalBytes
  }

  /** The oldest segment, without the archive. */
  get oldest(): number {
    const { oldest, growing } = this.#options
    return this.#isTidy ? (this.#shelf.oldest ?? growing()) : oldest
  }

  accepts(priority: JournalPriority): boolean {
    return this.#room.accepts(priority)
  }

  /** A segment's file was closed. */
  closed(segment: number, bytes: number): void {
    this.#shelf.put(logName(segment), bytes, nowMs(this.#options.clock))
  }

  /** Everything at or before a position is committed. */
  release(position: JournalPosition): void {
    const { clock, directory } = this.#options
    if (!this.#shelf.release(segmentOf(position), nowMs(clock))) return
    // Whoever starts without it keeps what it could remove.
    void writeReleased(directory, this.#shelf.released).catch(() => {})
  }

  /** After an error of writing: where the disk is full, gives it what can be spared. */
  async makeRoom(error: unknown): Promise<void> {
    const { code } = error as { code?: unknown }
    if (!NO_ROOM.has(code)) return
    const before = this.#room.accepts('market')
    this.#room.full()
    if (before) this.#sayRoom()
    await this.#removeReleased(() => true)
    await this.#reserve.free().catch(() => {})
  }

  /** Segments of lower numbers are released. */
  get released(): number {
    return this.#shelf.released
  }

  /** Takes what accounts sent out of segments of lower numbers than one. */
  forget(accounts: ReadonlySet<string>, below: number): Promise<void> {
    const { directory } = this.#options
    return forgetAccounts(directory, accounts, {
      below,
      inTurn: (work) =>
        this.#inTurn(async () => {
          this.#closing.signal.throwIfAborted()
          await this.#packing
          await work()
        }),
      onRewritten: (number, bytes) => this.#shelf.resize(number, bytes),
    })
  }

  /** Copies a damaged segment aside, once. */
  async setAside(name: SegmentName): Promise<void> {
    const { directory, setAsideBytes } = this.#options
    if (this.#setAside.has(name.number)) return
    this.#setAside.add(name.number)
    const file = segmentPath(directory, name)
    const text = 'a segment of the journal is damaged: what it cannot give is a hole'
    try {
      const copy = await setAside(directory, file, setAsideBytes)
      const where = copy === null ? 'no copy was made, the bound is reached' : `its copy is ${copy}`
      this.#fault('JOURNAL_CORRUPT', 'error', `${text}; ${where}`, file)
    } catch (cause) {
      this.#fault('JOURNAL_CORRUPT', 'error', `${text}; it could not be copied`, file, cause)
    }
  }

  /** One round of what is done each second. */
  tick(): Promise<void> {
    return this.#inTurn(() => this.#round())
  }

  async #round(): Promise<void> {
    try {
      if (!this.#isTidy) await this.#tidy()
      await this.#measure()
      await this.#removeDue()
      await this.#removeReleased(() => this.#isShort)
      this.#judge()
      await this.#keepReserve()
      this.#pack()
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      if (!isWorthALine(this.#failures)) return
      const text = `the journal's files could not be looked after, ${this.#failures} times in a row`
      this.#fault('JOURNAL_DEFECT', 'error', text, null, error)
    }
  }

  /** Ends the work; a segment that is being packed stays as it is. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#working
    await this.#turn
    await this.#packing
  }

  /** Rounds, and segments that are rewritten, take turns. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #schedule(): void {
    if (this.#closing.signal.aborted) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#working = this.tick().then(() => this.#schedule())
    }, TICK_MS)
  }

  async #tidy(): Promise<void> {
    const { directory, clock, segment } = this.#options
    for (const name of await tidy(directory)) {
      if (name.number >= segment) continue
      const { size } = await stat(segmentPath(directory, name))
      this.#shelf.put(name, size, nowMs(clock))
    }
    this.#isTidy = true
  }

  async #measure(): Promise<void> {
    const { files, directory, minFree } = this.#options
    const { free, size } = await files.room(directory)
    this.#free = free
    this.#minFree = minFree(size)
  }

  /** Whether released segments are to go before their time. */
  get #isShort(): boolean {
    const { maxBytes, growingBytes } = this.#options
    const isDiskShort = this.#free !== null && this.#free < 2 * this.#minFree
    return isDiskShort || this.#shelf.totalBytes + growingBytes() > 0.8 * maxBytes
  }

  async #removeDue(): Promise<void> {
    const { clock, retentionMs } = this.#options
    const dueMs = nowMs(clock) - retentionMs
    await this.#removeReleased(({ releasedMs }) => releasedMs !== null && releasedMs <= dueMs)
  }

  /** Removes released segments, oldest first, as long as the condition holds. */
  async #removeReleased(isDue: (segment: ShelvedSegment) => boolean): Promise<void> {
    const { checkpointed, keepsArchive, packs } = this.#options
    for (const segment of this.#shelf.releasedBefore(checkpointed())) {
      if (!isDue(segment)) return
      if (!keepsArchive) await this.#remove(segment)
      else if (!packs || segment.name.form === 'zst' || segment.isUnpackable) {
        await this.#archive(segment)
      }
    }
  }

  async #remove({ name, bytes }: ShelvedSegment): Promise<void> {
    const path = segmentPath(this.#options.directory, name)
    try {
      await this.#options.files.unlink(path)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') {
        this.#fault('JOURNAL_NOT_REMOVED', 'warning', 'a segment could not be removed', path, error)
        return
      }
    }
    this.#shelf.remove(name.number)
    if (this.#free !== null) this.#free += bytes
  }

  async #archive({ name }: ShelvedSegment): Promise<void> {
    const { directory } = this.#options
    const path = segmentPath(directory, name)
    try {
      await makeFolder(archiveOf(directory), 0o700)
      await rename(path, segmentPath(directory, { ...name, isArchived: true }))
      await syncDirectory(archiveOf(directory))
      this.#shelf.remove(name.number)
    } catch (error) {
      this.#fault('JOURNAL_NOT_REMOVED', 'warning', 'a segment could not be archived', path, error)
    }
  }

  #judge(): void {
    const { maxBytes, growingBytes } = this.#options
    const held = this.#shelf.heldBytes + growingBytes()
    const sample = { held, maxBytes, free: this.#free, minFreeBytes: this.#minFree }
    if (this.#room.judge(sample)) this.#sayRoom()
  }

  #sayRoom(): void {
    if (this.#room.accepts('expendable')) {
      this.#fault('JOURNAL_ROOM', 'info', 'the journal has room again: all data is appended')
      return
    }
    const what = this.#room.accepts('market')
      ? 'the market data that is dropped first is'
      : 'market data is'
    const held = this.#shelf.heldBytes + this.#options.growingBytes()
    const text = `the journal holds ${held} bytes that are not stored, of ${this.#options.maxBytes}, and the disk has ${this.#free} free: ${what} not appended`
    this.#fault('JOURNAL_FULL', 'error', text)
  }

  async #keepReserve(): Promise<void> {
    const { reserveBytes } = this.#options
    const signal = this.#closing.signal
    const hasRoom = () => this.#free !== null && this.#free > 2 * this.#minFree + reserveBytes
    try {
      while (!this.#reserve.isWhole && hasRoom() && !signal.aborted) {
        await this.#reserve.grow()
        await sleep(this.#options.clock, PACK_PAUSE_MS, signal)
      }
    } catch {
      // Tried again each second, as long as there seems to be room.
    }
  }

  /** Begins to pack the oldest segment, unless one is being packed. */
  #pack(): void {
    const { packs, clock } = this.#options
    const segment = this.#shelf.nextToPack()
    if (!packs || segment === null || this.#packing !== null) return
    if (nowMs(clock) < this.#packAfterMs) return
    this.#packing = this.#packOne(segment).finally(() => {
      this.#packing = null
    })
  }

  async #packOne({ name }: ShelvedSegment): Promise<void> {
    const { directory, clock } = this.#options
    const signal = this.#closing.signal
    const from = segmentPath(directory, name)
    const packed: SegmentName = { ...name, form: 'zst' }
    try {
      const bytes = await packSegment(from, segmentPath(directory, packed), async () => {
        await sleep(clock, PACK_PAUSE_MS, signal)
        return !signal.aborted
      })
      if (bytes !== null) {
        await rm(from, { force: true })
        this.#shelf.put(packed, bytes, nowMs(clock))
      } else if (!signal.aborted) this.#shelf.leaveUnpacked(name.number)
    } catch (error) {
      // It was released and removed meanwhile.
      if ((error as { code?: unknown }).code === 'ENOENT') return
      this.#packAfterMs = nowMs(clock) + PACK_RETRY_MS
      const text = 'a segment of the journal could not be packed: it stays as it is for now'
      this.#fault('JOURNAL_PACKING_FAILED', 'warning', text, from, error)
    }
  }

  #fault(
    code: JournalFault['code'],
    severity: JournalFault['severity'],
    message: string,
    file: string | null = null,
    cause: unknown = null,
  ): void {
    this.#options.onFault({ code, severity, message, file, cause })
  }
}
