import { Secret } from '@grid/core-events'
import { BybitAdapterError } from '../errors.ts'

/** A key whose secret the exchange knows, too: signs by HMAC-SHA256. */
export interface HmacCredentials {
  readonly apiKey: string
  readonly secret: Secret | string
}

/** A key of which the exchange knows the public half: signs by RSA-SHA256. */
export interface RsaCredentials {
  readonly apiKey: string
  /** The private half as PEM, PKCS #8 or PKCS #1, not encrypted. */
  readonly privateKey: Secret | string
}

/** An API key with what it signs by. */
export type Credentials = HmacCredentials | RsaCredentials

const VISIBLE_ASCII = /^[!-~]+$/

/** The API key itself; throws `INVALID_OPTION` for what no header can carry, without showing it. */
export function apiKeyOf({ apiKey }: Credentials): string {
  return visible('credentials.apiKey', apiKey)
}

/** A secret as text; throws `INVALID_OPTION`, without showing it, for what the exchange gives out to no one. */
export function secretText(option: string, secret: Secret | string): string {
  return visible(option, textOf(option, secret))
}

/** A text that may be wrapped; throws `INVALID_OPTION` when it is none. */
export function textOf(option: string, value: Secret | string): string {
  const text: unknown = value instanceof Secret ? value.reveal() : value
  if (typeof text === 'string' && text !== '') return text
  throw invalid(option, 'must be a text, got none')
}

/** The error of an unusable part of the credentials; the part itself is never shown. */
export function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}

function visible(option: string, text: string): string {
  if (typeof text === 'string' && VISIBLE_ASCII.test(text)) return text
  throw invalid(option, 'must be visible ASCII without blanks or line breaks; copy it anew')
}
