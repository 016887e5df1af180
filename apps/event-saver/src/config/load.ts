import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ENVIRONMENTS, type Environment, restUrl as restUrlOf } from '@grid/bybit-adapter'
import { type Config, completeConfig, environmentOf, withAbsolutePaths } from './config.ts'
import type { ConfigFault } from './config-fault.ts'
import { type Exposure, exposures } from './exposures.ts'
import type { ConfigOrigin, GivenValue } from './given-value.ts'
import { pgVariableFaults } from './pg-variables.ts'
import { SETTINGS, type Setting, type SettingName, type SettingValues } from './settings.ts'
import { isShownText, shownText } from './shown-text.ts'
import { unknownVariables } from './unknown-variables.ts'
import { readWantedSymbols, type WantedSymbols } from './wanted-symbols.ts'

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
      /** What each setting was given as, to be given again; without those that were not given. */
      readonly given: ReadonlyMap<SettingName, GivenValue>
      /** Variables that look like settings and are none. */
      readonly unknownVariables: readonly string[]
      /** Secrets that others on this machine can read. */
      readonly exposures: readonly Exposure[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

interface Given extends GivenValue {
  /** The setting's own text, where `text` names its file. */
  readonly content?: string
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
  const givens = new Map<SettingName, GivenValue>()

  for (const name of NAMES) {
    const setting: Setting<unknown> = SETTINGS[name]
    const given = find(name, setting, input, fileTexts, faults)
    origins[name] = given?.origin ?? 'default'
    if (given === undefined) continue
    // What stands around a value came with the file or the variable, and belongs to no value.
    const trimmed = (given.content ?? given.text).trim()
    if (isQuoted(trimmed)) {
      faults.push(quotedFault(given.where))
      continue
    }
    const text = name === 'databaseUrl' ? withAbsolutePaths(trimmed, input.cwd) : trimmed
    givens.set(name, { variable: given.variable, text: given.text.trim() })
    const result = setting.schema.safeParse(text)
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
  const place = environmentOf(typed)
  if (!ENVIRONMENTS.includes(place)) {
    faults.push({
      where: SETTINGS.region.variable,
      problem: `${typed.region} has no hosts for ${place.split(':')[0]}`,
      fix: `unset it; known are ${ENVIRONMENTS.filter((name) => name.includes(':')).join(', ')}`,
    })
  } else if (!isRestOf(typed, place)) {
    faults.push({
      where: SETTINGS.restUrl.variable,
      problem: `is another exchange than ${place}, whose sockets would be captured: environments never mix`,
      fix: `set ${SETTINGS.wsUrl.variable} beside it, or unset it`,
    })
  }
  faults.push(...pgVariableFaults(typed.databaseUrl, input.env))
  const symbols = wantedSymbols(typed, input.cwd, faults)
  if (faults.length > 0) return { ok: false, faults }
  const file = input.file === undefined ? undefined : resolve(input.cwd, input.file)
  return {
    ok: true,
    config: completeConfig(typed, symbols, input.cwd),
    exposures: exposures({ origins, given: givens, file, databaseUrl: typed.databaseUrl }),
    origins: origins as Record<SettingName, ConfigOrigin>,
    given: givens,
    unknownVariables: unknownVariables(input.env),
  }
}

/** Hosts of the exchange's REST besides those that are used by default. */
const ALSO: Partial<Record<Environment, string>> = {
  mainnet: 'api.bytick.com',
  demo: 'api-demo.bybit.com',
}

/** Whether a REST URL that stands alone is one of the environment whose sockets are captured. */
function isRestOf(
  { wsUrl, restUrl }: Pick<SettingValues, 'wsUrl' | 'restUrl'>,
  environment: Environment,
): boolean {
  if (restUrl === undefined || wsUrl !== undefined) return true
  const { hostname } = new URL(restUrl)
  return hostname === new URL(restUrlOf(environment)).hostname || hostname === ALSO[environment]
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
  const { variable: own } = setting
  const flag = input.flags[name]
  if (flag !== undefined) {
    return { variable: own, text: flag, origin: 'flag', where: `--${setting.flag}` }
  }

  const variable = input.env[own]
  const secretFile = setting.secret ? input.env[`${setting.variable}_FILE`] : undefined
  if (variable !== undefined && secretFile !== undefined) {
    faults.push({
      where: `${setting.variable}_FILE`,
      problem: `is set together with ${setting.variable}`,
      fix: 'set one of the two',
    })
  }
  if (variable !== undefined) {
    return { variable: own, text: variable, origin: 'environment', where: own }
  }
  if (secretFile !== undefined) {
    const where = `${setting.variable}_FILE`
    if (isQuoted(secretFile.trim())) {
      faults.push(quotedFault(where))
      return undefined
    }
    const text = resolve(input.cwd, secretFile)
    const content = readText(text, where, faults, 'the file that it names')
    if (content === undefined) return undefined
    return { variable: where, text, content, origin: 'environment', where }
  }

  const fromFile = fileTexts.get(name)
  if (fromFile !== undefined) {
    return { variable: own, text: fromFile, origin: 'file', where: `${input.file}: ${name}` }
  }
  return setting.fallback === undefined
    ? undefined
    : { variable: own, text: setting.fallback, origin: 'default', where: own }
}

/** Whether a value stands in quotes, which no value has: a shell takes them away, others leave them. */
function isQuoted(text: string): boolean {
  return /^(["'])[\s\S]*\1$/.test(text) && text.length > 1
}

function quotedFault(where: string): ConfigFault {
  return {
    where,
    problem: 'stands in quotes, which would be a part of it',
    fix: 'leave them out: a file of variables is not always read by a shell, as docker run --env-file shows',
  }
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
  const path = resolve(input.cwd, input.file)
  // A URL may stand there in place of a file's name.
  const content = isShownText(input.file)
    ? readText(path, input.file, faults)
    : readText(path, '--config', faults, 'the file that it names')
  if (content === undefined) return texts
  const where = input.file
  const object = parseObject(content)
  if (object === undefined) {
    faults.push({ where, problem: 'is not a JSON object', fix: 'write {"symbols": ["BTCUSDT"]}' })
    return texts
  }
  for (const [key, value] of Object.entries(object)) {
    // What `config --json` prints beside the settings, so that its output can be a file of settings.
    if (key === 'origins' || key === 'unknownVariables') continue
    if (key === 'hidden') {
      refuseHidden(value, input, faults)
    } else if (!Object.hasOwn(SETTINGS, key)) {
      faults.push({
        where,
        problem: `has an unknown key, ${shownText(key)}`,
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

/** What was hidden when a configuration was printed must be given anew. */
function refuseHidden(hidden: unknown, { flags, env, file }: ConfigInput, faults: ConfigFault[]) {
  for (const name of NAMES) {
    if (typeof hidden !== 'object' || hidden === null || !Object.hasOwn(hidden, name)) continue
    const { variable } = SETTINGS[name]
    const isGiven = [flags[name], env[variable], env[`${variable}_FILE`]].some(
      (text) => text !== undefined,
    )
    if (isGiven) continue
    const problem = 'was not printed, as it holds a secret'
    faults.push({ where: `${file}: ${name}`, problem, fix: `set ${variable} or ${variable}_FILE` })
  }
}

/** Reads a file. `shown` stands for its path where that may be a secret, given instead of a path. */
function readText(
  path: string,
  where: string,
  faults: ConfigFault[],
  shown = path,
): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    faults.push({ where, problem: `cannot read ${shown} (${reason})`, fix: 'name a readable file' })
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
