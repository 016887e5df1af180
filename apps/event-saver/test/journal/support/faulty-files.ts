import {
  type JournalFiles,
  type SegmentFile,
  systemFiles,
} from '../../../src/journal/files/journal-files.ts'

/** What a test lets the disk do. */
export interface Disk {
  /** Called before each write; what it throws or gives back is the outcome. Bytes given back are written, no more. */
  write: (bytes: number) => number | Promise<number>
  sync: () => void | Promise<void>
  create: (path: string) => void
  room: () => { free: number; size: number } | null
}

/** The disk of this machine, with faults, and what was asked of it. */
export class FaultyFiles implements JournalFiles {
  readonly disk: Disk = {
    write: (bytes) => bytes,
    sync: () => {},
    create: () => {},
    room: () => null,
  }
  /** The most writes, and syncs, that were in flight at once. */
  most = { writes: 0, syncs: 0 }
  /** Files that were used after one of their writes or syncs failed. */
  readonly usedAfterFailure: string[] = []
  #writes = 0
  #syncs = 0

  async create(path: string): Promise<SegmentFile> {
    this.disk.create(path)
    return this.#wrap(path, await systemFiles.create(path))
  }

  createSync(path: string): SegmentFile {
    this.disk.create(path)
    return this.#wrap(path, systemFiles.createSync(path))
  }

  unlink(path: string): Promise<void> {
    return systemFiles.unlink(path)
  }

  async room(path: string): Promise<{ free: number; size: number }> {
    return this.disk.room() ?? systemFiles.room(path)
  }

  #wrap(path: string, file: SegmentFile): SegmentFile {
    let hasFailed = false
    const run = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (hasFailed) this.usedAfterFailure.push(path)
      try {
        return await work()
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
    return {
      write: (buffers, offset) =>
        run(async () => {
          this.#writes += 1
          this.most.writes = Math.max(this.most.writes, this.#writes)
          try {
            const all = Buffer.concat(buffers)
            const taken = await this.disk.write(all.byteLength)
            if (taken < all.byteLength) hasFailed = true
            if (taken === 0) return 0
            return await file.write([all.subarray(0, taken)], offset)
          } finally {
            this.#writes -= 1
          }
        }),
      sync: () =>
        run(async () => {
          this.#syncs += 1
          this.most.syncs = Math.max(this.most.syncs, this.#syncs)
          try {
            await this.disk.sync()
            await file.sync()
          } finally {
            this.#syncs -= 1
          }
        }),
      close: () => file.close(),
    }
  }
}

/** An error as the file system gives it. */
export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the test says so`), { code })
}
