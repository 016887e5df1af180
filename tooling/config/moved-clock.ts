/**
 * Moves the wall clock of the process that loads this before its program, and of all Node processes that
 * it starts: `Date` and `performance.timeOrigin`. What measures durations (timers, `performance.now`) stays.
 *
 * - `GRID_TEST_AT`, an ISO time: what the clock shows at the process's start.
 * - `GRID_CLOCK_OFFSET_MS`: how far a clock is ahead of the real one; stronger. It is set here for the
 *   processes started by this one, so that all of a test's clocks agree.
 */

const { env } = process
const at = env['GRID_TEST_AT']
const RealDate = Date
const realNow = RealDate.now

const offsetMs = Number(env['GRID_CLOCK_OFFSET_MS'] ?? (at ? RealDate.parse(at) - realNow() : 0))
if (!Number.isSafeInteger(offsetMs)) throw new Error(`GRID_TEST_AT is no ISO time: ${at}`)
if (offsetMs !== 0) {
  moveDate()
  Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + offsetMs })
  env['GRID_CLOCK_OFFSET_MS'] = String(offsetMs)
  const load = `--import=${import.meta.url}`
  const options = env['NODE_OPTIONS'] ?? ''
  if (!options.includes(load)) env['NODE_OPTIONS'] = `${options} ${load}`.trim()
}

function moveDate(): void {
  const now = (): number => realNow() + offsetMs
  const MovedDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
  })
  RealDate.now = now
  RealDate.prototype.constructor = MovedDate
  globalThis.Date = MovedDate
}

export {}
