import { SETTINGS, type Setting } from './settings.ts'

/** The program's name, also without its underscore or in small letters. */
const OURS = /^EVENT_?SAVER/i

const KNOWN: ReadonlySet<string> = new Set(
  Object.values<Setting<unknown>>(SETTINGS).flatMap(({ variable, secret }) =>
    secret ? [variable, `${variable}_FILE`] : [variable],
  ),
)

/** The variables that look like settings and are none. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).filter((name) => OURS.test(name) && !KNOWN.has(name))
}

/** The setting whose name is nearest to a variable's; null when none is near. */
export function nearestVariable(variable: string): string | null {
  const limit = Math.max(2, Math.floor(variable.length / 8))
  const [nearest] = [...KNOWN]
    .map((known) => ({ known, distance: distanceOf(plain(variable), plain(known)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
  return nearest?.known ?? null
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll('_', '')
}

/** How many letters must be put in, left out or changed to make one text of the other. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...b].entries()) {
      const change = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
