import { type Options, Presets, SingleBar } from 'cli-progress'
import type { ReplayProgress } from '../../replay/replay.ts'

/** Shows how far a replay is. */
export interface ProgressView {
  show(progress: ReplayProgress): void
  /** Leaves the line for what comes next. */
  end(): void
}

/** A bar on a terminal, or a line for each tenth. */
export function progressView(
  terminal: NodeJS.WritableStream | undefined,
  line: (text: string) => void,
): ProgressView {
  return terminal === undefined ? new ProgressLines(line) : new ProgressBar(terminal)
}

class ProgressBar implements ProgressView {
  readonly #options: Options
  #bar: SingleBar | null = null
  #step: ReplayProgress['step'] | null = null

  constructor(stream: NodeJS.WritableStream) {
    this.#options = {
      stream,
      format: '{step} [{bar}] {percentage} % | {value} of {total} segments | {eta_formatted} left',
      hideCursor: true,
      clearOnComplete: false,
    }
  }

  show({ done, step, total }: ReplayProgress): void {
    if (step !== this.#step) {
      this.end()
      this.#bar = new SingleBar(this.#options, Presets.shades_classic)
      this.#bar.start(total, done, { step })
      this.#step = step
    } else this.#bar?.update(done)
  }

  end(): void {
    this.#bar?.stop()
    this.#bar = null
    this.#step = null
  }
}

class ProgressLines implements ProgressView {
  readonly #line: (text: string) => void
  #shown = ''

  constructor(line: (text: string) => void) {
    this.#line = line
  }

  show({ done, step, total }: ReplayProgress): void {
    const tenth = total === 0 ? 10 : Math.floor((done / total) * 10)
    const shown = `${step} ${tenth}`
    if (shown === this.#shown) return
    this.#shown = shown
    this.#line(`${step}: ${done} of ${total} segments\n`)
  }

  end(): void {}
}
