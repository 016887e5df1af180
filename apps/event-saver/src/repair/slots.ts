/** Lets a fixed number of tasks run at a time; urgent ones begin before others that wait. */
export class Slots {
  #free: number
  readonly #urgent: (() => void)[] = []
  readonly #others: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async run<Result>(isUrgent: boolean, task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--
    else {
      const { promise, resolve } = Promise.withResolvers<void>()
      const queue = isUrgent ? this.#urgent : this.#others
      queue.push(resolve)
      await promise
    }
    try {
      return await task()
    } finally {
      const next = this.#urgent.shift() ?? this.#others.shift()
      // The slot passes on to the next task, so it is never free in between.
      if (next === undefined) this.#free++
      else next()
    }
  }
}
