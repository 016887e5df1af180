import { isIPv6 } from 'node:net'
import { isHostName } from '@grid/core-events'

/** The parts of a PostgreSQL URL, decoded. What the URL leaves out, `pg` takes from the environment. */
export interface PostgresUrl {
  /** As typed, for messages: nothing before the host, and no password, is part of it. */
  readonly scheme: string
  /** A name, an address without brackets, or the folder of a Unix socket. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  /** The parameters of the query, but those of the parts above. */
  readonly parameters: ReadonlyMap<string, string>
}

/** What is wrong with a URL, and how to mend it. It shows no part of the URL that may be a secret. */
export interface UrlFault {
  readonly fault: string
}

const SCHEME = /^postgres(?:ql)?:\/\//i
const WHOLE_NUMBER = /^\d{1,9}$/
const LEAST_LIMIT_MS = 1000

/** How each parameter is checked; a parameter that is not here is refused. */
const PARAMETERS: Readonly<Record<string, (value: string) => string | null>> = {
  host: () => null,
  port: () => null,
  user: () => null,
  password: () => null,
  application_name: () => null,
  fallback_application_name: () => null,
  client_encoding: () => null,
  options: sessionOptions,
  statement_timeout: milliseconds,
  lock_timeout: milliseconds,
  idle_in_transaction_session_timeout: milliseconds,
  query_timeout: milliseconds,
  ssl: oneOf('true', 'false', '1', '0', 'no-verify'),
  sslmode: oneOf('disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'),
  sslcert: () => null,
  sslkey: () => null,
  sslrootcert: () => null,
  sslnegotiation: oneOf('postgres', 'direct'),
  uselibpqcompat: oneOf('true', 'false'),
  // Parameters of libpq that hosts print in their URLs, and that pg does not have.
  channel_binding: () => null,
  connect_timeout: () => null,
  gssencmode: () => null,
  keepalives: () => null,
  keepalives_count: () => null,
  keepalives_idle: () => null,
  keepalives_interval: () => null,
  target_session_attrs: () => null,
}

/** Whether a parameter's value may be printed: one that is known and holds no secret. */
export function isShown(parameter: string): boolean {
  return Object.hasOwn(PARAMETERS, parameter) && parameter !== 'password'
}

/**
 * Reads a PostgreSQL URL strictly, without network and files. What is found here is what is used: other
 * readers of URLs disagree about a raw `/` in a password, several hosts or a blank, and then connect to
 * somewhere else.
 */
export function readPostgresUrl(url: string): PostgresUrl | UrlFault {
  const [scheme] = SCHEME.exec(url) ?? []
  if (scheme === undefined) return { fault: 'does not begin with postgres://' }
  if (/[\s\p{Cc}\p{Cf}]/u.test(url)) {
    return { fault: 'has a blank, line break or invisible character: leave it out, or write %20' }
  }
  if (/%(?![0-9a-f]{2})/i.test(url)) {
    return { fault: 'has a % that begins no escape: write it as %25' }
  }
  const rest = url.slice(scheme.length)
  const [authority = ''] = /^[^/?#]*/.exec(rest) ?? []
  const tail = rest.slice(authority.length)
  if (tail.includes('@')) {
    return {
      fault:
        'has an @ after a /, ? or #: in user and password write / as %2F, ? as %3F, # as %23, and an @ behind the host as %40',
    }
  }
  if (tail.includes('#')) return { fault: 'has a #: write it as %23' }
  const [path = '', query = ''] = splitOnce(tail, '?')
  const parameters = readParameters(query)
  if ('fault' in parameters) return parameters
  const at = authority.lastIndexOf('@')
  const [user, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ':').map(decode)
  const address = readAddress(authority.slice(at + 1), parameters)
  if ('fault' in address) return address
  const parts = {
    scheme,
    ...address,
    user: parameters.get('user') || user || undefined,
    password: parameters.get('password') || password || undefined,
    database: decode(path.slice(1)) || undefined,
  }
  const texts = [parts.host, parts.user, parts.password, parts.database]
  if ([...texts, ...parameters.values()].some((text) => text?.includes('\0'))) {
    return { fault: 'has the escape %00, which PostgreSQL has no character for' }
  }
  // Somebody may have escaped the colon before the password too; these names are shown.
  if ([parts.user, parts.database].some((name) => name !== undefined && /[:;]/.test(name))) {
    return {
      fault:
        'has a : or ; in the name of the user or database: write postgres://user:password@host/database',
    }
  }
  // What an escape of other bytes than UTF-8 is decoded to.
  if ([...texts, ...parameters.values()].some((text) => text?.includes('\uFFFD'))) {
    return { fault: 'has an escape that is not UTF-8: write each byte of the character as %XX' }
  }
  for (const name of ['host', 'port', 'user', 'password']) parameters.delete(name)
  return { ...parts, parameters }
}

function readParameters(query: string): Map<string, string> | UrlFault {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    const check = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (check === undefined) {
      const known = Object.keys(PARAMETERS).join(', ')
      return { fault: `has a parameter that is none of ${known}: correct it or leave it out` }
    }
    if (parameters.has(name)) return { fault: `has the parameter ${name} twice: leave one out` }
    const wrong = check(value)
    if (wrong !== null) return { fault: `has a wrong ${name}: ${wrong}` }
    parameters.set(name, value)
  }
  return parameters
}

type Address = Pick<PostgresUrl, 'host' | 'port'>

function readAddress(text: string, parameters: ReadonlyMap<string, string>): Address | UrlFault {
  const inBrackets = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  const [plainHost = '', plainPort = ''] = splitOnce(text, ':')
  const host = parameters.get('host') || (inBrackets?.[1] ?? decode(plainHost))
  const port = parameters.get('port') || (inBrackets ? (inBrackets[2] ?? '') : plainPort)
  if (/,/.test(text) || host.includes(',') || port.includes(',')) {
    return { fault: 'names several hosts: name one, or a proxy that knows which of them is up' }
  }
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535
  if (port !== '' && !isPort) {
    return {
      fault:
        'has a port that is no number from 1 to 65535: correct it, write @ before the host, or : in the password as %3A',
    }
  }
  if (host !== '' && !host.startsWith('/') && !isIPv6(host) && !isHostName(host)) {
    return {
      fault:
        'has a host that is no name, address or socket folder: write localhost, 10.0.0.1, [::1] or %2Frun%2Fpostgresql',
    }
  }
  return { host: host || undefined, port: port === '' ? undefined : Number(port) }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}

/** Decodes escapes; bytes that are not UTF-8 become U+FFFD. */
function decode(text: string): string {
  const bytes = text.replace(/\+/g, '%2B')
  // Unlike decodeURIComponent, it does not throw.
  return new URLSearchParams(`x=${bytes.replace(/&/g, '%26')}`).get('x') ?? ''
}

function oneOf(...words: readonly string[]): (value: string) => string | null {
  return (value) => (words.includes(value) ? null : `it must be one of ${words.join(', ')}`)
}

/** The limits of a session under which nothing succeeds when somebody means seconds. */
const SESSION_LIMITS: ReadonlySet<string> = new Set([
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'lock_timeout',
  'statement_timeout',
  'transaction_timeout',
])

/** Checks the limits among `-c name=value` and `--name=value`; the server reads the rest. */
function sessionOptions(value: string): string | null {
  for (const [, given = '', count, unit] of value.matchAll(
    /(?:-c\s*|--)([\w-]+)=(\d{1,9})(ms|us)?(?!\S)/g,
  )) {
    const name = given.toLowerCase().replaceAll('-', '_')
    const ms = unit === 'us' ? Number(count) / 1000 : Number(count)
    if (!SESSION_LIMITS.has(name) || ms === 0 || ms >= LEAST_LIMIT_MS) continue
    return `${name} must be 0, or at least ${LEAST_LIMIT_MS} milliseconds`
  }
  return null
}

function milliseconds(value: string): string | null {
  const ms = WHOLE_NUMBER.test(value) ? Number(value) : Number.NaN
  // Nothing would ever succeed under the limits of those who mean seconds.
  const isUsable = ms === 0 || ms >= LEAST_LIMIT_MS
  return isUsable ? null : `it must be 0, or at least ${LEAST_LIMIT_MS} milliseconds`
}
