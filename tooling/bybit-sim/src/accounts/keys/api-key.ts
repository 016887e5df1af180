/** What a key may do, as `user/query-api` tells it: an empty group grants nothing. */
export interface Permissions {
  readonly ContractTrade: readonly string[]
  readonly Spot: readonly string[]
  readonly Wallet: readonly string[]
  readonly Options: readonly string[]
  readonly Derivatives: readonly string[]
  readonly Exchange: readonly string[]
  readonly Earn: readonly string[]
}

/** A group of permissions that reading something takes. */
export type PermissionGroup = 'ContractTrade' | 'Spot' | 'Wallet' | 'Options'

/** How a key is made; all has defaults. */
export interface ApiKeySpec {
  /** Made up when left out. */
  readonly apiKey?: string
  /** Made up when left out. */
  readonly secret?: string
  /** PEM of the public key of an RSA key, which signs instead of the secret. */
  readonly rsaPublicKey?: string
  /** Groups that grant something; all but `Earn` by default. */
  readonly permissions?: Partial<Permissions>
  /** True by default. */
  readonly readOnly?: boolean
  /** Addresses that may use it; by default any. */
  readonly ips?: readonly string[]
  /** Epoch milliseconds; by default never. */
  readonly expiresAt?: number
}

/** An API key of an account. */
export interface ApiKey {
  readonly id: string
  readonly uid: string
  readonly apiKey: string
  /** Empty for an RSA key. */
  readonly secret: string
  /** Empty for an HMAC key. */
  readonly rsaPublicKey: string
  readonly permissions: Permissions
  readonly readOnly: boolean
  /** `['*']` for any. */
  readonly ips: readonly string[]
  /** Epoch milliseconds; null for never. */
  readonly expiresAt: number | null
  readonly createdAt: number
}

/** Everything that a key can be allowed. */
const ALL: Permissions = {
  ContractTrade: ['Order', 'Position'],
  Spot: ['SpotTrade'],
  Wallet: ['AccountTransfer', 'SubMemberTransfer'],
  Options: ['OptionsTrade'],
  Derivatives: ['DerivativesTrade'],
  Exchange: ['ExchangeHistory'],
  Earn: [],
}

/** No permission at all, to grant some of. */
const NO_PERMISSIONS: Permissions = {
  ContractTrade: [],
  Spot: [],
  Wallet: [],
  Options: [],
  Derivatives: [],
  Exchange: [],
  Earn: [],
}

/** Makes a key of what was asked for. */
export function makeApiKey(
  spec: ApiKeySpec,
  made: { id: string; uid: string; apiKey: string; secret: string; now: number },
): ApiKey {
  const isRsa = spec.rsaPublicKey !== undefined
  return {
    id: made.id,
    uid: made.uid,
    apiKey: spec.apiKey ?? made.apiKey,
    secret: isRsa ? '' : (spec.secret ?? made.secret),
    rsaPublicKey: spec.rsaPublicKey ?? '',
    permissions: spec.permissions === undefined ? ALL : { ...NO_PERMISSIONS, ...spec.permissions },
    readOnly: spec.readOnly ?? true,
    ips: spec.ips ?? ['*'],
    expiresAt: spec.expiresAt ?? null,
    createdAt: made.now,
  }
}

/** Whether a key may read what any of these groups opens. */
export function mayRead({ permissions }: ApiKey, groups: readonly PermissionGroup[]): boolean {
  return groups.some((group) => permissions[group].length > 0)
}

/** Whether a key may be used from an address. */
export function isAllowedFrom({ ips }: ApiKey, address: string): boolean {
  return ips.includes('*') || ips.includes(address.replace(/^::ffff:/, ''))
}
