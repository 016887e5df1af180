import type { SaverStatus } from 'event-saver'

const LINE_INTERVAL_MS = 5000

/** Shows a running saver: redraws in place on a terminal, elsewhere prints a line every 5 s. */
export class LiveView {
  readonly #out: NodeJS.WriteStream
  #drawnLines = 0
  #before: { readonly at: number; readonly received: number } | null = null
  #lastLineAt = 0

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  /** Prints a line that stays. */
  say(line: string): void {
    this.#erase()
    this.#out.write(`${line}\n`)
  }

  /** Shows a status. */
  show(status: SaverStatus): void {
    const received = sum(status, 'received')
    const rate =
      this.#before === null
        ? 0
        : ((received - this.#before.received) * 1000) / Math.max(1, status.now - this.#before.at)
    if (this.#out.isTTY) {
      this.#before = { at: status.now, received }
      this.#redraw(viewLines(status, rate))
    } else if (status.now - this.#lastLineAt >= LINE_INTERVAL_MS) {
      this.#before = { at: status.now, received }
      this.#lastLineAt = status.now
      this.#out.write(`${summary(status, rate)}\n`)
    }
  }

  #redraw(lines: readonly string[]): void {
    this.#erase()
    this.#out.write(`${lines.join('\n')}\n`)
    this.#drawnLines = lines.length
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#out.write(`\u001b[${this.#drawnLines}A\u001b[J`)
    this.#drawnLines = 0
  }
}

function viewLines(status: SaverStatus, rate: number): string[] {
  const topics = status.topics.map(
    ({ topic, state, lastEventAgeSeconds }) =>
      `  ${topic.padEnd(24)} ${state.padEnd(8)} ${lastEventAgeSeconds === null ? '' : `last event ${lastEventAgeSeconds.toFixed(1)} s ago`}`,
  )
  return ['', ...topics, `  ${summary(status, rate)}`]
}

function summary(status: SaverStatus, rate: number): string {
  const live = status.topics.filter((topic) => topic.state === 'live').length
  const lag = Math.max(...Object.values(status.lagSeconds))
  const seconds = ((status.now - status.startedAt) / 1000).toFixed(0)
  return (
    `${seconds.padStart(4)} s: ${live} of ${status.topics.length} streams live, ${rate.toFixed(0)} items a second, ` +
    `${sum(status, 'persisted')} rows stored, ${sum(status, 'waiting')} waiting, ${lag.toFixed(1)} s behind, ` +
    `${status.gaps.recent.length} gaps, ${status.repair.filled} filled`
  )
}

function sum(status: SaverStatus, term: 'received' | 'persisted' | 'waiting'): number {
  return status.channels.reduce((total, entry) => total + entry[term], 0)
}
