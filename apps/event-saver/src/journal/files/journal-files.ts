import {
  close,
  closeSync,
  fdatasync,
  fsync,
  fsyncSync,
  open,
  openSync,
  statfs,
  unlink,
  writev,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const WRITE = promisify(writev)
const SYNC_DATA = promisify(fdatasync)
const SYNC = promisify(fsync)
const OPEN = promisify(open)
const CLOSE = promisify(close)

/** A new file that is only written to, at stated offsets. */
export interface SegmentFile {
  /** Writes the buffers one after the other; gives how many bytes were written. */
  write(buffers: readonly Uint8Array[], offset: number): Promise<number>
  /** Makes what was written before the call safe from a power cut. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Room on a file system, in bytes. */
export interface DiskRoom {
  readonly free: number
  readonly size: number
}

/**
 * What the journal asks of the file system while it writes: thin, so that tests can let each of it fail.
 */
export interface JournalFiles {
  /** Makes a file that must not exist, for this user alone; its name is safe from a power cut then. */
  create(path: string): Promise<SegmentFile>
  /** The same within the step. */
  createSync(path: string): SegmentFile
  unlink(path: string): Promise<void>
  room(path: string): Promise<DiskRoom>
}

// Never `a`: with O_APPEND Linux ignores offsets, and the threads of Node's pool finish in any order.
const FLAGS = 'wx'
const MODE = 0o600

/** The file system of this machine. */
export const systemFiles: JournalFiles = {
  async create(path) {
    const handle = await OPEN(path, FLAGS, MODE)
    try {
      await syncDirectory(dirname(path))
    } catch (error) {
      await CLOSE(handle).catch(() => {})
      throw error
    }
    return segmentFile(handle)
  },
  createSync(path) {
    const handle = openSync(path, FLAGS, MODE)
    const directory = openSync(dirname(path), 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
    return segmentFile(handle)
  },
  unlink: promisify(unlink),
  async room(path) {
    const { bavail, blocks, bsize } = await promisify(statfs)(path)
    return { free: bavail * bsize, size: blocks * bsize }
  },
}

/** Makes the names in a directory safe from a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await OPEN(path, 'r')
  try {
    await SYNC(handle)
  } finally {
    await CLOSE(handle)
  }
}

function segmentFile(handle: number): SegmentFile {
  return {
    async write(buffers, offset) {
      const { bytesWritten } = await WRITE(handle, buffers, offset)
      return bytesWritten
    },
    sync: () => SYNC_DATA(handle),
    close: () => CLOSE(handle),
  }
}
