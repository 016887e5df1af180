import { resolve } from 'node:path'
import { redactDatabaseUrl } from '@grid/db'
import type { ConfigOrigin } from '../../config/given-value.ts'
import { SETTINGS, type SettingName } from '../../config/settings.ts'
import { nearestVariable } from '../../config/unknown-variables.ts'
import type { LoadedConfig } from '../command.ts'

/** One setting as it is printed. */
interface PrintedSetting {
  /** The key in a file of settings. */
  readonly name: SettingName
  readonly variable: string
  /** The text that gives the same value again; undefined when nothing does. */
  readonly text: string | undefined
  /** Stands for the text of a value that holds a secret. */
  readonly hidden: string | undefined
  readonly origin: ConfigOrigin
}

const NAMES = Object.keys(SETTINGS) as SettingName[]

function printedSettings(loaded: LoadedConfig, cwd: string): PrintedSetting[] {
  return NAMES.map((name) => {
    const { variable = SETTINGS[name].variable } = loaded.given.get(name) ?? {}
    const isFile = variable !== SETTINGS[name].variable
    const hidden = isFile ? undefined : hiddenText(name, loaded)
    const text = hidden === undefined ? textOf(name, loaded, cwd, isFile) : undefined
    return { name, variable, text, hidden, origin: loaded.origins[name] }
  })
}

/** What stands for a secret: the URL without its password, the keys' ids. */
function hiddenText(name: SettingName, { config }: LoadedConfig): string | undefined {
  if (name === 'encryptionKeys') {
    const { encryptionKeys } = config
    return encryptionKeys === undefined ? undefined : `keys ${encryptionKeys.ids.join(', ')}`
  }
  if (name === 'httpToken') return config.httpToken === undefined ? undefined : 'a token'
  if (name !== 'databaseUrl') return undefined
  const shown = redactDatabaseUrl(config.databaseUrl)
  return shown === config.databaseUrl ? undefined : shown
}

/** A text that gives the same from any folder, and whatever the defaults of a later version are. */
function textOf(
  name: SettingName,
  { config, given }: LoadedConfig,
  cwd: string,
  isFile: boolean,
): string | undefined {
  const { text } = given.get(name) ?? {}
  if (isFile) return text
  // With a region, which is a setting of its own, it would be none.
  if (name === 'environment') return config.environment.replace(/:.*/, '')
  if (name === 'dataDir' || name === 'databaseUrl') return config[name]
  if (name !== 'symbols') return text
  return text?.replace(/@([^,]+)/g, (_, path: string) => `@${resolve(cwd, path.trim())}`)
}

/**
 * The configuration as a file of settings, which gives it again, with the origin of each value beside it. A
 * value that holds a secret is under `hidden`, and must be given anew.
 */
export function printableConfig(loaded: LoadedConfig, cwd: string): Record<string, unknown> {
  const printed = printedSettings(loaded, cwd)
  const texts = printed.map(({ name, variable, text }) =>
    variable === SETTINGS[name].variable ? [name, text] : [name, undefined],
  )
  const hidden = printed.map(({ name, variable, text, hidden: shown }) => [
    name,
    shown ?? (variable === SETTINGS[name].variable ? undefined : `in the file ${text}`),
  ])
  return {
    ...Object.fromEntries(texts),
    hidden: Object.fromEntries(hidden),
    origins: loaded.origins,
    unknownVariables: loaded.unknownVariables,
  }
}

/** The configuration as lines that a shell can read: each setting, after its key in a file and its origin. */
export function configLines(loaded: LoadedConfig, cwd: string): string[] {
  const lines = printedSettings(loaded, cwd).flatMap(({ name, variable, text, hidden, origin }) => {
    const about = `# ${name} (${origin}${text === undefined ? (hidden === undefined ? ', not set' : ', holds a secret') : ''})`
    if (text !== undefined) return [about, `${variable}=${shellWord(text)}`]
    return [about, `# ${variable}=${hidden ?? ''}`]
  })
  const unknown = loaded.unknownVariables.map((variable) => {
    const near = nearestVariable(variable)
    const guess = near === null ? '' : `; did you mean ${near}?`
    return `# ${variable} is not a setting of this version and has no effect${guess}`
  })
  return [...lines, ...unknown]
}

/** A text as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
