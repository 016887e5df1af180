/**
 * Loaded into a saver before its program: writes a line after each sync of a journal's segment, with what the sync
 * covers. So a soak knows what a power cut would have left.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'

const SEGMENT = /\/\d{12}\.log$/
const record = fs.openSync(process.env['GRID_SYNC_RECORD'] ?? '', 'a')
/** Bytes of each open file whose write has ended. */
const written = new Map<number, number>()

type Done = (error: Error | null, ...rest: unknown[]) => void

const { fdatasync, open, openSync, writev } = fs

function noteNew(handle: number): void {
  written.set(handle, 0)
}

const patched = {
  open(...args: unknown[]): void {
    const done = args.at(-1) as Done
    Reflect.apply(open, fs, [
      ...args.slice(0, -1),
      (error: Error | null, handle: number) => {
        if (error === null) noteNew(handle)
        done(error, handle)
      },
    ])
  },
  openSync(...args: unknown[]): number {
    const handle = Reflect.apply(openSync, fs, args) as number
    noteNew(handle)
    return handle
  },
  writev(handle: number, buffers: readonly Uint8Array[], offset: number, done: Done): void {
    writev(handle, buffers, offset, (error, bytes, same) => {
      if (error === null) written.set(handle, Math.max(written.get(handle) ?? 0, offset + bytes))
      done(error, bytes, same)
    })
  },
  fdatasync(handle: number, done: Done): void {
    const covered = written.get(handle) ?? 0
    const begun = Date.now()
    const path = fs.readlinkSync(`/proc/self/fd/${handle}`)
    fdatasync(handle, (error) => {
      if (error === null && SEGMENT.test(path)) {
        fs.writeSync(record, `${JSON.stringify({ path, covered, begun })}\n`)
      }
      done(error)
    })
  },
}
// Its promise has two values, and so a form of its own.
Object.assign(patched.writev, {
  [promisify.custom]: (handle: number, buffers: readonly Uint8Array[], offset: number) =>
    new Promise((resolve, reject) => {
      patched.writev(handle, buffers, offset, (error, bytesWritten) =>
        error === null ? resolve({ bytesWritten, buffers }) : reject(error),
      )
    }),
})
Object.assign(fs, patched)
syncBuiltinESMExports()
