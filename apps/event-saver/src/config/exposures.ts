import { statSync } from 'node:fs'
import { redactDatabaseUrl } from '@grid/db'
import type { ConfigOrigin, GivenValue } from './given-value.ts'
import { SETTINGS, type Setting, type SettingName } from './settings.ts'

/** A way in which others on this machine can read a secret of the configuration. */
export interface Exposure {
  readonly code: 'PASSWORD_ON_COMMAND_LINE' | 'SECRET_FILE_OPEN'
  /** What is exposed and how to mend it, without the secret. */
  readonly message: string
}

/** Where the values of a configuration came from. */
export interface Origins {
  readonly origins: Readonly<Partial<Record<SettingName, ConfigOrigin>>>
  readonly given: ReadonlyMap<SettingName, GivenValue>
  /** The path of the file of settings; undefined without one. */
  readonly file: string | undefined
  /** The database's URL, with absolute paths; undefined without one. */
  readonly databaseUrl: string | undefined
}

/** Finds the secrets that others can read: in the list of processes, or in files. */
export function exposures({ origins, given, file, databaseUrl }: Origins): Exposure[] {
  const found: Exposure[] = []
  const files = new Set(keyFiles(databaseUrl ?? ''))
  for (const [name, { variable, text }] of given) {
    const setting: Setting<unknown> = SETTINGS[name]
    if (setting.secret !== true) continue
    const isFile = variable !== setting.variable
    if (isFile) files.add(text)
    else if (origins[name] === 'file' && holdsSecret(name, text)) files.add(file ?? '')
    else if (origins[name] === 'flag' && holdsSecret(name, text)) {
      found.push({
        code: 'PASSWORD_ON_COMMAND_LINE',
        message:
          `--${setting.flag} holds a password, which every user of this machine can read in the list of ` +
          `processes: set ${setting.variable}, or name a file with ${setting.variable}_FILE`,
      })
    }
  }
  return [...found, ...[...files].flatMap((path) => exposedFile(path) ?? [])]
}

/** The exposure of a file that others than its owner can read or write; null when none can. */
export function exposedFile(path: string): Exposure | null {
  const mode = modeOf(path)
  if (mode === null || (mode & 0o077) === 0) return null
  return {
    code: 'SECRET_FILE_OPEN',
    message: `${path} holds a secret and has mode 0${mode.toString(8)}, so that others can read or write it: chmod 600 ${path}`,
  }
}

function modeOf(path: string): number | null {
  try {
    const file = statSync(path)
    // A pipe, as a shell's <(…) is, belongs to this process.
    return file.isFile() ? file.mode & 0o777 : null
  } catch {
    return null
  }
}

/** The files of private keys that a database's URL names. */
function keyFiles(url: string): string[] {
  const [, query = ''] = url.split('?')
  return new URLSearchParams(query).getAll('sslkey')
}

/** The database's URL is secret only with a password. */
function holdsSecret(name: SettingName, text: string): boolean {
  return name !== 'databaseUrl' || redactDatabaseUrl(text) !== text
}
