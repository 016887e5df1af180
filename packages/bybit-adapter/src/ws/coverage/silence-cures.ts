import { type Clock, nowMs } from '@grid/core-events'
import type { SilenceStep } from '../stream/stream-status.ts'

const STEPS: readonly SilenceStep[] = ['resubscribe', 'reconnect', 'another_connection', 'wait']

interface Course {
  tried: number
  waitUntilMs: number
}

/** Remembers which cures of a silent topic have been tried. */
export class SilenceCures {
  readonly #clock: Clock
  readonly #retryMs: number
  readonly #courses = new Map<string, Course>()

  constructor(clock: Clock, retryMs: number) {
    this.#clock = clock
    this.#retryMs = retryMs
  }

  /** The next cure of a topic; null while all have failed and it is to be left alone. */
  next(topic: string): SilenceStep | null {
    const now = nowMs(this.#clock)
    const course = this.#courses.get(topic) ?? { tried: 0, waitUntilMs: 0 }
    if (now < course.waitUntilMs) return null
    this.#courses.set(topic, course)
    const step = STEPS[course.tried] ?? 'wait'
    course.tried = (course.tried + 1) % STEPS.length
    if (step === 'wait') course.waitUntilMs = now + this.#retryMs
    return step
  }

  /** The topic is back, or wanted no more. */
  forget(topic: string): void {
    if (this.#courses.size > 0) this.#courses.delete(topic)
  }
}
