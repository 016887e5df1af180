import manifest from '../../package.json' with { type: 'json' }

/** The fields of every line: which process of which version said it, and for which collector. */
export interface LineBase {
  readonly pid: number
  readonly version: string
  readonly collector: string | undefined
}

/** Makes the fields of every line; the collector is left out where it is not known. */
export function lineBase(collector: string | undefined): LineBase {
  return { pid: process.pid, version: manifest.version, collector }
}

/** A level above all that a log writes: the command ends. */
const FATAL = 60

/** The line that says why a command with a log ends, in the form of the log's lines. */
export function fatalLine(
  facts: { readonly code: string; readonly collector: string | undefined },
  message: string,
): string {
  const { code, collector } = facts
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: FATAL, time, ...lineBase(collector), code, msg: message })}\n`
}
