import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { UrlFault } from './postgres-url.ts'

/** How a connection is encrypted; true and an object verify the server, false is no TLS. */
export type TlsOptions =
  | boolean
  | {
      readonly rejectUnauthorized?: boolean
      readonly checkServerIdentity?: () => undefined
      readonly ca?: string
      readonly cert?: string
      readonly key?: string
    }

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const FILES = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const

/**
 * What the parameters of a URL say about TLS, with the certificates that they name; undefined where they
 * say nothing.
 *
 * As with `pg`, `prefer`, `require` and `verify-ca` verify the server like `verify-full`, unless
 * `uselibpqcompat=true` gives them the weaker meaning that they have elsewhere.
 */
export function readTls(
  parameters: ReadonlyMap<string, string>,
): TlsOptions | undefined | UrlFault {
  const tls = tlsOf(parameters)
  if (parameters.get('sslnegotiation') !== 'direct' || typeof tls === 'object') return tls
  if (tls === false) return { fault: 'has sslnegotiation=direct without TLS: leave one out' }
  return true
}

function tlsOf(parameters: ReadonlyMap<string, string>): TlsOptions | undefined | UrlFault {
  const mode = parameters.get('sslmode')
  if (mode === 'disable') return false
  const files = readFiles(parameters)
  if ('fault' in files) return files
  if (mode === undefined && Object.keys(files).length === 0) return plainTls(parameters.get('ssl'))
  if (mode === 'no-verify') return { ...files, rejectUnauthorized: false }
  if (parameters.get('uselibpqcompat') !== 'true') return files
  if (mode === 'verify-ca' && files.ca === undefined) {
    return { fault: 'has sslmode=verify-ca without a CA: name its file with sslrootcert' }
  }
  if (mode === 'prefer' || (mode === 'require' && files.ca === undefined)) {
    return { ...files, rejectUnauthorized: false }
  }
  if (mode === 'require' || mode === 'verify-ca') {
    return { ...files, checkServerIdentity: () => undefined }
  }
  return files
}

function plainTls(ssl: string | undefined): TlsOptions | undefined {
  if (ssl === undefined) return undefined
  if (ssl === 'no-verify') return { rejectUnauthorized: false }
  return ssl === 'true' || ssl === '1'
}

type Files = { readonly [Name in keyof typeof FILES]?: string }

function readFiles(parameters: ReadonlyMap<string, string>): Files | UrlFault {
  const files: { -readonly [Name in keyof Files]: string } = {}
  for (const [name, parameter] of Object.entries(FILES) as [keyof Files, string][]) {
    const path = parameters.get(parameter)
    if (path === undefined) continue
    try {
      files[name] = readFileSync(path, 'utf8')
    } catch (error) {
      const { code } = error as { code?: unknown }
      return { fault: `names with ${parameter} a file that cannot be read, ${path} (${code})` }
    }
    if (files[name].includes('-----BEGIN ')) continue
    return { fault: `names with ${parameter} a file that is not PEM, ${path}` }
  }
  try {
    if (Object.keys(files).length > 0) createSecureContext(files)
    // Of authorities, TLS leaves out what it cannot read without a word.
    for (const [pem] of (files.ca ?? '').matchAll(CERTIFICATES)) new X509Certificate(pem)
    return files
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { fault: `names certificates that cannot be used with each other: ${reason}` }
  }
}
