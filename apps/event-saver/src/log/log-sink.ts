import { type Clock, type ClockTimer, systemClock } from '@grid/core-events'

/** How a sink writes; gives the number of bytes taken. */
export type WriteBytes = (bytes: Uint8Array) => number

/** Most bytes that wait for a slow reader. */
const MAX_WAITING_BYTES = 1024 * 1024
/** How soon a reader that is slow is tried again. */
const AGAIN_MS = 100
/** How long the end of the process waits for a slow reader. */
const END_MS = 1000
const PAUSE_MS = 10
/** What a reader says that cannot take more at the moment. */
const BUSY: ReadonlySet<unknown> = new Set(['EAGAIN', 'EBUSY'])

/**
 * Writes log lines, and neither throws nor waits: the log must not end or hinder the capture.
 *
 * Lines for a reader that is slow wait, up to 1 MiB. A line that finds no room, or that cannot be written
 * because the disk is full or the terminal gone, is counted as lost; `onRecovered` is told of them once a
 * line can be written again. A line of which a part was written is completed first.
 */
export class LogSink {
  /** Told of the lines that were lost, once writing works again, with the last error's code. */
  onRecovered: (lost: number, code: string) => void = () => {}
  readonly #write: WriteBytes
  readonly #clock: Clock
  /** The rest of a line whose beginning is written. */
  #begun: Uint8Array | null = null
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #timer: ClockTimer | null = null
  #lost = 0
  #unsaid = 0
  #code = ''

  constructor(write: WriteBytes, clock: Clock = systemClock) {
    this.#write = write
    this.#clock = clock
  }

  /** How many lines were lost since the start. */
  get lost(): number {
    return this.#lost
  }

  /** Takes a line, with its end. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waitingBytes + bytes.byteLength > MAX_WAITING_BYTES) this.#flush()
    if (this.#waitingBytes + bytes.byteLength > MAX_WAITING_BYTES) {
      this.#lose(1)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.byteLength
    this.#flush()
  }

  /** Gives a slow reader a last second to take what waits. */
  end(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; waited < END_MS && this.#isWaiting; waited += PAUSE_MS) {
      this.#flush()
      if (this.#isWaiting) Atomics.wait(pause, 0, 0, PAUSE_MS)
    }
  }

  get #isWaiting(): boolean {
    return this.#begun !== null || this.#waiting.length > 0
  }

  #flush(): void {
    try {
      for (;;) {
        const bytes = this.#begun ?? this.#waiting[0]
        if (bytes === undefined) break
        const taken = this.#write(bytes)
        if (this.#begun === null) this.#waitingBytes -= this.#waiting.shift()?.byteLength ?? 0
        this.#begun = taken < bytes.byteLength ? bytes.subarray(taken) : null
      }
    } catch (error) {
      this.#onFailure(codeOf(error))
      return
    }
    const lost = this.#unsaid
    this.#unsaid = 0
    if (lost > 0) this.onRecovered(lost, this.#code)
  }

  #onFailure(code: string): void {
    this.#code = code
    if (BUSY.has(code)) {
      this.#timer ??= this.#clock.setTimer(() => {
        this.#timer = null
        this.#flush()
      }, AGAIN_MS)
      return
    }
    // What is begun is kept, so that the next line begins on a line of its own.
    this.#lose(this.#waiting.length)
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #lose(lines: number): void {
    this.#lost += lines
    this.#unsaid += lines
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : String(error)
}
