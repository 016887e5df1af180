import { isIPv6 } from 'node:net'
import { durationText, isHostName, Secret } from '@grid/core-events'
import { checkDatabaseUrl, EncryptionKeys } from '@grid/db'
import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { isAskedByFetch } from './refused-ports.ts'

const REFUSED_PORT = 'clients of HTTP refuse this port, which belongs to another protocol'

/** A schema that reads the text of a setting into its typed value. */
export type TextSchema<Value> = z.ZodType<Value, string>

/** One of several words. */
export function word<const Words extends readonly string[]>(
  words: Words,
): TextSchema<Words[number]> {
  return z.string().pipe(z.enum(words, `must be one of ${words.join(', ')}`))
}

/** A comma list of at least one part; each is read by `item`, and repeated ones count once. */
export function commaList<Item>(item: TextSchema<Item>, what: string): TextSchema<Item[]> {
  return z
    .string()
    .transform((text) => [
      ...new Set(
        text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      ),
    ])
    .pipe(z.array(item).min(1, `must name at least one ${what}`))
}

/** A whole number within bounds. */
export function wholeNumber(min: number, max: number): TextSchema<number> {
  const problem = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem)
}

/** A duration within bounds, in milliseconds; a number without a unit counts seconds. */
export function duration(minMs: number, maxMs: number): TextSchema<number> {
  const problem = `must be a duration from ${durationText(minMs)} to ${durationText(maxMs)}, in seconds (0.5) or with a unit (500ms, 2m, 1h)`
  return z.string().transform((text, context) => {
    const ms = parseDuration(text)
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
    context.issues.push({ code: 'custom', message: problem, input: text })
    return z.NEVER
  })
}

/** A path that begins with what a shell replaces, and nothing else does. */
const FOR_A_SHELL = /^(~|\$[A-Za-z_({])/
const NO_SHELL = 'must not begin with ~ or $, which only a shell replaces: write it in full'

/** A folder. A URL is refused, because its password would be shown as a part of the path. */
export const folderPath: TextSchema<string> = z
  .string()
  .refine(
    (text) => text !== '' && !/\p{Cc}|:\/\//u.test(text),
    'must name a folder, without control characters and ://',
  )
  .refine((text) => !FOR_A_SHELL.test(text), NO_SHELL)

const UNIT_BYTES: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 }

/** A size with a unit, at least 256 MB, in bytes. */
export const size: TextSchema<number> = z.string().transform((text, context) => {
  const [, amount, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)\s*([MGT]B)$/.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(amount) * (UNIT_BYTES[unit] ?? Number.NaN))
  if (bytes >= 256e6) return bytes
  const message = 'must be a size of at least 256MB, such as 500MB or 20GB'
  context.issues.push({ code: 'custom', message, input: text })
  return z.NEVER
})

const DAY_MS = 86_400_000

/** Length of an interval in milliseconds; 0 for `every`, and for 0. */
export const interval: TextSchema<number> = z.string().transform((text, context) => {
  if (text.trim() === 'every') return 0
  const ms = parseDuration(text)
  if (ms === 0 || (ms !== undefined && ms >= 100 && ms <= 30_000)) return ms
  const message = 'must be every, or a time from 100ms to 30s, such as 1 (second) or 500ms'
  context.issues.push({ code: 'custom', message, input: text })
  return z.NEVER
})

/** A hundred years: dates that are much further away are none. */
export const LONGEST_RETENTION_DAYS = 36_525

/** How long days are kept, in milliseconds, at least a day; null for `keep`. */
export const retention: TextSchema<number | null> = z.string().transform((text, context) => {
  if (text.trim() === 'keep') return null
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= DAY_MS && ms <= LONGEST_RETENTION_DAYS * DAY_MS) return ms
  const message = `must be keep, or a time from 1d to ${LONGEST_RETENTION_DAYS}d such as 90d`
  context.issues.push({ code: 'custom', message, input: text })
  return z.NEVER
})

/**
 * An absolute base URL of one of the schemes, without a query; the text that is used is the one that was
 * checked.
 */
export function baseUrl(schemes: readonly string[]): TextSchema<string> {
  const problem = `must be a URL such as ${schemes[0]}://host:9001, of one host, without blanks, query or credentials`
  const isHttp = schemes.includes('http')
  return z.string().transform((text, context) => {
    // A URL parser strips tabs and line breaks silently, and turns backslashes.
    const url = /[\s\p{Cc}\p{Cf}\\?#@]/u.test(text) ? null : URL.parse(text)
    const isOne = url !== null && isHost(url.hostname) && url.port !== '0'
    const isRefused = isOne && isHttp && url.port !== '' && !isAskedByFetch(Number(url.port))
    // The exchange's pages print whole addresses, with the path that is added here.
    const hasVersion = isOne && /\/v5(\/|$)/i.test(url.pathname)
    if (isOne && !isRefused && !hasVersion && schemes.includes(url.protocol.slice(0, -1))) {
      return url.href.replace(/\/+$/, '')
    }
    const more = isRefused
      ? `; ${REFUSED_PORT}`
      : hasVersion
        ? '; leave out /v5 and what follows'
        : ''
    const message = `${problem}${more}`
    context.issues.push({ code: 'custom', message, input: text })
    return z.NEVER
  })
}

/** Whether a host as a URL has it, an IPv6 address in brackets, can be one host. */
function isHost(host: string): boolean {
  return isHostName(host) || isIPv6(host.replace(/^\[(.*)\]$/, '$1'))
}

/** The URL of a database, with its scheme in small letters. A fault is described without secrets. */
export const databaseUrl: TextSchema<string> = z.string().transform((text, context) => {
  try {
    checkDatabaseUrl(text)
    const [, folder = ''] = /^pglite:(.*)$/i.exec(text) ?? []
    if (FOR_A_SHELL.test(folder)) throw new Error(`its folder ${NO_SHELL}`)
    return text.replace(/^\w+:/, (scheme) => scheme.toLowerCase())
  } catch (error) {
    const message = error instanceof Error ? error.message : 'cannot be read'
    context.issues.push({ code: 'custom', message, input: undefined })
    return z.NEVER
  }
})

/** Where to listen: a host and a port; port 0 stands for any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

const HOST_PORT = /^(\[[0-9a-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/i

/** `host:port`, with an IPv6 host in brackets. */
export const listenAddress: TextSchema<ListenAddress> = z.string().transform((text, context) => {
  const [, host = '', port = ''] = HOST_PORT.exec(text) ?? []
  const isRefused = Number(port) !== 0 && !isAskedByFetch(Number(port))
  if (isHost(host) && Number(port) <= 65_535 && !isRefused) {
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  }
  context.issues.push({
    code: 'custom',
    message: `must be host:port such as 127.0.0.1:9464${isRefused ? `; ${REFUSED_PORT}` : ''}`,
    input: text,
  })
  return z.NEVER
})

/** `true` or `false`, also as 1, 0, yes, no. */
export const yesNo: TextSchema<boolean> = z.stringbool({ error: 'must be true or false' })

/** Keys that encrypt the secrets of accounts. A fault is described without showing them. */
export const encryptionKeys: TextSchema<EncryptionKeys> = z.string().transform((text, context) => {
  try {
    return EncryptionKeys.parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'cannot be read'
    context.issues.push({ code: 'custom', message, input: undefined })
    return z.NEVER
  }
})

/** The token of the HTTP server: at least 16 visible ASCII characters. A fault does not show it. */
export const httpToken: TextSchema<Secret> = z
  .string()
  .regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 visible ASCII characters')
  .transform((text) => new Secret(text))

/** A comma list of host names, which may be empty. */
export const hostNames: TextSchema<string[]> = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string().regex(/^[a-z0-9._-]+$/i, 'must be names of hosts without a port')))
