import { Secret } from '@grid/core-events'
import { BybitAdapterError } from '../errors.ts'

/** A key whose secret the exchange also knows: signs by HMAC-SHA256. */
export interface HmacCredentials {
  readonly apiKey: string
  readonly secret: Secret | string
}

/** A key whose public half the exchange knows: signs by RSA-SHA256. */
export interface RsaCredentials {
  readonly apiKey: string
  /** The private half as PEM (PKCS #8 or PKCS #1), not encrypted. */
  readonly privateKey: Secret | string
}

/** An API key and the secret that it signs with. */
export type Credentials = HmacCredentials | RsaCredentials

const VISIBLE_ASCII = /^[!-~]+$/

/** The API key; throws `INVALID_OPTION`, without showing it, if no header can carry it. */
export function apiKeyOf({ apiKey }: Credentials): string {
  return visible('credentials.apiKey', apiKey)
}

/** A secret as text; throws `INVALID_OPTION`, without showing it, if the exchange gives out none like it. */
export function secretText(option: string, secret: Secret | string): string {
  return visible(option, textOf(option, secret))
}

/** The text of an option, wrapped or not; throws `INVALID_OPTION` if there is none. */
export function textOf(option: string, value: Secret | string): string {
  const text: unknown = value instanceof Secret ? value.reveal() : value
  if (typeof text === 'string' && text !== '') return text
  throw invalid(option, 'must be a text, got none')
}

/** The error for a part of the credentials that cannot be used; it never shows the part itself. */
export function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}

function visible(option: string, text: string): string {
  if (typeof text === 'string' && VISIBLE_ASCII.test(text)) return text
  throw invalid(option, 'must be visible ASCII without blanks or line breaks; copy it anew')
}
