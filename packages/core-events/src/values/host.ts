const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/
const MAX_LENGTH = 253

/**
 * Whether a text can be the name of one host, or an IPv4 address. It asks no name server: a name that it
 * accepts may be nobody's.
 *
 * @example
 * isHostName('db-1.example.com') // true
 * isHostName('db-1,db-2') // false, as two are named
 * isHostName('10.0.0.256') // false: what ends in a number is an address
 */
export function isHostName(text: string): boolean {
  const name = text.replace(/\.$/, '')
  const labels = name.split('.')
  if (/^\d+$/.test(labels.at(-1) ?? '')) return IPV4.test(text)
  return name.length <= MAX_LENGTH && labels.every((label) => LABEL.test(label))
}
