import { nearestVariable } from '../config/unknown-variables.ts'
import { type Finding, problem, well } from './finding.ts'

/** A problem for each variable that looks like a setting and is none: what it should set is not set. */
export function examineVariables(unknown: readonly string[]): Finding[] {
  if (unknown.length === 0) return [well('SETTINGS', 'every variable EVENTSAVER_… is a setting')]
  return unknown.map((variable) => {
    const near = nearestVariable(variable)
    const detail = `${variable} is not a setting of this version and has no effect`
    const fix = near === null ? 'remove it, or see docs/settings.md' : `did you mean ${near}?`
    return problem('SETTINGS', detail, fix)
  })
}
