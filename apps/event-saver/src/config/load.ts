import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, completeConfig } from './config.ts'
import { pgVariableFaults } from './pg-variables.ts'
import { SETTINGS, type Setting, type SettingName, type SettingValues } from './settings.ts'
import { shownText } from './shown-text.ts'
import { readWantedSymbols, type WantedSymbols } from './wanted-symbols.ts'

/** A fault of the configuration: where it is, what is wrong, and how to mend it. */
export interface ConfigFault {
  /** The variable, flag or file that the operator has to mend. */
  readonly where: string
  readonly problem: string
  readonly fix: string
}

/** Where the text of a setting came from. */
export type ConfigOrigin = 'flag' | 'environment' | 'file' | 'default'

/** What a configuration is read from. */
export interface ConfigInput {
  /** By setting name, from the command line. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Path of a JSON file, from `--config`. */
  readonly file?: string | undefined
  /** Where the command was typed; relative paths start there. */
  readonly cwd: string
}

/** A configuration with the origin of each value, or all its faults. */
export type ConfigResult =
  | {
      readonly ok: true
      readonly config: Config
      readonly origins: Readonly<Record<SettingName, ConfigOrigin>>
      /** Variables that begin with `EVENTSAVER_` and are not settings. */
      readonly unknownVariables: readonly string[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

interface Given {
  readonly text: string
  readonly origin: ConfigOrigin
  readonly where: string
}

const NAMES = Object.keys(SETTINGS) as SettingName[]

/**
 * Reads the configuration: flags over environment over file over defaults. Finds all faults at once.
 *
 * @example
 * const result = loadConfig({ flags: {}, env: process.env, cwd: process.cwd() })
 */
export function loadConfig(input: ConfigInput): ConfigResult {
  const faults: ConfigFault[] = []
  const fileTexts = readConfigFile(input, faults)
  const values: Record<string, unknown> = {}
  const origins: Partial<Record<SettingName, ConfigOrigin>> = {}

  for (const name of NAMES) {
    const setting: Setting<unknown> = SETTINGS[name]
    const given = find(name, setting, input, fileTexts, faults)
    origins[name] = given?.origin ?? 'default'
    if (given === undefined) continue
    // What stands around a value came with the file or the variable, and belongs to no value.
    const result = setting.schema.safeParse(given.text.trim())
    if (result.success) values[name] = result.data
    else faults.push(faultOf(setting, given, result.error.issues))
  }

  const typed = values as SettingValues
  if (typed.testnet !== undefined && typed.environment !== undefined) {
    if (typed.testnet !== (typed.environment === 'testnet')) {
      faults.push({
        where: 'EVENTSAVER_TESTNET',
        problem: `${typed.testnet} disagrees with EVENTSAVER_ENVIRONMENT=${typed.environment}`,
        fix: 'set only EVENTSAVER_ENVIRONMENT',
      })
    }
  }
  faults.push(...pgVariableFaults(typed.databaseUrl, input.env))
  const symbols = wantedSymbols(typed, input.cwd, faults)
  if (faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    config: completeConfig(typed, symbols, input.cwd),
    origins: origins as Record<SettingName, ConfigOrigin>,
    unknownVariables: unknownVariables(input.env),
  }
}

function wantedSymbols(
  { symbols, category, wsUrl, restUrl }: Partial<SettingValues>,
  cwd: string,
  faults: ConfigFault[],
): readonly WantedSymbols[] {
  if (symbols === undefined) return []
  // With a wrong category the names can still be checked, but not assigned to categories.
  const read = readWantedSymbols(symbols, category ?? [], cwd)
  if ('wanted' in read) {
    if (read.wanted.some(({ all }) => all) && wsUrl !== undefined && restUrl === undefined) {
      faults.push({
        where: SETTINGS.restUrl.variable,
        problem:
          'must be set beside EVENTSAVER_WS_URL: all instruments are wanted, and their list must come from the same exchange',
        fix: `for example ${SETTINGS.restUrl.variable}=${SETTINGS.restUrl.example}`,
      })
    }
    return read.wanted
  }
  for (const fault of read.faults) faults.push({ where: SETTINGS.symbols.variable, ...fault })
  return []
}

function find(
  name: SettingName,
  setting: Setting<unknown>,
  input: ConfigInput,
  fileTexts: ReadonlyMap<string, string>,
  faults: ConfigFault[],
): Given | undefined {
  const flag = input.flags[name]
  if (flag !== undefined) return { text: flag, origin: 'flag', where: `--${setting.flag}` }

  const variable = input.env[setting.variable]
  const secretFile = setting.secret ? input.env[`${setting.variable}_FILE`] : undefined
  if (variable !== undefined && secretFile !== undefined) {
    faults.push({
      where: `${setting.variable}_FILE`,
      problem: `is set together with ${setting.variable}`,
      fix: 'set one of the two',
    })
  }
  if (variable !== undefined) {
    return { text: variable, origin: 'environment', where: setting.variable }
  }
  if (secretFile !== undefined) {
    const where = `${setting.variable}_FILE`
    const text = readText(resolve(input.cwd, secretFile), where, faults)
    return text === undefined ? undefined : { text, origin: 'environment', where }
  }

  const fromFile = fileTexts.get(name)
  if (fromFile !== undefined) {
    return { text: fromFile, origin: 'file', where: `${input.file}: ${name}` }
  }
  return setting.fallback === undefined
    ? undefined
    : { text: setting.fallback, origin: 'default', where: setting.variable }
}

function faultOf(
  setting: Setting<unknown>,
  given: Given,
  issues: readonly { message: string }[],
): ConfigFault {
  const messages = issues.map((issue) => issue.message).join('; ')
  return {
    where: given.where,
    problem: setting.secret ? messages : `${shownText(given.text)} ${messages}`,
    fix: `for example ${setting.variable}=${setting.example}`,
  }
}

function readConfigFile(input: ConfigInput, faults: ConfigFault[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  if (input.file === undefined) return texts
  if (input.file.trim() === '') {
    faults.push({ where: '--config', problem: 'names no file', fix: 'name a JSON file' })
    return texts
  }
  const content = readText(resolve(input.cwd, input.file), input.file, faults)
  if (content === undefined) return texts
  const where = input.file
  const object = parseObject(content)
  if (object === undefined) {
    faults.push({ where, problem: 'is not a JSON object', fix: 'write {"symbols": ["BTCUSDT"]}' })
    return texts
  }
  for (const [key, value] of Object.entries(object)) {
    if (!Object.hasOwn(SETTINGS, key)) {
      faults.push({
        where,
        problem: `has the unknown key "${key}"`,
        fix: `known: ${NAMES.join(', ')}`,
      })
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      faults.push({
        where: `${where}: ${key}`,
        problem: 'must not be null or an object',
        fix: 'give a text, number, boolean or list',
      })
    } else {
      texts.set(key, Array.isArray(value) ? value.join(',') : String(value))
    }
  }
  return texts
}

function readText(path: string, where: string, faults: ConfigFault[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    faults.push({ where, problem: `cannot read ${path} (${reason})`, fix: 'name a readable file' })
    return undefined
  }
}

function parseObject(content: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(content)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function unknownVariables(env: ConfigInput['env']): string[] {
  const known = new Set(
    NAMES.flatMap((name) => [SETTINGS[name].variable, `${SETTINGS[name].variable}_FILE`]),
  )
  return Object.keys(env).filter((key) => key.startsWith('EVENTSAVER_') && !known.has(key))
}
